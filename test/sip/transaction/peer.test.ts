import { fc } from '../../support/property.ts'
import t from 'tap'
import { isSamePeer } from '../../../src/sip/transaction/peer.ts'
import type { PeerIdentity, TransportName } from '../../../src/sip/transport/flow.ts'
import { FakeFlow } from '../../support/fake-transport.ts'
import { cancelFor, request, responseTo } from '../../support/sip-messages.ts'
import { clientBench, respond, transactionBench } from '../../support/transaction-bench.ts'

function certificate(change: Partial<PeerIdentity> = {}): PeerIdentity {
  return {
    class: 'server',
    names: ['director.lab.test'],
    subject: 'CN=director.lab.test',
    serial: '01',
    fingerprint: 'aa',
    notAfter: 0,
    ...change,
  }
}

const edge = certificate({ names: ['edge.lab.test'], fingerprint: 'bb' })

function closed(flow: FakeFlow): FakeFlow {
  flow.close()
  return flow
}

const never = (): boolean => false

/** [what, the flow of the transaction, the flow a message comes by, whether it belongs] */
const cases: readonly (readonly [string, FakeFlow, FakeFlow, boolean])[] = [
  [
    'another connection of the same certificate',
    new FakeFlow({ peer: certificate(), remote: '127.0.0.1' }),
    new FakeFlow({ peer: certificate(), remote: '127.0.0.2' }),
    true,
  ],
  [
    'a renewed certificate with the same names',
    new FakeFlow({ peer: certificate() }),
    new FakeFlow({ peer: certificate({ fingerprint: 'cc' }) }),
    true,
  ],
  ['a certificate of another server', new FakeFlow({ peer: certificate() }), new FakeFlow({ peer: edge }), false],
  [
    'the same names in another class',
    new FakeFlow({ peer: certificate() }),
    new FakeFlow({ peer: certificate({ class: 'client', fingerprint: 'cc' }) }),
    false,
  ],
  [
    'two certificates without a name',
    new FakeFlow({ peer: certificate({ names: [] }) }),
    new FakeFlow({ peer: certificate({ names: [], fingerprint: 'cc' }) }),
    false,
  ],
  [
    'the same certificate at the other face',
    new FakeFlow({ peer: certificate(), face: 'internal' }),
    new FakeFlow({ peer: certificate(), face: 'external' }),
    false,
  ],
  ['another connection from the same address', new FakeFlow(), new FakeFlow(), false],
  ['another connection from the same address after the first closed', closed(new FakeFlow()), new FakeFlow(), true],
  [
    'a connection from another address after the first closed',
    closed(new FakeFlow()),
    new FakeFlow({ remote: '127.0.41.98' }),
    false,
  ],
  [
    'a plain connection after the first closed, which was TLS',
    closed(new FakeFlow()),
    new FakeFlow({ transport: 'tcp' }),
    false,
  ],
  [
    'a connection without a certificate after that of a verified peer closed',
    closed(new FakeFlow({ peer: certificate() })),
    new FakeFlow(),
    false,
  ],
  [
    'another port of the same address over UDP',
    new FakeFlow({ transport: 'udp', port: 5060 }),
    new FakeFlow({ transport: 'udp', port: 40_000 }),
    true,
  ],
  [
    'another address over UDP',
    new FakeFlow({ transport: 'udp' }),
    new FakeFlow({ transport: 'udp', remote: '127.0.41.98' }),
    false,
  ],
  ['TCP from the same address for UDP', new FakeFlow({ transport: 'udp' }), new FakeFlow({ transport: 'tcp' }), false],
]

for (const [what, owner, came, belongs] of cases)
  t.test(`${what} is ${belongs ? 'the same peer' : 'another peer'}`, async (t) =>
    t.equal(isSamePeer(owner, came, never), belongs),
  )

t.test('another connection of one user is the same peer', async (t) =>
  t.equal(
    isSamePeer(new FakeFlow({ remote: '127.0.0.1' }), new FakeFlow({ remote: '127.0.0.2' }), () => true),
    true,
  ),
)

t.test('a user counts on the face where that user signed in alone', async (t) =>
  t.equal(
    isSamePeer(new FakeFlow(), new FakeFlow({ face: 'external' }), () => true),
    false,
  ),
)

