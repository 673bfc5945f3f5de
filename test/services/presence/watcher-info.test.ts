/** Who watches a user, for that user (RFC 3857, RFC 3858). */
import t from 'tap'
import { type PresenceBench, presenceBench, watching } from '../../support/presence-bench.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { until } from '../../support/until.ts'

const asking = (who: string, more: readonly string[] = []): RequestParts => ({
  method: 'SUBSCRIBE',
  uri: `sip:${who}@lab.test`,
  to: `sip:${who}@lab.test`,
  headers: ['Event: presence.winfo', 'Accept: application/watcherinfo+xml', 'Contact: <sip:w@192.0.2.9>', ...more],
})

async function told({ sent }: PresenceBench, count: number) {
  const infos = () => sent.filter(({ contentType }) => contentType === 'application/watcherinfo+xml')
  await until(() => infos().length >= count)
  const body = infos()[count - 1]?.body ?? ''
  return {
    version: Number(/version="(\d+)" state="full"/.exec(body)?.[1]),
    watchers: [...body.matchAll(/<watcher [^>]*status="active"[^>]*>([^<]*)</g)].map(([, uri]) => uri),
    count: infos().length,
  }
}

// conformance: RFC 3857 §4.7 — a user is notified of a watcher that comes or goes
t.test('a user learns which users watch it, and learns of each new watcher', async (t) => {
  const bench = await presenceBench(t)
  await bench.ask('bob', watching('alice'))
  t.match(await bench.ask('alice', asking('alice')), { status: 200 })
  bench.clock.advance(0)
  t.match(await told(bench, 1), { version: 0, watchers: ['sip:bob@lab.test'] })
  bench.clock.advance(5000)
  await bench.ask('carol', watching('alice'))
  const second = await told(bench, 2)
  t.same([...second.watchers].sort(), ['sip:bob@lab.test', 'sip:carol@lab.test'])
  t.equal(second.version, 1, 'its version is one higher')
})

t.test('a watcher that ends is not in the next document', async (t) => {
  const bench = await presenceBench(t)
  const begun = await bench.ask('bob', watching('alice'))
  await bench.ask('alice', asking('alice'))
  bench.clock.advance(0)
  bench.clock.advance(5000)
  const toTag = (begun as { readonly toTag?: string }).toTag ?? ''
  await bench.ask('bob', { ...watching('alice', ['Expires: 0']), toParameters: `;tag=${toTag}` })
  t.same((await told(bench, 2)).watchers, [])
})

// conformance: RFC 3857 §4.9 — no more than one notification in five seconds
t.test('watchers that come fast are notified at most every five seconds', async (t) => {
  const bench = await presenceBench(t)
  await bench.ask('alice', asking('alice'))
  bench.clock.advance(0)
  for (const who of ['bob', 'carol', 'bob', 'carol']) await bench.ask(who, watching('alice'))
  t.equal((await told(bench, 2)).count, 2, 'the first is told of at once')
  bench.clock.advance(4999)
  t.equal((await told(bench, 2)).count, 2)
  bench.clock.advance(1)
  t.equal((await told(bench, 3)).watchers.length, 4)
})

t.test('nobody else is told, a stranger of the same name neither', async (t) => {
  const { ask } = await presenceBench(t)
  t.match(await ask('bob', asking('alice')), { status: 403, because: 'presence.list-of-another' })
  t.match(await ask({ aor: 'sip:alice@lab.test', foreign: true }, asking('alice')), { status: 403 })
})

t.test('a client that reads no such document is told which it would get', async (t) => {
  const { ask } = await presenceBench(t)
  const headers = ['Event: presence.winfo', 'Accept: application/pidf+xml', 'Contact: <sip:w@192.0.2.9>']
  t.match(await ask('alice', { ...asking('alice'), headers }), { status: 406, because: 'presence.accept' })
})

t.test('the watchers of watchers are not kept', async (t) => {
  const { ask } = await presenceBench(t)
  const headers = ['Event: presence.winfo.winfo', 'Contact: <sip:w@192.0.2.9>']
  t.match(await ask('alice', { ...asking('alice'), headers }), { kind: 'pass' })
})

// conformance: RFC 3858 §4.1 — versions rise by exactly one
t.test('the versions of watcher information rise by one, whichever front end sends it', async (t) => {
  const bench = await presenceBench(t)
  const begun = await bench.ask('alice', asking('alice'))
  bench.clock.advance(0)
  const versions = [(await told(bench, 1)).version]
  const next = async (work: Promise<unknown>): Promise<void> => {
    await work
    bench.clock.advance(5000)
    versions.push((await told(bench, versions.length + 1)).version)
  }
  await next(bench.ask('bob', watching('alice')))
  await next(bench.askOther('carol', watching('alice')))
  const toTag = (begun as { readonly toTag?: string }).toTag ?? ''
  await next(bench.askOther('alice', { ...asking('alice'), toParameters: `;tag=${toTag}` }))
  await next(bench.ask('bob', watching('alice')))
  t.same(versions, [0, 1, 2, 3, 4])
})
