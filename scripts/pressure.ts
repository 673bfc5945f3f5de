/**
 * `node scripts/pressure.ts [--seconds=12] [--attacks='wrong passwords'] [--json]`: phones sign in, call and write
 * through a lab `edge`, inside and outside, while outsiders do their worst. Every sign-in, call and message must
 * succeed: exit status 1 when one does not.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Phone } from '../src/phone/index.ts'
import { chaosLab } from './chaos-lab.ts'
import { callOnce, phoneOf, signInAnew } from './edge-phones.ts'
import { type Attack, attacksOn } from './pressure-attacks.ts'

/** Tried, and done: both count. */
interface Tally {
  tried: number
  done: number
  /** Milliseconds of the longest that was done. */
  longest: number
}

interface Result {
  readonly attack: string
  readonly parts: number
  readonly signIns: Tally
  readonly calls: Tally
  readonly messages: Tally
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '12' },
    attacks: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError(`--seconds: wanted a number above 0, found ${values.seconds}`)

const lab = await chaosLab('edge')
const { ready } = lab
try {
  const phones = ready.users.map((account) => phoneOf(ready, account, true))
  for (const phone of phones) await phone.signIn()
  const wanted = values.attacks?.split(',')
  const results: Result[] = []
  for (const attack of attacksOn(ready).filter(({ name }) => wanted?.includes(name) !== false))
    results.push(await beside(attack, phones))
  await Promise.all(phones.map((phone) => phone.close()))
  print(results)
} finally {
  await lab.end()
}
process.exit()

async function beside(attack: Attack, phones: readonly Phone[]): Promise<Result> {
  const over = new AbortController()
  const attacking = attack.run(over.signal)
  const [signIns, calls, messages] = [noTally(), noTally(), noTally()]
  // The attack is under way when the first one counts.
  await delay(1_000)
  const end = performance.now() + seconds * 1_000
  const loop = async (tally: Tally, work: () => Promise<unknown>): Promise<void> => {
    while (performance.now() < end) await counted(tally, attack, work)
  }
  await Promise.all([
    ...ready.users.map((account) => loop(signIns, () => signInAnew(ready, account))),
    ...phones.flatMap((from, at) => {
      const to = phones[(at + 1) % phones.length] ?? from
      return [loop(calls, () => callOnce(from, to)), loop(messages, () => from.message(to.uri, 'under pressure'))]
    }),
  ])
  over.abort()
  return { attack: attack.name, parts: await attacking, signIns, calls, messages }
}

async function counted(tally: Tally, { name }: Attack, work: () => Promise<unknown>): Promise<void> {
  tally.tried += 1
  const began = performance.now()
  try {
    await work()
    tally.done += 1
    tally.longest = Math.max(tally.longest, Math.round(performance.now() - began))
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
  await delay(100)
}

function noTally(): Tally {
  return { tried: 0, done: 0, longest: 0 }
}

function print(results: readonly Result[]): void {
  const text = ({ tried, done, longest }: Tally): string => `${done} of ${tried}, ${longest} ms at most`
  if (values.json) console.log(JSON.stringify(results, undefined, 2))
  else
    console.table(
      results.map(({ attack, parts, signIns, calls, messages }) => ({
        attack,
        parts,
        'sign-ins': text(signIns),
        calls: text(calls),
        messages: text(messages),
      })),
    )
  const failed = results.flatMap((each) => [each.signIns, each.calls, each.messages]).filter((t) => t.done < t.tried)
  if (failed.length > 0) process.exitCode = 1
}
