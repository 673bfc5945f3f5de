import t from 'tap'
import type { Keeper } from '../../../src/services/presence/keeper.ts'
import { subscribe } from '../../../src/services/presence/subscribe.ts'
import type { PresenceStore } from '../../../src/services/store/presence-store.ts'
import { arrival } from '../../support/arrival.ts'

t.test('a SUBSCRIBE is answered with the state after its row was stored', async (t) => {
  // Another front end publishes while the row is written: it does not know this watcher yet.
  let note = 'version 1'
  const sent: (readonly [body: string, asOf: number])[] = []
  let readings = 0
  const view = { availability: 3500, since: 0, container: 400, publications: [] }
  const keeper = {
    shown: async () => ({ aor: 'sip:bob@lab.test', displayName: 'bob', view: { ...view, note } }),
    sendSoon: (_: unknown, { body }: { readonly body: string }, asOf: number) => void sent.push([body, asOf]),
    beginReading: () => ++readings,
    later: () => undefined,
    watchersChanged: () => undefined,
    documents: { read: async () => ({ acknowledged: [], entries: [], containers: [], contacts: [] }) },
  } as unknown as Keeper
  const store = {
    subscriptionsOf: async () => [],
    watchersOf: async () => [],
    putSubscriptions: async () => void ([note, readings] = ['version 2', readings + 1]),
  } as unknown as PresenceStore
  const options = { keeper, store, self: 'fe1.lab.test', isHere: () => true, formats: ['pidf'] as const, limit: 10 }
  const request = arrival(
    'SUBSCRIBE sip:bob@lab.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1\r\n' +
      'From: <sip:alice@lab.test>;tag=a\r\nTo: <sip:bob@lab.test>\r\nCall-ID: c1\r\nCSeq: 1 SUBSCRIBE\r\n' +
      'Event: presence\r\nContact: <sip:alice@192.0.2.7>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n',
  )
  await subscribe(request, { aor: 'sip:alice@lab.test', foreign: false } as never, options)
  t.match(sent, [[/version 2/, 1]], 'and may be older than what is read for a change meanwhile: its CSeq is lower')
})
