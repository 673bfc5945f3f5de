/**
 * What a command may touch of the process it runs in: two streams, the environment, and the request to stop. Tests pass
 * their own.
 */
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import { harmless, harmlessLine } from '../reports/harmless.ts'
import { machineLimit } from '../verdicts/machine-limit.ts'

export interface Io {
  /** The answer: text for people or JSON, ends with a newline. */
  out(text: string): void
  /** Progress, logs and complaints. */
  err(text: string): void
  /** A line of progress on stderr; the next one replaces it, and `''` removes it. Absent: no terminal shows it. */
  readonly progress?: ((text: string) => void) | undefined
  /** Octets to stdout, e.g. a pcapng file. Resolves when the stream takes more. */
  octets(chunk: Uint8Array): Promise<void>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  /** Where colours are welcome: a terminal that is not `TERM=dumb`, and no `NO_COLOR`. */
  readonly colours: { readonly out: boolean; readonly err: boolean }
  readonly outIsTerminal: boolean
  /** Columns of the terminal; absent where there is none. */
  readonly outWidth?: number
  /**
   * Calls back on Ctrl-C and SIGTERM, each time; returns how to stop listening. Without a listener the signal ends the
   * process.
   */
  onInterrupt(callback: (signal: NodeJS.Signals) => void): () => void
  /** Calls back when standard input ends: the parent process has ended. */
  onInputEnd(callback: () => void): void
  /** Standard input, line by line, without line ends. */
  lines(): AsyncIterable<string>
  /** Standard input, octet by octet, in chunks. */
  input(): AsyncIterable<Uint8Array>
  /** Standard input no longer keeps the process alive. */
  closeInput(): void
}

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The real process. A reader that went away (`siplab events | head`) ends the command quietly, with the exit status of
 * a program that SIGPIPE ended: 0 would say that all was done and well.
 */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(quietWhenClosed)) stream.on('error', quietWhenClosed)
  if (process.env['SIPLAB_FOLLOWS_INPUT'] === '1') interruptAtInputEnd()
  const plain = isPlain(process.env)
  const colours = { out: !plain && process.stdout.isTTY === true, err: !plain && process.stderr.isTTY === true }
  return {
    out: (text) => void process.stdout.write(harmless(text, colours.out)),
    err: (text) => void process.stderr.write(harmless(text, colours.err)),
    ...(colours.err
      ? { progress: (text) => void process.stderr.write(overwriting(text, process.stderr.columns)) }
      : {}),
    octets: (chunk) =>
      new Promise((resolve) => {
        if (process.stdout.write(chunk)) resolve()
        else process.stdout.once('drain', resolve)
      }),
    environment: process.env,
    workingFolder: process.cwd(),
    colours,
    outIsTerminal: process.stdout.isTTY === true,
    ...(process.stdout.isTTY === true ? { outWidth: process.stdout.columns } : {}),
    onInterrupt(callback) {
      for (const signal of interrupts) process.on(signal, callback)
      return () => {
        for (const signal of interrupts) process.off(signal, callback)
      }
    },
    onInputEnd: (callback) => void process.stdin.once('close', callback).resume(),
    lines: () => createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }),
    input: () => process.stdin,
    closeInput: () => void process.stdin.destroy(),
  }
}

/** The user or the terminal takes no escape sequences: https://no-color.org, and `TERM=dumb` of editors and CI. */
export function isPlain({ NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>): boolean {
  return (NO_COLOR ?? '') !== '' || TERM === 'dumb'
}

/**
 * Text over the present line of a terminal. A line that wraps could not be removed, so it is cut.
 *
 * @param columns 0 or absent where the terminal does not say
 */
export function overwriting(text: string, columns: number | undefined): string {
  const line = harmlessLine(text).slice(0, Math.max(1, columns === undefined || columns === 0 ? 79 : columns - 1))
  return `\r\u001b[K${line === '' ? '' : paint(true, 'dim', line)}`
}

/**
 * Where no signal arrives (docker exec), the parent process keeps the input of this process open: the end of the input
 * is the request to stop.
 */
function interruptAtInputEnd(): void {
  process.stdin.once('close', () => process.emit('SIGINT')).resume()
  if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref()
}

export type Style = Parameters<typeof styleText>[0]

/** `paint(io.colours.err, 'red', 'stopped')`: the text as it is where colours are not welcome. */
export function paint(welcome: boolean, style: Style, text: string): string {
  return welcome ? styleText(style, text, { validateStream: false }) : text
}

/** Rows under headings, columns as wide as their widest cell: `NODE    STATE`. The last column is never padded. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ')
  return [headings, ...rows].map((cells) => `${line(cells).trimEnd()}\n`).join('')
}

function quietWhenClosed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 128 + constants.signals.SIGPIPE)
  if (error.code === undefined) throw error
  // A full disk behind `> file`: what is there is cut off, and a stack would not say more.
  process.stderr.write(`siplab: the output cannot be written: ${error.message}\n`)
  process.exit(machineLimit(error) === undefined ? 3 : 2)
}
