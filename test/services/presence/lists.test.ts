/** Resource lists (RFC 4662), named by the Request-URI or in the body (RFC 5367). */
import t from 'tap'
import { type PresenceBench, presenceBench, saying, value, watching } from '../../support/presence-bench.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { until } from '../../support/until.ts'

const accepts = ['Supported: eventlist', 'Accept: multipart/related, application/rlmi+xml']

function listing(uris: readonly string[], headers: readonly string[] = accepts): RequestParts {
  const entries = uris.map((uri) => `<entry uri="${uri}"/>`).join('')
  return {
    ...watching('alice', [
      'Content-Type: application/resource-lists+xml',
      'Require: recipient-list-subscribe',
      ...headers,
    ]),
    body: `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>${entries}</list></resource-lists>`,
  }
}

async function sentList({ sent }: PresenceBench, count: number) {
  await until(() => sent.length >= count)
  const { contentType = '', body = '', subscription } = sent[count - 1] ?? {}
  return {
    contentType,
    list: subscription?.dialog.list,
    version: Number(/version="(\d+)"/.exec(body)?.[1]),
    resources: [...body.matchAll(/<resource uri="([^"]*)"><instance id="0" state="(\w+)"/g)].map(([, uri, state]) => [
      uri,
      state,
    ]),
    basics: [...body.matchAll(/<basic>(\w+)</g)].map(([, basic]) => basic),
  }
}

// conformance: RFC 4662 §5 — the whole list in one notification: RLMI first, then a document a resource
t.test('a list in the body is notified as a whole, with each change', async (t) => {
  const bench = await presenceBench(t)
  const answer = await bench.ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test', 'sip:erin@partner.test']))
  t.match(answer, { status: 200 })
  t.equal(value(answer, 'Require'), 'eventlist')
  bench.clock.advance(0)
  const first = await sentList(bench, 1)
  t.match(first, {
    contentType: /^multipart\/related;type="application\/rlmi\+xml";start="<list@siplab>";boundary=/,
    version: 0,
    resources: [
      ['sip:bob@lab.test', 'active'],
      ['sip:carol@lab.test', 'active'],
      ['sip:erin@partner.test', 'terminated'],
    ],
    basics: ['closed', 'closed'],
  })
  t.ok(first.list, 'the notification requires eventlist')
  await bench.ask('bob', saying('bob', 'open'))
  const second = await sentList(bench, 2)
  t.match(second, { basics: ['open', 'closed'] })
  t.equal(second.version, 1, 'its version is one higher')
})

t.test('the roaming contacts of a user are a list', async (t) => {
  const bench = await presenceBench(t)
  const add =
    '<s:Envelope xmlns:s="s" xmlns:m="m"><s:Body><m:setContact><m:URI>sip:bob@lab.test</m:URI>' +
    '<m:displayName/><m:groups>1</m:groups><m:subscribed>true</m:subscribed></m:setContact></s:Body></s:Envelope>'
  const headers = ['Content-Type: application/SOAP+xml']
  t.match(
    await bench.ask('alice', {
      method: 'SERVICE',
      uri: 'sip:alice@lab.test',
      to: 'sip:alice@lab.test',
      headers,
      body: add,
    }),
    { status: 200 },
  )
  await bench.ask('alice', { ...watching('alice', accepts), uri: 'sip:alice@lab.test;list=contacts' })
  bench.clock.advance(0)
  t.match(await sentList(bench, 1), { list: /list=contacts/, resources: [['sip:bob@lab.test', 'active']] })
})

t.test('changes that come fast are notified once', async (t) => {
  const bench = await presenceBench(t)
  await bench.ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test']))
  bench.clock.advance(0)
  for (const basic of ['open', 'closed', 'open']) await bench.ask('bob', saying('bob', basic))
  await bench.ask('carol', saying('carol', 'open'))
  await until(() => bench.sent.length === 2)
  bench.clock.advance(1000)
  t.match(await sentList(bench, 3), { basics: ['open', 'open'] })
  t.equal(bench.sent.length, 3)
})

