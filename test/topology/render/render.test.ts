import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { loadTopology, topologyNames } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'
import { staleFiles } from '../../../scripts/compose-files.ts'
import type { LabPlan } from '../../../src/topology/plan-types.ts'
import { renderCompose } from '../../../src/topology/render/compose.ts'
import { renderHaproxy } from '../../../src/topology/render/haproxy.ts'
import { renderJson } from '../../../src/topology/render/json.ts'
import { renderNftables } from '../../../src/topology/render/nftables.ts'
import { renderSvg } from '../../../src/topology/render/svg.ts'
import { renderText } from '../../../src/topology/render/text.ts'
import { renderZone, zoneFiles } from '../../../src/topology/render/zone.ts'

const plans = topologyNames().map((name) => planLab(loadTopology(name)))
const edge = planLab(loadTopology('edge'))
const standard = planLab(loadTopology('standard'))
const balancersOf = (plan: LabPlan) =>
  plan.nodes
    .filter(({ role }) => role === 'load-balancer')
    .map((node) => renderHaproxy(node))
    .join('')
const containers = (name: string) => planLab(loadTopology(name), { addressing: 'containers' })

t.test('as text', async (t) => {
  t.test('shows certificate, record, link and port of one hop', async (t) => {
    const text = renderText(edge)
    t.match(
      text,
      /edge +edge-external +CN=sip\.lab\.test +sip\.lab\.test, lab\.test +serverAuth \+ clientAuth +public +365 d/,
    )
    t.match(text, /_sip\._tls\.lab\.test +SRV +0 0 10443 sip\.lab\.test/)
    t.match(text, /edge \(internal\) +fe1 +tls 5061 +NO /)
    t.match(text, /perimeter: edge \(127\.0\.41\.31\) +internal: director \(127\.0\.41\.21\) +tcp +5061/)
  })

  t.test('says why a lab needs no certificate', async (t) => {
    t.match(renderText(standard), /Certificates\n {2}none: lcs2005 needs certificates only where two SIP servers talk/)
  })
})

t.test('as JSON is the plan', async (t) => {
  t.strictSame(JSON.parse(renderJson(edge)), edge)
})

