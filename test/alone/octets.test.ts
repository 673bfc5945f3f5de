/**
 * What was once wrong on the wire, as octets to a running server and what comes back, each as its kind: every method,
 * transport and spelling. The server is a Standard Edition under `modern`, on UDP, TCP, TLS, WS and WSS.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventsOf } from '../support/events.ts'
import { withLab } from '../support/lab.ts'
import { ownFiles } from '../support/own-folder.ts'
import { until } from '../support/until.ts'
import { answerTo, ask, askAs, fresh, header, nextOf, sayAs, statusOf, type Wire, wireTo } from '../support/wire.ts'
import type { WireTransport } from '../support/wire.ts'

t.setTimeout(600_000)

const topology = `
name: octets
about: One server on every transport.
profile: modern
domain: lab.test
hosts:
  se:
    role: standard-edition
    listeners:
      - { transport: udp, port: 5060 }
      - { transport: tcp, port: 5060 }
      - { transport: tls, port: 5061 }
      - { transport: ws, port: 8080 }
      - { transport: wss, port: 8443 }
users:
  alice: { password: alice-2005, home: se }
  bob:   { password: bob-2005, home: se }
  dave:  { password: dave-2005, home: se }
`
const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const
const alice = 'sip:alice@lab.test'
const lab = await withLab(t, join(ownFiles(t, { 'octets.yaml': topology }), 'octets.yaml'))
const se = lab.node('se')
const own = se.listeners[0]?.address ?? ''

const passwords = { alice: 'alice-2005', bob: 'bob-2005', dave: 'dave-2005' } as const
type Login = keyof typeof passwords

function uriOf(login: Login): string {
  return `sip:${login}@lab.test`
}

function contactOf(wire: Wire, login: Login): string {
  return `<sip:${login}@${wire.hostPort};transport=${wire.transport}>`
}

function register(wire: Wire, login: Login, contact: string, lines: readonly string[] = []): Promise<string> {
  const said = { method: 'REGISTER', uri: 'sip:lab.test', from: uriOf(login), to: uriOf(login) }
  return askAs(wire, login, passwords[login], { ...said, lines: [`Contact: ${contact}`, 'Expires: 600', ...lines] })
}

/** The user has this one binding and no other. */
async function signedIn(t: Test, login: Login, transport: WireTransport): Promise<Wire> {
  const wire = await wireTo(t, lab, 'se', transport)
  await forget(wire, login)
  const answer = await register(wire, login, contactOf(wire, login))
  t.equal(statusOf(answer), 200, `${login} signs in over ${transport}`)
  return wire
}

async function forget(wire: Wire, login: Login): Promise<void> {
  const said = { method: 'REGISTER', uri: 'sip:lab.test', from: uriOf(login), to: uriOf(login) }
  const gone = await askAs(wire, login, passwords[login], { ...said, lines: ['Contact: *', 'Expires: 0'] })
  if (statusOf(gone) !== 200) throw new Error(`the bindings of ${login} stay: ${gone}`)
}

const asAlice = (wire: Wire, said: Omit<Parameters<typeof ask>[1], 'from'>): Promise<string> =>
  askAs(wire, 'alice', passwords.alice, { from: alice, ...said })
const callAsAlice = (wire: Wire, uri: string, lines: readonly string[] = []): Promise<string> =>
  sayAs(wire, 'alice', passwords.alice, {
    method: 'INVITE',
    uri,
    from: alice,
    lines: [`Contact: ${contactOf(wire, 'alice')}`, ...lines],
  })

function bindings(answer: string): readonly string[] {
  return [...answer.matchAll(/<(sips?:[^>]*)>[^\r]*expires=/g)].map(([, uri = '']) => uri)
}

t.test('1: used credentials go no further; those of another realm do', async (t) => {
  const foreign = 'Proxy-Authorization: Digest username="a", realm="elsewhere", nonce="n", uri="sip:x", response="r"'
  for (const transport of transports) {
    const bob = await signedIn(t, 'bob', transport)
    const wire = await wireTo(t, lab, 'se', transport === 'udp' ? 'tcp' : transport)
    for (const method of ['MESSAGE', 'INVITE', 'OPTIONS', 'SUBSCRIBE', 'INFO']) {
      const lines = [`Contact: ${contactOf(wire, 'alice')}`, 'Event: dialog', foreign]
      const callId = await sayAs(wire, 'alice', passwords.alice, { method, uri: uriOf('bob'), from: alice, lines })
      const came = await bob.next(new RegExp(`^${method} [^]*${callId}`))
      t.notMatch(came, /^Authorization/im, `${method} over ${transport}`)
      t.match(came, /realm="elsewhere"/)
      bob.send(answerTo(came, '486 Busy Here'))
    }
  }
})

