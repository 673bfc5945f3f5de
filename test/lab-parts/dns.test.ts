import { Resolver } from 'node:dns/promises'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { decode, encode } from 'dns-packet'
import type { Packet } from 'dns-packet'
import t from 'tap'
import type { Test } from 'tap'
import { answerQuery } from '../../src/lab/nodes/dns/answer.ts'
import { openDnsServer } from '../../src/lab/nodes/dns/server.ts'
import type { DnsServer, ServedView } from '../../src/lab/nodes/dns/server.ts'
import { Zone } from '../../src/lab/nodes/dns/zone.ts'
import { turns } from '../support/turns.ts'
import { until } from '../support/until.ts'

const view: ServedView = {
  name: 'external',
  organisation: 'lab.test',
  address: '127.0.0.1',
  port: 0,
  zones: ['lab.test'],
  records: [
    { kind: 'a', name: 'sip.lab.test', address: '127.0.41.32' },
    { kind: 'aaaa', name: 'sip.lab.test', address: '::1' },
    { kind: 'srv', name: '_sip._tls.lab.test', priority: 0, weight: 5, port: 10443, target: 'sip.lab.test' },
    {
      kind: 'naptr',
      name: 'lab.test',
      order: 10,
      preference: 20,
      flags: 's',
      services: 'SIPS+D2T',
      regexp: '',
      replacement: '_sips._tcp.lab.test',
    },
  ],
}