t.test('as zone files', async (t) => {
  t.test('the outside sees no host of the inside', async (t) => {
    const external = zoneFiles(edge).find(({ view }) => view === 'external')?.text ?? ''
    t.match(external, /_sip\._tls +IN SRV 0 0 10443 sip\.lab\.test\./)
    t.notMatch(external, /director|fe1|pool/)
  })

  t.test('carry the serial they are given', async (t) => {
    t.match(renderZone(edge, 2026112201), /\( 2026112201 /)
  })

  const checker = programme('named-checkzone', ['-v'])
  t.test(
    'are zones to named-checkzone',
    { skip: checker ? false : 'named-checkzone is not installed (Debian package bind9-utils)' },
    async (t) => {
      const zones = plans.flatMap((plan) => zoneFiles(plan).map((file) => ({ ...file, topology: plan.topology })))
      const folder = t.testdir(Object.fromEntries(zones.map(({ text }, at) => [`${at}.zone`, text])))
      for (const [at, { topology, view, zone }] of zones.entries()) {
        const { status, stdout } = spawnSync('named-checkzone', [zone, join(folder, `${at}.zone`)], {
          encoding: 'utf8',
        })
        t.equal(status, 0, `${topology}, ${view} view of ${zone}: ${stdout}`)
      }
    },
  )
})

t.test('as nftables', async (t) => {
  t.test('only the listed crosses from the perimeter to the inside', async (t) => {
    const lines = renderNftables(containers('edge'))
      .split('\n')
      .filter((line) => line.includes('iifname $perimeter oifname $internal'))
    t.equal(lines.length, 1)
    t.match(lines[0], /ip saddr 10\.41\.2\.31 ip daddr 10\.41\.2\.21 tcp dport 5061 accept/)
  })

  t.test('a rule for anybody is bound to the zone anybody stands in', async (t) => {
    for (const line of renderNftables(containers('federation'))
      .split('\n')
      .filter((line) => line.includes(' accept comment')))
      t.match(line, /iifname \$\w+ oifname \$\w+ /)
  })

  t.test('each organisation has a firewall that takes the other for the internet', async (t) => {
    const text = renderNftables(containers('federation'))
    t.match(text, /table inet siplab_federation \{/)
    t.match(text, /table inet siplab_partner_federation \{/)
    t.match(
      text,
      /iifname \$internet oifname \$perimeter ip saddr 10\.41\.1\.132 ip daddr 10\.41\.1\.32 tcp dport 5061/,
    )
  })

  const checker = programme('nft', ['-c', '-f', '/dev/null'])
  t.test(
    'are rules to nft',
    { skip: checker ? false : 'nft is not installed or may not check here (Debian package nftables, as root)' },
    async (t) => {
      const folder = t.testdir(Object.fromEntries(plans.map((plan) => [`${plan.topology}.nft`, renderNftables(plan)])))
      for (const { topology } of plans) {
        const { status, stderr } = spawnSync('nft', ['-c', '-f', join(folder, `${topology}.nft`)], { encoding: 'utf8' })
        t.equal(status, 0, `${topology}: ${stderr}`)
      }
    },
  )
})

t.test('as a compose file', async (t) => {
  const compose = (name: string) => parse(renderCompose(containers(name)), { version: '1.1' })

  t.test(
    'has one service a node, one that makes the certificates, one that fills the directory, and one for commands',
    async (t) => {
      t.strictSame(Object.keys(compose('edge-pool').services).sort(), [
        'certs',
        'director',
        'directory',
        'dns',
        'edge',
        'fe1',
        'fe2',
        'lab',
        'pki',
        'pool',
        'sql',
      ])
    },
  )

  t.test('makes no certificates where none is needed', async (t) => {
    t.equal(compose('standard').services.certs, undefined)
  })

  t.test('gives no network to what sees every key', async (t) => {
    const { services } = compose('edge-pool')
    t.match([services.certs, services.lab], [{ network_mode: 'none' }, { network_mode: 'none' }])
  })

  t.test('is committed as it would be written now', async (t) => {
    t.strictSame(staleFiles(), [], 'npm run compose writes them')
  })

  t.test('never restarts what shut down, read as YAML 1.1 too', async (t) => {
    for (const [name, service] of Object.entries<{ restart: unknown }>(compose('edge-pool').services))
      t.equal(service.restart, 'no', name)
  })

  t.test('starts a node by its command', async (t) => {
    t.strictSame(compose('edge').services.fe1.command, [
      'siplab',
      'node',
      'start',
      'fe1',
      '--topology',
      'edge',
      '--network',
      '41',
      '--data',
      '/data',
      '--log-format',
      'text',
    ])
  })

  t.test('mounts no key but its own into a node', async (t) => {
    const { services } = compose('edge-pool')
    for (const name of ['fe1', 'fe2', 'director', 'edge'])
      t.strictSame(services[name].volumes, [`edge-pool_${name}:/data/nodes/${name}`])
  })

  t.test('puts the access proxy, and nothing of the inside, on the internet', async (t) => {
    const { services } = compose('edge-pool')
    const outside = Object.entries<{ networks?: Record<string, unknown> }>(services).filter(
      ([, { networks }]) => networks?.['internet'] !== undefined,
    )
    t.strictSame(outside.map(([name]) => name).sort(), ['dns', 'edge', 'pki'])
  })

  t.test('keeps the inner networks without a way out', async (t) => {
    const { networks } = compose('edge-pool')
    t.match(networks, {
      internal: { internal: true, ipam: { config: [{ subnet: '10.41.3.0/24' }] } },
      perimeter: { internal: true },
    })
    t.equal(networks.internet.internal, undefined)
  })

  t.test('gives the two organisations of a federation networks of their own', async (t) => {
    t.strictSame(Object.keys(compose('federation').networks).sort(), [
      'internal',
      'internet',
      'partner-internal',
      'partner-perimeter',
      'perimeter',
    ])
  })

  t.test('needs a plan with container addresses', async (t) => {
    t.throws(() => renderCompose(edge), /wanted a plan with container addresses/)
  })
})

t.test('the load balancer', async (t) => {
  const plan = planLab(loadTopology('pool'))

  t.test('passes each port to both front ends', async (t) => {
    const text = balancersOf(plan)
    t.match(
      text,
      /listen sip-5061\n {2}bind 127\.0\.41\.10:5061\n[^]*server fe1 127\.0\.41\.11:5061\n {2}server fe2 127\.0\.41\.12:5061/,
    )
  })

  t.test('is nothing another role has', async (t) => {
    const [fe1] = plan.nodes.filter(({ name }) => name === 'fe1')
    t.throws(() => fe1 !== undefined && renderHaproxy(fe1), /wanted a load balancer, found fe1/)
  })

  const checker = programme('haproxy', ['-v'])
  t.test(
    'is a configuration to haproxy',
    { skip: checker ? false : 'haproxy is not installed (Debian package haproxy)' },
    async (t) => {
      const folder = t.testdir({ 'haproxy.cfg': balancersOf(plan) })
      const { status, stderr } = spawnSync('haproxy', ['-c', '-f', join(folder, 'haproxy.cfg')], { encoding: 'utf8' })
      t.equal(status, 0, stderr)
    },
  )
})

t.test('as the wall sheet', async (t) => {
  for (const plan of plans) {
    const svg = renderSvg(plan)

    t.test(`is one page in the shape of A3: ${plan.topology}`, async (t) => {
      const [, width = '0', height = '0'] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
      t.ok(Math.abs(Number(height) / Number(width) - 297 / 420) < 0.001)
    })

    t.test(`lets no text leave the page: ${plan.topology}`, async (t) => {
      t.strictSame(outside(svg), [])
    })

    t.test(`numbers its hops from 1 without a gap: ${plan.topology}`, async (t) => {
      const numbers = [...svg.matchAll(/<circle [^>]*\/><text [^>]*>(\d+)</g)].map(([, number]) => Number(number))
      const distinct = [...new Set(numbers)].sort((a, b) => a - b)
      t.strictSame(
        distinct,
        Array.from({ length: distinct.length }, (_, at) => at + 1),
      )
      for (const number of distinct)
        t.ok(numbers.filter((other) => other === number).length >= 2, `${number} stands on an arrow and in the table`)
    })
  }

  t.test('shows every certificate with subject and SAN', async (t) => {
    const svg = renderSvg(edge)
    for (const { request } of edge.certificates)
      for (const name of [`CN=${request.commonName}`, ...request.dnsNames]) t.ok(svg.includes(`>${name}<`), name)
  })

  t.test('lets no text name be markup', async (t) => {
    const plan: LabPlan = { ...edge, about: '<script>&"' }
    t.notMatch(renderSvg(plan), /<script>/)
  })
})

function programme(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0
}

/** Texts that begin or end beyond the page, by a width that is rather too large. */
function outside(svg: string): readonly string[] {
  const page = Number(/viewBox="0 0 ([\d.]+)/.exec(svg)?.[1])
  const texts = [...svg.matchAll(/<text x="([\d.-]+)" y="[\d.-]+" font-size="([\d.]+)"([^>]*)>([^<]*)</g)]
  return texts.flatMap(([, x, size, attributes, value = '']) => {
    const width = value.length * Number(size) * 0.6
    const anchor = /text-anchor="(\w+)"/.exec(attributes ?? '')?.[1]
    const left = Number(x) - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0)
    return left < 0 || left + width > page ? [value] : []
  })
}
