/**
 * The other ways to another organisation: IM provider, enhanced federation by DNS, lists of domains, closed by default.
 */
import t from 'tap'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { eventsOf } from '../support/events.ts'
import { bare, partnerEdge, refusal } from '../support/federation.ts'
import { withLab } from '../support/lab.ts'
import { until } from '../support/until.ts'
import { phoneOf } from '../support/phones.ts'
import { at, variation } from '../support/variation.ts'

t.test('a provider on one side, enhanced federation on the other', async (t) => {
  const lab = await withLab(
    t,
    variation(t, 'federation', (file) => {
      at(file, 'hosts', 'edge')['federation'] = {
        enabled: true,
        automatic: true,
        providers: [
          {
            name: 'im',
            edge: 'sip.partner.test',
            domains: ['partner.test'],
            enabled: true,
            verification: 'AlwaysUnverifiable',
          },
        ],
        allowedDomains: ['third.test', 'nowhere.partner.test'],
        blockedDomains: ['blocked.test'],
      }
      const partner = at(file, 'partners', 0)
      partner['moreDomains'] = ['third.test', 'blocked.test', 'other.test']
      at(partner, 'hosts', 'edge')['federation'] = { enabled: true, automatic: true }
    }),
  )
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  const erin = phoneOf(t, lab, 'erin', { at: 'partner-fe1', transport: 'tls' })
  await Promise.all([alice.signIn(), erin.signIn()])

  t.test('a message reaches a user of the provider, who sees that it was found by DNS', async (t) => {
    const arriving = erin.nextMessage()
    await alice.message(erin.uri, 'to the provider')
    const message = await arriving
    t.match(message, { text: 'to the provider' })
    t.match(
      message.header('ms-edge-proxy-message-trust'),
      /ms-source-type=AutoFed;.*ms-source-verified-user=verified;ms-remote-fqdn=sip\.lab\.test/,
    )
  })

  t.test(
    'a message found by DNS arrives, marked as coming from a provider whose users are never verified',
    async (t) => {
      const arriving = alice.nextMessage()
      await erin.message(alice.uri, 'found by DNS')
      const message = await arriving
      t.match(message, { text: 'found by DNS' })
      t.match(
        message.header('ms-edge-proxy-message-trust'),
        /ms-source-type=AuthorizedServer;.*ms-source-verified-user=unverified;ms-remote-fqdn=sip\.partner\.test/,
      )
    },
  )

  t.test('a call is set up and ended', async (t) => {
    const call = erin.call(alice.uri)
    const ringing = await alice.nextCall()
    await ringing.answer()
    await call.established
    await ringing.hangUp()
    t.match(await call.ended, { by: 'them', how: 'bye' })
  })

  t.test('a call outlives the connection it came by: the edge of the other organisation is dialled anew', async (t) => {
    const call = alice.call(erin.uri)
    const ringing = await erin.nextCall()
    await ringing.answer()
    await call.established
    await lab.json('node', 'restart', 'edge')
    await ringing.hangUp()
    t.match(await call.ended, { by: 'them', how: 'bye' })
  })

  t.test('an allowed domain is reached by its SRV record', async (t) => {
    t.match(
      await refusal(alice.message('sip:nobody@third.test', 'hello')),
      { status: 404 },
      'the other organisation says that it has no such user',
    )
  })

  t.test('a domain that is not allowed is 504 with 1005', async (t) => {
    t.match(await refusal(alice.message('sip:nobody@other.test', 'hello')), { status: 504, diagnostics: /^1005;/ })
  })

  t.test('a blocked domain is 403 with 1002', async (t) => {
    t.match(await refusal(alice.message('sip:nobody@blocked.test', 'hello')), {
      status: 403,
      diagnostics: /^1002;.*domain="blocked\.test"/,
    })
  })

  t.test('a domain without an SRV record is 504 with 1008', async (t) => {
    t.match(await refusal(alice.message('sip:nobody@nowhere.partner.test', 'hello')), {
      status: 504,
      diagnostics: /^1008;.*domain="nowhere\.partner\.test"/,
    })
  })

  t.test('an SRV record that leads out of the domain', async (t) => {
    await lab.json(
      'break',
      'dns',
      'wrong-target',
      '--name',
      '_sipfederationtls._tcp.third.test',
      '--to',
      'sip.sub.third.test',
    )
    await new Promise((resolve) => setTimeout(resolve, 1100))

    t.test('is 504 with 1009 and the target inside', async (t) => {
      t.match(await refusal(alice.message('sip:nobody@third.test', 'hello')), {
        status: 504,
        diagnostics: /^1009;.*domain="third\.test";fqdn1="sip\.sub\.third\.test"/,
      })
    })

    t.test('is a bare 403 for its edge, and a verdict here', async (t) => {
      const peer = await partnerEdge(t, lab)
      t.match(bare(await peer.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:someone@third.test' })), {
        status: 403,
        diagnostics: undefined,
      })
      t.match(
        (await eventsOf(lab, 'edge')).findLast(({ event }) => event === 'partner.refused'),
        { data: { domain: 'third.test', diagnostics: 1009 }, verdict: { code: 'dns.srv-outside-domain' } },
      )
    })
    await lab.json('heal', 'dns')
  })

  t.test('an allowed domain gets in through the edge its SRV record names', async (t) => {
    const peer = await partnerEdge(t, lab)
    const arriving = alice.nextMessage()
    t.match(bare(await peer.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:someone@third.test' })), {
      status: 200,
    })
    t.match(
      (await arriving).header('ms-edge-proxy-message-trust'),
      /ms-source-type=AutoFed;.*ms-remote-fqdn=sip\.third\.test/,
    )
  })

  t.test('and through no other edge: bare outside, a verdict here', async (t) => {
    const peer = await partnerEdge(t, lab, 'edge')
    t.match(bare(await peer.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:someone@third.test' })), {
      status: 403,
      diagnostics: undefined,
    })
    const told = (await eventsOf(lab, 'edge')).find(
      ({ event, data }) => event === 'partner.refused' && data?.['diagnostics'] === 1010,
    )
    t.match(told, {
      data: { domain: 'third.test' },
      verdict: {
        code: 'cert.name-not-allowed',
        direction: 'incoming',
        windows: { hresult: '0xC3E93D67' },
        found: /sip\.third\.test speaks for third\.test/,
      },
    })
    const joined = async (): Promise<Verdict | undefined> =>
      (await lab.run('events', 'edge', '--joined', '--json')).stdout
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Verdict]))
        .find(({ found }) => found?.includes('speaks for third.test') === true)
    // The file that is read has an event a moment after the node has told it.
    await until(async () => (await joined()) !== undefined)
    t.match(await joined(), { code: 'cert.name-not-allowed', node: 'edge' })
  })

  for (const [domain, code, diagnostics] of [
    ['nowhere.partner.test', 'dns.not-found', 1008],
    ['blocked.test', 'link.forbidden', 1002],
    ['other.test', 'link.forbidden', 1005],
  ] as const) {
    t.test(`${domain} does not get in, and the verdict is ${code}`, async (t) => {
      const peer = await partnerEdge(t, lab)
      t.match(bare(await peer.ask({ method: 'MESSAGE', uri: alice.uri, from: `sip:someone@${domain}` })), {
        status: 403,
        diagnostics: undefined,
      })
      t.match(
        (await eventsOf(lab, 'edge')).findLast(({ event }) => event === 'partner.refused'),
        { data: { domain, diagnostics }, verdict: { code } },
      )
    })
  }
})

