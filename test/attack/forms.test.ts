/** Other ways to write what the borders refuse: names of our own in Route, targets in the Request-URI, credentials. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { back, call, inside, nothingButAMarker, sink, strangerAt, type User, userAt } from '../support/attack.ts'
import { type TestLab, withLab } from '../support/lab.ts'
import { okFor } from '../support/raw-peer.ts'

t.setTimeout(600_000)

const methods = [
  'OPTIONS',
  'MESSAGE',
  'REFER',
  'SUBSCRIBE',
  'PUBLISH',
  'UPDATE',
  'INFO',
  'INVITE',
  'NOTIFY',
  'REGISTER',
]

/** What somebody may write to mean that server. */
function ownForms(lab: TestLab, at: string): readonly string[] {
  const { fqdn, listeners } = lab.node(at)
  const address = listeners[0]?.address ?? ''
  return [
    fqdn.toUpperCase(),
    `${fqdn}.`,
    `${fqdn}:5061`,
    `${fqdn}:5060`,
    address,
    `${address}:5061`,
    `[::ffff:${address}]`,
    'LAB.test',
    'lab.test.',
    'lab.test;maddr=127.0.0.1',
    `127.0.0.1;maddr=${fqdn}`,
    `x@${fqdn}`,
    `x:y@${fqdn};transport=udp`,
  ]
}

/** A host that is none of ours, as a Request-URI may name it. */
function targetForms(fqdn: string, port: number): readonly string[] {
  return [
    `sip:x@127.0.0.1:${port};transport=tcp`,
    `sips:x@127.0.0.1:${port}`,
    `sip:127.0.0.1:${port};transport=udp`,
    `sip:x@[::ffff:127.0.0.1]:${port};transport=tcp`,
    `sip:x@lab.test:${port};maddr=127.0.0.1;transport=tcp`,
    `sip:${fqdn}:${port};maddr=127.0.0.1;transport=udp`,
    `sip:nobody@lab.test:${port};maddr=127.0.0.1;transport=udp;lr`,
    `sip:x@${fqdn}:${port};transport=tcp`,
    `sip:nobody@lab.test?Route=%3Csip:127.0.0.1:${port}%3E`,
    `sip:x%40127.0.0.1@lab.test:${port}`,
    `sip:x@127.0.0.1:${port};maddr=${fqdn};transport=tcp`,
  ]
}

interface Border {
  readonly topology: 'edge' | 'standard'
  readonly home: string
  readonly nodes: readonly string[]
  readonly transport: 'tls' | 'tcp'
}

for (const border of [
  { topology: 'standard', home: 'se', nodes: ['se'], transport: 'tcp' },
  { topology: 'edge', home: 'fe1', nodes: ['fe1', 'director', 'edge'], transport: 'tls' },
] as const satisfies readonly Border[])
  t.test(`other forms, at the borders of ${border.topology}`, (t) => atBorders(t, border))

