/** From a URI to addresses by a DNS server on the wire: aliases, silence, lies, loops, and what is kept how long. */
import { createSocket } from 'node:dgram'
import { decode, encode, type ResourceRecord } from 'dns-packet'
import { fc } from '../support/property.ts'
import t, { type Test } from 'tap'
import { openDnsServer, type DnsServer } from '../../src/lab/nodes/dns/server.ts'
import type { ZoneRecord } from '../../src/lab/nodes/dns/zone.ts'
import { createResolver, type Resolver } from '../../src/sip/transport/index.ts'
import { leastTtl } from '../../src/sip/transport/dial/time-to-live.ts'
import { locate, locateTarget, type LocateOptions } from '../../src/sip/transport/dial/locate.ts'
import { parseUri } from '../../src/sip/message/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { until } from '../support/until.ts'

const options: LocateOptions = {
  supported: ['tls', 'tcp', 'udp'],
  face: 'internal',
  nameRule: 'dialled-fqdn',
  random: () => 0,
}

const srv = (name: string, priority: number, port: number, target: string): ZoneRecord => ({
  kind: 'srv',
  name,
  priority,
  weight: 0,
  port,
  target,
})
const naptr = (order: number, services: string, replacement: string): ZoneRecord => ({
  kind: 'naptr',
  name: 'lab.test',
  order,
  preference: 0,
  flags: 's',
  services,
  regexp: '',
  replacement,
})
const a = (name: string, address: string): ZoneRecord => ({ kind: 'a', name, address })

interface Wire {
  readonly server: DnsServer
  readonly clock: FakeClock
  readonly resolver: Resolver
  where(uri: string): Promise<readonly string[]>
}

async function wire(t: Test, records: readonly ZoneRecord[], timeoutMs?: number): Promise<Wire> {
  const server = await openDnsServer([
    { name: 'internal', organisation: 'lab.test', address: '127.0.0.1', port: 0, zones: ['lab.test'], records },
  ])
  t.teardown(() => server.close())
  return { server, ...asking(server.views[0]?.port ?? 0, timeoutMs) }
}

/** How long is waited where no answer comes. Elsewhere it is waited far longer: a busy machine answers late. */
const silentMs = 1_500

function asking(port: number, timeoutMs = 30_000): Omit<Wire, 'server'> {
  const clock = new FakeClock()
  const resolver = createResolver({ clock, servers: [`127.0.0.1:${port}`], timeoutMs, tries: 1 })
  return {
    clock,
    resolver,
    async where(uri) {
      const hops = await locate(locateTarget(parseUri(uri)), resolver, options)
      return hops.map(({ transport, address, port }) => `${transport} ${address} ${port}`)
    },
  }
}

// conformance: RFC 3263 §4.1 — NAPTR decides the transport; a service without SRV records gives way to the next
t.test('NAPTR and SRV lead to every address in their order', async (t) => {
  const { where } = await wire(t, [
    naptr(5, 'SIP+D2S', '_sip._sctp.lab.test'),
    naptr(10, 'SIPS+D2T', '_none._tcp.lab.test'),
    naptr(20, 'SIP+D2T', '_sip._tcp.lab.test'),
    srv('_sip._tcp.lab.test', 20, 5070, 'two.lab.test'),
    srv('_sip._tcp.lab.test', 10, 5060, 'one.lab.test'),
    srv('_sip._tcp.lab.test', 30, 5080, 'gone.lab.test'),
    a('one.lab.test', '192.0.2.1'),
    a('two.lab.test', '192.0.2.2'),
    a('two.lab.test', '192.0.2.3'),
  ])
  t.strictSame(await where('sip:lab.test'), ['tcp 192.0.2.1 5060', 'tcp 192.0.2.2 5070', 'tcp 192.0.2.3 5070'])
})

t.test('a dot at the end and capitals change nothing', async (t) => {
  const { where } = await wire(t, [srv('_sip._tcp.lab.test', 0, 5060, 'One.Lab.test'), a('one.lab.test', '192.0.2.1')])
  for (const host of ['lab.test', 'LAB.Test', 'lab.test.'])
    t.strictSame(await where(`sip:bob@${host};transport=tcp`), ['tcp 192.0.2.1 5060'], host)
})

// conformance: RFC 6157 §3.2 — an SRV target that has an AAAA record only
t.test('an SRV target may have an IPv6 address only', async (t) => {
  const { where } = await wire(t, [
    srv('_sip._tcp.lab.test', 0, 5060, 'six.lab.test'),
    { kind: 'aaaa', name: 'six.lab.test', address: '2001:db8::6' },
  ])
  t.strictSame(await where('sip:lab.test;transport=tcp'), ['tcp 2001:db8::6 5060'])
})