t.test('2: sips is never sent in the clear, and 480 says why', async (t) => {
  for (const [transport, arrives] of [
    ['udp', false],
    ['tcp', false],
    ['ws', false],
    ['tls', true],
    ['wss', true],
  ] as const) {
    const bob = await signedIn(t, 'bob', transport)
    const wire = await wireTo(t, lab, 'se', 'tls')
    for (const method of ['INVITE', 'MESSAGE', 'OPTIONS']) {
      const said = { method, uri: 'sips:bob@lab.test', to: uriOf('bob'), from: alice }
      const lines = [`Contact: <sips:alice@${wire.hostPort}>`]
      if (arrives) {
        const callId = await sayAs(wire, 'alice', passwords.alice, { ...said, lines })
        bob.send(answerTo(await bob.next(new RegExp(`^${method} [^]*${callId}`)), '486 Busy Here'))
        t.equal(statusOf(await wire.next(new RegExp(`^SIP/2.0 [2-6][^]*${callId}`))), 486, `${method} to ${transport}`)
      } else {
        const refused = await askAs(wire, 'alice', passwords.alice, { ...said, lines })
        t.match(refused, /^SIP\/2\.0 480 [^]*^Warning: 380 /m, `${method} to a binding over ${transport}`)
        t.strictSame(bob.seen, [])
      }
    }
  }
})

t.test('3: one flow of an instance at a time, the next one when that is closed', async (t) => {
  for (const transport of ['ws', 'wss', 'tls', 'tcp'] as const) {
    const flows = [await wireTo(t, lab, 'se', transport), await wireTo(t, lab, 'se', transport)] as const
    await forget(flows[0], 'dave')
    const instance = `+sip.instance="<urn:uuid:${crypto.randomUUID()}>"`
    for (const [at, flow] of flows.entries()) {
      const contact = `${contactOf(flow, 'dave')};reg-id=${at + 1};${instance}`
      t.match(await register(flow, 'dave', contact, ['Supported: outbound, path']), /^SIP\/2\.0 200/)
    }
    const wire = await wireTo(t, lab, 'se', 'tls')
    for (const method of ['MESSAGE', 'INVITE']) {
      const callId = await sayAs(wire, 'alice', passwords.alice, {
        method,
        uri: uriOf('dave'),
        from: alice,
        lines: [`Contact: ${contactOf(wire, 'alice')}`],
      })
      const mine = new RegExp(`^${method} [^]*${callId}`)
      const got = await nextOf(flows, mine)
      await delay(150)
      t.strictSame(
        flows.flatMap(({ seen }) => seen.filter((each) => mine.test(each))),
        [],
        `${method}, ${transport}`,
      )
      got.wire.send(answerTo(got.message, '430 Flow Failed'))
      const other = flows.find((each) => each !== got.wire) ?? flows[0]
      other.send(answerTo(await other.next(mine), '486 Busy Here'))
      t.equal(statusOf(await wire.next(new RegExp(`^SIP/2.0 [2-6][^]*${callId}`))), 486)
    }
    flows[1].close()
    await delay(50)
    const callId = await sayAs(wire, 'alice', passwords.alice, { method: 'MESSAGE', uri: uriOf('dave'), from: alice })
    flows[0].send(answerTo(await flows[0].next(new RegExp(`^MESSAGE [^]*${callId}`)), '200 OK'))
    t.equal(statusOf(await wire.next(new RegExp(`^SIP/2.0 [2-6][^]*${callId}`))), 200)
  }
})

t.test('4: a Route that names this server in any way is taken off', async (t) => {
  const names = [
    'lab.test',
    'LAB.test',
    'lab.test.',
    'se.lab.test',
    own,
    `${own}:5060`,
    'se.lab.test:5061',
    'lab.test:5061',
  ]
  for (const transport of transports) {
    const wire = await signedIn(t, 'alice', transport)
    for (const name of names)
      for (const scheme of ['sip', 'sips']) {
        if (scheme === 'sips' && transport !== 'tls' && transport !== 'wss') continue
        const route = `Route: <${scheme}:${name};lr>`
        t.match(
          await register(wire, 'alice', contactOf(wire, 'alice'), [route]),
          /^SIP\/2\.0 200/,
          `${transport} ${route}`,
        )
        const answer = asAlice(wire, { method: 'MESSAGE', uri: alice, lines: [route] })
        wire.send(answerTo(await wire.next(/^MESSAGE /), '200 OK'))
        t.equal(statusOf(await answer), 200, `MESSAGE over ${transport} by ${route}`)
      }
  }
})

