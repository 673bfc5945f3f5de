/** What hostile or broken clients send to the presence service. */
import t from 'tap'
import type { RequestParts } from '../../support/arrival.ts'
import {
  type Answer,
  containers,
  presenceBench as bench,
  saying,
  serving,
  soap,
  watching,
} from '../../support/presence-bench.ts'
import { turns } from '../../support/turns.ts'
import { until } from '../../support/until.ts'

const batch = (who: string, body: string, headers: readonly string[] = []): RequestParts => ({
  ...watching(who),
  headers: [
    'Event: presence',
    'Accept: application/msrtc-event-categories+xml',
    'Supported: ms-piggyback-first-notify',
    'Contact: <sip:w@192.0.2.9>',
    'Content-Type: application/msrtc-adrl-categorylist+xml',
    ...headers,
  ],
  body,
})
const action = (name: string, uris: readonly string[]): string =>
  `<action name="${name}" id="1"><adhocList>${uris.map((uri) => `<resource uri="${uri}"/>`).join('')}</adhocList>` +
  '</action>'
const resources = (body: string | undefined): readonly string[] =>
  [...(body ?? '').matchAll(/<resource uri="([^"]+)"><instance id="0" state="([a-z]+)"/g)].map(
    ([, uri, state]) => `${uri} ${state}`,
  )

t.test('an address in a batch that cannot be read is left out', async (t) => {
  const { ask } = await bench(t)
  const uris = ['sip:bob@lab.test', 'sip:carol@lab.test:999999', 'sip:%zz@lab.test', 'sip:x@[::', 'tel:+49301']
  const answer = (await ask('alice', batch('alice', `<batchSub>${action('subscribe', uris)}</batchSub>`))) as Answer
  t.same([answer.status, resources(answer.body)[0]], [200, 'sip:bob@lab.test active'])
})

t.test('a header field that cannot be read is refused', async (t) => {
  const { ask } = await bench(t)
  const broken = { ...watching('bob'), headers: ['Event: presence', 'Contact: <sip:w@[::>'] }
  t.match(await ask('alice', broken), { kind: 'refuse', status: 400 })
})

t.test('a batch of too many users leaves the rest to subscriptions of their own', async (t) => {
  const { ask } = await bench(t, { limit: 2000, users: /^sip:(alice|b\d+)@/ })
  const uris = Array.from({ length: 600 }, (_, at) => `sip:b${at}@lab.test`)
  const answer = (await ask('alice', batch('alice', `<batchSub>${action('subscribe', uris)}</batchSub>`))) as Answer
  const states = resources(answer.body).map((one) => one.split(' ')[1])
  t.same([states.length, states.filter((state) => state === 'resubscribe').length], [600, 600 - 512])
})

t.test('a batch is refreshed without a body, and ends for the users that it names', async (t) => {
  const { ask } = await bench(t)
  const both = ['sip:bob@lab.test', 'sip:carol@lab.test']
  const began = (await ask('alice', batch('alice', `<batchSub>${action('subscribe', both)}</batchSub>`))) as Answer
  const inside = async (body: string): Promise<readonly string[]> => {
    const parts = { ...batch('alice', body), toParameters: `;tag=${began.toTag}` }
    const headers = parts.headers?.filter((line) => body !== '' || !line.startsWith('Content-Type')) ?? []
    return resources(((await ask('alice', { ...parts, headers })) as Answer).body)
  }
  t.same(await inside(''), ['sip:bob@lab.test active', 'sip:carol@lab.test active'], 'alice is not among them')
  t.same(await inside(`<batchSub>${action('unsubscribe', ['sip:bob@lab.test'])}</batchSub>`), [])
  t.same(await inside(''), ['sip:carol@lab.test active'])
})

t.test('who speaks in a dialog has the tag of its other end', async (t) => {
  const { ask } = await bench(t)
  const { toTag } = (await ask('alice', watching('bob'))) as Answer
  const inside = { ...watching('bob'), toParameters: `;tag=${toTag}` }
  t.match(await ask('alice', { ...inside, fromParameters: ';tag=2' }), { status: 481 })
  t.match(await ask('alice', inside), { status: 200 })
})

