/** How long datagrams wait in a socket, by datagrams that the socket sends to itself. */
import t, { type Test } from 'tap'
import { createSocket } from 'node:dgram'
import { systemClock } from '../../../../src/sip/clock.ts'
import { datagramsInTurn, QueueProbe } from '../../../../src/sip/transport/datagram/queue-probe.ts'
import { harness, listening, messageText } from '../../../support/transport-harness.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

function setup(options: { readonly firstComesBack?: boolean } = {}) {
  const clock = new FakeClock()
  const sent: Buffer[] = []
  const waits: number[] = []
  const taking = new Set<{ endTurn(): void }>()
  const probe = new QueueProbe({
    clock,
    turns: { add: (flow) => taking.add(flow) },
    send: (octets) => sent.push(octets),
    onWait: (ms) => waits.push(ms),
  })
  const message = Buffer.from('OPTIONS sip:lab.test SIP/2.0\r\n\r\n')
  /** One turn of the event loop, with so many datagrams and then these probes. */
  const turn = (datagrams: number, ...probes: readonly (Buffer | undefined)[]): void => {
    for (let count = 0; count < datagrams; count++) probe.saw(message)
    for (const back of probes) if (back !== undefined) probe.saw(back)
    for (const flow of taking) flow.endTurn()
    taking.clear()
  }
  /** A turn that leaves something, and takes so long. */
  const fullTurn = (ms: number, ...probes: readonly (Buffer | undefined)[]): void => {
    clock.advance(ms)
    turn(datagramsInTurn, ...probes)
  }
  probe.begin()
  if (options.firstComesBack ?? true) turn(0, sent.shift())
  clock.advance(1000)
  return { clock, sent, waits, probe, turn, fullTurn }
}

t.test('queue probe', async (t) => {
  t.test('sends nothing and says nothing while each turn empties the queue', async (t) => {
    const { sent, waits, turn, clock } = setup()
    for (let count = 0; count < 100; count++, clock.advance(10)) turn(datagramsInTurn - 1)
    t.same({ sent: sent.length, waits }, { sent: 0, waits: [] })
  })

  t.test('knows its own datagram, and takes no other for it', async (t) => {
    const { sent, probe, fullTurn } = setup()
    const other = setup()
    fullTurn(0)
    other.fullTurn(0)
    const [own, foreign] = [sent[0], other.sent[0]]
    if (own === undefined || foreign === undefined) throw new Error('no probe was sent')
    t.same(
      [probe.saw(own), probe.saw(foreign), probe.saw(own.subarray(1)), probe.saw(Buffer.alloc(own.length))],
      [true, false, false, false],
    )
  })

  t.test('says how long the datagrams in front of it waited', async (t) => {
    const { sent, waits, fullTurn } = setup()
    fullTurn(0)
    fullTurn(30)
    fullTurn(12, sent[0])
    t.same(waits, [42])
  })

  t.test('sends another one every five milliseconds while something is left', async (t) => {
    const { sent, fullTurn } = setup()
    for (let count = 0; count <= 50; count++) fullTurn(1)
    t.equal(sent.length, 11)
  })

  t.test('says that datagrams are lost when a later one comes back first', async (t) => {
    const { sent, waits, fullTurn } = setup()
    fullTurn(0)
    fullTurn(5)
    fullTurn(5, sent[1])
    t.same(waits, [Infinity])
  })

  t.test('measures again behind one that was lost', async (t) => {
    const { sent, waits, fullTurn } = setup()
    fullTurn(0)
    fullTurn(5)
    fullTurn(5, sent[1])
    fullTurn(5, sent[2])
    t.same(waits, [Infinity, 5])
  })

  t.test('does not wait for one for longer than 250 ms', async (t) => {
    const { waits, fullTurn } = setup()
    fullTurn(0)
    fullTurn(250)
    t.same(waits, [], 'not yet')
    fullTurn(1)
    t.same(waits, [250])
  })

  t.test('has nothing to say by one that comes back after that', async (t) => {
    const { sent, waits, fullTurn } = setup()
    fullTurn(0)
    fullTurn(251)
    fullTurn(1, sent[0])
    t.same(waits, [250])
  })

  t.test('says once that nothing waits any more', async (t) => {
    const { sent, waits, fullTurn, turn } = setup()
    fullTurn(0)
    fullTurn(30, sent[0])
    turn(3)
    turn(3)
    t.same(waits, [30, 0])
  })

  t.test('does not miss one that did not come back from a queue that is empty since', async (t) => {
    const { sent, waits, fullTurn, turn } = setup()
    fullTurn(0)
    turn(3)
    fullTurn(500)
    fullTurn(4, sent[1])
    t.same(waits, [4])
  })

  t.test('measures nothing where the first one, sent to a socket at rest, does not come back', async (t) => {
    const { sent, waits, fullTurn } = setup({ firstComesBack: false })
    for (let count = 0; count < 100; count++) fullTurn(10)
    t.same({ sent: sent.length, waits }, { sent: 1, waits: [] })
  })

  for (const address of ['127.0.0.1', '0.0.0.0', '::1', '::'])
    await t.test(`comes back to a socket on ${address}, and is no message`, (t) => measuresBacklog(t, address))
})

t.test('a socket that is closed in a turn that leaves something sends nothing more to itself', async (t) => {
  let now = 0
  const server = harness(t, { clock: { ...systemClock, now: () => (now += 5) } })
  const listener = await server.layer.listen(listening('udp'))
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  for (let count = 0; count < 200; count++)
    socket.send(messageText({ transport: 'UDP' }), listener.local.port, '127.0.0.1')
  // By the 150th the turns before have sent one; in this turn another one would be due.
  await server.next('request', 150)
  await t.resolves(listener.close())
})

/**
 * Two hundred datagrams sent in one turn: most of them wait. The clock goes on by being looked at, so that they do so
 * for some milliseconds.
 */
async function measuresBacklog(t: Test, address: string): Promise<void> {
  let now = 0
  const server = harness(t, { clock: { ...systemClock, now: () => (now += 5) } })
  const { local } = await server.layer.listen(listening('udp', { address }))
  const isIPv6 = address.includes(':')
  const socket = createSocket(isIPv6 ? 'udp6' : 'udp4')
  t.teardown(() => socket.close())
  for (let count = 0; count < 200; count++)
    socket.send(messageText({ transport: 'UDP' }), local.port, isIPv6 ? '::1' : '127.0.0.1')
  const { ms } = await server.next('wait')
  t.ok(ms > 0 && ms < 250, `${ms} ms`)
  t.same(server.of('incident'), [], 'no malformed message')
}
