import t from 'tap'
import type { PlanDocument, StatusDocument } from '../../src/console/page/documents.ts'
import { layoutOf } from '../../src/console/page/map/layout.ts'
import { linksOf } from '../../src/console/page/map/links.ts'
import { configFolder, loadTopology, topologyNames } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

function planOf(name: string): PlanDocument {
  return planLab(loadTopology(name, configFolder()))
}

for (const name of topologyNames(configFolder()))
  for (const upright of [false, true])
    t.test(`no two nodes of ${name} lie on each other${upright ? ', upright' : ''}`, async (t) => {
      const { nodes, width, height } = layoutOf(planOf(name), upright)
      const clashes = nodes.flatMap((one, at) =>
        nodes
          .slice(at + 1)
          .filter(
            (other) =>
              one.x < other.x + other.width &&
              other.x < one.x + one.width &&
              one.y < other.y + other.height &&
              other.y < one.y + one.height,
          )
          .map((other) => `${one.node.name} and ${other.node.name}`),
      )
      const outside = nodes.filter(
        (one) => one.x < 0 || one.y < 0 || one.x + one.width > width || one.y + one.height > height,
      )
      t.same([clashes, outside], [[], []])
    })

t.test('every server of every topology stands on the map', async (t) => {
  const missing = topologyNames(configFolder()).flatMap((name) => {
    const plan = planOf(name)
    const placed = new Set(layoutOf(plan, false).nodes.map(({ node }) => node.name))
    return plan.nodes.filter((node) => !placed.has(node.name) && node.role !== 'dns' && node.role !== 'pki')
  })
  t.same(missing, [])
})

t.test('a dialled pool name leads to its front end', async (t) => {
  const link = { peer: 'pool.lab.test', state: 'up', since: '2026-11-29T12:00:00.000Z' } as const
  t.match(linksOf(planOf('edge'), statusWith([link])), [{ id: 'director->fe1', state: 'up' }])
})

t.test('of two connections the one that is down counts', async (t) => {
  const since = '2026-11-29T12:00:00.000Z'
  const links = [
    { peer: 'fe1.lab.test', state: 'up', since },
    { peer: 'pool.lab.test', state: 'down', since },
  ] as const
  t.match(linksOf(planOf('edge'), statusWith(links)), [{ id: 'director->fe1', state: 'down' }])
})

type Links = NonNullable<StatusDocument['nodes'][number]['status']>['links']

function statusWith(links: Links): StatusDocument {
  const node = { name: 'director', role: 'director', fqdn: 'director.lab.test', state: 'ready' } as const
  // The map reads nothing of the machine.
  const machine = {} as NonNullable<StatusDocument['nodes'][number]['status']>['machine']
  const status = {
    ...node,
    machine,
    since: '',
    pid: 1,
    listeners: [],
    links,
    verdicts: [],
    flows: 0,
    transactions: 0,
    registrations: 0,
  }
  return { lab: 'edge', data: '', network: 41, running: true, faults: [], nodes: [{ ...node, status }] }
}

t.test('a server of somebody else stands in a zone of its own, and links lead to it', async (t) => {
  const lab = planOf('edge')
  const foreign = {
    name: 'sbc1',
    role: 'foreign',
    organisation: lab.domain,
    fqdn: 'sbc1.contoso.test',
    address: '192.0.2.1',
    port: 5061,
    faces: [{ fqdn: 'sbc1.contoso.test' }],
  } as unknown as PlanDocument['foreign'][number]
  const plan = { ...lab, foreign: [foreign] }
  const { nodes, zones } = layoutOf(plan, false)
  t.ok(nodes.some(({ node }) => node.name === 'sbc1'))
  t.match(zones[0], { kind: 'foreign', title: 'servers of others' })
  const link = { peer: 'sbc1.contoso.test', state: 'down', since: '2026-11-29T12:00:00.000Z' } as const
  t.match(linksOf(plan, statusWith([link])), [{ id: 'director->sbc1', state: 'down' }])
})