async function atBorders(t: Test, { topology, home, nodes, transport }: Border): Promise<void> {
  const lab = await withLab(t, topology)
  const [alice, bob, dave] = await Promise.all([
    userAt(t, lab, 'alice', home, transport),
    userAt(t, lab, 'bob', home, transport),
    userAt(t, lab, 'dave', home, transport),
  ])
  const dialog = await call(alice, bob)
  const tcp = await sink(t)
  const udp = await datagramsAt(t, tcp.port)

  t.test('no form of our own names in Route opens the way to another host', async (t) => {
    let asked = 0
    for (const at of nodes) {
      const { fqdn } = lab.node(at)
      const senders = [await strangerAt(t, lab, at, transport), ...(at === home ? [dave] : [])]
      for (const own of ownForms(lab, at))
        for (const uri of targetForms(fqdn, tcp.port))
          for (const sender of senders) {
            const method = methods[asked++ % methods.length] ?? 'OPTIONS'
            const name = asked % 3 === 0 ? 'route' : 'Route'
            const route = `${name}: <${asked % 4 === 0 ? 'sips' : 'sip'}:${own};lr>`
            const change = asked % 2 === 0 ? { toTag: 'x' } : {}
            const { status } = await sender.ask({
              method,
              uri,
              from: dave.uri,
              headers: [route, 'Event: dialog'],
              contact: sender.contact,
              ...change,
            })
            t.ok(status >= 400 || isProbe(method, status), `${method} ${uri} by ${route} at ${at}: ${status}`)
          }
    }
    t.comment(`${asked} requests`)
    await nothingButAMarker(t, bob, bob.uri, alice)
    t.strictSame([tcp.connections(), udp()], [0, 0])
  })

  t.test('a redirection to another host goes back to the caller', async (t) => {
    bob.leave('MESSAGE')
    const callId = `redirected-${topology}`
    const answer = dave.prove({ method: 'MESSAGE', uri: bob.uri, from: dave.uri, callId }, 'dave', dave.password)
    const arrived = await bob.next(({ callId: found }) => found === callId)
    const contacts = targetForms('lab.test', tcp.port).map((uri) => `m: <${uri}>`)
    bob.write(okFor(arrived, undefined, contacts).replace('SIP/2.0 200 OK', 'SIP/2.0 302 Moved Temporarily'))
    t.equal((await answer).status, 302)
    t.strictSame([tcp.connections(), udp()], [0, 0])
  })

  t.test('credentials of our realm reach nobody in a dialog, an ACK or any spelling', async (t) => {
    const stranger = await strangerAt(t, lab, home, transport)
    const challenge = (await stranger.ask({ method: 'MESSAGE', uri: bob.uri, from: dave.uri })).header(
      'WWW-Authenticate',
    )
    const realm = /realm="([^"]+)"/.exec(challenge ?? '')?.[1] ?? ''
    const ours = `Digest username="dave",  REALM="${realm}", nonce="n", uri="sip:x", response="secret"`
    const escaped = realm.replace(/^./, '\\$&')
    const spellings = [
      `authorization: ${ours}`,
      `PROXY-AUTHORIZATION: ${ours}`,
      `Authorization : ${ours}`,
      `Authorization:\r\n ${ours}`,
      `Proxy-Authorization: Digest response="secret", realm = "${realm}"`,
      `Authorization: Digest response="secret", realm="${escaped}"`,
      `Authorization: Digest realm="other.test", response="o", Digest realm="${realm}", response="secret"`,
      `Authorization: Digest realm="other.test", response="o", realm="${realm}", response="secret"`,
      `Authorization: NTLM realm="${realm}", gssapi-data="secret"`,
      'Authorization: Basic secret',
      'Proxy-Authorization: Digest username="dave", response="secret"',
    ]
    for (const [from, to, make] of [
      [alice, bob, inside],
      [bob, alice, back],
    ] as const)
      for (const method of ['INFO', 'UPDATE', 'REFER', 'ACK'])
        for (const spelling of spellings) {
          const request = make(dialog, method, alice, bob)
          const text = { ...request, headers: [...(request.headers ?? []), spelling] }
          if (method === 'ACK') from.say(text)
          else t.equal((await from.ask(text)).status, 200, `${method} with ${spelling}`)
          const arrived = await to.next((found) => found.method === method)
          t.notMatch(arrived.text, /secret/, `${method} with ${spelling}`)
        }
  })

  t.test('a value of Record-Route of an earlier version, or one that is cut, is refused', async (t) => {
    const [first = ''] = dialog.routes
    const user = /sip:([^@]*)@/.exec(first)?.[1] ?? ''
    const changed = [
      user.replace(/f~.*/, 'd~AAAAAAAAAAAAAAAA'),
      user.replace('f~', 'e~'),
      user.slice(0, -1),
      `${user}A`,
      user.toUpperCase(),
      user.replace('alice', 'dave'),
      user.replace('bob', 'dave'),
      user.replace(/^/, 'f~'),
      user.replaceAll('+', '%2B'),
      '',
    ]
    for (const sender of [alice, dave] as readonly User[])
      for (const other of changed)
        for (const from of [alice.uri, dave.uri]) {
          const request = inside(dialog, 'INFO', alice, bob)
          const headers = [first.replace(user, other)]
          const { status } = await sender.ask({ ...request, from, headers })
          t.ok(status >= 400, `${other} from ${from} by ${sender.login}: ${status}`)
        }
    t.equal(bob.waiting, 0)
  })
}

/** OPTIONS to the server itself is answered by whoever is asked. */
function isProbe(method: string, status: number): boolean {
  return method === 'OPTIONS' && status === 200
}

async function datagramsAt(t: Test, port: number): Promise<() => number> {
  const socket = createSocket('udp4')
  let received = 0
  socket.on('message', () => received++)
  t.teardown(() => socket.close())
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return () => received
}
