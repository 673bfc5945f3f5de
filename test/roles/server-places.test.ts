/** A home knows every server of its organisation by each name and address. No binding leads there. */
import t from 'tap'
import { home } from '../../src/roles/home.ts'
import type { RoleContext } from '../../src/roles/role.ts'
import { ownHosts, serverPlaces, serverPlacesOf } from '../../src/roles/server-places.ts'
import { memoryLocation } from '../../src/services/location/location.ts'
import { parseUri } from '../../src/sip/message/uri.ts'
import type { Decision } from '../../src/sip/routing/decision.ts'
import { FlowTokens } from '../../src/sip/routing/flow-token.ts'
import { loadProfile, loadTopology, parseTopology, topologyNames } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { HomeSettings, LabPlan, NodePlan } from '../../src/topology/plan-types.ts'
import { arrival, requestText, testFlow } from '../support/arrival.ts'
import { FakeClock } from '../support/fake-clock.ts'

function homesOf(plan: LabPlan): readonly NodePlan[] {
  return plan.nodes.filter(({ role }) => role === 'front-end' || role === 'standard-edition')
}

function has(plan: NodePlan, uri: string): boolean {
  return serverPlacesOf(plan)?.ownerOf(parseUri(uri)) !== undefined
}

for (const addressing of ['loopback', 'containers', 'ipv6', 'cluster'] as const)
  t.test(`every listener of every lab is known, on ${addressing}`, async (t) => {
    for (const name of topologyNames()) {
      const plan = planLab(loadTopology(name), { addressing })
      for (const node of homesOf(plan))
        for (const { fqdn, faces, listeners, organisation } of plan.nodes) {
          if (organisation !== node.organisation) continue
          t.ok(has(node, `sip:x@${fqdn}`), `${name}: ${node.name} knows ${fqdn}`)
          for (const face of faces) t.ok(has(node, `sip:x@${face.fqdn}:1`), `${name}: ${node.name} knows ${face.fqdn}`)
          for (const { address, port } of addressing === 'cluster' ? [] : listeners) {
            const host = address.includes(':') ? `[${address}]` : address
            t.ok(has(node, `sip:x@${host}:${port}`), `${name}: ${node.name} knows ${host}:${port}`)
            t.notOk(has(node, `sip:x@${host}:45678`), `${name}: a phone at ${host}`)
          }
        }
    }
  })

t.test('so are domains, pools, foreign servers and names of the DNS', async (t) => {
  const text = `
name: own
about: A.
profile: modern
domain: lab.test
moreDomains: [other.test]
dns:
  records:
    - { kind: a, name: alias.lab.test, address: 127.0.41.11 }
    - { kind: cname, name: second.lab.test, target: alias.lab.test }
    - { kind: srv, name: _sip._udp.third.lab.test, port: 5060, target: second.lab.test }
    - { kind: naptr, name: fourth.lab.test, services: SIP+D2U, replacement: third.lab.test }
    - { kind: a, name: phone.lab.test, address: 127.0.41.200 }
hosts:
  fe1:
    role: front-end
    pool: mine
    staticRoutes:
      - { match: "tel:+1*", nextHop: sbc1 }
      - { match: "tel:+2*", nextHop: trunk.carrier.test, port: 5070, transport: tcp }
  sbc1: { role: foreign, name: sbc1.contoso.test, address: 192.0.2.7, port: 15061, certificate: internal }
`
  const node = nodePlan(planLab(parseTopology(text, 'own.yaml', loadProfile)), 'fe1')
  for (const host of ['lab.test', 'other.test', 'mine.lab.test', 'sbc1.contoso.test', 'trunk.carrier.test'])
    t.ok(has(node, `sip:x@${host}`), host)
  for (const host of ['alias', 'second', 'third', 'fourth']) t.ok(has(node, `sip:x@${host}.lab.test`), host)
  t.ok(has(node, 'sip:x@192.0.2.7:15061;transport=tls'))
  t.notOk(has(node, 'sip:x@192.0.2.7:5060'))
  t.notOk(has(node, 'sip:x@phone.lab.test'))
  t.notOk(has(node, 'sip:x@phone.test'))
})

t.test('a plan without the list still gives what the settings name', async (t) => {
  const plan = nodePlan(planLab(loadTopology('trunk')), 'fe1')
  const { servers: _servers, ...settings } = plan.settings as HomeSettings
  const places = serverPlaces(plan, settings)
  for (const uri of ['sip:x@voice.lab.test', 'sip:x@fe1.lab.test', 'sip:x@127.0.41.11:5061', 'sip:x@lab.test'])
    t.ok(places.ownerOf(parseUri(uri)), uri)
  t.equal(serverPlacesOf(nodePlan(planLab(loadTopology('edge')), 'director')), undefined)
})

t.test('where servers are named by their addresses, a phone beside them has another port', async (t) => {
  const { listeners, settings, ...plan } = nodePlan(planLab(loadTopology('trunk')), 'fe1')
  const { servers: _servers, ...rest } = settings as HomeSettings
  const address = '127.0.0.1'
  const bench = { ...rest, home: address, members: [address], trustedServers: [], staticRoutes: [] }
  const udp = [{ face: 'internal', transport: 'udp', address, port: 5080 }] as const
  const places = serverPlaces({ ...plan, listeners: udp, settings: bench }, bench)
  t.equal(places.ownerOf(parseUri('sip:x@127.0.0.1:5080')), 'ours')
  for (const uri of ['sip:sipp@127.0.0.1:5060', 'sip:sipp@127.0.0.1:5061', 'sip:sipp@127.0.0.1'])
    t.equal(places.ownerOf(parseUri(uri)), undefined, uri)
})

