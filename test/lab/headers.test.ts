/**
 * What nobody is believed: each spoof by an outsider and by a signed-in user, inside and outside, and what the other
 * phone then sees.
 */
import t from 'tap'
import type { SipRequest } from '../../src/sip/message/types.ts'
import type { ReceivedMessage } from '../../src/phone/index.ts'
import { eventsOf } from '../support/events.ts'
import { bare } from '../support/federation.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { rawPeer, type RawPeer } from '../support/raw-peer.ts'

const alice = 'sip:alice@lab.test'
const bob = 'sip:bob@lab.test'
const mark = 'ms-edge-proxy-message-trust'

/** What a client might write to be taken for somebody else, and is taken off or written anew. */
const claims = [
  'P-Asserted-Identity: <sip:carol@lab.test>',
  'P-Preferred-Identity: <sip:carol@lab.test>',
  'ms-diagnostics: 1000;reason="forged";source="fe1.lab.test"',
  'ms-diagnostics-public: 4003;reason="forged";source="fe1.lab.test"',
  'ms-user-logon-data: RemoteUser',
  `${mark}: ms-source-type=DirectPartner;ms-source-verified-user=verified`,
]
/** What is between the two users, and passes. */
const passing = [
  'Replaces: 1@x;to-tag=a;from-tag=b',
  'Referred-By: <sip:carol@lab.test>',
  'History-Info: <sip:carol@lab.test>;index=1',
  'Diversion: <sip:carol@lab.test>',
]