t.test('5: what Require: outbound promises is done: the flow is used, over UDP too', async (t) => {
  for (const transport of ['udp', 'tcp', 'tls'] as const) {
    const bob = await wireTo(t, lab, 'se', transport)
    await forget(bob, 'bob')
    const instance = `+sip.instance="<urn:uuid:${crypto.randomUUID()}>"`
    const contact = `<sip:bob@127.0.0.3:7799;transport=${transport};ob>;reg-id=1;${instance}`
    const answer = await register(bob, 'bob', contact, ['Supported: outbound, path'])
    t.match(answer, /^SIP\/2\.0 200/)
    const wire = await wireTo(t, lab, 'se', 'tcp')
    const callId = await sayAs(wire, 'alice', passwords.alice, { method: 'MESSAGE', uri: uriOf('bob'), from: alice })
    // Nobody is at the address of the Contact: a MESSAGE that goes there has no answer (RFC 4320).
    if (header(answer, 'Require') === undefined) {
      t.equal(transport, 'udp', 'only over UDP may it be left unpromised')
      continue
    }
    bob.send(answerTo(await bob.next(new RegExp(`^MESSAGE [^]*${callId}`)), '200 OK'))
    t.equal(statusOf(await wire.next(new RegExp(`^SIP/2.0 [2-6][^]*${callId}`))), 200, transport)
  }
})

t.test('6: a call that was answered elsewhere is cancelled with that Reason (RFC 3326)', async (t) => {
  const [one, other] = [await wireTo(t, lab, 'se', 'udp'), await wireTo(t, lab, 'se', 'tls')] as const
  await forget(one, 'bob')
  for (const wire of [one, other]) await register(wire, 'bob', contactOf(wire, 'bob'))
  const wire = await wireTo(t, lab, 'se', 'tcp')
  const callId = await callAsAlice(wire, uriOf('bob'))
  const [here, there] = await Promise.all([one, other].map((each) => each.next(new RegExp(`^INVITE [^]*${callId}`))))
  other.send(answerTo(there ?? '', '180 Ringing'))
  await wire.next(new RegExp(`^SIP/2.0 180 [^]*${callId}`))
  one.send(answerTo(here ?? '', '200 OK', undefined, [`Contact: ${contactOf(one, 'bob')}`]))
  const cancel = await other.next(/^CANCEL /)
  t.match(header(cancel, 'Reason'), /^SIP ?; ?cause=200 ?; ?text="Call completed elsewhere"$/)
})

t.test('7: bindings that differ by transport stay two', async (t) => {
  const bob = await wireTo(t, lab, 'se', 'udp')
  await forget(bob, 'bob')
  const spelled = ['<sip:bob@127.0.0.3:7777>', '<sip:bob@127.0.0.3:7777;transport=tcp>'] as const
  for (const contact of spelled) await register(bob, 'bob', contact)
  const all = await register(bob, 'bob', '<sip:%62ob@127.0.0.3:7777;TRANSPORT=TCP>')
  t.same(bindings(all).length, 2, 'and the same one, spelled otherwise, is no third')
  await register(bob, 'bob', `${spelled[0]};expires=0`)
  t.strictSame(bindings(await register(bob, 'bob', '<sip:bob@127.0.0.3:7777;transport=tcp>')).length, 1)
  await forget(bob, 'bob')
})

t.test('8: blanks in Via, wherever the grammar allows them', async (t) => {
  for (const transport of ['udp', 'tcp', 'tls'] as const) {
    const wire = await wireTo(t, lab, 'se', transport)
    const { address, port } = wire
    const name = transport.toUpperCase()
    for (const via of [
      `SIP/2.0/${name} ${address}: ${port};branch=z9hG4bK%;rport`,
      `SIP/2.0/${name} ${address} : ${port};branch=z9hG4bK%;rport`,
      `SIP/2.0/${name} ${address} :${port} ; branch = z9hG4bK% ; rport`,
      `SIP / 2.0 / ${name} ${address}: ${port};ttl=16;branch=z9hG4bK%`,
      `SIP\t/\t2.0 /${name}\r\n ${address}:\r\n ${port}\r\n ;branch=z9hG4bK%`,
    ]) {
      const said = { method: 'OPTIONS', uri: 'sip:lab.test', from: alice, via: via.replace('%', fresh()) }
      t.equal(statusOf(await ask(wire, said)), 200, JSON.stringify(via))
    }
  }
})

