/** The plan of a lab over IPv6, and how its addresses are written. */
import { BlockList, isIPv6 } from 'node:net'
import { join } from 'node:path'
import { fc } from '../support/property.ts'
import t from 'tap'
import { newNamespace, ipv6Addresses } from '../../src/lab/namespace.ts'
import { networkOption, readPlacement } from '../../src/cli/topology-options.ts'
import { endpointText } from '../../src/sip/message/endpoint.ts'
import { parseUri } from '../../src/sip/message/uri.ts'
import { loadTopology, topologyNames } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import { renderHaproxy } from '../../src/topology/render/haproxy.ts'
import { renderNftables } from '../../src/topology/render/nftables.ts'
import { renderZone } from '../../src/topology/render/zone.ts'
import { ownFiles } from '../support/own-folder.ts'

for (const name of topologyNames()) {
  t.test(`${name} has IPv6 addresses alone, each of one host, and AAAA records alone`, async (t) => {
    const plan = planLab(loadTopology(name), { addressing: 'ipv6', network: 42 })
    t.notMatch(JSON.stringify(plan), /127\.0\.|"kind":"a"/)
    const addresses = ipv6Addresses(plan)
    t.ok(addresses.every((address) => isIPv6(address) && address.startsWith('fd51:1ab:42::')))
    const hosts = plan.nodes.flatMap(({ name, faces }) => faces.map(({ address }) => `${name} ${address}`))
    t.equal(new Set(hosts).size, new Set(hosts.map((host) => host.split(' ')[1])).size)
  })
}

t.test('a lab file says it, and another network on the command line wins', async (t) => {
  const text =
    'name: six\nabout: a lab\nprofile: lcs2005\nnetwork: ipv6\n' +
    'domain: lab.test\nhosts: { se: { role: standard-edition } }\n'
  const topology = loadTopology(join(ownFiles(t, { 'six.yaml': text }), 'six.yaml'))
  const addressOf = (network?: string) =>
    nodePlan(planLab(topology, readPlacement({ port: [], ...(network === undefined ? {} : { network }) })), 'se')
      .faces[0]?.address
  t.equal(addressOf(), 'fd51:1ab:41::41')
  t.equal(addressOf('ipv6:7'), 'fd51:1ab:7::41')
  t.equal(addressOf('7'), '127.0.7.41')
  t.equal(addressOf(networkOption('ipv6', 9)), 'fd51:1ab:9::41')
})

for (const network of ['ipv6:', 'ipv6:0', 'ipv6:255', 'ipv641', '6', 'ipv4', ':6', ''])
  t.test(`--network ${network} ${network === '6' ? 'is a number' : 'is refused'}`, async (t) => {
    const read = () => readPlacement({ port: [], network })
    if (network === '6') t.strictSame(read(), { ports: {}, network: 6, addressing: 'loopback' })
    else t.throws(read, { message: /wanted a number from 1 to 254.*ipv6:N/ })
  })

t.test('files for other programs have the address in brackets where a port follows, and its own family', async (t) => {
  const plan = planLab(loadTopology('edge-pool'), { addressing: 'ipv6' })
  t.match(renderZone(plan), /fe1 +IN AAAA fd51:1ab:41::11 /)
  t.match(renderNftables(plan), /ip6 saddr fd51:1ab:41::31 ip6 daddr fd51:1ab:41::21 tcp dport 5061/)
  t.notMatch(renderNftables(plan), /ip [sd]addr fd/)
  t.match(renderHaproxy(nodePlan(plan, 'pool')), /server fe1 \[fd51:1ab:41::11\]:5061/)
})

t.test('an address with its port reads back as the same host and port', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
      const { host, port: read } = parseUri(`sip:${endpointText(address, port)}`)
      return read === port && (isIPv6(address) ? isSameAddress(host, address) : host === address.toLowerCase())
    }),
  )
})

/** By value, in the eyes of Node; what is read must be the one spelling, so reading it again changes nothing. */
function isSameAddress(host: string, address: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '')
  const list = new BlockList()
  list.addAddress(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  return list.check(address, 'ipv6') && parseUri(`sip:${host}`).host === host
}

t.test('where no namespace can be made, the error has the words of the machine and another way', async (t) => {
  const plan = planLab(loadTopology('standard'), { addressing: 'ipv6' })
  const path = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    t.throws(() => newNamespace(plan, false), { code: 'network.namespace', message: /ENOENT.*fd51:1ab:41::41/ })
  } finally {
    process.env['PATH'] = path
  }
})