const peers = fc.constantFrom(undefined, certificate(), certificate({ fingerprint: 'cc' }), edge)
const flows = fc
  .record({
    transport: fc.constantFrom<TransportName[]>('tls', 'tcp', 'udp', 'wss'),
    face: fc.constantFrom('internal', 'external'),
    remote: fc.constantFrom('127.0.0.1', '127.0.0.2'),
    port: fc.constantFrom(5060, 40_000),
    peer: peers,
    open: fc.boolean(),
  })
  .map(({ open, peer, ...rest }) => {
    const flow = new FakeFlow({ ...rest, ...(peer === undefined ? {} : { peer }) })
    if (!open) flow.close()
    return flow
  })

t.test('without a proof, another address never belongs (property)', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(flows, flows, (owner, came) => {
        const proven = owner.peer !== undefined && came.peer?.names[0] === owner.peer.names[0]
        const sameAddress = owner.remote.address === came.remote.address
        return proven || sameAddress || !isSamePeer(owner, came, never)
      }),
    ),
  )
})

t.test('what belongs to a verified peer shows its certificate (property)', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(flows, flows, (owner, came) => {
        if (owner.peer === undefined || !isSamePeer(owner, came, never)) return true
        return came.peer?.names[0] === owner.peer.names[0] && came.face === owner.face
      }),
    ),
  )
})

t.test('a CANCEL of another peer', async (t) => {
  const mallory = (): FakeFlow => new FakeFlow({ remote: '127.0.41.66' })

  t.test('gets 481 and cancels nothing (RFC 3261 §9.2)', async (t) => {
    const { layer, cancels } = transactionBench()
    const invite = request({ branch: 'z9hG4bKone' })
    const stranger = mallory()
    layer.onRequest(invite, new FakeFlow())
    layer.onRequest(cancelFor(invite), stranger)
    t.same([stranger.lines, cancels, layer.counts.foreign], [['SIP/2.0 481 Call/Transaction Does Not Exist'], [], 1])
  })

  t.test('does not stand in the way of the right one', async (t) => {
    const { layer, cancels } = transactionBench()
    const invite = request({ branch: 'z9hG4bKone' })
    const alice = new FakeFlow()
    layer.onRequest(invite, alice)
    layer.onRequest(cancelFor(invite), mallory())
    layer.onRequest(cancelFor(invite), alice)
    t.same([alice.lines.at(-1), cancels.length], ['SIP/2.0 200 OK', 1])
  })

  t.test('gets 481 also once the INVITE has its answer', async (t) => {
    const { layer, requests } = transactionBench()
    const invite = request({ branch: 'z9hG4bKone' })
    layer.onRequest(invite, new FakeFlow())
    respond(requests[0], 200)
    const stranger = mallory()
    layer.onRequest(cancelFor(invite), stranger)
    t.same(stranger.lines, ['SIP/2.0 481 Call/Transaction Does Not Exist'])
  })

  t.test('counts when a user proved to be at both flows', async (t) => {
    const { layer, cancels } = transactionBench({ sameUser: () => true })
    const invite = request({ branch: 'z9hG4bKone' })
    layer.onRequest(invite, new FakeFlow())
    layer.onRequest(cancelFor(invite), mallory())
    t.equal(cancels.length, 1)
  })
})

t.test('a response of another peer', async (t) => {
  for (const transport of ['tls', 'udp'] as const)
    t.test(`is dropped and counted over ${transport}`, async (t) => {
      const { layer, sent, told } = clientBench('INVITE', transport)
      layer.onResponse(responseTo(sent(), 200), new FakeFlow({ transport, remote: '127.0.41.66' }))
      t.same([told, layer.counts.foreign, layer.counts.stray], [[], 1, 1])
    })

  t.test('does not pass for a further 2xx of an answered INVITE (RFC 6026 §8.4)', async (t) => {
    const { layer, flow, sent, told } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    layer.onResponse(responseTo(sent(), 200), new FakeFlow({ remote: '127.0.41.66' }))
    t.same([told.length, layer.counts.foreign], [1, 1])
  })
})
