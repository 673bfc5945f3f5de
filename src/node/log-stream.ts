/**
 * Where the log goes: standard error, written while the service goes on. The log never blocks the service and never
 * ends it: what cannot be written is dropped and counted, and the next line is tried again.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, write } from 'node:fs'
import { isatty } from 'node:tty'
import type { DestinationStream } from 'pino'
import { harmless } from '../reports/harmless.ts'

/** Characters that wait to be written; more are dropped. */
const mostWaiting = 4 * 1024 * 1024
/** A file that has grown to this size begins anew. */
const mostInFile = 16 * 1024 * 1024
/** After an error nothing is tried for so long, milliseconds. */
const pause = 1_000

export interface LogStream extends DestinationStream {
  /** Lines that were lost since the start. */
  readonly dropped: number
  /** Lines that wait for the ones before them. */
  readonly waiting: number
  /** The code of the last write when it failed, e.g. `ENOSPC`. */
  readonly error: string | undefined
}

/**
 * @param descriptor of a file opened to append, a pipe or a terminal
 * @param path of that file: it is opened anew when somebody removed it
 */
export function logStream(descriptor: number, path?: string): LogStream {
  return new DescriptorLog(descriptor, path)
}

class DescriptorLog implements LogStream {
  dropped = 0
  error: string | undefined = undefined
  readonly #given: number
  readonly #path: string | undefined
  readonly #isTerminal: boolean
  #descriptor: number
  #waiting: string[] = []
  #size = 0
  #isWriting = false

  constructor(descriptor: number, path: string | undefined) {
    this.#given = descriptor
    this.#descriptor = descriptor
    this.#path = path
    this.#isTerminal = isatty(descriptor)
  }

  get waiting(): number {
    return this.#waiting.length
  }

  write(given: string): void {
    const line = this.#isTerminal ? harmless(given) : given
    if (this.#size + line.length > mostWaiting) {
      this.dropped += 1
      return
    }
    this.#waiting.push(line)
    this.#size += line.length
    if (!this.#isWriting) this.#writeWaiting()
  }

  #writeWaiting(): void {
    const lines = this.#waiting
    if (lines.length === 0) return
    this.#waiting = []
    this.#size = 0
    this.#isWriting = true
    this.#writeAll(Buffer.from(lines.join('')), lines.length)
  }

  #writeAll(octets: Buffer, lines: number): void {
    write(this.#descriptor, octets, (error, written) => {
      if (error !== null) return this.#failed(error.code ?? error.message, lines)
      if (written < octets.length) return this.#writeAll(octets.subarray(written), lines)
      this.error = undefined
      this.#isWriting = false
      this.#boundFile()
      this.#writeWaiting()
    })
  }

  /** A full disk, a closed pipe: what was tried is lost, what comes meanwhile waits. */
  #failed(code: string, lines: number): void {
    this.error = code
    this.dropped += lines
    setTimeout(() => {
      this.#isWriting = false
      this.#writeWaiting()
    }, pause).unref()
  }

  #boundFile(): void {
    try {
      const { size, nlink } = fstatSync(this.#descriptor)
      if (size > mostInFile) ftruncateSync(this.#descriptor)
      if (nlink === 0 && this.#path !== undefined) this.#openAnew(this.#path)
    } catch (error) {
      this.error = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }

  #openAnew(path: string): void {
    const fresh = openSync(path, 'a', 0o600)
    // Standard error itself stays as it is.
    if (this.#descriptor !== this.#given) closeSync(this.#descriptor)
    this.#descriptor = fresh
  }
}
