/** The presence service alone: a store of its own, no network; what it would send is kept in a list. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { type LocationService, memoryLocation } from '../../src/services/location/location.ts'
import type { Notification } from '../../src/services/presence/dialog.ts'
import { type PresenceService, presenceService } from '../../src/services/presence/presence.ts'
import type { Watcher } from '../../src/services/presence/view.ts'
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
  ask(sender: Watcher | string, parts: RequestParts): Promise<Decision>
  /** The same of another front end: the same store, and nothing else in common. */
  askOther(sender: Watcher | string, parts: RequestParts): Promise<Decision>
}

export async function presenceBench(t: Test, { limit = 20 }: { readonly limit?: number } = {}): Promise<PresenceBench> {
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
      search: undefined,
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
          /^sip:(alice|bob|carol)@/.test(aor)
            ? { aor, login: '', displayName: '', homePool: 'pool.lab.test', remote: true, enabled: true }
            : undefined,
      },
      // What is told behind the answers may still be under way when a test ends.
      failed: (error) => void (over || t.fail('told of a failure', { error })),
    })
  const [ask, askOther] = locations.map((location, at): PresenceBench['ask'] => {
    const service = serviceAt(location, `fe${at + 1}.lab.test`)
    return async (from, parts) => {
      sender = typeof from === 'string' ? { aor: `sip:${from}@lab.test`, foreign: false } : from
      return service.policy.decide(arrival(requestText({ from: sender.aor, ...parts }), { wall: clock.wall() }))
    }
  })
  if (ask === undefined || askOther === undefined) throw new Error('two front ends')
  return { clock, sent, gone, ask, askOther }
}

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

/** Value of a header field of an answer. */
export function value(decision: Decision, name: string): string | undefined {
  return (decision as Answer).headers?.find(([one]) => one === name)?.[1]
}
