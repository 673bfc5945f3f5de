/**
 * A trunk to a voice service: static route, number rules, a certificate of its own, OPTIONS in both directions, dated
 * rules.
 */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { type Call, type Phone, PhoneError } from '../../src/phone/index.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import type { LinkState } from '../../src/node/control/control-api.ts'
import { eventsOf } from '../support/events.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { certificateOf, rawPeer, type RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { at, variation } from '../support/variation.ts'

interface Status {
  readonly nodes: readonly {
    readonly name: string
    readonly pid?: number
    readonly status?: { readonly links: readonly LinkState[] }
  }[]
}

t.test('a trunk under the rules of March 2024', async (t) => {
  const lab = await withLab(t, 'trunk')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  await alice.signIn()

  t.test('is active after OPTIONS went both ways', async (t) => {
    t.match(
      (await eventsOf(lab, 'voice')).find(({ event }) => event === 'link.up'),
      { data: { peer: 'fe1.lab.test' } },
    )
  })

  t.test('is a link of both: the front end watches the service, the service its trunk', async (t) => {
    const { nodes } = await statusOfLab(lab)
    t.match(Object.fromEntries(nodes.map(({ name, status }) => [name, status?.links])), {
      fe1: [{ peer: 'voice.lab.test', state: 'up' }],
      voice: [{ peer: 'fe1.lab.test', state: 'up' }],
    })
  })

  t.test('shows the certificate of the static route, not that of the front end', async (t) => {
    const accepted = (await eventsOf(lab, 'voice')).find(
      ({ event, data }) => event === 'flow.accepted' && data?.['side'] === 'accepted',
    )
    t.equal(accepted?.data?.['serial'], serialOf(lab, 'fe1-static-route-1'))
    t.not(accepted?.data?.['serial'], serialOf(lab, 'fe1-listener'))
  })

  for (const number of ['+493012345678', '00493012345678', '03012345678']) {
    t.test(`takes a call to ${number}, which is +493012345678`, async (t) => {
      const call = alice.call(`sip:${number}@lab.test;user=phone`)
      await call.established
      await call.hangUp()
      t.match(await call.ended, { by: 'us', how: 'bye' })
    })
  }

  t.test('takes a tel URI as well', async (t) => {
    const { password } = lab.ready.users.find(({ login }) => login === 'bob') ?? { password: '' }
    const bob = await frontEnd(t, lab)
    const answer = await bob.prove(
      { method: 'INVITE', uri: 'tel:030-1234-5678', from: 'sip:bob@lab.test', contact: bob.contact },
      'bob',
      password,
    )
    t.equal(answer.status, 200)
  })

  t.test('a call that still rings can be given up', async (t) => {
    t.match(await givenUp(alice), { how: 'cancel' })
  })

  t.test('a number no rule makes E.164 is refused', async (t) => {
    t.equal(await statusOf(alice.call('sip:4711@lab.test;user=phone').established), 403)
  })

  t.test('a trunk that shows another name is refused', async (t) => {
    const peer = await trunk(t, lab)
    const stranger = 'sip:sbc.elsewhere.test:5061;transport=tls'
    t.equal(
      (
        await peer.ask({
          method: 'OPTIONS',
          uri: 'sip:voice.lab.test',
          from: 'sip:sbc.elsewhere.test',
          contact: stranger,
        })
      ).status,
      403,
    )
  })

  t.test('the FQDN in Record-Route counts before that in Contact', async (t) => {
    const peer = await trunk(t, lab)
    const known = 'sip:fe1.lab.test:5061;transport=tls'
    const options = { method: 'OPTIONS', uri: 'sip:voice.lab.test', from: 'sip:fe1.lab.test', contact: known }
    t.equal((await peer.ask(options)).status, 200)
    t.equal((await peer.ask({ ...options, headers: ['Record-Route: <sip:sbc.elsewhere.test;lr>'] })).status, 403)
  })

  t.test('a call to no telephone number is refused', async (t) => {
    const peer = await trunk(t, lab)
    t.equal(
      (
        await peer.ask({
          method: 'INVITE',
          uri: 'sip:someone@voice.lab.test',
          from: 'sip:alice@lab.test',
          contact: 'sip:fe1.lab.test:5061;transport=tls',
        })
      ).status,
      403,
    )
  })

  t.test('a trunk that cannot be called back gets 504 with the published code', async (t) => {
    const peer = await trunk(t, lab)
    const closed = 'sip:fe1.lab.test:9;transport=tls'
    await until(async () => {
      await peer.ask({ method: 'OPTIONS', uri: 'sip:voice.lab.test', from: 'sip:fe1.lab.test', contact: closed })
      return (await eventsOf(lab, 'voice')).some(({ event }) => event === 'link.down')
    })
    const answer = await peer.ask({
      method: 'INVITE',
      uri: 'sip:+493012345678@voice.lab.test;user=phone',
      from: 'sip:alice@lab.test',
      contact: closed,
    })
    t.match(
      { status: answer.status, warning: answer.header('Warning') },
      { status: 504, warning: /^399 voice\.lab\.test "549002 / },
    )
    await peer.ask({
      method: 'OPTIONS',
      uri: 'sip:voice.lab.test',
      from: 'sip:fe1.lab.test',
      contact: 'sip:fe1.lab.test:5061;transport=tls',
    })
  })

  t.test('who shows no certificate gets no connection', async (t) => {
    const dial = async (): Promise<void> => {
      const peer = await rawPeer(t, {
        address: lab.node('voice').listeners[0]?.address ?? '',
        port: 5061,
        transport: 'tls',
        serverName: 'voice.lab.test',
      })
      await peer.ask({ method: 'OPTIONS', uri: 'sip:voice.lab.test', from: 'sip:fe1.lab.test' })
    }
    await t.rejects(dial())
  })

  t.test('a certificate without clientAuth is refused, and both ends say what they saw', async (t) => {
    const broken = await lab.json<{ readonly verdict?: Verdict; readonly views: readonly { readonly node: string }[] }>(
      'break',
      'fe1',
      'no-client-auth-eku',
      '--as',
      'client',
      '--reference',
      'static-route:1',
    )
    t.match(broken.verdict, { code: 'cert.eku-missing', link: 'fe1->voice', windows: { hresult: '0x800B0110' } })
    t.same(broken.views.map(({ node }) => node).sort(), ['fe1', 'voice'])
    await lab.json('heal', 'fe1')
  })
})

t.test('a trunk that has not shown itself yet', async (t) => {
  const lab = await withLab(t, 'trunk')
  await lab.json('node', 'stop', 'fe1')
  await lab.json('node', 'restart', 'voice')
  const peer = await trunk(t, lab)
  const invite = {
    method: 'INVITE',
    uri: 'sip:+493012345678@voice.lab.test;user=phone',
    from: 'sip:alice@lab.test',
    contact: 'sip:fe1.lab.test:5061;transport=tls',
  }
  const voiceLinks = async (): Promise<readonly LinkState[] | undefined> =>
    (await statusOfLab(lab)).nodes.find(({ name }) => name === 'voice')?.status?.links

  t.test('may not call, whatever its certificate: 403 and why', async (t) => {
    const answer = await peer.ask(invite)
    t.match(
      { status: answer.status, warning: answer.header('Warning') },
      { status: 403, warning: /^399 voice\.lab\.test "trunk\.silent: / },
    )
  })

  t.test('is a link that was not tried', async (t) => {
    t.match(await voiceLinks(), [{ peer: 'fe1.lab.test', state: 'untried' }])
  })

  t.test('may not call after OPTIONS that cannot be answered back: 504 with the published code', async (t) => {
    t.equal(
      (
        await peer.ask({
          method: 'OPTIONS',
          uri: 'sip:voice.lab.test',
          from: 'sip:fe1.lab.test',
          contact: 'sip:fe1.lab.test:5061;transport=tls',
        })
      ).status,
      200,
    )
    await until(async () => (await voiceLinks())?.[0]?.state === 'down')
    const answer = await peer.ask(invite)
    t.match({ status: answer.status, warning: answer.header('Warning') }, { status: 504, warning: /"549002 / })
    t.match(await voiceLinks(), [{ peer: 'fe1.lab.test', state: 'down', verdict: { code: 'link.refused' } }])
  })

  t.test('may call once it has shown itself and answers', async (t) => {
    await lab.json('node', 'start', 'fe1')
    await until(async () => (await lastOfLink(lab)) === 'link.up')
    t.equal((await peer.ask(invite)).status, 200)
  })

  t.test('is asked again as soon as its connection breaks', async (t) => {
    process.kill((await statusOfLab(lab)).nodes.find(({ name }) => name === 'fe1')?.pid ?? NaN, 'SIGKILL')
    await until(async () => (await lastOfLink(lab)) === 'link.down')
    t.match(await voiceLinks(), [{ peer: 'fe1.lab.test', state: 'down' }])
  })
})

t.test('two routes to one host and port, each with a certificate of its own', async (t) => {
  const lab = await withLab(
    t,
    variation(t, 'trunk', (file) => {
      at(file, 'hosts', 'fe1')['staticRoutes'] = [
        { match: 'tel:+4930*', nextHop: 'voice', ownCertificate: true },
        { match: 'tel:+4940*', nextHop: 'voice', ownCertificate: true },
      ]
    }),
  )
  const serials = [serialOf(lab, 'fe1-static-route-1'), serialOf(lab, 'fe1-static-route-2')]
  const shown = async (): Promise<readonly unknown[]> =>
    (await eventsOf(lab, 'voice'))
      .filter(({ event, data }) => event === 'flow.accepted' && data?.['side'] === 'accepted')
      .map(({ data }) => data?.['serial'])

  t.test('are two links, each watched under its own certificate', async (t) => {
    t.same(new Set(await shown()), new Set(serials))
    const { nodes } = await statusOfLab(lab)
    t.match(nodes.find(({ name }) => name === 'fe1')?.status?.links, [
      { peer: 'voice.lab.test', shows: 'static-route:1', state: 'up' },
      { peer: 'voice.lab.test', shows: 'static-route:2', state: 'up' },
    ])
  })

  t.test('carry the calls that fit them, from INVITE to BYE', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
    await alice.signIn()
    for (const number of ['sip:+493012345678@lab.test;user=phone', 'sip:+494012345678@lab.test;user=phone']) {
      const call = alice.call(number)
      await call.established
      await call.hangUp()
      t.match(await call.ended, { by: 'us', how: 'bye' })
    }
    t.equal((await shown()).length, 2, 'no connection was opened besides the two that are watched')
    await lab.json('break', 'fe1', 'no-client-auth-eku', '--as', 'client', '--reference', 'static-route:2')
    t.equal(
      await statusOf(alice.call('sip:+494012345678@lab.test;user=phone').established),
      504,
      'the second shows its own certificate, which is refused now',
    )
    const call = alice.call('sip:+493012345678@lab.test;user=phone')
    await call.established
    await call.hangUp()
    await lab.json('heal', 'fe1')
  })
})

t.test('a trunk in 2026, when no public certificate carries clientAuth', async (t) => {
  const lab = await withLab(
    t,
    variation(t, 'trunk', (file) => {
      file['peerPolicy'] = 'public-2026'
      at(file, 'hosts', 'voice')['policy'] = 'cloud-2026'
    }),
  )

  t.test('the voice service takes the certificate of the trunk', async (t) => {
    t.ok(
      (await eventsOf(lab, 'voice')).some(
        ({ event, data }) => event === 'flow.accepted' && data?.['serial'] === serialOf(lab, 'fe1-static-route-1'),
      ),
    )
  })

  t.test('the front end refuses the certificate of the voice service when it is called back', async (t) => {
    const refusal = async (): Promise<boolean> =>
      (await eventsOf(lab, 'fe1')).some(
        ({ event, verdict }) =>
          event === 'flow.refused' && verdict?.code === 'cert.eku-missing' && verdict.link === 'voice->fe1',
      )
    await t.resolves(until(refusal), 'its events say so')
  })

  t.test('so that calls are 504', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
    await alice.signIn()
    t.equal(await statusOf(alice.call('sip:+493012345678@lab.test;user=phone').established), 504)
  })
})

/** It rings for 250 ms (src/node/voice-service/gateway.ts). */
const ringMs = 250

/**
 * How a call ended that was cancelled while it rang. A CANCEL that comes behind the 200 changes nothing (RFC 3261
 * §9.2), and a busy machine may bring it so late: then another call is made.
 */
async function givenUp(phone: Phone): Promise<Awaited<Call['ended']>> {
  for (;;) {
    const began = performance.now()
    const call = phone.call('sip:+493012345678@lab.test;user=phone')
    await until(() => call.progress.includes(180) || call.state !== 'ringing')
    if (call.state === 'ringing') await call.cancel()
    else await call.hangUp()
    const end = await call.ended
    if (end.how === 'cancel' || performance.now() - began < ringMs) return end
  }
}

function trunk(t: Parameters<typeof rawPeer>[0], lab: TestLab): Promise<RawPeer> {
  return rawPeer(t, {
    address: lab.node('voice').listeners[0]?.address ?? '',
    port: 5061,
    transport: 'tls',
    serverName: 'voice.lab.test',
    certificate: certificateOf(lab, 'fe1', 'fe1-static-route-1'),
  })
}

function frontEnd(t: Parameters<typeof rawPeer>[0], lab: TestLab): Promise<RawPeer> {
  const listener = lab.node('fe1').listeners.find(({ transport, port }) => transport === 'tls' && port === 5061)
  return rawPeer(t, { address: listener?.address ?? '', port: 5061, transport: 'tls', serverName: 'fe1.lab.test' })
}

function serialOf(lab: TestLab, name: string): string {
  return new X509Certificate(certificateOf(lab, 'fe1', name).certificate).serialNumber.toLowerCase()
}

/** What the voice service said last of its link: connections come and go around it. */
async function lastOfLink(lab: TestLab): Promise<string | undefined> {
  return (await eventsOf(lab, 'voice')).findLast(({ event }) => event === 'link.up' || event === 'link.down')?.event
}

/** With a node that is stopped the exit status is 1. */
async function statusOfLab(lab: TestLab): Promise<Status> {
  return JSON.parse((await lab.run('status', '--json')).stdout) as Status
}

async function statusOf(work: Promise<unknown>): Promise<number | undefined> {
  const error = await work.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof PhoneError)) throw error
  return error.status
}
