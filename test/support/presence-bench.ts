/** The presence service alone: a store of its own, no network; what it would send is kept in a list. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { type LocationService, memoryLocation } from '../../src/services/location/location.ts'
import type { Notification } from '../../src/services/presence/dialog.ts'
import { type PresenceService, presenceService } from '../../src/services/presence/presence.ts'
import type { Watcher } from '../../src/services/presence/view.ts'
import type { Change } from '../../src/services/location/rules.ts'
import type { DirectoryFilter } from '../../src/services/store/directory.ts'
import { parseUri } from '../../src/sip/message/uri.ts'
import { openPoolStore } from '../../src/services/store/pool-store.ts'
import { systemClock } from '../../src/sip/clock.ts'
import type { Decision } from '../../src/sip/routing/decision.ts'
import { arrival, requestText, type RequestParts } from './arrival.ts'
import { FakeClock } from './fake-clock.ts'
import { ownFolder } from './own-folder.ts'

export type Answer = Extract<Decision, { kind: 'answer' }>

export interface PresenceBench {
  readonly clock: FakeClock
  readonly sent: readonly Notification[]
  readonly gone: (() => void)[]
  /** Filters and limits that the directory was searched by. */
  readonly searched: [DirectoryFilter, number][]
  /** An endpoint of the user registers, or goes with `seconds` 0. */
  signIn(who: string, epid: string, seconds?: number): Promise<void>
  ask(sender: Watcher | string, parts: RequestParts): Promise<Decision>
  /** The same of another front end: the same store, and nothing else in common. */
  askOther(sender: Watcher | string, parts: RequestParts): Promise<Decision>
}

export interface PresenceBenchOptions {
  readonly limit?: number
  /** Addresses-of-record that have an account. */
  readonly users?: RegExp
}

export async function presenceBench(
  t: Test,
  { limit = 20, users = /^sip:(alice|bob|carol)@/ }: PresenceBenchOptions = {},
): Promise<PresenceBench> {
  const clock = new FakeClock()
  const store = await openPoolStore({ kind: 'sqlite', file: join(ownFolder(t), 'pool.sqlite') }, { clock: systemClock })
  const locations = [memoryLocation({ clock }), memoryLocation({ clock })]
  let over = false
  t.teardown(async () => {
    over = true
    await store.close()
    for (const location of locations) location.close()
  })
  const sent: Notification[] = []
  const gone: (() => void)[] = []
  const searched: PresenceBench['searched'] = []
  let sender: Watcher = { aor: '', foreign: false }
  const serviceAt = (location: LocationService, self: string): PresenceService =>
    presenceService({
      store: store.presence,
      location,
      clock,
      domains: ['lab.test'],
      self,
      home: 'pool.lab.test',
      formats: ['categories', 'msrtc', 'pidf'],
      search: async (filter, most) => {
        searched.push([filter, most])
        return []
      },
      maxSubscriptions: limit,
      forbids: () => undefined,
      senderOf: () => sender,
      outbox: {
        send(notification, forget) {
          sent.push(notification)
          gone.push(forget)
        },
      },
      accounts: {
        account: (aor) =>
          users.test(aor)
            ? { aor, login: '', displayName: '', homePool: 'pool.lab.test', remote: true, enabled: true }
            : undefined,
      },
      // What is told behind the answers may still be under way when a test ends.
      failed: (error) => void (over || t.fail('told of a failure', { error })),
    })
  const signIn = async (who: string, epid: string, seconds = 600): Promise<void> => {
    for (const location of locations) await location.register(registration(clock.wall(), who, epid, seconds))
  }
  const [ask, askOther] = locations.map((location, at): PresenceBench['ask'] => {
    const service = serviceAt(location, `fe${at + 1}.lab.test`)
    return async (from, parts) => {
      sender = typeof from === 'string' ? { aor: `sip:${from}@lab.test`, foreign: false } : from
      return service.policy.decide(arrival(requestText({ from: sender.aor, ...parts }), { wall: clock.wall() }))
    }
  })
  if (ask === undefined || askOther === undefined) throw new Error('two front ends')
  return { clock, sent, gone, searched, signIn, ask, askOther }
}

function registration(wall: number, who: string, epid: string, seconds: number): Change {
  const contact = `sip:${epid}@192.0.2.9`
  const aor = `sip:${who}@lab.test`
  const binding = { contact, q: 1000, path: [], instance: undefined, regId: undefined, epid, owner: 'fe1.lab.test' }
  const rest = { ownerRoute: undefined, flowBound: false, flow: undefined, userAgent: '', received: '192.0.2.9:5060' }
  const contacts = [{ uri: parseUri(contact), binding: { ...binding, ...rest, expires: wall + seconds * 1000 } }]
  return { aor, callId: `${who}-${epid}`, cseq: ++registrations, wall, all: false, contacts, limit: 20 }
}

let registrations = 0

/** A SUBSCRIBE for the presence of a user. */
export const watching = (who: string, headers: readonly string[] = []): RequestParts => ({
  method: 'SUBSCRIBE',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  headers: ['Event: presence', 'Accept: application/pidf+xml', 'Contact: <sip:w@192.0.2.9>', ...headers],
})

/** A PUBLISH of a PIDF document. */
export const saying = (who: string, basic: string, headers: readonly string[] = []): RequestParts => ({
  method: 'PUBLISH',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  headers: ['Event: presence', 'Content-Type: application/pidf+xml', ...headers],
  body:
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:x@lab.test">' +
    `<tuple id="t"><status><basic>${basic}</basic></status></tuple></presence>`,
})

/** A SERVICE of a user for itself. */
export const serving = (who: string, type: string, body: string, epid = 'e1'): RequestParts => ({
  method: 'SERVICE',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  fromParameters: `;tag=1;epid=${epid}`,
  headers: [`Content-Type: ${type}`],
  body,
})

/** One operation of the SOAP body. */
export const soap = (who: string, operation: string): RequestParts =>
  serving(who, 'application/SOAP+xml', `<s:Envelope><s:Body>${operation}</s:Body></s:Envelope>`)

/** Members put into containers and taken out, one element `container` each. */
export const containers = (who: string, changes: readonly string[]): RequestParts =>
  serving(
    who,
    'application/msrtc-setcontainermembers+xml',
    `<setContainerMembers>${changes.join('')}</setContainerMembers>`,
  )

/** Value of a header field of an answer. */
export function value(decision: Decision, name: string): string | undefined {
  return (decision as Answer).headers?.find(([one]) => one === name)?.[1]
}