t.test('lists of a user count as its subscriptions too', async (t) => {
  const { ask } = await bench(t, { limit: 2 })
  const list = (callId: string, event: string): RequestParts => ({
    ...watching('alice'),
    callId,
    headers: [`Event: ${event}`, 'Contact: <sip:w@192.0.2.9>'],
  })
  t.match(await ask('alice', list('1', 'vnd-microsoft-roaming-contacts')), { status: 200 })
  t.match(await ask('alice', list('2', 'presence.winfo')), { status: 200 })
  for (const event of ['vnd-microsoft-roaming-contacts', 'presence.winfo'])
    t.match(await ask('alice', list('3', event)), { status: 403, because: 'presence.too-many-subscriptions' })
})

t.test('changes that are sent all at once are all made', async (t) => {
  const { ask } = await bench(t)
  const add = (at: number): RequestParts =>
    soap('alice', `<setContact><URI>sip:c${at}@lab.test</URI><displayName/><groups>1 1 1</groups></setContact>`)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => ask('alice', add(at))))
  t.equal(answers.filter((one) => (one as Answer).status === 200).length, 40)
  const list = {
    ...watching('alice'),
    headers: ['Event: vnd-microsoft-roaming-contacts', 'Supported: ms-piggyback-first-notify'],
  }
  const { body = '' } = (await ask('alice', list)) as Answer
  t.equal([...body.matchAll(/<contact uri="c\d+@lab\.test" name="" groups="1"/g)].length, 40)
})

t.test('the number of results is a whole number, whatever is asked for', async (t) => {
  const { ask, searched } = await bench(t)
  for (const most of ['abc', '1.5', '-3', '1e9', '7', ''])
    await ask(
      'alice',
      soap(
        'alice',
        `<directorySearch><maxResults>${most}</maxResults></directorySearch>` +
          '<Array><row attrib="sn" value="x"/></Array>',
      ),
    )
  t.same(
    searched.map(([, limit]) => limit),
    [2, 2, 2, 2, 8, 2],
  )
})

t.test('a character that XML does not allow is not passed on', async (t) => {
  const { ask } = await bench(t)
  for (const character of ['\u0001', '&#1;', '&#xffff;', '\u001f']) {
    const said = saying('bob', 'open')
    const body = (said.body ?? '').replace('</tuple>', `<note>at ${character}lunch</note></tuple>`)
    t.match(
      await ask('bob', { ...said, body }),
      { status: 400, because: 'presence.document' },
      JSON.stringify(character),
    )
  }
})

const publication = (instance: number, expireType: string, epid: string, version = 0, content = '<note/>') =>
  serving(
    'bob',
    'application/msrtc-category-publish+xml',
    `<publish><publications uri="sip:bob@lab.test"><publication categoryName="note" instance="${instance}" ` +
      `container="200" version="${version}" expireType="${expireType}" expires="60">${content}</publication>` +
      '</publications></publish>',
    epid,
  )

t.test('what endpoints have published that are gone takes no room and counts no more', async (t) => {
  const { ask, signIn } = await bench(t)
  for (let at = 0; at < 130; at++) {
    await signIn('bob', `e${at}`)
    t.match(await ask('bob', publication(at, 'endpoint', `e${at}`)), { status: 200 }, `endpoint ${at}`)
    await signIn('bob', `e${at}`, 0)
  }
  await signIn('bob', 'e0')
  t.match(await ask('bob', publication(0, 'endpoint', 'e0')), { status: 200 }, 'its version begins anew')
})

t.test('a publication that has run out begins anew, and one of an unknown kind is refused', async (t) => {
  const { ask, clock } = await bench(t)
  t.match(await ask('bob', publication(1, 'time', 'e1')), { status: 200 })
  t.match(await ask('bob', publication(1, 'time', 'e1')), { status: 409 })
  clock.advance(61_000)
  t.match(await ask('bob', publication(1, 'time', 'e1')), { status: 200 })
  t.match(await ask('bob', publication(2, 'for ever', 'e1')), { status: 400 })
})

t.test('a long attribute that repeats a word is read once', async (t) => {
  const { ask, sent, signIn, clock } = await bench(t)
  await signIn('bob', 'e1')
  await ask('alice', watching('bob'))
  clock.advance(0)
  const words = (word: string): string => `<x a="${`${word} `.repeat(60_000 / (word.length + 1))}"/>`
  const start = process.cpuUsage().user
  await ask('bob', publication(1, 'static', 'e1', 0, words('body')))
  await until(() => sent.length === 2)
  t.ok(process.cpuUsage().user - start < 2_000_000, 'less than two seconds of this processor')
})

