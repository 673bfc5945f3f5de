/** The processes that the bench started: they end with it, also when a signal ends it. */
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'

const running = new Set<ChildProcess>()

/** @returns the child itself */
export function owned<T extends ChildProcess>(child: T): T {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Call it once. `process.exit` runs what is registered for the exit, such as the end of these processes. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  process.on('exit', () => {
    for (const child of running) child.kill('SIGTERM')
  })
}
