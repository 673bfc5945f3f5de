/**
 * Where the log goes: standard error, written beside the service. The log never blocks it and never ends it: what
 * cannot be written is dropped and counted, and the next line is tried again.
 */
import { fstatSync, ftruncateSync, write } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Characters that wait to be written; more are dropped. */
const mostWaiting = 4 * 1024 * 1024
/** A file that has grown to this size begins anew. */
const mostInFile = 16 * 1024 * 1024
/** After an error nothing is tried for so long, milliseconds. */
const pause = 1_000

export interface LogStream extends DestinationStream {
  /** Lines that were lost since the start. */
  readonly dropped: number
  /** The code of the last write when it failed, e.g. `ENOSPC`. */
  readonly error: string | undefined
}

/** @param descriptor of a file opened to append, a pipe or a terminal */
export function logStream(descriptor: number): LogStream {
  return new DescriptorLog(descriptor)
}

class DescriptorLog implements LogStream {
  dropped = 0
  error: string | undefined = undefined
  readonly #descriptor: number
  #waiting: string[] = []
  #size = 0
  #isWriting = false

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
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
      const { size } = fstatSync(this.#descriptor)
      if (size > mostInFile) ftruncateSync(this.#descriptor)
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error)
    }
  }
}
