/** The presence of a user for one of another organisation: closed until the user opens it. */
import t from 'tap'
import type { Test } from 'tap'
import type { RequestParts } from '../../support/arrival.ts'
import {
  type Answer,
  containers,
  presenceBench,
  type PresenceBench,
  saying,
  soap,
  value,
  watching,
} from '../../support/presence-bench.ts'
import { until } from '../../support/until.ts'

const pat = { aor: 'sip:pat@partner.test', foreign: true }

/** The SUBSCRIBE of a client of 2007 for one user of another organisation, as it follows on `resubscribe`. */
const watching2007 = (who: string): RequestParts => ({
  ...watching(who),
  headers: [
    'Event: presence',
    'Accept: application/msrtc-event-categories+xml, text/xml+msrtc.pidf',
    'Require: adhoclist, categoryList',
    'Supported: ms-benotify, ms-piggyback-first-notify',
    'Contact: <sip:pat@192.0.2.9>',
    'Content-Type: application/msrtc-adrl-categorylist+xml',
  ],
  body:
    '<batchSub xmlns="http://schemas.microsoft.com/2006/01/sip/batch-subscribe" uri="sip:pat@partner.test">' +
    `<action name="subscribe" id="1"><adhocList><resource uri="sip:${who}@lab.test"/></adhocList></action></batchSub>`,
})

const put = (id: number, type: string, member = ''): string =>
  `<container id="${id}"><member action="add" type="${type}"${member === '' ? '' : ` value="${member}"`}/></container>`

/** Bob is busy somewhere, and pat watches. */
async function watched(t: Test): Promise<PresenceBench & { readonly first: Answer }> {
  const bench = await presenceBench(t)
  await bench.signIn('bob', 'e1')
  await bench.ask('bob', saying('bob', 'open'))
  const first = (await bench.ask(pat, watching2007('bob'))) as Answer
  return { ...bench, first }
}

// OCS 2007: container 0 has name and mail of a user, for everyone whom the user does not block.
t.test('a user of another organisation is shown the name and no status, and is pending', async (t) => {
  const { first } = await watched(t)
  t.match(first, { status: 200, body: /<category name="contactCard"/ })
  t.match(value(first, 'subscription-state'), /^pending;expires=/)
  t.notMatch(first.body, /<state|availability/)
})

t.test('the user who is watched is told of it, and nobody of what the user does', async (t) => {
  const { ask, sent } = await watched(t)
  const own = { ...watching('bob'), headers: ['Event: presence.wpending', 'Supported: ms-piggyback-first-notify'] }
  t.match(await ask('bob', own), { status: 200, body: /<watcher uri="sip:pat@partner.test"/ })
  await ask('bob', saying('bob', 'closed'))
  await ask('alice', watching('bob'))
  await ask('bob', saying('bob', 'open'))
  await until(() => sent.some(({ subscription }) => subscription.watcher.includes('alice')))
  t.same(
    sent.filter(({ subscription }) => subscription.watcher === pat.aor),
    [],
  )
})

for (const [what, opening] of [
  ['a container by name', containers('bob', [put(100, 'user', 'pat@partner.test')])],
  ['a container by its domain', containers('bob', [put(200, 'domain', 'Partner.test')])],
  ['federated in a container that opens', containers('bob', [put(200, 'federated')])],
  [
    'an entry of the access list',
    soap('bob', '<setACE><type>DOMAIN</type><mask>partner.test</mask><rights>AA</rights></setACE>'),
  ],
] as const)
  t.test(`${what} opens it: the status comes in the subscription that waits`, async (t) => {
    const { ask, sent } = await watched(t)
    t.match(await ask('bob', opening), { status: 200 })
    await until(() => sent.length > 0)
    t.match(sent, [{ state: /^active/, body: /<availability>3500</ }])
  })

t.test('what every client writes by itself opens nothing', async (t) => {
  const { ask, sent } = await watched(t)
  const unasked = containers('bob', [
    '<container id="100"><member action="add" type="federated"/><member action="add" type="everyone"/></container>',
  ])
  t.match(await ask('bob', unasked), { status: 200 })
  await until(() => sent.length > 0)
  t.match(sent, [{ state: /^pending/ }])
  t.notMatch(sent[0]?.body, /availability/)
})

t.test('a blocked user of another organisation is shown a user that is offline, and is not pending', async (t) => {
  const { ask, sent } = await watched(t)
  await ask('bob', containers('bob', [put(32_000, 'domain', 'partner.test'), put(200, 'federated')]))
  await until(() => sent.length > 0)
  t.match(sent, [{ state: /^active/, body: /<availability>18500</ }])
})

t.test('other formats say no more', async (t) => {
  const { ask, clock, sent } = await watched(t)
  await ask({ aor: 'sip:pat2@partner.test', foreign: true }, watching('bob'))
  clock.advance(0)
  t.match(sent, [{ state: /^pending/, contentType: 'application/pidf+xml', body: /<basic>closed</ }])
})

t.test('a user is watched by 500 of other organisations at most, and by its own users still', async (t) => {
  const { ask } = await presenceBench(t)
  for (let at = 0; at < 500; at++)
    await ask({ aor: `sip:p${at}@partner.test`, foreign: true }, { ...watching('bob'), callId: `p${at}` })
  t.match(await ask(pat, watching('bob')), { status: 403, because: 'presence.too-many-watchers' })
  t.match(await ask('alice', watching('bob')), { status: 200 })
  const other = { aor: 'sip:pat@other.test', foreign: true }
  t.match(await ask(other, watching('bob')), { status: 200 }, 'another organisation has its share')
  for (let at = 0; at < 249; at++)
    await ask({ aor: `sip:o${at}@other.test`, foreign: true }, { ...watching('bob'), callId: `o${at}` })
  t.match(await ask({ ...other, aor: 'sip:pat2@other.test' }, watching('bob')), { status: 403 }, 'and no more')
})
