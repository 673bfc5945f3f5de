/**
 * Two organisations, each with its own authority: their users reach each other through both edges, and nobody else
 * does.
 */
import t from 'tap'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { eventsOf } from '../support/events.ts'
import { bare, partnerEdge, refusal, standInForPartner, strangerAsks } from '../support/federation.ts'
import { withLab } from '../support/lab.ts'
import { until } from '../support/until.ts'
import { phoneOf } from '../support/phones.ts'

interface Broken {
  readonly verdict?: Verdict
  readonly views: readonly { readonly node: string; readonly event: string; readonly verdict: Verdict }[]
}

t.test('two federated organisations', async (t) => {
  const lab = await withLab(t, 'federation')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  const erin = phoneOf(t, lab, 'erin', { at: 'partner-fe1', transport: 'tls' })
  await Promise.all([alice.signIn(), erin.signIn()])

  t.test('a message crosses both edges', async (t) => {
    const arriving = erin.nextMessage()
    await alice.message(erin.uri, 'across')
    const message = await arriving
    t.match(message, { text: 'across', from: 'sip:alice@lab.test' })
    t.equal(message.header('P-Asserted-Identity'), undefined, 'what our servers tell each other stays inside')
  })

  t.test('the inside is told that it came from a direct partner whose edge vouches for the sender', async (t) => {
    const arriving = erin.nextMessage()
    await alice.message(erin.uri, 'marked')
    const mark = (await arriving).header('ms-edge-proxy-message-trust') ?? ''
    t.match(
      mark,
      /ms-source-type=DirectPartner;ms-ep-fqdn=edge\.partner\.test;ms-source-network=external;ms-source-verified-user=verified;ms-remote-fqdn=sip\.lab\.test/,
    )
  })

  t.test('a message comes back the other way', async (t) => {
    const arriving = alice.nextMessage()
    await erin.message(alice.uri, 'back')
    t.match(await arriving, { text: 'back' })
  })

  t.test('a call is set up and ended across both', async (t) => {
    const call = alice.call(erin.uri)
    const ringing = await erin.nextCall()
    await ringing.answer()
    await call.established
    await call.hangUp()
    t.match(await ringing.ended, { by: 'them', how: 'bye' })
  })

  t.test('a call from the partner is ended by the one who was called', async (t) => {
    const call = erin.call(alice.uri)
    const ringing = await alice.nextCall()
    await ringing.answer()
    await call.established
    await ringing.hangUp()
    t.match(await call.ended, { by: 'them', how: 'bye' })
  })

  t.test('a remote user reaches the partner as well', async (t) => {
    const bob = phoneOf(t, lab, 'bob', { at: 'edge', transport: 'tls' })
    await bob.signIn()
    const call = bob.call(erin.uri)
    const ringing = await erin.nextCall()
    await ringing.answer()
    await call.established
    await ringing.hangUp()
    t.match(await call.ended, { by: 'them', how: 'bye' })
  })

  t.test('a domain nobody federates with is 504 with 1005 inside', async (t) => {
    t.match(await refusal(alice.message('sip:someone@third.test', 'hello')), {
      status: 504,
      diagnostics: /^1005;.*domain="third\.test"/,
    })
  })

  t.test('what a partner may not', async (t) => {
    const partner = await partnerEdge(t, lab)
    const from = 'sip:erin@partner.test'

    t.test('a partner is answered by our user', async (t) => {
      const arriving = alice.nextMessage()
      t.match(bare(await partner.ask({ method: 'MESSAGE', uri: alice.uri, from, body: 'raw' })), { status: 200 })
      t.match(
        (await arriving).header('ms-edge-proxy-message-trust'),
        /ms-source-verified-user=unverified/,
        'its edge did not vouch for the sender',
      )
    })

    t.test('the word of the edge of a partner counts, what else it says does not', async (t) => {
      const arriving = alice.nextMessage()
      await partner.ask({
        method: 'MESSAGE',
        uri: alice.uri,
        from,
        headers: [
          'ms-edge-proxy-message-trust: ms-source-type=InternetUser;ms-source-verified-user=verified',
          'P-Asserted-Identity: <sip:bob@lab.test>',
        ],
      })
      const message = await arriving
      t.match(
        message.header('ms-edge-proxy-message-trust'),
        /^ms-source-type=DirectPartner;[^,]*ms-source-verified-user=verified;ms-remote-fqdn=sip\.partner\.test$/,
      )
      t.equal(message.header('P-Asserted-Identity'), undefined)
    })

    t.test('no other word of a server passes, and what is between the two users does', async (t) => {
      const arriving = alice.nextMessage()
      await partner.ask({
        method: 'MESSAGE',
        uri: alice.uri,
        from,
        headers: [
          'P-Preferred-Identity: <sip:bob@lab.test>',
          'ms-diagnostics: 1000;reason="forged"',
          'ms-user-logon-data: RemoteUser',
          'Referred-By: <sip:x@third.test>',
        ],
      })
      const message = await arriving
      t.same(
        ['P-Preferred-Identity', 'ms-diagnostics', 'ms-user-logon-data', 'Referred-By'].map((name) =>
          message.header(name),
        ),
        [undefined, undefined, undefined, '<sip:x@third.test>'],
      )
    })

    t.test('it cannot use a token it made up', async (t) => {
      t.match(
        bare(
          await partner.ask({
            method: 'MESSAGE',
            uri: alice.uri,
            from,
            toTag: 'made-up',
            headers: ['Route: <sip:AAAAAAAAAAAAAAAA.abcd.1.edge.lab.test@sip.lab.test:5061;transport=tls;lr>'],
          }),
        ),
        { status: 403, diagnostics: undefined },
      )
    })

    t.test('it speaks for no third domain', async (t) => {
      t.match(bare(await partner.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:mallory@third.test' })), {
        status: 403,
        diagnostics: undefined,
      })
    })

    t.test('it speaks for no user of ours', async (t) => {
      t.match(bare(await partner.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:bob@lab.test' })), {
        status: 403,
        diagnostics: undefined,
      })
    })

    t.test('it has no account here', async (t) => {
      t.match(
        bare(
          await partner.ask({
            method: 'REGISTER',
            uri: 'sip:lab.test',
            from,
            to: 'sip:bob@lab.test',
            contact: partner.contact,
          }),
        ),
        { status: 403 },
      )
    })

    t.test('it cannot send through us to a third organisation', async (t) => {
      t.match(bare(await partner.ask({ method: 'MESSAGE', uri: 'sip:someone@third.test', from })), {
        status: 403,
        diagnostics: undefined,
      })
    })

    t.test('it cannot choose the way through our inside', async (t) => {
      t.match(
        bare(
          await partner.ask({
            method: 'MESSAGE',
            uri: alice.uri,
            from,
            headers: ['Route: <sip:third.test:5061;transport=tls;lr>'],
          }),
        ),
        { status: 403 },
      )
    })

    t.test('it cannot send through us to a third one inside a dialog it made up', async (t) => {
      t.match(
        bare(
          await partner.ask({
            method: 'MESSAGE',
            uri: 'sip:someone@third.test',
            from,
            toTag: 'made-up',
            headers: ['Route: <sip:third.test;lr>'],
          }),
        ),
        { status: 403 },
      )
    })
  })

  t.test('who shows no certificate at the port for partners gets no connection', async (t) => {
    await t.rejects(strangerAsks(t, lab))
    // Its end of the connection closes before the event is written.
    await until(async () =>
      (await eventsOf(lab, 'edge')).some(
        ({ event, verdict }) => event === 'flow.refused' && verdict?.code === 'tls.client-cert-missing',
      ),
    )
  })

  t.test('a partner that answers with another name', async (t) => {
    const broken = await lab.json<Broken>(
      'break',
      'partner-edge',
      'wrong-host',
      '--as',
      'server',
      '--reference',
      'edge-external',
    )

    t.test('is refused by who dials it, and both ends say what they saw', async (t) => {
      t.match(broken.verdict, {
        code: 'cert.name-mismatch',
        link: 'edge->partner-edge',
        direction: 'outgoing',
        windows: { hresult: '0x80090322' },
      })
      t.same(broken.views.map(({ node }) => node).sort(), ['edge', 'partner-edge'])
    })

    t.test('is 504 with 1010 and its extra fields inside', async (t) => {
      const { status, diagnostics = '' } = await refusal(alice.message(erin.uri, 'hello'))
      t.equal(status, 504)
      t.match(
        diagnostics,
        /^1010;reason="Certificate trust with next-hop server could not be established";source="edge\.lab\.test"/,
      )
      t.match(diagnostics, /;ErrorType="[^"]+";tls-target="sip\.partner\.test"/)
      t.match(diagnostics, /;PeerServer="sip\.partner\.test";HRESULT="0x80090322\(SEC_E_WRONG_PRINCIPAL\)"/)
    })

    t.test('is reached again when it shows its own certificate', async (t) => {
      await lab.json('heal', 'partner-edge')
      const arriving = erin.nextMessage()
      await alice.message(erin.uri, 'healed')
      t.match(await arriving, { text: 'healed' })
    })
  })

  t.test('a partner that dials with another name', async (t) => {
    const broken = await lab.json<Broken>(
      'break',
      'partner-edge',
      'client-wrong-name',
      '--as',
      'client',
      '--reference',
      'edge-external',
    )

    t.test('is refused by who is dialled, and both ends say what they saw', async (t) => {
      t.match(broken.verdict, {
        code: 'cert.name-not-allowed',
        link: 'partner-edge->edge',
        windows: { hresult: '0xC3E93D67' },
      })
      t.same(broken.views.map(({ node }) => node).sort(), ['edge', 'partner-edge'])
    })

    t.test('is 504 with 1047 on its own side: the connection ended without a word', async (t) => {
      t.match(await refusal(erin.message(alice.uri, 'hello')), {
        status: 504,
        diagnostics: /^1047;.*source="edge\.partner\.test".*WinsockFailureCode="10054\(WSAECONNRESET\)"/,
      })
      await lab.json('heal', 'partner-edge')
    })
  })

  t.test('what fails behind our edge is a bare 504 for the partner', async (t) => {
    await lab.json('break', 'fe1', 'wrong-host', '--as', 'server')
    const partner = await partnerEdge(t, lab)
    t.match(bare(await partner.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:erin@partner.test' })), {
      status: 504,
      diagnostics: undefined,
    })
    await lab.json('heal', 'fe1')
  })

  t.test('what a partner answers is not believed either', async (t) => {
    await lab.json('node', 'stop', 'partner-edge')
    const claims = [
      'P-Asserted-Identity: <sip:bob@lab.test>',
      'P-Preferred-Identity: <sip:bob@lab.test>',
      'ms-diagnostics: 1000;reason="forged";source="fe1.lab.test"',
      'ms-user-logon-data: RemoteUser',
      'ms-edge-proxy-message-trust: ms-source-verified-user=verified',
      'Server: stand-in',
    ]
    await standInForPartner(t, lab, claims)
    const answer = await alice.message(erin.uri, 'to whoever stands there')
    const names = claims.map((line) => line.split(':', 1).join(''))
    t.same(
      [answer.status, ...names.map((name) => answer.header(name))],
      [200, undefined, undefined, undefined, undefined, undefined, 'stand-in'],
    )
  })
})