async function serve(
  t: Test,
  served: ServedView = view,
): Promise<{ readonly server: DnsServer; readonly port: number; readonly resolver: Resolver }> {
  const server = await openDnsServer([served])
  t.teardown(() => server.close())
  const port = server.views[0]?.port ?? 0
  const resolver = new Resolver({ timeout: 30_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${port}`])
  return { server, port, resolver }
}

function ask(zone: Zone, name: string, type: string): Packet {
  const octets = answerQuery(zone, encode({ type: 'query', id: 7, questions: [{ name, type }] }), [], true)
  if (octets === undefined) throw new Error('no answer')
  return decode(octets)
}

t.test('the resolver of Node', async (t) => {
  const { resolver } = await serve(t)
  t.strictSame(await resolver.resolve4('SIP.lab.test'), ['127.0.41.32'], 'finds an A record whatever the case')
  t.strictSame(await resolver.resolve6('sip.lab.test'), ['::1'], 'finds an AAAA record')
  t.match(
    await resolver.resolveSrv('_sip._tls.lab.test'),
    [{ name: 'sip.lab.test', port: 10443, priority: 0, weight: 5 }],
    'finds an SRV record',
  )
  t.match(
    await resolver.resolveNaptr('lab.test'),
    [{ service: 'SIPS+D2T', replacement: '_sips._tcp.lab.test', order: 10, preference: 20, flags: 's' }],
    'finds a NAPTR record',
  )
  await t.rejects(
    resolver.resolve4('nobody.lab.test'),
    { code: 'ENOTFOUND' },
    'is told NXDOMAIN for a name that does not exist',
  )
  await t.rejects(
    resolver.resolveSrv('sip.lab.test'),
    { code: 'ENODATA' },
    'is told NODATA for a type that the name lacks',
  )
  await t.rejects(
    resolver.resolve4('_tls.lab.test'),
    { code: 'ENODATA' },
    'is told NODATA for a name between two others (RFC 8020)',
  )
  await t.rejects(resolver.resolve4('www.example.org'), { code: 'EREFUSED' }, 'is refused outside the zones')
})

t.test('a negative answer carries the SOA of its zone (RFC 2308)', async (t) => {
  const zone = new Zone(view)
  t.match(ask(zone, 'nobody.lab.test', 'A'), {
    rcode: 'NXDOMAIN',
    authorities: [{ type: 'SOA', name: 'lab.test' }],
    answers: [],
  })
  t.match(ask(zone, 'sip.lab.test', 'SRV'), {
    rcode: 'NOERROR',
    authorities: [{ type: 'SOA', name: 'lab.test' }],
    answers: [],
  })
})

t.test('an SRV answer brings the addresses of its targets along', async (t) => {
  t.match(ask(new Zone(view), '_sip._tls.lab.test', 'SRV').additionals, [
    { name: 'sip.lab.test', type: 'A', data: '127.0.41.32' },
    { type: 'AAAA' },
  ])
})

t.test('an answer too long for UDP is marked and comes whole over TCP', async (t) => {
  const records = Array.from({ length: 60 }, (_, at) => ({
    kind: 'a' as const,
    name: 'many.lab.test',
    address: `127.0.0.${at + 1}`,
  }))
  const { resolver, port } = await serve(t, { ...view, records })
  t.equal((await resolver.resolve4('many.lab.test')).length, 60)
  t.ok(((await overUdp(port, 'many.lab.test')).flags ?? 0) & 0x0200, 'TC is set')
})

t.test('two questions in one TCP segment and one cut in two get their answers', async (t) => {
  const { port } = await serve(t)
  const question = (id: number): Buffer =>
    framed(encode({ type: 'query', id, questions: [{ name: 'sip.lab.test', type: 'A' }] }))
  const octets = Buffer.concat([question(1), question(2), question(3)])
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const ids = new Promise<readonly number[]>((resolve) => {
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      const found = identifiers(pending)
      if (found.length === 3) resolve(found)
    })
  })
  socket.write(octets.subarray(0, octets.length - 5), () =>
    setImmediate(() => socket.write(octets.subarray(octets.length - 5))),
  )
  t.strictSame(await ids, [1, 2, 3])
})

t.test('from an asker over TCP that reads no answer, no more questions are read', async (t) => {
  const records = Array.from({ length: 600 }, (_, at) => ({
    kind: 'a' as const,
    name: 'many.lab.test',
    address: `127.0.${at >> 8}.${at & 255}`,
  }))
  const { server, port, resolver } = await serve(t, { ...view, records })
  const socket = connect(port, '127.0.0.1').pause()
  t.teardown(() => socket.destroy())
  const count = 4_000
  const question = framed(encode({ type: 'query', id: 1, questions: [{ name: 'many.lab.test', type: 'A' }] }))
  socket.write(Buffer.concat(Array.from({ length: count }, () => question)))
  await until(() => server.asked() > 0)
  for (let before = -1; server.asked() !== before; await turns(20)) before = server.asked()
  t.ok(server.asked() > 0 && server.asked() < count, `${server.asked()} of ${count} questions were read`)
  t.equal((await resolver.resolve4('many.lab.test')).length, 600, 'others are answered')
})

t.test('hostile packets', async (t) => {
  const zone = new Zone(view)
  const good = encode({ type: 'query', id: 9, questions: [{ name: 'sip.lab.test', type: 'A' }] })
  t.equal(answerQuery(zone, good.subarray(0, 5), [], true), undefined, 'a fragment of a header gets no answer')
  t.match(
    decode(answerQuery(zone, good.subarray(0, 20), [], true) ?? Buffer.alloc(0)),
    { rcode: 'FORMERR', id: 9 },
    'a cut question is a format error',
  )
  const response = Buffer.from(good)
  response.writeUInt8(0x80, 2)
  t.equal(
    answerQuery(zone, response, [], true),
    undefined,
    'a response gets no answer, so two servers never talk for ever',
  )
  const update = Buffer.from(good)
  update.writeUInt8(0x28, 2)
  t.match(
    decode(answerQuery(zone, update, [], true) ?? Buffer.alloc(0)),
    { rcode: 'NOTIMP' },
    'an update is not implemented',
  )
})

t.test('faults', async (t) => {
  const { server, port, resolver } = await serve(t)
  // Where no answer comes; elsewhere a busy machine may answer late.
  const impatient = new Resolver({ timeout: 500, tries: 1 })
  impatient.setServers([`127.0.0.1:${port}`])
  server.setFaults([{ kind: 'wrong-target', target: 'sip.elsewhere.test' }])
  t.match(
    await resolver.resolveSrv('_sip._tls.lab.test'),
    [{ name: 'sip.elsewhere.test' }],
    'wrong-target leads outside the domain',
  )
  server.setFaults([{ kind: 'nxdomain', name: 'SIP.lab.test' }])
  await t.rejects(resolver.resolve4('sip.lab.test'), { code: 'ENOTFOUND' }, 'nxdomain hides one name')
  t.equal((await resolver.resolveSrv('_sip._tls.lab.test')).length, 1, 'and leaves the others')
  server.setFaults([{ kind: 'silent' }])
  await t.rejects(impatient.resolve4('sip.lab.test'), { code: 'ETIMEOUT' }, 'silent lets the asker wait')
  server.setFaults([{ kind: 'slow', name: 'sip.lab.test', afterMs: 60 }])
  const began = performance.now()
  t.strictSame(await resolver.resolve4('sip.lab.test'), ['127.0.41.32'], 'slow gives the true answer')
  t.ok(performance.now() - began > 50, 'late')
  server.setFaults([{ kind: 'slow', afterMs: 60_000 }])
  await t.rejects(impatient.resolve4('sip.lab.test'), { code: 'ETIMEOUT' }, 'or later than anyone waits')
  server.setFaults([])
  t.strictSame(await resolver.resolve4('sip.lab.test'), ['127.0.41.32'], 'an empty list heals')
})

t.test('a server that cannot open a view opens none', async (t) => {
  const { port } = await serve(t)
  await t.rejects(openDnsServer([view, { ...view, port }]), { code: 'EADDRINUSE' })
})

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

function identifiers(octets: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at + 4 <= octets.length; at += octets.readUInt16BE(at) + 2) {
    if (at + 2 + octets.readUInt16BE(at) > octets.length) break
    found.push(octets.readUInt16BE(at + 2))
  }
  return found
}

function overUdp(port: number, name: string): Promise<Packet> {
  const socket = createSocket('udp4')
  return new Promise((resolve) => {
    socket.once('message', (octets) => {
      socket.close()
      resolve(decode(octets))
    })
    socket.send(encode({ type: 'query', id: 1, questions: [{ name, type: 'A' }] }), port, '127.0.0.1')
  })
}
