/** A command line of siplab in this process: one of its own costs a second. */
import { main } from '../../src/cli/main.ts'
import type { Io } from '../../src/cli/io.ts'

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

export async function runSiplab(folder: string, args: readonly string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    octets: async () => undefined,
    environment: process.env,
    workingFolder: folder,
    colours: { out: false, err: false },
    outIsTerminal: false,
    onInterrupt: () => () => undefined,
    onInputEnd: () => undefined,
    lines: async function* () {},
    input: async function* () {},
    closeInput: () => undefined,
  }
  return { status: await main(args, io), out, err }
}
