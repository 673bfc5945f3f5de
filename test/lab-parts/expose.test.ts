import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { checkExposure } from '../../src/lab/expose.ts'
import { loadProfile, loadTopology, parseTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import type { LabPlan } from '../../src/topology/plan-types.ts'
import { renderHosts } from '../../src/topology/render/hosts.ts'

// Another loopback address stands for one of the LAN: no test may depend on the network of its machine.
const outer = '127.9.9.9'
const expose = { outer }

/** The default lab with these settings of its access proxy. */
function labWith(edge: string, ports: Readonly<Record<string, number>> = {}): LabPlan {
  const text = `name: own
about: A lab.
profile: lcs2005
domain: lab.test
hosts:
  edge: { role: access-proxy, nextHop: director${edge} }
  director: { role: director }
  fe1: { role: front-end }
users:
  alice: { password: alice-2005, home: pool, remote: true }
`
  return planLab(parseTopology(text, join('config', 'own.yaml'), loadProfile), { expose, ports })
}

t.test('the plan of a lab whose outside face is exposed', async (t) => {
  const plan = planLab(loadTopology('edge'), { expose })

  t.test('listens with every door of that face there, and with no other', async (t) => {
    const doors = plan.nodes.flatMap(({ name, listeners }) =>
      listeners.filter(({ address }) => address === outer).map(({ face, port }) => `${name} ${face} ${port}`),
    )
    t.strictSame(doors, ['edge external 5061', 'edge external 10443', 'edge external 8443'])
  })

  t.test('shows that address in the phone list, the DNS and the hosts lines', async (t) => {
    t.ok(plan.phones.filter(({ from }) => from === 'outside').every(({ address }) => address === outer))
    const outside = plan.dns.find(({ name }) => name === 'external')?.records ?? []
    t.ok(outside.some((record) => record.kind === 'a' && record.name === 'sip.lab.test' && record.address === outer))
    t.match(renderHosts(plan), /127\.9\.9\.9 +sip\.lab\.test/)
  })

  t.test('is on loopback without the option', async (t) => {
    t.notMatch(JSON.stringify(planLab(loadTopology('edge'))), /127\.9\.9\.9/)
  })
})

t.test('the exposure of a lab', async (t) => {
  t.test('is warned of, with its doors and whose password is known', async (t) => {
    const warning = await checkExposure(labWith(''), expose, [outer])
    t.match(warning, /^warning: edge listens on 127\.9\.9\.9 \(tls 5061, tls 10443, wss 8443\)/)
    t.match(warning, /The passwords of alice stand in the lab file/)
  })

  t.test('is refused at an address that this machine does not have', async (t) => {
    await t.rejects(checkExposure(labWith(''), expose, ['192.0.2.10']), {
      code: 'expose.address',
      message: /wanted an IPv4 address of this machine.*192\.0\.2\.10.*found 127\.9\.9\.9/,
    })
  })

  t.test('is refused without an access proxy', async (t) => {
    const plan = planLab(loadTopology('trunk'), { expose })
    await t.rejects(checkExposure(plan, expose, [outer]), { code: 'expose.face', message: /access proxy/ })
  })

  for (const transport of ['tcp', 'udp', 'ws'])
    t.test(`is refused for a plain door (${transport})`, async (t) => {
      const plan = labWith(`, listeners: [{ transport: ${transport}, port: 5060, face: external }]`)
      await t.rejects(checkExposure(plan, expose, [outer]), {
        code: 'expose.door',
        message: new RegExp(`${transport} 5060 of edge: it has no TLS`),
      })
    })

  t.test('is refused for a door that asks nobody who comes', async (t) => {
    await t.rejects(checkExposure(labWith(', allowOutsideUsers: false'), expose, [outer]), {
      code: 'expose.door',
      message: /tls 10443 of edge: it asks for no certificate, and no user may sign in there/,
    })
  })

  t.test('is refused where a port is taken, before any network is tried', async (t) => {
    const stranger = createServer().listen(0, outer)
    await new Promise((resolve) => stranger.once('listening', resolve))
    t.teardown(() => void stranger.close())
    const { port } = stranger.address() as AddressInfo
    await t.rejects(checkExposure(labWith('', { edge: port }), expose, [outer]), {
      code: 'expose.taken',
      message: new RegExp(`127\\.9\\.9\\.9:${port} \\(tls, EADDRINUSE\\)`),
    })
  })
})