t.test('closed by default, and a table that cannot be read', async (t) => {
  const lab = await withLab(
    t,
    variation(t, 'federation', (file) => {
      delete at(file, 'hosts', 'edge')['federation']
      at(file, 'partners', 0, 'hosts', 'edge')['federation'] = {
        enabled: true,
        partners: [{ domain: 'lab.test', edge: 'sip.lab.test' }],
        providers: [{ name: 'im', edge: 'sip.im.test', domains: ['lab.test'] }],
      }
    }),
  )
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  await alice.signIn()

  t.test('nothing leaves for another organisation', async (t) => {
    t.match(await refusal(alice.message('sip:erin@partner.test', 'hello')), { status: 504, diagnostics: /^1005;/ })
  })

  t.test('no other organisation gets a connection', async (t) => {
    const dial = async (): Promise<void> => {
      const peer = await partnerEdge(t, lab)
      await peer.ask({ method: 'MESSAGE', uri: alice.uri, from: 'sip:erin@partner.test' })
    }
    await t.rejects(dial())
    // Its end of the connection closes before the event is written.
    await until(async () =>
      (await eventsOf(lab, 'edge')).some(
        ({ event, verdict }) => event === 'flow.refused' && verdict?.code === 'cert.name-not-allowed',
      ),
    )
  })

  t.test('a domain that is partner and provider domain ends the service at its start', async (t) => {
    t.match(
      lab.ready.verdicts?.find(({ code }) => code === 'config.duplicate-partner'),
      { node: 'partner-edge', found: /lab\.test is a direct partner and belongs to the provider im/ },
    )
  })

  t.test('the log tells it in the order an administrator knew', async (t) => {
    const chain = (await eventsOf(lab, 'partner-edge')).filter(({ level }) => level === 'error')
    t.match(chain, [
      { event: 'configuration.not-retrieved', data: { class: 'MSFT_SIPFederationDirectPartnerTable' } },
      { event: 'service.stack-failed' },
      { event: 'service.shut-down' },
    ])
  })
})