/** What the list of a home answers, past its law. */
async function homeOf(plan: NodePlan) {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const context = {
    ...{ plan, clock, location, authentication: 'off', isOpen: () => true },
    flowTokens: new FlowTokens({ node: plan.fqdn, key: Buffer.alloc(32, 7), flow: () => undefined }),
  }
  const role = home(context as Partial<RoleContext> as RoleContext, plan.settings as HomeSettings)
  const ask = async (text: string, flow = testFlow({ transport: 'udp' })): Promise<Decision | undefined> => {
    const asked = arrival(text, { flow, wall: clock.wall() })
    for (const policy of role.faces['internal']?.target ?? []) {
      const decision = await policy.decide(asked)
      if (decision.kind !== 'pass') return decision
    }
    return undefined
  }
  return { ask }
}

t.test('a call to a user does not go down the trunk', async (t) => {
  const plan = nodePlan(planLab(loadTopology('trunk')), 'fe1')
  const invite = requestText({ method: 'INVITE', uri: 'sip:alice@lab.test', to: 'sip:alice@lab.test' })
  for (const contact of [
    'sip:+49900123@voice.lab.test:5061;user=phone;transport=tls',
    'sip:+49900123@127.0.41.51:5061;user=phone;transport=tls',
    'sip:+49900@lab.test;user=phone;maddr=fe1.lab.test;transport=tls',
  ]) {
    const { ask } = await homeOf(plan)
    const register = requestText({ headers: [`Contact: <${contact}>`] })
    t.match(await ask(register), { kind: 'refuse', status: 403, because: 'register.contact-server' }, contact)
    t.match(await ask(invite), { kind: 'refuse', status: 480 }, contact)
  }
  const { ask } = await homeOf(plan)
  t.match(await ask(requestText({ headers: ['Contact: <sip:alice@127.0.41.51:5070>'] })), { status: 200 })
  t.match(await ask(invite), { kind: 'route', targets: [{ uri: 'sip:alice@127.0.41.51:5070', by: 'binding' }] })
})

t.test('the gateway itself registers a user there, and calls to that user reach it', async (t) => {
  const plan = nodePlan(planLab(loadTopology('trunk')), 'fe1')
  const invite = requestText({ method: 'INVITE', uri: 'sip:alice@lab.test', to: 'sip:alice@lab.test' })
  const link = testFlow({ peer: 'server' })
  const voice = { ...link, peer: link.peer && { ...link.peer, names: ['voice.lab.test'] } }
  for (const contact of ['sip:alice@voice.lab.test:5061;transport=tls', 'sip:alice@127.0.41.51:5061;transport=tls']) {
    const { ask } = await homeOf(plan)
    const register = requestText({ headers: [`Contact: <${contact}>`] })
    t.match(await ask(register, link), { status: 403, because: 'register.contact-server' }, contact)
    t.match(await ask(register, voice), { status: 200 }, contact)
    t.match(await ask(invite), { kind: 'route', targets: [{ uri: contact, by: 'binding' }] }, contact)
  }
})

t.test('a static route is refused at the port it leads to, by each name and address of its host', async (t) => {
  const plan = nodePlan(planLab(loadTopology('trunk')), 'fe1')
  const settings = plan.settings as HomeSettings
  const [route] = settings.staticRoutes
  if (route === undefined) return t.fail('no static route')
  const places = serverPlaces(plan, { ...settings, staticRoutes: [{ ...route, port: 5077 }] })
  t.equal(places.ownerOf(parseUri('sip:x@127.0.41.51:5077')), 'theirs')
  t.equal(places.ownerOf(parseUri('sip:x@127.0.41.51:5077'), ['voice.lab.test']), undefined)
  t.equal(places.ownerOf(parseUri('sip:x@127.0.41.51:5078')), undefined)
})

t.test('to an edge the gateway of its organisation is one of ours, a server of somebody else is not', async (t) => {
  const text = `
name: own
about: A.
profile: modern
domain: lab.test
moreDomains: [other.test]
hosts:
  fe1: { role: front-end, pool: mine }
  edge: { role: access-proxy, nextHop: mine }
  voice: { role: gateway }
  sbc1: { role: foreign, name: sbc1.contoso.test, address: 192.0.2.7, certificate: internal }
`
  const plan = nodePlan(planLab(parseTopology(text, 'own.yaml', loadProfile)), 'edge')
  const { settings } = plan
  if (settings.kind !== 'access-proxy') return t.fail(settings.kind)
  const isOurs = ownHosts(plan, settings)
  for (const host of [
    'other.test',
    'voice.lab.test',
    'mine.lab.test',
    'fe1.lab.test',
    '127.0.41.11',
    '0.0.0.0',
    '[::]',
  ])
    t.ok(isOurs(host), host)
  for (const host of ['sbc1.contoso.test', '192.0.2.7', 'phone.lab.test', 'lab.test.evil.test', '127.evil.test', ''])
    t.notOk(isOurs(host), host)
})
