/** What is done to a lab, when and for how long: made from a seed, written as text, read from it. Pure. */
import { seeded } from '../random.ts'

/** One fault on one part of the lab: `kill fe1`, `cut fe1->fe2`, `read-only store`. */
export interface InjuryName {
  /** The name of the fault in a schedule. */
  readonly name: string
  /** The part it is done to: no two of a blow share one. */
  readonly part: string
}

/** Faults that are put on together and removed together. */
export interface Blow {
  readonly injuries: readonly string[]
  readonly forSeconds: number
}

export type Schedule = readonly Blow[]

const longestBlowSeconds = 9

/**
 * First a blow of one, then one of two, and so on: each injury once before any comes again.
 *
 * @param blows how many
 * @throws RangeError when there is no injury
 */
export function makeSchedule(seed: number, blows: number, injuries: readonly InjuryName[]): Schedule {
  const random = seeded(seed, 1000)
  if (injuries.length === 0) throw new RangeError('wanted at least one injury, found none')
  let left: InjuryName[] = []
  const draw = (fits: (injury: InjuryName) => boolean): InjuryName | undefined => {
    if (!left.some(fits)) left = [...left, ...injuries]
    const fitting = left.filter(fits)
    const drawn = fitting.length === 0 ? undefined : random.pick(fitting)
    if (drawn !== undefined) left.splice(left.indexOf(drawn), 1)
    return drawn
  }
  return Array.from({ length: blows }, (_, at) => {
    const first = draw(() => true)
    const second = at % 2 === 0 ? undefined : draw(({ part }) => part !== first?.part)
    return {
      injuries: [first, second].flatMap((injury) => (injury === undefined ? [] : [injury.name])),
      forSeconds: 3 + random.below(longestBlowSeconds - 2),
    }
  })
}

/** `kill fe1 + cut fe1->fe2 for 5; silent dns for 3` */
export function scheduleText(schedule: Schedule): string {
  return schedule.map(({ injuries, forSeconds }) => `${injuries.join(' + ')} for ${forSeconds}`).join('; ')
}

/** @throws RangeError with what was wanted */
export function readSchedule(text: string, known: readonly InjuryName[]): Schedule {
  const names = new Set(known.map(({ name }) => name))
  return text.split(';').map((part) => {
    const [, list = '', seconds = ''] = /^\s*(.+?)\s+for\s+(\d{1,3})\s*$/.exec(part) ?? []
    const injuries = list.split('+').map((name) => name.trim().replaceAll(/\s+/g, ' '))
    const unknown = injuries.find((name) => !names.has(name))
    if (unknown === undefined && Number(seconds) > 0) return { injuries, forSeconds: Number(seconds) }
    throw new RangeError(
      `wanted blows such as "kill fe1 + cut fe1->fe2 for 5; silent dns for 3", found ${JSON.stringify(part.trim())}; ` +
        `there are: ${[...names].join(', ')}`,
    )
  })
}
