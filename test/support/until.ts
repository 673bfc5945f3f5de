/** Waits for what another process does, where nothing tells when it is done. */
import { setTimeout as delay } from 'node:timers/promises'
import { guardMs } from './guard.ts'

/**
 * `await until(() => existsSync(file))`: asked again every 25 ms.
 *
 * @throws Error when it does not hold within `withinMs`
 */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = guardMs): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`it did not come to that within ${withinMs / 1000} s: ${holds.toString()}`)
    await delay(25)
  }
}
