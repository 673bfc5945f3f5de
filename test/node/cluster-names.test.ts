import t from 'tap'
import { clusterResolver, serviceOf } from '../../src/node/cluster-names.ts'
import type { Resolver } from '../../src/sip/transport/dial/resolver.ts'
import type { DnsRecord } from '../../src/topology/plan-types.ts'

const records: readonly DnsRecord[] = [
  { kind: 'cname', name: 'fe1.lab.test', target: 'fe1', why: '' },
  { kind: 'cname', name: 'loop.lab.test', target: 'loop.lab.test', why: '' },
  { kind: 'a', name: 'trunk.lab.test', address: '192.0.2.7', why: '' },
  { kind: 'srv', name: '_sip._tls.lab.test', priority: 0, weight: 5, port: 443, target: 'sip.lab.test', why: '' },
]
const names = { zones: ['lab.test'], records }

t.test('names in a cluster', async (t) => {
  const asked: string[] = []
  const note = (question: string) => async (name: string) => (asked.push(`${question} ${name}`), [])
  const system: Resolver = { naptr: note('NAPTR'), srv: note('SRV'), a: note('A'), aaaa: note('AAAA') }
  const resolver = clusterResolver(names, system, async (service, family) =>
    family === 4 ? [`${service} has 10.0.0.9`] : [],
  )

  t.test('a host of the lab is where its service is', async (t) => {
    t.strictSame(await resolver.a('FE1.lab.test'), ['fe1 has 10.0.0.9'])
    t.strictSame(await resolver.aaaa('fe1.lab.test'), [])
  })

  t.test('an address of the lab file stays', async (t) => {
    t.strictSame(await resolver.a('trunk.lab.test'), ['192.0.2.7'])
  })

  t.test('a service record of the lab comes from the plan', async (t) => {
    t.match(await resolver.srv('_sip._tls.lab.test'), [{ port: 443, target: 'sip.lab.test' }])
  })

  t.test('a name of a zone of the lab that is not planned does not exist, and nobody is asked', async (t) => {
    asked.length = 0
    t.strictSame([await resolver.a('nobody.lab.test'), await resolver.srv('_sip._udp.lab.test'), asked], [[], [], []])
  })

  t.test('a name outside the lab is the business of the system', async (t) => {
    asked.length = 0
    await resolver.a('sip.example.org')
    await resolver.naptr('example.org')
    t.strictSame(asked, ['A sip.example.org', 'NAPTR example.org'])
  })

  t.test('an alias that leads to itself ends', async (t) => {
    t.equal(serviceOf(names, 'loop.lab.test'), 'loop.lab.test')
  })
})