t.test('aliases are followed, and a loop of them is a name without an address', async (t) => {
  const { where } = await wire(t, [
    { kind: 'cname', name: 'sip.lab.test', target: 'alias.lab.test' },
    { kind: 'cname', name: 'alias.lab.test', target: 'one.lab.test' },
    a('one.lab.test', '192.0.2.1'),
    { kind: 'cname', name: 'ring.lab.test', target: 'rang.lab.test' },
    { kind: 'cname', name: 'rang.lab.test', target: 'ring.lab.test' },
    { kind: 'cname', name: 'self.lab.test', target: 'self.lab.test' },
  ])
  t.strictSame(await where('sip:sip.lab.test:5060;transport=tcp'), ['tcp 192.0.2.1 5060'])
  for (const host of ['ring.lab.test', 'self.lab.test'])
    await t.rejects(where(`sip:${host}:5060;transport=tcp`), { name: 'LocateError' }, host)
})

// conformance: RFC 3263 §4 — a negative answer is kept for the time of its zone's SOA
t.test('an absent name is asked for again when the SOA says so, no later', async (t) => {
  const { server, clock, resolver } = await wire(t, [a('one.lab.test', '192.0.2.1')])
  t.strictSame(await resolver.a('new.lab.test'), [])
  // The name, then the SOA of the name and of the zone; an answer that comes later comes behind theirs.
  await until(() => server.asked() === 3)
  await resolver.a('one.lab.test')
  const before = server.asked()
  clock.advance(4_000)
  await resolver.a('new.lab.test')
  t.equal(server.asked(), before, 'kept for the five seconds of the SOA')
  clock.advance(2_000)
  await resolver.a('new.lab.test')
  t.ok(server.asked() > before, 'asked again')
})

// conformance: RFC 3263 §4 — SRV and NAPTR records are kept for their TTL, no longer
t.test('SRV and NAPTR records are asked for again when their TTL says so, no later', async (t) => {
  const ttl = { SRV: 3, NAPTR: 7 } as const
  const asked: string[] = []
  const { clock, resolver } = await odd(t, (name, type) => {
    asked.push(type)
    if (type === 'SRV')
      return [60, ttl.SRV, 9].map((ttl, priority) => ({
        ...{ name, type, ttl, data: { priority, weight: 0, port: 5060, target: 'one.lab.test' } },
      }))
    const data = {
      order: 1,
      preference: 0,
      flags: 's',
      services: 'SIP+D2T',
      regexp: '',
      replacement: '_sip._tcp.lab.test',
    }
    return [{ name, type, ttl: ttl.NAPTR, data }]
  })
  const ask = { SRV: () => resolver.srv('_sip._tcp.lab.test'), NAPTR: () => resolver.naptr('lab.test') }
  const count = (type: string): number => asked.filter((each) => each === type).length
  for (const type of ['SRV', 'NAPTR'] as const) {
    await ask[type]()
    // The records, then their TTL.
    await until(() => count(type) === 2)
    const start = clock.now()
    clock.advance(ttl[type] * 1000 - 500)
    await ask[type]()
    t.equal(count(type), 2, `${type}: kept`)
    // The TTL may arrive after that step, and then counts from there.
    await until(async () => {
      clock.advance(1000)
      await ask[type]()
      return count(type) > 2
    })
    t.ok(
      clock.now() - start < 2 * ttl[type] * 1000 + 1000,
      `${type}: asked again, long before the 30 s of other answers`,
    )
  }
})

t.test(
  'the TTL of an alias counts, one with its highest bit set is 0, and so is that of an answer that was cut',
  (t) => {
    const data = { priority: 0, weight: 0, port: 5060, target: 'one.lab.test' }
    const answer = (ttl: number, aliasTtl: number, flags = 0): Buffer =>
      encode({
        ...{ type: 'response', id: 1, flags, questions: [{ name: '_sip._tcp.lab.test', type: 'SRV' }] },
        answers: [
          { name: '_sip._tcp.lab.test', type: 'CNAME', ttl: aliasTtl, data: '_x.lab.test' },
          { name: '_x.lab.test', type: 'SRV', ttl, data },
        ],
      })
    t.equal(leastTtl(answer(60, 7), 33), 7)
    t.equal(leastTtl(answer(0x8000_0005, 60), 33), 0)
    t.equal(leastTtl(answer(60, 60, 0x0200), 33), 0)
    t.end()
  },
)

t.test('an A record whose TTL has its highest bit set is not kept', async (t) => {
  let asked = 0
  const { resolver } = await odd(t, (name, type) => {
    asked += 1
    return type === 'A' ? [{ name, type, ttl: 0x8000_0005, data: '192.0.2.1' }] : []
  })
  await resolver.a('one.lab.test')
  await resolver.a('one.lab.test')
  t.equal(asked, 2)
})