t.test('the last word on a user counts, however it is spelled', async (t) => {
  const { ask, sent, signIn, clock } = await bench(t)
  await signIn('bob', 'e1')
  await ask('alice', watching('bob'))
  clock.advance(0)
  const rule = (mask: string, rights: string): RequestParts =>
    soap('bob', `<setACE><type>USER</type><mask>${mask}</mask><rights>${rights}</rights></setACE>`)
  await ask('bob', rule('sip:alice@lab.test', 'AA'))
  await ask('bob', rule('SIP:Alice@lab.test', 'BD'))
  await until(() => sent.some(({ body }) => body.includes('>open<')) && sent.at(-1)?.body.includes('>closed<') === true)
  t.match(sent.at(-1), { body: /<basic>closed</ })
})

t.test('a member of a container goes, however it is spelled', async (t) => {
  const { ask } = await bench(t)
  const member = (action: string, uri: string, version: number) =>
    `<container id="32000" version="${version}"><member action="${action}" type="user" value="${uri}"/></container>`
  await ask('bob', containers('bob', [member('add', 'alice@lab.test', 0)]))
  t.match(await ask('bob', containers('bob', [member('remove', 'sip:Alice@lab.test', 1)])), { status: 200 })
  const { body } = (await ask('bob', {
    ...watching('bob'),
    headers: ['Event: vnd-microsoft-roaming-self', 'Supported: ms-piggyback-first-notify'],
  })) as Answer
  t.match(body, /<container id="32000" version="2"><\/container>/)
})

t.test('containers are changed all or none ([MS-PRES] 3.5.5)', async (t) => {
  const { ask } = await bench(t)
  const one = (id: string, version: string) =>
    `<container id="${id}" version="${version}"><member action="add" type="user" value="x@lab.test"/></container>`
  t.match(await ask('bob', containers('bob', [one('300', '0'), one('300', '0')])), { status: 400 }, 'one twice')
  for (const id of ['', '-1', '1e2', '32768', ' 200'])
    t.match(await ask('bob', containers('bob', [one(id, '0')])), { status: 400 }, `container ${JSON.stringify(id)}`)
  t.match(await ask('bob', containers('bob', [one('300', '0').replace('"user"', '"god"')])), { status: 400 })
  t.match(await ask('bob', containers('bob', [one('400', '0'), one('300', '7')])), {
    status: 409,
    body: /<Faultcode>Client.BadCall.WrongDelta<.*<container id="300" version="7" curVersion="0"\/>/,
  })
  t.match(await ask('bob', containers('bob', [one('400', '0'), one('300', '0')])), { status: 200 }, 'nothing was kept')
  const many = Array.from({ length: 61 }, (_, at) => one(String(500 + at), '0'))
  t.match(await ask('bob', containers('bob', many)), { status: 413, because: 'presence.containers-limit' })
})

t.test('what does not fit is refused, and not lost in silence', async (t) => {
  const { ask } = await bench(t)
  const users = Array.from({ length: 500 }, (_, at) => `<subscriber user="${'u'.repeat(200)}${at}@lab.test"/>`)
  const seen = serving(
    'bob',
    'application/msrtc-presence-setsubscriber+xml',
    `<setSubscribers>${users.join('')}</setSubscribers>`,
  )
  t.match(await ask('bob', seen), { status: 200 })
  const long = seen.body?.replace('uuu', 'u'.repeat(500)) ?? ''
  t.match(await ask('bob', { ...seen, body: long }), { status: 400 })
})

t.test('of endless changes of one user watchers hear five a second, and the last one', async (t) => {
  const { ask, sent, clock } = await bench(t)
  await ask('alice', watching('bob'))
  clock.advance(0)
  for (let at = 0; at < 20; at++) {
    await ask('bob', saying('bob', at === 19 ? 'closed' : 'open'))
    clock.advance(1)
  }
  await until(() => sent.length > 5)
  await turns(20)
  t.equal(sent.length, 1 + 5)
  clock.advance(1000)
  await until(() => sent.length > 6)
  t.match(sent.at(-1), { body: /<basic>closed</ })
  await ask('bob', saying('bob', 'open'))
  await until(() => sent.length > 7)
  t.match(sent.at(-1), { body: /<basic>open</ }, 'and the next change goes out at once')
})
