/** By which binding a notification goes to its watcher. */
import t from 'tap'
import { Notifications, signOffOf, wayTo } from '../../src/node/notifications.ts'
import type { Binding } from '../../src/services/location/binding.ts'
import type { Dialog, Notification } from '../../src/services/presence/dialog.ts'
import { ServerPlaces } from '../../src/services/registrar/server-places.ts'
import { publicGruu } from '../../src/services/registrar/gruu.ts'
import type { NextHop } from '../../src/sip/transport/types.ts'
import { testFlow } from '../support/arrival.ts'
import { proxyBench, settle } from '../support/proxy-bench.ts'

const flow = testFlow()
const options = {
  self: 'fe1.lab.test',
  transport: { flow: () => flow, existing: () => undefined, connect: () => undefined },
}
const instance = 'urn:uuid:6163cf37-0000-4000-8000-000000000001'

const binding = (over: Partial<Binding>): Binding =>
  ({
    aor: 'sip:alice@lab.test',
    contact: 'sip:a@192.0.2.1',
    path: [],
    flow: flow.id,
    flowBound: true,
    owner: 'fe1.lab.test',
    ...over,
  }) as Binding
const dialog = (over: Partial<Dialog>): Dialog => ({ foreign: false, contact: '', routes: [], ...over }) as Dialog

t.test('a watcher whose Contact is its GRUU gets it by the binding of that instance', async (t) => {
  const other = binding({
    contact: 'sip:b@192.0.2.2',
    path: ['<sip:other.lab.test;lr>'],
    flow: undefined,
    flowBound: false,
  })
  const own = binding({ instance })
  const way = wayTo(dialog({ contact: publicGruu('sip:alice@lab.test', instance) }), [other, own], options as never)
  t.match(way, { flow: flow.id })
})

t.test('of several bindings none is taken where none is the watcher', async (t) => {
  const bindings = [binding({}), binding({ contact: 'sip:b@192.0.2.2' })]
  t.equal(wayTo(dialog({ contact: 'sip:c@192.0.2.3' }), bindings, options as never), undefined)
})

t.test('a watcher whose Contact is a server of ours gets none', async (t) => {
  const contact = 'sip:+49900@gw.lab.test:5061;transport=tls'
  const bindings = [binding({ contact, flow: undefined, flowBound: false })]
  const servers = new ServerPlaces([{ hosts: ['gw.lab.test'], ports: [5061] }])
  t.equal(wayTo(dialog({ contact }), bindings, { ...options, servers } as never), undefined)
})

t.test('nor does one whose Contact is a name that leads to a server', async (t) => {
  const bench = proxyBench()
  const direct = binding({ contact: 'sip:a@host.attacker.test;transport=tls', flow: undefined, flowBound: false })
  const led = async (address: string): Promise<number> => {
    const outbox = new Notifications({
      self: 'fe1.lab.test',
      servers: new ServerPlaces([{ hosts: ['gw.lab.test', '127.0.41.50'], ports: [7001], kind: 'gateway' }]),
      clock: bench.clock,
      location: { lookup: () => [direct] } as never,
      transport: bench.transport,
      locate: () => [
        { transport: 'tls', address, port: 7001, verifyName: 'host.attacker.test', face: 'internal' } as const,
      ],
      failed: (error) => t.fail('no failure', { error }),
    })
    outbox.proxy = bench.proxy
    const notification = signOffOf('sip:alice@lab.test', { epid: '1', contact: direct.contact }, 'removed')
    const watching = dialog({ ...notification.subscription.dialog, epid: undefined, contact: direct.contact })
    outbox.send({ ...notification, subscription: { ...notification.subscription, dialog: watching } }, () => undefined)
    await settle()
    return bench.transport.dialled.length
  }
  t.equal(await led('127.0.41.50'), 0)
  t.equal(await led('192.0.2.9'), 1, 'to a phone it goes')
})

