/** A siplab command inside another: the same command line as a person's, with its streams caught. */
import type { CommandOutcome } from '../lab/scenario/driver.ts'
import type { CommandContext } from './command.ts'
import type { Io } from './io.ts'

/**
 * @param run `main`, as a command gets it in its context
 * @param args with `--json`, for a command that ends by itself
 */
export async function runInProcess(
  run: CommandContext['run'],
  io: Io,
  args: readonly string[],
): Promise<CommandOutcome> {
  let out = ''
  let complaint = ''
  const status = await run(args, {
    ...io,
    progress: undefined,
    out: (text) => void (out += text),
    err: (text) => void (complaint += text),
    colours: { out: false, err: false },
  })
  return { status, document: out.trim() === '' ? undefined : JSON.parse(out), complaint }
}
