/**
 * Loaded before the program (`node --import`): notes how late a timer of 5 ms fires. SIGUSR2 writes what was seen since
 * the last one to the file BENCH_LOOP_DELAY and begins anew.
 */
import { writeFileSync } from 'node:fs'

const intervalMs = 5
const file = process.env['BENCH_LOOP_DELAY'] ?? ''
let late: number[] = []
let due = performance.now() + intervalMs

function look(): void {
  const now = performance.now()
  late.push(Math.max(0, now - due))
  due = now + intervalMs
  setTimeout(look, intervalMs).unref()
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

setTimeout(look, intervalMs).unref()
process.on('SIGUSR2', () => {
  const sorted = late.sort((a, b) => a - b)
  writeFileSync(
    file,
    JSON.stringify({
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: sorted.at(-1) ?? 0,
      samples: sorted.length,
    }),
  )
  late = []
})