t.test('a watcher of another organisation gets it by a known server, not where its route leads', async (t) => {
  const servers = new ServerPlaces([
    { hosts: ['edge.lab.test', '127.0.41.31'], ports: [5061] },
    { hosts: ['app.lab.test'], ports: [5061], kind: 'foreign' },
  ])
  const reached = (...routes: readonly string[]): boolean =>
    wayTo(dialog({ foreign: true, contact: 'sip:w@partner.test', routes }), [], { ...options, servers } as never) !==
    undefined
  for (const host of ['edge.lab.test', 'token@edge.lab.test:5061', '127.0.41.31:5061', 'app.lab.test'])
    t.equal(reached(`<sip:${host};transport=tls;lr>`, '<sip:sip.partner.test;lr>'), true, host)
  for (const host of ['127.0.41.11:22', 'victim.test', 'edge.lab.test:5061;maddr=192.0.2.9', '127.0.41.31:22'])
    t.equal(reached(`<sip:${host};transport=tcp;lr>`, '<sip:edge.lab.test;lr>'), false, host)
})

t.test('a client of a disabled user is told why it is signed off', async (t) => {
  const endpoint = { epid: '90e62db136', contact: 'sip:10.1.2.178:4126' }
  t.match(signOffOf('sip:alice@lab.test', endpoint, 'disabled'), {
    subscription: { dialog: { event: 'registration-notify', contact: endpoint.contact } },
    state: 'terminated;expires=0',
    contentType: 'text/registration-event',
    body: 'deregistered;event=rejected',
    headers: [['ms-diagnostics-public', '4141;reason="User disabled"']],
  })
})

for (const [cause, event] of [
  ['removed', 'rejected'],
  ['moved', 'deactivated'],
  ['drained', 'deactivated'],
] as const)
  t.test(`a client whose user or server was ${cause} is told ${event}, and no reason of another`, async (t) => {
    const { body, headers } = signOffOf('sip:alice@lab.test', { epid: '1', contact: 'sip:10.1.2.178' }, cause)
    t.same([body, headers], [`deregistered;event=${event}`, undefined])
  })

t.test('a notification to a watcher behind another server', async (t) => {
  const bench = proxyBench()
  const behind = binding({ path: ['<sip:edge.lab.test;lr>'], flow: undefined, flowBound: false })
  const failures: unknown[] = []
  const outbox = new Notifications({
    self: 'fe1.lab.test',
    clock: bench.clock,
    location: { lookup: () => [behind] } as never,
    transport: bench.transport,
    locate: () => [
      { transport: 'tls', address: '127.0.41.50', port: 7001, verifyName: 'edge.lab.test', face: 'internal' },
    ],
    failed: (error) => void failures.push(error),
  })
  outbox.proxy = bench.proxy
  const watcher: Notification = {
    ...signOffOf('sip:alice@lab.test', { epid: '1', contact: behind.contact }, 'removed'),
    subscription: {
      dialog: dialog({
        contact: behind.contact,
        since: 0,
        event: 'presence',
        callId: 'n1',
        remote: '<sip:a@b>',
        local: '<sip:c@d>',
      }),
      event: 'presence',
      resource: 'sip:bob@lab.test',
      watcher: 'sip:alice@lab.test',
      expires: 0,
    },
  }
  const reset = async (): Promise<void> => {
    const link = bench.to(7001)
    link.close()
    bench.proxy.transactions.onFlowClosed(link, 'link.reset')
    await settle()
  }
  outbox.send(watcher, () => failures.push('gone'))
  await settle()
  const first = bench.to(7001)

  await t.test('is sent once more when the link to that server is reset before the answer', async (t) => {
    await reset()
    const again = bench.to(7001)
    t.not(again, first)
    t.equal(again.request().method, 'NOTIFY')
    t.ok(again.request().cseq > first.request().cseq, 'the watcher takes it for newer (RFC 6665 §4.1.3)')
    t.not(again.request().branch, first.request().branch)
  })

  await t.test('is not sent a third time, and the subscription stays', async (t) => {
    await reset()
    t.same([bench.transport.dialled.length, failures], [2, []])
  })
})

t.test(
  'of two documents, the one whose state may be older has the lower CSeq, also when it is sent later',
  async (t) => {
    const bench = proxyBench()
    const outbox = new Notifications({
      self: 'fe1.lab.test',
      clock: bench.clock,
      location: { lookup: () => [] } as never,
      transport: bench.transport,
      locate: () => [
        { transport: 'tls', address: '127.0.41.50', port: 7001, verifyName: 'edge.lab.test', face: 'internal' },
      ],
      failed: (error) => t.fail('no failure', { error }),
    })
    outbox.proxy = bench.proxy
    const { subscription, ...rest } = signOffOf('sip:alice@lab.test', { epid: '1', contact: 'sip:w@b.test' }, 'removed')
    const routes = ['<sip:edge.lab.test;lr>']
    const watching = { ...subscription.dialog, contact: 'sip:w@b.test', routes, benotify: false, foreign: true }
    for (const asOf of [8000, 7000]) {
      outbox.send({ ...rest, asOf, subscription: { ...subscription, dialog: watching } }, () => undefined)
      await settle()
    }
    t.match(
      bench.to(7001).sent.map((text) => Number(/CSeq: (\d+)/.exec(text)?.[1])),
      [8002, 7002],
    )
  },
)

