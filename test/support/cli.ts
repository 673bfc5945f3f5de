/**
 * The command line in this process: fast, and with what it writes at hand. For commands that start nothing and wait for
 * nothing.
 */
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

export interface Run {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** `runInProcess(['plan', 'edge'], folder)`. */
export async function runInProcess(
  args: readonly string[],
  workingFolder = '/',
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Run> {
  const { io, out, said } = testIo(workingFolder, environment, input)
  const status = await main(args, io)
  return { status, out: out(), err: said() }
}

/** A process of its own for parts of commands: `out` and `said` are what was written so far. */
export function testIo(
  workingFolder: string,
  environment: Readonly<Record<string, string>> = {},
  input = '',
): { readonly io: Io; readonly out: () => string; readonly said: () => string } {
  let out = ''
  let err = ''
  const io: Io = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    octets: async (chunk) => void (out += Buffer.from(chunk).toString('latin1')),
    environment,
    workingFolder,
    colours: { out: false, err: false },
    outIsTerminal: false,
    onInterrupt: () => () => undefined,
    onInputEnd: () => undefined,
    lines: async function* () {},
    input: async function* () {
      if (input !== '') yield Buffer.from(input)
    },
    closeInput: () => undefined,
  }
  return { io, out: () => out, said: () => err }
}