t.test('9: an answer that ends here is dropped, counted, and the next one counts', async (t) => {
  const bob = await signedIn(t, 'bob', 'udp')
  const wire = await wireTo(t, lab, 'se', 'tcp')
  const callId = await callAsAlice(wire, uriOf('bob'))
  const came = await bob.next(new RegExp(`^INVITE [^]*${callId}`))
  for (const start of ['180 Ringing', '200 OK', '486 Busy Here'])
    bob.send(answerTo(came, start, [header(came, 'Via') ?? ''], [`Contact: ${contactOf(bob, 'bob')}`]))
  await delay(200)
  t.notOk(wire.seen.some((each) => /^SIP\/2\.0 (?!100)/.test(each) && each.includes(callId)))
  bob.send(answerTo(came, '486 Busy Here'))
  t.match(await wire.next(new RegExp(`^SIP/2.0 486 [^]*${callId}`)), /^Via: /m)
  t.ok(
    (await eventsOf(lab, 'se')).some(({ event }) => event === 'response.dropped'),
    'the events have it',
  )
})

t.test('10: option tags are read in any case', async (t) => {
  for (const tag of ['Outbound', 'OUTBOUND', 'outbound']) {
    const dave = await wireTo(t, lab, 'se', 'tls')
    await forget(dave, 'dave')
    const contact = `${contactOf(dave, 'dave')};reg-id=1;+sip.instance="<urn:uuid:${crypto.randomUUID()}>"`
    t.equal(header(await register(dave, 'dave', contact, [`Supported: ${tag}`]), 'Require'), 'outbound', tag)
  }
})

t.test('11: a 400 names field and place to those inside, and in the events', async (t) => {
  const broken = [
    ['To: <sip:bob@lab.test:65536>', /to-syntax|To/i],
    ['From: <sip:bob@lab.test', /from/i],
    ['CSeq: 1 MESSAGE', /cseq/i],
    ['Max-Forwards: many', /max-forwards/i],
  ] as const
  for (const transport of transports)
    for (const [line, field] of broken) {
      const wire = await wireTo(t, lab, 'se', transport)
      const name = line.split(':')[0] ?? ''
      const lines = {
        Via: `SIP/2.0/${transport.toUpperCase()} ${wire.hostPort};branch=z9hG4bK${fresh()};rport`,
        From: `<${alice}>;tag=${fresh()}`,
        To: '<sip:lab.test>',
        'Call-ID': fresh(),
        CSeq: '1 OPTIONS',
        'Max-Forwards': '70',
        [name]: line.slice(name.length + 2),
        'Content-Length': '0',
      }
      const text = Object.entries(lines).map(([field, value]) => `${field}: ${value}`)
      wire.send(`OPTIONS sip:lab.test SIP/2.0\r\n${text.join('\r\n')}\r\n\r\n`)
      const refused = await wire.next(/^SIP\/2\.0 400 /)
      t.match(header(refused, 'Warning') ?? refused.split('\r\n')[0], field, `${transport}: ${line}`)
    }
  t.ok((await eventsOf(lab, 'se')).filter(({ event }) => /malformed|refused/.test(event)).length >= broken.length)
})

t.test('12: a Require that this server does not know is 420, with Unsupported', async (t) => {
  const wire = await signedIn(t, 'alice', 'tcp')
  for (const name of ['Require', 'require', 'Proxy-Require'])
    for (const method of ['OPTIONS', 'REGISTER']) {
      const lines = [`${name}: foo, bar`, ...(method === 'REGISTER' ? [`Contact: ${contactOf(wire, 'alice')}`] : [])]
      const answer = await asAlice(wire, { method, uri: 'sip:lab.test', to: alice, lines })
      t.match(answer, /^SIP\/2\.0 420 [^]*^Unsupported: *foo, *bar/m, `${method} with ${name}`)
    }
})

t.test('13: a Contact that cannot be dialled is refused, and none is asked of the DNS', async (t) => {
  const wire = await wireTo(t, lab, 'se', 'tcp')
  await forget(wire, 'bob')
  for (const contact of ['<tel:+15551234>', '<mailto:bob@x>', '<http://lab.test/>', '<urn:service:sos>'])
    t.match(await register(wire, 'bob', contact), /^SIP\/2\.0 4(00|16|88|06|03)/, contact)
  t.equal(statusOf(await asAlice(wire, { method: 'MESSAGE', uri: uriOf('bob') })), 480)
})