t.test('while its next hop cannot be dialled, a notification waits and keeps its order', async (t) => {
  const bench = proxyBench()
  const ended: string[] = []
  const failures: string[] = []
  let isAway = true
  let locateFails = false
  const dialled: number[] = []
  const outbox = new Notifications({
    self: 'fe1.lab.test',
    clock: bench.clock,
    location: { lookup: () => [] } as never,
    transport: {
      existing: () => undefined,
      flow: () => undefined,
      connect: (hop: NextHop) => {
        dialled.push(bench.clock.now())
        return isAway ? Promise.reject(new Error('refused')) : bench.transport.connect(hop)
      },
    } as never,
    locate: () =>
      locateFails
        ? Promise.reject(new Error('no name server'))
        : [{ transport: 'tls', address: '127.0.41.50', port: 7001, verifyName: 'edge.lab.test', face: 'internal' }],
    failed: (error) => failures.push(String(error)),
  })
  outbox.proxy = bench.proxy
  const sent = (callId: string, body: string): Notification => ({
    ...signOffOf('sip:alice@lab.test', { epid: '1', contact: 'sip:w@partner.test' }, 'removed'),
    subscription: {
      dialog: dialog({
        contact: 'sip:w@partner.test',
        routes: ['<sip:edge.lab.test;lr>'],
        foreign: true,
        since: 0,
        event: 'presence',
        callId,
        localTag: 't',
        remoteTag: 'r',
        remote: '<sip:a@b>;tag=r',
        local: '<sip:c@d>;tag=t',
      }),
      event: 'presence',
      resource: 'sip:bob@lab.test',
      watcher: 'sip:w@partner.test',
      expires: 0,
    },
    body,
  })

  await t.test('it is sent when the next hop is back, before what came later', async (t) => {
    outbox.send(sent('one', 'first'), () => ended.push('one'))
    await settle()
    outbox.send(sent('one', 'second'), () => ended.push('one'))
    await settle()
    t.same(dialled.length, 1, 'the second one does not dial')
    isAway = false
    bench.clock.advance(2_000)
    await settle()
    t.same(
      [...bench.transport.flows.values()]
        .flatMap(({ sent: texts }) => texts)
        .map((text) => text.slice(text.indexOf('\r\n\r\n') + 4)),
      ['first', 'second'],
    )
    t.same(ended, [])
  })

  await t.test('after 32 s the subscription ends, once (RFC 6665 §4.2.2)', async (t) => {
    isAway = true
    outbox.send(sent('two', 'lost'), () => ended.push('two'))
    const ends = (): number => ended.filter((callId) => callId === 'two').length
    await settle()
    for (const ms of [2_000, 4_000, 8_000, 17_999]) {
      bench.clock.advance(ms)
      await settle()
    }
    t.equal(ends(), 0)
    bench.clock.advance(1)
    await settle()
    t.equal(ends(), 1)
  })

  await t.test('a name server that fails is reported, and asked again', async (t) => {
    isAway = false
    locateFails = true
    outbox.send(sent('four', 'fourth'), () => ended.push('four'))
    await settle()
    t.match(failures.splice(0), [/no name server/])
    locateFails = false
    bench.clock.advance(2_000)
    await settle()
    t.match(bench.to(7001).sent.at(-1), /\r\n\r\nfourth$/)
  })

  await t.test(
    'its CSeq is a number that a watcher takes, also after the calendar was set back (§8.1.1.5)',
    async (t) => {
      isAway = false
      const { subscription, ...rest } = sent('three', 'late')
      const since = bench.clock.wall() + 3_600_000
      outbox.send({ ...rest, subscription: { ...subscription, dialog: { ...subscription.dialog, since } } }, () =>
        ended.push('three'),
      )
      await settle()
      const { cseq } = bench.to(7001).request()
      t.ok(cseq > 0 && cseq < 2 ** 31, String(cseq))
    },
  )
})
