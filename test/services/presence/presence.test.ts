/** The presence service alone: a store of its own, no network; what it would send is kept in a list. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { memoryLocation } from '../../../src/services/location/location.ts'
import type { Notification } from '../../../src/services/presence/dialog.ts'
import { type PresenceService, presenceService } from '../../../src/services/presence/presence.ts'
import type { Watcher } from '../../../src/services/presence/view.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import { arrival, requestText } from '../../support/arrival.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ownFolder } from '../../support/own-folder.ts'
import { until } from '../../support/until.ts'

type Answer = Extract<Decision, { kind: 'answer' }>

interface Bench {
  readonly clock: FakeClock
  readonly sent: readonly Notification[]
  readonly gone: (() => void)[]
  ask(sender: Watcher | string, parts: RequestParts): Promise<Decision>
}

async function bench(t: Test, { limit = 20 }: { readonly limit?: number } = {}): Promise<Bench> {
  const clock = new FakeClock()
  const store = await openPoolStore({ kind: 'sqlite', file: join(ownFolder(t), 'pool.sqlite') }, { clock: systemClock })
  const location = memoryLocation({ clock })
  let over = false
  t.teardown(async () => {
    over = true
    await store.close()
    location.close()
  })
  const sent: Notification[] = []
  const gone: (() => void)[] = []
  let sender: Watcher = { aor: '', foreign: false }
  const service: PresenceService = presenceService({
    store: store.presence,
    location,
    clock,
    domains: ['lab.test'],
    self: 'fe1.lab.test',
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
  return {
    clock,
    sent,
    gone,
    async ask(from, parts) {
      sender = typeof from === 'string' ? { aor: `sip:${from}@lab.test`, foreign: false } : from
      return service.policy.decide(arrival(requestText({ from: sender.aor, ...parts }), { wall: clock.wall() }))
    },
  }
}

const watching = (who: string, headers: readonly string[] = []): RequestParts => ({
  method: 'SUBSCRIBE',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  headers: ['Event: presence', 'Accept: application/pidf+xml', 'Contact: <sip:w@192.0.2.9>', ...headers],
})

const saying = (who: string, basic: string, headers: readonly string[] = []): RequestParts => ({
  method: 'PUBLISH',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  headers: ['Event: presence', 'Content-Type: application/pidf+xml', ...headers],
  body:
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:x@lab.test">' +
    `<tuple id="t"><status><basic>${basic}</basic></status></tuple></presence>`,
})

function value(decision: Decision, name: string): string | undefined {
  return (decision as Answer).headers?.find(([one]) => one === name)?.[1]
}

// conformance: RFC 6665 §4.2.1 — the home server is a notifier for presence: state at once, and with each change
t.test('a watcher is told at once, and again with each change (RFC 6665, RFC 3856)', async (t) => {
  const { ask, sent, clock } = await bench(t)
  t.match(await ask('alice', watching('bob')), { kind: 'answer', status: 200 })
  clock.advance(0)
  t.match(sent, [{ state: 'active;expires=3600', contentType: 'application/pidf+xml', body: /<basic>closed</ }])
  t.match(await ask('bob', saying('bob', 'open')), { status: 200 })
  await until(() => sent.length === 2)
  t.match(sent[1], { body: /<basic>open</ })
})

t.test('a publication is refreshed, changed and removed by its entity tag (RFC 3903 §6)', async (t) => {
  const { ask } = await bench(t)
  const first = value(await ask('bob', saying('bob', 'open')), 'SIP-ETag') ?? ''
  t.match(
    await ask('bob', { ...saying('bob', 'open'), headers: ['Event: presence', 'SIP-If-Match: other'], body: '' }),
    {
      status: 412,
    },
  )
  const refresh = { ...saying('bob', 'open'), headers: ['Event: presence', `SIP-If-Match: ${first}`], body: '' }
  const second = value(await ask('bob', refresh), 'SIP-ETag') ?? ''
  t.not(second, first, 'each answer has a new tag')
  t.match(await ask('bob', refresh), { status: 412 }, 'the old one is used up')
  const removal = { ...refresh, headers: ['Event: presence', `SIP-If-Match: ${second}`, 'Expires: 0'] }
  t.match(await ask('bob', removal), { status: 200 })
  t.match(await ask('bob', removal), { status: 412 })
})

t.test('the note of a phone is a category of its own for a client of 2007', async (t) => {
  const { ask, sent } = await bench(t)
  const watch = watching('bob', ['Accept: application/msrtc-event-categories+xml'])
  const headers = watch.headers?.filter((line) => !line.includes('pidf')) ?? []
  await ask('alice', { ...watch, headers })
  const said = saying('bob', 'open')
  await ask('bob', { ...said, body: said.body?.replace('</tuple>', '<note>at &lt;lunch&gt;</note></tuple>') ?? '' })
  await until(() => sent.some(({ body }) => body.includes('at &#60;lunch')))
  t.match(sent.at(-1), { body: /<category name="note"[^>]*><note [^>]*><body type="personal" uri="">at &#60;lunch/ })
})

t.test('nobody publishes for another, and no document of another kind is kept', async (t) => {
  const { ask } = await bench(t)
  t.match(await ask('alice', saying('bob', 'open')), { status: 403, because: 'presence.not-your-own' })
  const other = { ...saying('bob', 'open'), headers: ['Event: presence', 'Content-Type: text/plain'] }
  t.match(await ask('bob', other), { status: 415 })
  t.match(await ask('bob', { ...saying('bob', 'open'), body: '<!DOCTYPE x><presence/>' }), {
    status: 400,
    because: 'presence.document',
  })
})

t.test('a user of another organisation sees nothing until a user opens its presence', async (t) => {
  const { ask } = await bench(t)
  const stranger = { aor: 'sip:eve@partner.test', foreign: true }
  t.match(await ask(stranger, watching('bob')), { status: 403, because: 'presence.closed' })
  t.match(await ask(stranger, saying('bob', 'open')), { status: 403 })
})

t.test('a list of a user is for that user alone', async (t) => {
  const { ask } = await bench(t)
  const list = (who: string): RequestParts => ({
    ...watching(who),
    headers: ['Event: vnd-microsoft-roaming-contacts', 'Contact: <sip:w@192.0.2.9>'],
  })
  t.match(await ask('bob', list('bob')), { status: 200 })
  t.match(await ask('alice', list('bob')), { status: 403, because: 'presence.list-of-another' })
})

// conformance: RFC 6665 §4.1.2 — a subscription is refreshed and ended inside its dialog, else 481
t.test('a subscription is extended and ended inside its dialog only', async (t) => {
  const { ask, sent, clock } = await bench(t)
  const began = (await ask('alice', watching('bob'))) as Answer
  clock.advance(0)
  const inside = (headers: readonly string[], tag = began.toTag ?? ''): RequestParts => ({
    ...watching('bob', headers),
    toParameters: `;tag=${tag}`,
  })
  t.match(await ask('alice', inside(['Expires: 600'])), { status: 200 })
  t.match(await ask('alice', inside([], 'guessed')), { status: 481 })
  t.match(await ask('carol', inside([])), { status: 481 }, 'another user has no part in it')
  t.match(await ask('alice', inside(['Expires: 0'])), { status: 200 })
  clock.advance(0)
  const told = sent.length
  t.match(sent.at(-1), { state: /^terminated/ })
  await ask('bob', saying('bob', 'open'))
  t.match(await ask('alice', inside(['Expires: 600'])), { status: 481 }, 'it is gone')
  t.equal(sent.length, told, 'and nobody is told any more')
})

// conformance: RFC 6665 §4.2.2 — an answer that knows no such subscription ends it
t.test('a watcher that says it knows no such subscription is forgotten (RFC 6665 §4.2.2)', async (t) => {
  const { ask, gone, sent, clock } = await bench(t)
  const began = (await ask('alice', watching('bob'))) as Answer
  clock.advance(0)
  t.equal(sent.length, 1)
  gone[0]?.()
  await until(async () => {
    const inside = { ...watching('bob'), toParameters: `;tag=${began.toTag}` }
    return ((await ask('alice', inside)) as { status: number }).status === 481
  })
})

t.test('a subscription runs out by itself', async (t) => {
  const { ask, sent, clock } = await bench(t)
  await ask('alice', watching('bob', ['Expires: 60']))
  clock.advance(0)
  clock.advance(61_000)
  await ask('bob', saying('bob', 'open'))
  await ask('bob', saying('bob', 'closed'))
  t.equal(sent.length, 1)
})

t.test('what one user may watch is bounded, and too short a time is refused with the least', async (t) => {
  const { ask } = await bench(t, { limit: 1 })
  t.match(await ask('alice', { ...watching('bob'), callId: 'one' }), { status: 200 })
  t.match(await ask('alice', { ...watching('carol'), callId: 'two' }), {
    status: 403,
    because: 'presence.too-many-subscriptions',
  })
  const brief = await ask('bob', watching('carol', ['Expires: 5']))
  t.match(brief, { status: 423, headers: [['Min-Expires', '60']] })
})

// conformance: RFC 6665 §4.4 — other event packages go to the devices of the user as any request
t.test('an unknown user is not found, and another event package is none of its business', async (t) => {
  const { ask } = await bench(t)
  t.match(await ask('alice', watching('nobody')), { status: 404 })
  t.match(await ask('alice', { ...watching('bob'), headers: ['Event: dialog'] }), { kind: 'pass' })
})