t.test('an SRV record with port 0 leads nowhere', async (t) => {
  const { where } = await wire(t, [
    srv('_sip._tcp.lab.test', 0, 0, 'one.lab.test'),
    srv('_sip._tcp.lab.test', 1, 5070, 'one.lab.test'),
    a('one.lab.test', '192.0.2.1'),
  ])
  t.strictSame(await where('sip:lab.test;transport=tcp'), ['tcp 192.0.2.1 5070'])
})

t.test('a name that cannot be asked for is a name that does not exist', async (t) => {
  const { where } = await wire(t, [])
  for (const host of ['a..b', `${'a'.repeat(64)}.test`])
    await t.rejects(where(`sip:${host}:5060;transport=tcp`), { code: 'dns.not-found' }, host)
})

t.test('no octets in place of an answer do harm to who asks for a TTL', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 80 }), (octets) => {
      const ttl = leastTtl(Buffer.from(octets), 33)
      return ttl === undefined || (ttl >= 0 && ttl < 2 ** 32)
    }),
  )
  t.end()
})

t.test('a server that does not answer is told from a name that does not exist, in bounded time', async (t) => {
  const { server, where } = await wire(t, [a('one.lab.test', '192.0.2.1')], silentMs)
  server.setFaults([{ kind: 'silent' }])
  await t.rejects(where('sip:one.lab.test:5060;transport=tcp'), { code: 'dns.unreachable' })
  server.setFaults([])
  t.strictSame(await where('sip:one.lab.test:5060;transport=tcp'), ['tcp 192.0.2.1 5060'], 'a failure is not kept')
})

/** A server of its own will: `answers` says what comes back for a question. */
async function odd(
  t: Test,
  answers: (name: string, type: string) => readonly ResourceRecord[] | undefined,
  timeoutMs?: number,
) {
  const socket = createSocket('udp4')
  socket.on('message', (octets, from) => {
    const query = decode(octets)
    const question = query.questions?.[0]
    const found = question === undefined ? undefined : answers(question.name, question.type)
    if (found === undefined) return
    const answer = { type: 'response', id: query.id ?? 0, questions: query.questions ?? [], answers: found } as const
    socket.send(encode(answer), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  t.teardown(() => socket.close())
  return asking(socket.address().port, timeoutMs)
}

t.test('a server that answers for one family and is silent for the other is no obstacle', async (t) => {
  const onlyOne = (name: string, type: string): readonly ResourceRecord[] | undefined =>
    type === 'A' ? [{ name, type, ttl: 60, data: '192.0.2.1' }] : undefined
  const { where } = await odd(t, onlyOne, silentMs)
  t.strictSame(await where('sip:one.lab.test:5060;transport=tcp'), ['tcp 192.0.2.1 5060'])
})

t.test('a server that sends an alias loop of its own, or another type, gives no address', async (t) => {
  const loop = await odd(t, (name) => [
    { name, type: 'CNAME', ttl: 60, data: 'ring.lab.test' },
    { name: 'ring.lab.test', type: 'CNAME', ttl: 60, data: name },
  ])
  await t.rejects(loop.where('sip:one.lab.test:5060;transport=tcp'), { name: 'LocateError' })
  const lie = await odd(t, (name) => [{ name, type: 'TXT', ttl: 60, data: 'no address' }])
  await t.rejects(lie.where('sip:one.lab.test:5060;transport=tcp'), { name: 'LocateError' })
})

// conformance: RFC 3263 §4.1 — a failure for the secured service does not lead to the plain one
t.test('a server that fails for the secured service only cannot bring a request down to the plain one', async (t) => {
  const data = (services: string, replacement: string, order: number) => ({
    ...{ order, preference: 0, flags: 's', services, regexp: '', replacement },
  })
  const plainOnly = (name: string, type: string): readonly ResourceRecord[] | undefined => {
    if (type === 'NAPTR')
      return [
        { name, type, ttl: 60, data: data('SIPS+D2T', '_sips._tcp.lab.test', 10) },
        { name, type, ttl: 60, data: data('SIP+D2T', '_sip._tcp.lab.test', 20) },
      ]
    if (name === '_sip._tcp.lab.test')
      return [{ name, type, ttl: 60, data: { priority: 0, weight: 0, port: 5060, target: 'one.lab.test' } }]
    return undefined
  }
  const { where } = await odd(t, plainOnly, silentMs)
  await t.rejects(where('sip:lab.test'), { code: 'dns.unreachable' })
})