t.test('14: a Path of a client is refused as what it is', async (t) => {
  const wire = await wireTo(t, lab, 'se', 'tcp')
  const refused = await register(wire, 'bob', contactOf(wire, 'bob'), ['Path: <sip:127.0.0.3:5060;lr>'])
  t.match(refused, /^SIP\/2\.0 403/)
  t.notMatch(refused, /Route set/i)
  t.match(refused, /Path/)
})

t.test('15: a name of this server as domain is never one it cannot route to', async (t) => {
  const bob = await signedIn(t, 'bob', 'tcp')
  const wire = await wireTo(t, lab, 'se', 'tcp')
  for (const host of ['se.lab.test', own, `${own}:5060`, 'SE.lab.test', 'se.lab.test:5061']) {
    for (const method of ['INVITE', 'MESSAGE', 'OPTIONS']) {
      const lines = [`Contact: ${contactOf(wire, 'alice')}`]
      const asked = asAlice(wire, { method, uri: `sip:bob@${host}`, lines })
      let isSettled = false
      const settled = (): void => void (isSettled = true)
      void asked.then(settled, settled)
      const hasCome = (): boolean => bob.seen.some((each) => each.startsWith(`${method} `))
      await until(() => isSettled || hasCome())
      if (hasCome()) bob.send(answerTo(await bob.next(new RegExp(`^${method} `)), '486 Busy Here'))
      const answer = await asked
      t.not(statusOf(answer), 504, `${method} sip:bob@${host}: ${answer.split('\r\n')[0]}`)
      t.notMatch(answer, /Cannot route/i)
    }
    const to = { method: 'REGISTER', uri: `sip:${host}`, to: alice, lines: [`Contact: ${contactOf(wire, 'alice')}`] }
    t.match(await asAlice(wire, to), /^SIP\/2\.0 (200|404|403)/, `REGISTER sip:${host}`)
  }
})

t.test('16: a client hears 480 where the only flow of the callee is lost', async (t) => {
  for (const transport of ['ws', 'wss', 'tls'] as const) {
    const bob = await wireTo(t, lab, 'se', transport)
    await forget(bob, 'bob')
    const contact = `${contactOf(bob, 'bob')};reg-id=1;+sip.instance="<urn:uuid:${crypto.randomUUID()}>"`
    await register(bob, 'bob', contact, ['Supported: outbound, path'])
    const wire = await wireTo(t, lab, 'se', 'tcp')
    const callId = await callAsAlice(wire, uriOf('bob'))
    bob.send(answerTo(await bob.next(new RegExp(`^INVITE [^]*${callId}`)), '180 Ringing'))
    await wire.next(new RegExp(`^SIP/2.0 180 [^]*${callId}`))
    bob.close()
    t.equal(statusOf(await wire.next(new RegExp(`^SIP/2.0 [2-6][^]*${callId}`))), 480, transport)
  }
})

t.test('the same octets in one piece and in many have one outcome', async (t) => {
  const text = (wire: Wire, change: string): string =>
    'OPTIONS sip:lab.test SIP/2.0\r\n' +
    `Via: SIP/2.0/TCP ${wire.hostPort};branch=z9hG4bK${fresh()}\r\nMax-Forwards: 70\r\n` +
    `From: <${alice}>;tag=a\r\nTo: <sip:lab.test>\r\nCall-ID: ${fresh()}\r\nCSeq: 1 OPTIONS\r\n${change}\r\n\r\n`
  for (const [name, change] of [
    ['lawful', 'Content-Length: 0'],
    ['no Content-Length', 'X: y'],
    ['a head over the limit', `X: ${'y'.repeat(70_000)}\r\nContent-Length: 0`],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 5'],
  ] as const)
    for (const transport of ['tcp', 'tls'] as const) {
      const outcomes = new Set<string>()
      for (const size of [Number.POSITIVE_INFINITY, 1400, 61]) {
        const wire = await wireTo(t, lab, 'se', transport)
        let closed = false
        void wire.closed.then(() => (closed = true))
        const octets = text(wire, change)
        for (let at = 0; at < octets.length && !closed; at += size) {
          wire.send(`${octets.slice(at, Math.min(octets.length, at + size))}`)
          if (at % 6100 < size) await delay(1)
        }
        const answer = await wire.next(/^SIP\/2\.0 /)
        // A connection that stays open answers once more.
        if (!closed) wire.send(text(wire, 'Content-Length: 0'))
        await until(() => closed || wire.seen.length > 0)
        outcomes.add(`${statusOf(answer)} ${closed ? 'closed' : 'open'}`)
      }
      t.equal(outcomes.size, 1, `${name} over ${transport}: ${[...outcomes].join(', ')}`)
    }
})
