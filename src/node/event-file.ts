/**
 * A file of lines that is written while the service goes on: many lines in one write, in order, bounded and rotated.
 * What the disk does not take waits and is tried again each second. Beyond a bound lines are lost, and counted.
 */
import { closeSync, fstatSync, openSync, renameSync, write, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface EventFileBounds {
  /** When the file has grown to so many octets it becomes `FILE.1`; the one before that is dropped. */
  readonly rotateAt: number
  /** Octets that wait to be written; further lines are lost. */
  readonly mostWaiting: number
  /** After an error nothing is tried for so long, milliseconds. */
  readonly pauseMs: number
  /**
   * What is said so soon after a write waits until then, milliseconds, and goes in one write: each is two ways to a
   * thread and back (bench/proxy.ts, handshake).
   */
  readonly gatherMs: number
}

const ordinary: EventFileBounds = {
  rotateAt: 16 * 1024 * 1024,
  mostWaiting: 4 * 1024 * 1024,
  pauseMs: 1_000,
  gatherMs: 50,
}
/** How long `close` waits for a write that is under way; a disk that hangs must not hold the process. */
const closePatienceMs = 2_000
const writtenPatienceMs = 1000

/** What is being written, or was cut off by an error. */
interface Rest {
  readonly octets: Buffer
  readonly lines: number
  /** It begins in the middle of a line. */
  readonly isCut: boolean
}

const nothing: Rest = { octets: Buffer.alloc(0), lines: 0, isCut: false }
const lineFeed = 10
const writeTo = promisify(write) as (fd: number, octets: Buffer) => Promise<{ readonly bytesWritten: number }>

export class EventFile {
  readonly #path: string
  readonly #bounds: EventFileBounds
  /** undefined: closed. The number must not be used again, another file may have it. */
  #descriptor: number | undefined
  #inode = 0
  #bytes = 0
  #waiting: string[] = []
  #size = 0
  #rest: Rest = nothing
  #isWriting = false
  #lost = 0
  #error: string | undefined
  #running: Promise<void> | undefined
  #endPause: (() => void) | undefined
  /** Somebody waits until all is written: nothing is gathered. */
  #isAwaited = false
  /** When the last write ended, by `performance.now`. */
  #wroteAt = -Infinity
  #closed = false

  /** @throws the error of the system when the file cannot be opened at the start */
  constructor(path: string, bounds: Partial<EventFileBounds> = {}) {
    this.#path = path
    this.#bounds = { ...ordinary, ...bounds }
    this.#open()
    openFiles.add(this)
  }

  /** Lines since the start that the file lacks. */
  get lost(): number {
    return this.#lost
  }

  /** Lines that the file lacks so far. */
  get waiting(): number {
    return this.#waiting.length + this.#rest.lines
  }

  /** The code of the last attempt when it failed, e.g. `ENOSPC`. */
  get error(): string | undefined {
    return this.#error
  }

  /** @param line with its line feed */
  write(line: string): void {
    if (this.#closed || this.#size + this.#rest.octets.length + line.length > this.#bounds.mostWaiting) {
      this.#lost += 1
      return
    }
    this.#waiting.push(line)
    this.#size += line.length
    this.#running ??= this.#writeAll()
  }

  /** Resolves when all lines written so far are in the file, or the disk does not take them now. */
  async written(): Promise<void> {
    if (this.#error !== undefined || this.#running === undefined) return
    this.#isAwaited = true
    this.#endPause?.()
    await within(writtenPatienceMs, this.#running)
  }

  /** Writes what waits, once more if the disk did not take it; what it then does not take is lost. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#endPause?.()
    await within(closePatienceMs, this.#running)
    this.flushAtExit()
    openFiles.delete(this)
    const open = this.#descriptor
    this.#descriptor = undefined
    // A descriptor that a hanging disk still holds is left to the end of the process.
    if (open !== undefined && !this.#isWriting) closeSync(open)
  }

  /** One attempt, in place: nothing else runs any more. What is being written is left to the system. */
  flushAtExit(): void {
    const rest = this.#isWriting ? nothing : this.#rest
    const octets = Buffer.concat([rest.octets, Buffer.from(this.#waiting.join(''))])
    const lines = this.#waiting.length + rest.lines
    this.#rest = nothing
    this.#waiting = []
    this.#size = 0
    if (lines === 0) return
    try {
      if (this.#descriptor === undefined) throw new Error(`${this.#path} is not open`)
      for (let at = 0; at < octets.length; ) at += writeSync(this.#descriptor, octets, at)
    } catch (error) {
      this.#lost += lines
      this.#error = codeOf(error)
    }
  }

  async #writeAll(): Promise<void> {
    while (this.waiting > 0 && !this.#closed) {
      await this.#gather()
      if (this.#closed) break
      try {
        await this.#writeWaiting()
        this.#error = undefined
      } catch (error) {
        this.#error = codeOf(error)
        await this.#pause(this.#bounds.pauseMs)
      }
    }
    this.#isAwaited = false
    this.#running = undefined
  }

  /** Everything that this turn of the event loop still says goes along, and soon after a write what others say. */
  async #gather(): Promise<void> {
    const left = this.#isAwaited ? 0 : this.#wroteAt + this.#bounds.gatherMs - performance.now()
    if (left > 0) await this.#pause(left)
    else await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async #writeWaiting(): Promise<void> {
    await this.#mustBePresent()
    if (this.#rest.lines === 0) this.#takeWaiting()
    this.#isWriting = true
    try {
      while (this.#rest.octets.length > 0) await this.#writeSome(this.#rest)
    } finally {
      this.#isWriting = false
    }
    this.#rest = nothing
    this.#wroteAt = performance.now()
  }

  async #writeSome({ octets, lines }: Rest): Promise<void> {
    const { bytesWritten } = await writeTo(this.#descriptor ?? this.#open(), octets)
    this.#bytes += bytesWritten
    const isCut = octets[bytesWritten - 1] !== lineFeed
    this.#rest = { octets: octets.subarray(bytesWritten), lines, isCut }
  }

  #takeWaiting(): void {
    const octets = Buffer.from(this.#waiting.join(''))
    this.#rest = { octets, lines: this.#waiting.length, isCut: false }
    this.#waiting = []
    this.#size = 0
  }

  /** A file that was removed or replaced is left, one that is full is set aside. */
  async #mustBePresent(): Promise<void> {
    const found = await stat(this.#path).catch(whenMissing)
    if (this.#descriptor !== undefined && found?.ino === this.#inode && this.#bytes < this.#bounds.rotateAt) return
    if (found !== undefined && found.size >= this.#bounds.rotateAt) renameSync(this.#path, `${this.#path}.1`)
    const old = this.#descriptor
    this.#open()
    if (old !== undefined) closeSync(old)
    if (this.#rest.isCut) this.#giveUpCutLine(this.#rest)
  }

  #open(): number {
    const fresh = openSync(this.#path, 'a', 0o600)
    const { ino, size } = fstatSync(fresh)
    this.#descriptor = fresh
    this.#inode = ino
    this.#bytes = size
    return fresh
  }

  /** Its beginning went with the file that was there before. */
  #giveUpCutLine({ octets, lines }: Rest): void {
    this.#lost += 1
    this.#rest = { octets: octets.subarray(octets.indexOf(lineFeed) + 1), lines: lines - 1, isCut: false }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds).unref()
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** A process that ends without closing its files still writes what waits. */
const openFiles = new Set<EventFile>()
process.on('exit', () => {
  for (const file of openFiles) file.flushAtExit()
})

function whenMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

async function within(milliseconds: number, work: Promise<void> | undefined): Promise<void> {
  if (work === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  await Promise.race([work, promise])
  clearTimeout(timer)
}
