/** One node of a pool killed while SIPp phones call and write through it, and what that cost. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadyDocument } from '../../src/lab/ready-document.ts'
import type { Registration } from '../../src/node/control/control-api.ts'
import { openTlsOriginator, startSipp, type SippRun } from './sipp-load.ts'

export interface KillUnderLoad {
  readonly ready: ReadyDocument
  /** Empty folder for the files of SIPp and HAProxy; it is made. */
  readonly folder: string
  /** How long the phones call and write; the loss comes after a quarter of it. */
  readonly seconds: number
  /** New calls, and messages, a second from each of two phones. */
  readonly rate: number
  readonly kill: () => Promise<void> | void
  /** Brings the node back; called when half of the time is over. */
  readonly start: () => Promise<unknown>
  readonly registrations: () => Promise<readonly Registration[]>
}

export interface KillCounts {
  /** Connections of phones that broke. */
  readonly breaks: number
  readonly calls: number
  readonly established: number
  readonly ended: number
  /** 200 to the INVITE, and no BYE got through. */
  readonly callsLost: number
  readonly messages: number
  readonly messagesAnswered: number
  /** 200 to the sender, and the receiver never saw it. */
  readonly messagesLost: number
  /** A final failure came. */
  readonly refused: number
  /** Sent on a connection that broke before the answer. */
  readonly unanswered: number
  /** No answer on a connection that stayed whole, not even after the 3 s that a phone waits. */
  readonly hanging: number
  /** What came to no end, and answers that no scenario expects at any moment. */
  readonly unknown: number
  readonly registersAnswered: number
  /** 200 to a REGISTER, and no binding afterwards. */
  readonly registrationsLost: number
}

/** SIPp that gets little of the machine begins its calls late, and each goes on for up to 20 s. */
const endsWithinMs = 120_000

/** @throws ForeignDeath when SIPp or HAProxy did not last: nothing is known then */
export async function killUnderLoad({
  ready,
  folder,
  seconds,
  rate,
  kill,
  start,
  registrations,
}: KillUnderLoad): Promise<KillCounts> {
  const originator = await openTlsOriginator(folder, ready)
  const running: SippRun[] = []
  const phone = async (
    ...[name, user, scenario, rest]: readonly [
      string,
      string,
      Parameters<typeof startSipp>[2]['scenario'],
      Partial<Parameters<typeof startSipp>[2]>,
    ]
  ): Promise<SippRun> => {
    const run = await startSipp(originator, ready, {
      folder: join(folder, name),
      user,
      scenario,
      calls: Math.round(seconds * rate),
      rate,
      ...rest,
    })
    running.push(run)
    return run
  }
  try {
    const called = [
      await phone('bob', 'bob', 'pool-register', { answering: 'pool-called', calls: 1 }),
      await phone('dave', 'dave', 'pool-register', { answering: 'pool-called', calls: 1 }),
    ]
    while ((await registrations()).filter(({ aor }) => /^sip:(bob|dave)@/.test(aor)).length < called.length) {
      const death = called.map((each) => each.death()).find((each) => each !== undefined)
      if (death !== undefined) throw death
      await delay(50)
    }
    const callers = [
      await phone('alice', 'alice', 'pool-caller', { callee: 'bob' }),
      await phone('carol', 'carol', 'pool-caller', { callee: 'dave' }),
    ]
    const writers = [
      await phone('alice-writes', 'alice', 'pool-writer', { callee: 'dave' }),
      await phone('carol-writes', 'carol', 'pool-writer', { callee: 'bob' }),
    ]
    await delay(seconds * 250)
    await kill()
    await delay(seconds * 250)
    await start()
    await Promise.race([
      Promise.all([...callers, ...writers].map(({ ended }) => ended)),
      delay(seconds * 1000 + endsWithinMs, undefined, { ref: false }),
    ])
    const bindings = new Set((await registrations()).map(({ aor }) => aor))
    const death = [originator, ...running].map((each) => each.death()).find((each) => each !== undefined)
    if (death !== undefined) throw death
    for (const run of running) await run.stop()
    return countsOf({ called, callers, writers }, bindings)
  } finally {
    for (const run of running) await run.stop()
    await originator.close()
  }
}

interface Phones {
  readonly called: readonly SippRun[]
  readonly callers: readonly SippRun[]
  readonly writers: readonly SippRun[]
}

function countsOf({ called, callers, writers }: Phones, bindings: ReadonlySet<string>): KillCounts {
  const asking = [...callers, ...writers]
  const established = union(callers, 'established')
  const ended = union(callers, 'ended')
  const acked = union(writers, 'acked')
  const got = union(called, 'got')
  const told = asking
    .flatMap((run) => [...run.outcomes()])
    .reduce((sum, [outcome, ids]) => (outcome === 'established' ? sum : sum + ids.size), 0)
  const created = (runs: readonly SippRun[]): number => runs.reduce((sum, run) => sum + run.counts().created, 0)
  return {
    breaks: [...called, ...asking].reduce((sum, { breaks }) => sum + breaks(), 0),
    calls: created(callers),
    established: established.size,
    ended: ended.size,
    callsLost: [...established].filter((id) => !ended.has(id)).length,
    messages: created(writers),
    messagesAnswered: acked.size,
    messagesLost: [...acked].filter((id) => !got.has(id)).length,
    refused: union(asking, 'refused').size,
    unanswered: union(asking, 'unanswered').size,
    hanging: asking.filter(({ breaks }) => breaks() === 0).reduce((sum, run) => sum + neverAnswered(run), 0),
    unknown: created(asking) - told + [...called, ...asking].flatMap((run) => run.strangeAnswers()).length,
    registersAnswered: called.reduce((sum, run) => sum + (run.outcomes().get('registered')?.size ?? 0), 0),
    registrationsLost: ['bob', 'dave'].filter((login) => ![...bindings].some((aor) => aor.startsWith(`sip:${login}@`)))
      .length,
  }
}

function neverAnswered(run: SippRun): number {
  const late = run.lateAnswers()
  return [...(run.outcomes().get('unanswered') ?? [])].filter((id) => !late.has(id)).length
}

/** Call-IDs carry the process that made them: those of two runs never meet. */
function union(runs: readonly SippRun[], outcome: string): ReadonlySet<string> {
  return new Set(runs.flatMap((run) => [...(run.outcomes().get(outcome) ?? [])]))
}
