/** The presence service alone, one sentence of its RFCs a test. */
import t from 'tap'
import type { RequestParts } from '../../support/arrival.ts'
import { type Answer, presenceBench as bench, saying, value, watching } from '../../support/presence-bench.ts'
import { until } from '../../support/until.ts'

// conformance: RFC 6665 §4.2.1 — the home server is a notifier for presence: state at once, and with each change
t.test('a watcher is notified at once, and with each change (RFC 6665, RFC 3856)', async (t) => {
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

// conformance: RFC 3261 §8.2.2.3 — also of a PUBLISH and a SERVICE, which the home answers itself
t.test('an extension that is required and not known is refused 420, whatever the method', async (t) => {
  const { ask } = await bench(t)
  const said = saying('bob', 'open')
  for (const parts of [said, { ...said, method: 'SERVICE' }, watching('bob')])
    t.match(await ask('bob', { ...parts, headers: [...(parts.headers ?? []), 'Require: Foo, EVENTLIST'] }), {
      status: 420,
      headers: [['Unsupported', 'Foo']],
    })
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

t.test(
  'a user of another organisation sees no status until a user opens its presence, and publishes none',
  async (t) => {
    const { ask, sent, clock } = await bench(t)
    const stranger = { aor: 'sip:eve@partner.test', foreign: true }
    await ask('bob', saying('bob', 'open'))
    const first = await ask(stranger, watching('bob'))
    clock.advance(0)
    t.match([value(first, 'subscription-state'), sent[0]?.body], [/^pending;/, /<basic>closed</])
    t.match(await ask(stranger, saying('bob', 'open')), { status: 403 })
  },
)

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