t.test('a client without eventlist is told that a list needs it (RFC 4662 §4.3)', async (t) => {
  const { ask } = await presenceBench(t)
  const answer = await ask('alice', listing(['sip:bob@lab.test'], []))
  t.match(answer, { status: 421, because: 'presence.eventlist-required' })
  t.match(answer, { headers: [['Require', 'eventlist']] })
})

t.test('a list is bounded, and an unknown extension is refused', async (t) => {
  const { ask } = await presenceBench(t, { limit: 1000 })
  const many = Array.from({ length: 201 }, (_, at) => `sip:user${at}@lab.test`)
  t.match(await ask('alice', listing(many)), { status: 403, because: 'presence.list-too-long' })
  t.match(await ask('alice', watching('bob', ['Require: telepathy'])), {
    status: 420,
    headers: [['Unsupported', 'telepathy']],
  })
})

t.test('a list counts as many subscriptions as it has users', async (t) => {
  const { ask } = await presenceBench(t, { limit: 1 })
  t.match(await ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test'])), {
    status: 403,
    because: 'presence.too-many-subscriptions',
  })
})

t.test('a refresh in the dialog keeps the list, and its end ends all of it', async (t) => {
  const bench = await presenceBench(t)
  const begun = await bench.ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test']))
  bench.clock.advance(0)
  const toTag = (begun as { readonly toTag?: string }).toTag ?? ''
  const inside = (headers: readonly string[]): RequestParts => ({
    ...watching('alice', [...accepts, ...headers]),
    toParameters: `;tag=${toTag}`,
  })
  t.match(await bench.ask('alice', inside([])), { status: 200 })
  bench.clock.advance(0)
  const refreshed = await sentList(bench, 2)
  t.match(refreshed, { basics: ['closed', 'closed'] })
  t.equal(refreshed.version, 1)
  t.match(await bench.ask('alice', inside(['Expires: 0'])), { status: 200 })
  bench.clock.advance(0)
  t.match(await sentList(bench, 3), { basics: ['closed', 'closed'] })
  await bench.ask('bob', saying('bob', 'open'))
  bench.clock.advance(5000)
  t.equal(bench.sent.length, 3, 'nothing is told after the end')
})

t.test('a list of another is not read', async (t) => {
  const { ask } = await presenceBench(t)
  const answer = await ask('bob', { ...watching('alice', accepts), uri: 'sip:alice@lab.test;list=contacts' })
  t.match(answer, { status: 200 }, 'bob watches alice, as ever')
  t.equal(value(answer, 'Require'), undefined)
})

// conformance: RFC 4662 §5.2 — versions rise by exactly one, so that a gap means a lost notification
t.test('the versions of a list rise by one, whichever front end sends it', async (t) => {
  const bench = await presenceBench(t)
  const begun = await bench.ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test']))
  bench.clock.advance(0)
  const toTag = (begun as { readonly toTag?: string }).toTag ?? ''
  const versions: number[] = [(await sentList(bench, 1)).version]
  const next = async (work: Promise<unknown>): Promise<void> => {
    await work
    bench.clock.advance(1000)
    versions.push((await sentList(bench, versions.length + 1)).version)
  }
  await next(bench.ask('bob', saying('bob', 'open')))
  await next(bench.askOther('carol', saying('carol', 'open')))
  await next(bench.askOther('alice', { ...watching('alice', accepts), toParameters: `;tag=${toTag}` }))
  await next(bench.askOther('bob', saying('bob', 'closed')))
  await next(bench.ask('carol', saying('carol', 'closed')))
  t.same(versions, [0, 1, 2, 3, 4, 5])
})

t.test('two front ends that tell of a list at once take two versions', async (t) => {
  const bench = await presenceBench(t)
  await bench.ask('alice', listing(['sip:bob@lab.test', 'sip:carol@lab.test']))
  bench.clock.advance(0)
  await sentList(bench, 1)
  // One after the other: who asks is told to both by one variable. What is told afterwards goes on at the same time.
  await bench.ask('bob', saying('bob', 'open'))
  await bench.askOther('carol', saying('carol', 'open'))
  await sentList(bench, 3)
  const versions = [1, 2, 3].map((count) => sentList(bench, count))
  t.same((await Promise.all(versions)).map(({ version }) => version).sort(), [0, 1, 2])
})
