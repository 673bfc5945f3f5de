/** DNS over the wire: absent is empty, silence is an error, answers are kept for their time and no longer. */
import t, { type Test } from 'tap'
import { createSocket } from 'node:dgram'
import { decode, encode, type ResourceRecord } from 'dns-packet'
import { createResolver, type Resolver } from '../../../../src/sip/transport/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { guardMs } from '../../../support/guard.ts'

interface Served {
  readonly resolver: Resolver
  readonly clock: FakeClock
  readonly asked: string[]
}

async function served(t: Test, answers: readonly ResourceRecord[], rcode = 0, cacheNames = 100): Promise<Served> {
  const asked: string[] = []
  const server = createSocket('udp4')
  server.on('message', (octets, from) => {
    const query = decode(octets)
    const question = query.questions?.[0]
    if (question === undefined) return
    asked.push(`${question.type} ${question.name}`)
    const found = answers.filter(({ name, type }) => name === question.name && type === question.type)
    server.send(
      encode({ type: 'response', id: query.id ?? 0, flags: rcode, questions: query.questions ?? [], answers: found }),
      from.port,
      from.address,
    )
  })
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const clock = new FakeClock()
  return {
    clock,
    asked,
    resolver: createResolver({
      clock,
      servers: [`127.0.0.1:${server.address().port}`],
      cacheNames,
      // Nothing is measured by it: every question here has its answer.
      timeoutMs: guardMs,
      tries: 1,
    }),
  }
}

t.test('reads every kind of record from a server on its own port', async (t) => {
  const { resolver } = await served(t, [
    {
      name: 'lab.test',
      type: 'NAPTR',
      ttl: 60,
      data: {
        order: 10,
        preference: 20,
        flags: 's',
        services: 'SIPS+D2T',
        regexp: '',
        replacement: '_sips._tcp.lab.test',
      },
    },
    {
      name: '_sips._tcp.lab.test',
      type: 'SRV',
      ttl: 60,
      data: { priority: 1, weight: 2, port: 5061, target: 'fe1.lab.test' },
    },
    { name: 'fe1.lab.test', type: 'A', ttl: 60, data: '192.0.2.1' },
    { name: 'fe1.lab.test', type: 'AAAA', ttl: 60, data: '2001:db8::1' },
  ])
  t.same(
    [
      await resolver.naptr('lab.test'),
      await resolver.srv('_sips._tcp.lab.test'),
      await resolver.a('fe1.lab.test'),
      await resolver.aaaa('fe1.lab.test'),
    ],
    [
      [{ order: 10, preference: 20, flags: 's', service: 'SIPS+D2T', replacement: '_sips._tcp.lab.test' }],
      [{ priority: 1, weight: 2, port: 5061, target: 'fe1.lab.test' }],
      ['192.0.2.1'],
      ['2001:db8::1'],
    ],
  )
})

t.test('answers an empty list for a name that does not exist', async (t) => {
  const { resolver } = await served(t, [], 3)
  t.same(await resolver.a('nowhere.test'), [])
})

t.test('rejects when the server fails', async (t) => {
  const { resolver } = await served(t, [], 2)
  await t.rejects(resolver.a('fe1.lab.test'), { name: 'ResolveError', code: 'dns.unreachable' })
})

// conformance: RFC 3263 §4.1 — a server that does not know NAPTR or SRV leads to the next kind of record
t.test('a server that does not know the type of a record has none of it', async (t) => {
  for (const rcode of [1, 4]) {
    const { resolver } = await served(t, [], rcode)
    t.same([await resolver.naptr('lab.test'), await resolver.srv('_sips._tcp.lab.test')], [[], []], `RCODE ${rcode}`)
    await t.rejects(resolver.a('fe1.lab.test'), { name: 'ResolveError' })
  }
  for (const rcode of [2, 5]) {
    const { resolver } = await served(t, [], rcode)
    await t.rejects(resolver.naptr('lab.test'), { name: 'ResolveError' }, `RCODE ${rcode}`)
  }
})

t.test('keeps an answer for its TTL and asks again after it', async (t) => {
  const { resolver, clock, asked } = await served(t, [{ name: 'fe1.lab.test', type: 'A', ttl: 10, data: '192.0.2.1' }])
  await resolver.a('fe1.lab.test')
  clock.advance(9_000)
  await resolver.a('FE1.lab.test')
  const before = asked.length
  clock.advance(2_000)
  await resolver.a('fe1.lab.test')
  t.same([before, asked.length], [1, 2])
})

t.test('shares a question under way', async (t) => {
  const { resolver, asked } = await served(t, [{ name: 'fe1.lab.test', type: 'A', ttl: 10, data: '192.0.2.1' }])
  await Promise.all([resolver.a('fe1.lab.test'), resolver.a('fe1.lab.test')])
  t.equal(asked.length, 1)
})

t.test('keeps a bounded number of names', async (t) => {
  const { resolver, asked } = await served(t, [], 3, 1)
  for (const name of ['one.test', 'two.test', 'one.test']) await resolver.a(name)
  t.equal(asked.filter((question) => question.startsWith('A ')).length, 3)
})
