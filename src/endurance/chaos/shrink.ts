/** The shortest schedule that still shows a violation, found by trying shorter ones. */
import type { Blow, Schedule } from './schedule.ts'

export interface Shrunk {
  readonly schedule: Schedule
  readonly tries: number
  /** Every shorter schedule was tried, and none showed the violation. */
  readonly isShortest: boolean
}

/**
 * Tries shorter schedules, the boldest cut first, and goes on from each that still fails.
 *
 * @param fails plays a schedule in a fresh lab; chance may hide a violation, so a `false` proves little
 * @param mostTries of `fails`
 */
export async function shrink(
  schedule: Schedule,
  fails: (shorter: Schedule) => Promise<boolean>,
  mostTries: number,
): Promise<Shrunk> {
  let best = schedule
  let tries = 0
  for (;;) {
    let found: Schedule | undefined
    for (const shorter of shorterThan(best)) {
      if (tries === mostTries) return { schedule: best, tries, isShortest: false }
      tries++
      if (await fails(shorter)) {
        found = shorter
        break
      }
    }
    if (found === undefined) return { schedule: best, tries, isShortest: true }
    best = found
  }
}

/** The last half, the first half, without one blow, without one injury, half as long. */
export function shorterThan(schedule: Schedule): readonly Schedule[] {
  const { length } = schedule
  const half = Math.ceil(length / 2)
  const halves = length > 2 ? [schedule.slice(half), schedule.slice(0, half)] : []
  const without = length > 1 ? schedule.map((_, at) => schedule.toSpliced(at, 1)) : []
  return [...halves, ...without, ...schedule.flatMap((blow, at) => lighter(blow).map((one) => schedule.with(at, one)))]
}

function lighter({ injuries, forSeconds }: Blow): readonly Blow[] {
  const fewer =
    injuries.length > 1 ? injuries.map((_, at) => ({ injuries: injuries.toSpliced(at, 1), forSeconds })) : []
  return forSeconds > 1 ? [...fewer, { injuries, forSeconds: Math.floor(forSeconds / 2) }] : fewer
}
