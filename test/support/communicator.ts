/** The headless Communicator-compatible client (clients/communicator): one account of a lab, gone after its test. */
import { existsSync } from 'node:fs'
import type { Test } from 'tap'
import {
  Communicator as Client,
  type CommunicatorEvent,
  type CommunicatorSettings,
} from '../../src/phone/communicator.ts'
import { guardMs } from './guard.ts'
import type { TestLab } from './lab.ts'

/** Where `.ci/jobs/communicator` has built it; empty: it is not there. */
const communicatorProgram = process.env['COMMUNICATOR'] ?? ''

/** A reason to skip; false: the client is there. */
export const noCommunicator =
  communicatorProgram !== '' && existsSync(communicatorProgram)
    ? false
    : 'COMMUNICATOR names no client: run .ci/jobs/communicator, which builds it'

export interface CommunicatorOptions
  extends Pick<CommunicatorSettings, 'login' | 'server' | 'transport' | 'resolve' | 'ca' | 'more'> {
  readonly user: string
  /** Absent: the right one of the lab. */
  readonly password?: string
}

/** Signs on when it starts; it is gone when the test ends. */
export class Communicator extends Client {
  constructor(t: Test, lab: TestLab, { user, password, more = [], ...settings }: CommunicatorOptions) {
    const account = lab.ready.users.find(({ login }) => login === user)
    if (account === undefined) throw new Error(`the lab has no user ${user}`)
    super({
      ...settings,
      more: ['--sip-events', ...more],
      program: communicatorProgram,
      account: account.uri.slice('sip:'.length),
      password: password ?? account.password,
      environment: process.env,
    })
    t.teardown(() => this.kill())
  }

  /** As the client's own, with the patience of a test. */
  override wait(
    event: string,
    fields: Readonly<Record<string, unknown>> = {},
    from = 0,
    ms = guardMs / 2,
  ): Promise<CommunicatorEvent> {
    return super.wait(event, fields, from, ms)
  }
}

/** A status is seen within this time after the client has sent it. */
const statusMs = 2000

/**
 * Each adds the other to its contacts and sees it busy; how long that took is printed. Both must be signed on, and not
 * know each other yet.
 *
 * @param where what the words begin with: `through the edge`
 */
export async function seeEachOther(t: Test, where: string, one: SignedOn, other: SignedOn): Promise<void> {
  const took = [await statusSeen(one, other), await statusSeen(other, one)].map(Math.round)
  const words = `${where}: status seen after ${took[0]} ms, and the other way after ${took[1]} ms`
  t.comment(words)
  t.ok(Math.max(...took) < statusMs, words)
}

interface SignedOn {
  readonly client: Client
  /** `bob@lab.test` */
  readonly address: string
}

async function statusSeen({ client: watcher }: SignedOn, watched: SignedOn): Promise<number> {
  watcher.send({ cmd: 'add-buddy', who: watched.address, group: 'Work' })
  await watcher.wait('presence', { who: `sip:${watched.address}`, presence: { online: true } })
  return busySeen(watcher, watched)
}

/** Milliseconds from the SERVICE of the client, a second after it was told to send it, to the event at the watcher. */
export async function busySeen(watcher: Client, { client: watched, address }: SignedOn): Promise<number> {
  const who = `sip:${address}`
  const service = { dir: 'out', line: /^SERVICE / }
  // Its first publication, after the sign-in, is not the one that counts.
  await watched.wait('sip', service)
  const [seen, said] = [watcher.events.length, watched.events.length]
  watched.send({ cmd: 'status', status: 'busy', note: '' })
  const first = await watched.wait('sip', service, said)
  const sent = performance.now()
  await watcher.wait('presence', { who, presence: { status: 'busy' } }, seen)
  const took = performance.now() - sent
  // Until it publishes, the client may send others: whom it lets watch it.
  const last = watched.events.slice(said).findLast(({ event, line }) => event === 'sip' && service.line.test(`${line}`))
  return took - (Number(last?.['ms']) - Number(first['ms']))
}