t.test('headers of the default lab', async (t) => {
  const lab = await withLab(t, 'edge')
  const phone = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  await phone.signIn()

  for (const [where, node, port] of [
    ['inside', 'fe1', 5061],
    ['outside', 'edge', 10443],
  ] as const) {
    t.test(`a signed-in user ${where}`, async (t) => {
      const peer = await clientAt(t, lab, node, port)
      const signedIn = await register(lab, peer, bob)
      t.equal(signedIn.status, 200, `${signedIn.status}`)
      const say = (headers: readonly string[], change: Partial<Parameters<RawPeer['ask']>[0]> = {}) =>
        peer.prove(
          { method: 'MESSAGE', uri: alice, from: bob, headers, ...change },
          'bob',
          account(lab, 'bob').password,
        )

      t.test('is known to the other by the name it proved', async (t) => {
        const message = await received(phone, (body) => say(claims, { body }))
        t.equal(message.header('P-Asserted-Identity'), `<${bob}>`)
      })

      t.test('cannot put words of servers into its requests', async (t) => {
        const message = await received(phone, (body) => say(claims, { body }))
        t.same(
          ['P-Preferred-Identity', 'ms-diagnostics', 'ms-diagnostics-public', 'ms-user-logon-data'].map((name) =>
            message.header(name),
          ),
          [undefined, undefined, undefined, undefined],
        )
      })

      t.test('is marked as what it is, whatever it says of itself', async (t) => {
        const message = await received(phone, (body) => say(claims, { body }))
        t.match(
          message.header(mark) ?? 'none',
          where === 'inside'
            ? /^none$/
            : /^ms-source-type=InternetUser;ms-ep-fqdn=edge\.lab\.test;ms-source-network=external;ms-source-verified-user=unverified$/,
        )
      })

      t.test('what it says to the other user passes', async (t) => {
        const message = await received(phone, (body) => say(passing, { body }))
        t.same(
          passing.map((line) => line.split(':', 1).join('')).map((name) => message.header(name) === undefined),
          [false, false, false, false],
        )
      })

      t.test('cannot speak as another user: 403 with 4004', async (t) => {
        const { password } = account(lab, 'bob')
        const answer = await peer.prove({ method: 'MESSAGE', uri: alice, from: 'sip:carol@lab.test' }, 'bob', password)
        t.equal(answer.status, 403)
        t.match(`${answer.header('ms-diagnostics')} ${answer.header('ms-diagnostics-public')}`, /4004/)
      })

      t.test('cannot register for another user', async (t) => {
        const { password } = account(lab, 'bob')
        t.equal(
          (
            await peer.prove(
              { method: 'REGISTER', uri: 'sip:lab.test', from: bob, to: 'sip:carol@lab.test', contact: peer.contact },
              'bob',
              password,
            )
          ).status,
          403,
        )
      })

      t.test('cannot register a way through hosts of its choice', async (t) => {
        const { password } = account(lab, 'bob')
        t.equal(
          (
            await peer.prove(
              {
                method: 'REGISTER',
                uri: 'sip:lab.test',
                from: bob,
                to: bob,
                contact: peer.contact,
                headers: ['Path: <sip:director.lab.test:5061;transport=tls;lr>'],
              },
              'bob',
              password,
            )
          ).status,
          403,
        )
      })

      t.test('cannot choose the way through the inside: 403, and 0xC3E93C5E in our log', async (t) => {
        const answer = await say(['Route: <sip:third.test:5061;transport=tls;lr>'])
        t.match(bare(answer), { status: 403, diagnostics: /^1004;.*HRESULT="0xC3E93C5E\(SIPPROXY_E_ROUTING\)"/ })
        t.match(
          (await eventsOf(lab, node)).findLast(({ event }) => event === 'route.refused'),
          { verdict: { code: 'route.abuse', windows: { hresult: '0xC3E93C5E' } } },
        )
      })

      t.test('cannot choose it below our own Route value, nor inside a dialog it made up', async (t) => {
        const own = node === 'fe1' ? 'fe1.lab.test:5061' : 'sip.lab.test:10443'
        const routes = [`Route: <sip:${own};transport=tls;lr>, <sip:third.test:5061;transport=tls;lr>`]
        t.same([(await say(routes)).status, (await say(routes, { toTag: 'made-up' })).status], [403, 403])
      })

      t.test('gets nothing by a Route of our own servers: it is taken off', async (t) => {
        const own = node === 'fe1' ? 'fe1.lab.test:5061' : 'sip.lab.test:10443'
        const routes = [`Route: <sip:${own};transport=tls;lr>, <sip:director.lab.test:5061;transport=tls;lr>`]
        const message = await received(phone, (body) => say(routes, { body }))
        t.equal(message.header('Route'), undefined)
      })

      t.test('cannot forge a flow token', async (t) => {
        const own = node === 'fe1' ? 'fe1.lab.test:5061' : 'sip.lab.test:10443'
        t.equal(
          (await say([`Route: <sip:AAAAAAAAAAAAAAAA.abcd.1.${node}.lab.test@${own};transport=tls;lr>`])).status,
          403,
        )
      })

      t.test('cannot use the token of one dialog to get into another', async (t) => {
        const invite = await calledBy(phone, peer)
        const [route] = invite.headers('Record-Route')
        const inner = lab
          .node(node === 'edge' ? 'fe1' : 'director')
          .listeners.find(({ transport }) => transport === 'tcp')
        const hole = `sip:x@${inner?.address}:${inner?.port};transport=tcp`
        const info = (uri: string, rest: string) =>
          peer.ask({ method: 'INFO', uri, from: bob, toTag: 'made-up', headers: [`Route: ${route}${rest}`] })
        const answers = [await info(alice, `, <${hole};lr>`), await info(hole, '')]
        t.same(
          answers.map(({ status }) => status),
          [403, 403],
        )
      })

      t.test('cannot add itself to the route set of the other', async (t) => {
        const arriving = phone.nextCall()
        const asked = say(['Record-Route: <sip:evil.test;lr>'], { method: 'INVITE', contact: peer.contact })
        const call = await arriving
        t.notMatch(call.header('Record-Route') ?? '', /evil\.test/)
        await call.reject(486)
        t.equal((await asked).status, 486)
      })

      t.test('gets its answer however its Via is written', async (t) => {
        const answers = await Promise.all([
          say([], {
            via:
              'SIP/2.0/TLS ' +
              `director.lab.test:5061;branch=z9hG4bKv1${where};received=127.0.0.9;rport=9;ms-received-port=1;` +
              'ms-received-cid=100',
          }),
          say([], { vias: ['SIP/2.0/TLS director.lab.test:5061;branch=z9hG4bKv2'] }),
        ])
        t.same(
          answers.map(({ status }) => status),
          [200, 200],
        )
      })
    })
  }

  t.test('an outsider', async (t) => {
    const peer = await clientAt(t, lab, 'edge', 10443)

    t.test('is asked who it is, whatever it claims', async (t) => {
      t.equal((await peer.ask({ method: 'MESSAGE', uri: alice, from: bob, headers: claims })).status, 401)
    })

    t.test('learns nothing of why it is refused', async (t) => {
      const answer = await peer.ask({ method: 'MESSAGE', uri: alice, from: 'sip:mallory@elsewhere.test' })
      t.match([answer.status, answer.header('ms-diagnostics')], [403, undefined])
    })

    t.test('does not get past the question by a dialog it made up', async (t) => {
      t.equal((await peer.ask({ method: 'MESSAGE', uri: alice, from: bob, toTag: 'made-up' })).status, 401)
    })

    t.test('does not get past it by a Route to the inside', async (t) => {
      t.same(
        bare(
          await peer.ask({
            method: 'MESSAGE',
            uri: alice,
            from: bob,
            headers: ['Route: <sip:fe1.lab.test:5061;transport=tls;lr>'],
          }),
        ),
        { status: 403, diagnostics: undefined },
      )
    })

    t.test('cannot use us to reach others', async (t) => {
      t.ok(
        [401, 403].includes(
          (await peer.ask({ method: 'MESSAGE', uri: 'sip:someone@elsewhere.test', from: bob })).status,
        ),
      )
    })
  })

  for (const [where, node, port] of [
    ['inside', 'fe1', 5061],
    ['outside', 'edge', 10443],
  ] as const) {
    t.test(`what a signed-in user ${where} answers`, async (t) => {
      const peer = await clientAt(t, lab, node, port, [...claims, 'Server: raw'])
      await register(lab, peer, bob)
      const inside = await clientAt(t, lab, 'fe1', 5061)
      await register(lab, inside, 'sip:carol@lab.test')
      const claimed = [
        'P-Asserted-Identity',
        'P-Preferred-Identity',
        'ms-diagnostics',
        ...(where === 'inside' ? ['ms-diagnostics-public'] : []),
        'ms-user-logon-data',
        mark,
      ]

      t.test('is not believed', async (t) => {
        const answer = await inside.ask({ method: 'MESSAGE', uri: bob, from: 'sip:carol@lab.test' })
        t.same([answer.status, ...claimed.map((name) => answer.header(name))], [200, ...claimed.map(() => undefined)])
      })

      t.test('is not believed in a call either', async (t) => {
        const answer = await inside.ask({
          method: 'INVITE',
          uri: bob,
          from: 'sip:carol@lab.test',
          contact: inside.contact,
        })
        t.same([answer.status, ...claimed.map((name) => answer.header(name))], [200, ...claimed.map(() => undefined)])
      })

      t.test('passes where it is between the two users', async (t) => {
        t.equal((await inside.ask({ method: 'MESSAGE', uri: bob, from: 'sip:carol@lab.test' })).header('Server'), 'raw')
      })
    })
  }
})

