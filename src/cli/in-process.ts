/** A siplab command inside another: the same command line as a person's, with its streams caught. */
import type { CommandOutcome } from '../lab/scenario/driver.ts'
import type { Io } from './io.ts'
import { main } from './main.ts'

/** @param args with `--json`, for a command that ends by itself */
export async function runInProcess(io: Io, args: readonly string[]): Promise<CommandOutcome> {
  let out = ''
  let complaint = ''
  const status = await main(args, { ...io, out: (text) => void (out += text), err: (text) => void (complaint += text), colours: { out: false, err: false } })
  return { status, document: out.trim() === '' ? undefined : JSON.parse(out), complaint }
}
