/**
 * Loaded before the program of a node (`node --import`): writes what the process holds and how late its loop runs, one
 * JSON line every SOAK_EVERY_MS into the folder SOAK_SAMPLES. `liveBytes` is the heap after a full collection, once
 * every `collectEvery` lines; the collection itself is left out of the loop delay.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const folder = process.env['SOAK_SAMPLES']
const everyMs = Number(process.env['SOAK_EVERY_MS'] ?? 1000)
const collectEvery = Number(process.env['SOAK_COLLECT_EVERY'] ?? 10)
const at = process.argv.indexOf('start')
const node = at === -1 ? undefined : process.argv[at + 1]

if (folder !== undefined && node !== undefined) sample(join(folder, `${node}.jsonl`))

function sample(file: string): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  let line = 0
  setInterval(() => {
    const { rss, heapUsed, external } = process.memoryUsage()
    // The histogram counts the whole interval of its timer, the 10 ms included.
    const late = {
      p50: delay.percentile(50) / 1e6 - 10,
      p99: delay.percentile(99) / 1e6 - 10,
      max: delay.max / 1e6 - 10,
    }
    const full = line++ % collectEvery === 0
    if (full) collect()
    const after = full ? process.memoryUsage() : undefined
    const said = {
      at: Date.now(),
      pid: process.pid,
      rss,
      heapUsed,
      external,
      ...(after === undefined ? {} : { liveBytes: after.heapUsed + after.external }),
      late,
    }
    appendFileSync(file, `${JSON.stringify(said)}\n`)
    delay.reset()
  }, everyMs).unref()
}