function clientAt(
  t: Parameters<typeof rawPeer>[0],
  lab: TestLab,
  node: string,
  port: number,
  answerHeaders: readonly string[] = [],
): Promise<RawPeer> {
  const listener = lab
    .node(node)
    .listeners.find((each) => each.port === port && (node !== 'edge' || each.face === 'external'))
  return rawPeer(t, {
    address: listener?.address ?? '',
    port,
    transport: 'tls',
    serverName: node === 'edge' ? 'sip.lab.test' : 'pool.lab.test',
    answerHeaders,
  })
}

function account(lab: TestLab, login: string): { readonly password: string } {
  return lab.ready.users.find((user) => user.login === login) ?? { password: '' }
}

function register(lab: TestLab, peer: RawPeer, uri: string): ReturnType<RawPeer['ask']> {
  const login = uri.slice(4, uri.indexOf('@'))
  return peer.prove(
    { method: 'REGISTER', uri: 'sip:lab.test', from: uri, to: uri, contact: peer.contact },
    login,
    account(lab, login).password,
  )
}

let sent = 0

async function received(
  phone: ReturnType<typeof phoneOf>,
  send: (body: string) => Promise<{ readonly status: number }>,
): Promise<ReceivedMessage> {
  const body = `message ${++sent}`
  const arriving = phone.nextMessage(({ text }) => text === body)
  const { status } = await send(body)
  if (status !== 200) throw new Error(`the message was answered ${status}`)
  return arriving
}

/** The INVITE of a call from the phone, which the raw end answers. */
async function calledBy(phone: ReturnType<typeof phoneOf>, peer: RawPeer): Promise<SipRequest> {
  const call = phone.call(bob)
  const invite = await peer.next(({ method }) => method === 'INVITE')
  await call.established
  await call.hangUp()
  return invite
}
