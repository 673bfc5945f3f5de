import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configFolder, loadProfile, loadTopology, parseTopology, topologyNames } from '../../src/topology/load.ts'
import { recordValue } from '../../src/topology/dns-records.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { DnsViewName, LabPlan, Link } from '../../src/topology/plan-types.ts'

t.test('the plan of edge', async (t) => {
  const plan = planLab(loadTopology('edge'))

  t.test('has its nodes in the order to start them', async (t) => {
    t.strictSame(
      plan.nodes.map(({ name, role, fqdn }) => [name, role, fqdn]),
      [
        ['dns', 'dns', 'dns.lab.test'],
        ['pki', 'pki', 'pki.lab.test'],
        ['fe1', 'front-end', 'fe1.lab.test'],
        ['director', 'director', 'director.lab.test'],
        ['edge', 'access-proxy', 'edge.lab.test'],
      ],
    )
  })

  t.test('listens on fe1 as the contract shows it', async (t) => {
    t.strictSame(nodePlan(plan, 'fe1').listeners, [
      { face: 'internal', transport: 'tls', address: '127.0.41.11', port: 5061, mutual: 'requested' },
      { face: 'internal', transport: 'tcp', address: '127.0.41.11', port: 5060 },
      { face: 'internal', transport: 'wss', address: '127.0.41.11', port: 8443, mutual: 'off' },
    ])
  })

  t.test('opens the edge on both faces', async (t) => {
    t.strictSame(nodePlan(plan, 'edge').listeners, [
      { face: 'internal', transport: 'tls', address: '127.0.41.31', port: 5061, mutual: 'required' },
      { face: 'external', transport: 'tls', address: '127.0.41.32', port: 5061, mutual: 'required' },
      { face: 'external', transport: 'tls', address: '127.0.41.32', port: 10443, mutual: 'off' },
      { face: 'external', transport: 'wss', address: '127.0.41.32', port: 8443, mutual: 'off' },
    ])
  })

  t.test('asks for four certificates', async (t) => {
    const both = ['serverAuth', 'clientAuth']
    t.strictSame(
      plan.certificates.map(({ node, references, request: { commonName, dnsNames, purposes, authority } }) => ({
        node,
        references,
        commonName,
        dnsNames,
        purposes,
        authority,
      })),
      [
        {
          node: 'edge',
          references: ['edge-internal'],
          commonName: 'edge.lab.test',
          dnsNames: ['edge.lab.test'],
          purposes: both,
          authority: 'internal',
        },
        {
          node: 'edge',
          references: ['edge-external'],
          commonName: 'sip.lab.test',
          dnsNames: ['sip.lab.test', 'lab.test'],
          purposes: both,
          authority: 'public',
        },
        {
          node: 'director',
          references: ['listener', 'default-outgoing'],
          commonName: 'director.lab.test',
          dnsNames: ['director.lab.test'],
          purposes: both,
          authority: 'internal',
        },
        {
          node: 'fe1',
          references: ['listener', 'default-outgoing'],
          commonName: 'pool.lab.test',
          dnsNames: ['pool.lab.test', 'fe1.lab.test'],
          purposes: both,
          authority: 'internal',
        },
      ],
    )
  })

  t.test('answers inside with the way to sign in', async (t) => {
    t.strictSame(records(plan, 'internal'), [
      'dns.lab.test A 127.0.41.2',
      'pki.lab.test A 127.0.41.5',
      'edge.lab.test A 127.0.41.31',
      'director.lab.test A 127.0.41.21',
      'fe1.lab.test A 127.0.41.11',
      'pool.lab.test A 127.0.41.11',
      '_sipinternaltls._tcp.lab.test SRV 5061 director.lab.test',
      '_sipinternal._tcp.lab.test SRV 5060 director.lab.test',
      '_sip._tcp.lab.test SRV 5060 director.lab.test',
    ])
  })

  t.test('answers outside with the edge and nothing of the inside', async (t) => {
    t.strictSame(records(plan, 'external'), [
      'sip.lab.test A 127.0.41.32',
      '_sip._tls.lab.test SRV 10443 sip.lab.test',
      'pki.lab.test A 127.0.41.5',
    ])
  })

  t.test('tells the perimeter the next hop and no other host of the inside', async (t) => {
    t.strictSame(
      records(plan, 'perimeter').filter((record) => / A 127\.0\.41\.[12]\d$/.test(record)),
      ['director.lab.test A 127.0.41.21'],
    )
  })

  t.test('allows these links between servers and no other', async (t) => {
    const servers = plan.links.filter(
      ({ from, verification }) => verification?.acceptor !== undefined && from.name !== 'partner',
    )
    t.strictSame(
      servers
        .filter(({ allowed }) => allowed)
        .map(arrow)
        .sort(),
      ['director->edge', 'director->fe1', 'edge->director', 'fe1->director'],
    )
    t.strictSame(
      servers
        .filter(({ allowed }) => !allowed)
        .map(arrow)
        .sort(),
      ['edge->fe1', 'fe1->edge'],
    )
  })

  t.test('says of each link what both ends want', async (t) => {
    const link = plan.links.find((link) => arrow(link) === 'director->fe1')
    t.match(link, {
      dials: 'pool.lab.test',
      port: 5061,
      verification: {
        dialler: { wantsName: 'pool.lab.test', wantsPurpose: 'serverAuth', trustRoot: 'internal' },
        acceptor: {
          wantsName: 'director.lab.test',
          wantsPurpose: 'clientAuth',
          trustRoot: 'internal',
          mutual: 'requested',
        },
      },
    })
  })

  t.test('lets the perimeter reach one SIP port of the inside', async (t) => {
    const inward = plan.firewall.filter(({ from, to }) => from.zone === 'perimeter' && to.zone === 'internal')
    t.strictSame(
      inward.map(({ from, to, protocol, port }) => [from.name, to.name, protocol, port]),
      [['edge', 'director', 'tcp', 5061]],
    )
  })

  t.test('lets the internet reach no host inside', async (t) => {
    t.strictSame(
      plan.firewall.filter(({ from, to }) => from.zone === 'internet' && to.zone === 'internal'),
      [],
    )
  })

  t.test('opens to the outside the ports that the link matrix allows, and no others', async (t) => {
    const open = plan.firewall
      .filter(({ from, to }) => from.zone === 'internet' && to.name === 'edge')
      .map(({ port }) => port)
    const allowed = plan.links
      .filter((link) => link.allowed && link.to.name === 'edge' && link.to.face === 'external')
      .map(({ port }) => port)
    t.strictSame([...new Set(open)].sort(), [...new Set(allowed)].sort())
    t.notOk(open.includes(5061), 'federation is off')
  })

  t.test('gives each process what it needs to start', async (t) => {
    t.match(nodePlan(plan, 'edge').settings, {
      kind: 'access-proxy',
      nextHop: { fqdn: 'director.lab.test', port: 5061 },
      internalServers: ['director.lab.test'],
      domains: ['lab.test'],
    })
    t.match(nodePlan(plan, 'director').settings, {
      kind: 'director',
      homes: ['pool.lab.test'],
      edges: ['edge.lab.test'],
      routeToEnterpriseEdge: { fqdn: 'edge.lab.test' },
    })
    t.match(nodePlan(plan, 'fe1').settings, {
      kind: 'front-end',
      home: 'pool.lab.test',
      members: ['fe1.lab.test'],
      routeToEnterpriseEdge: { fqdn: 'director.lab.test' },
    })
  })

  t.test('shows users as the contract does', async (t) => {
    t.match(plan.users[0], { uri: 'sip:alice@lab.test', login: 'alice', home: 'pool.lab.test', remote: true })
  })

  t.test('points phones at the director inside and at the edge outside', async (t) => {
    const tls = plan.phones.filter(({ transport }) => transport === 'tls')
    t.match(tls, [
      { from: 'inside', host: 'director.lab.test', port: 5061, trust: 'internal' },
      { from: 'outside', host: 'sip.lab.test', port: 10443, trust: 'public' },
    ])
  })

  t.test('knows no other node', async (t) => {
    t.throws(() => nodePlan(plan, 'fe9'), /wanted a node of edge \(dns, pki, fe1, director, edge\), found "fe9"/)
  })
})

t.test('every plan', async (t) => {
  for (const name of topologyNames()) {
    const plan = planLab(loadTopology(name))
    t.test(`survives JSON and is frozen: ${name}`, async (t) => {
      t.strictSame(JSON.parse(JSON.stringify(plan)), plan)
      t.ok(Object.isFrozen(plan.nodes[0]?.settings))
    })

    t.test(`gives no address and port away twice: ${name}`, async (t) => {
      const listeners = plan.nodes.flatMap((node) =>
        node.listeners.map(
          ({ address, port, transport }) => `${address} ${port} ${transport === 'udp' ? 'udp' : 'tcp'}`,
        ),
      )
      t.strictSame(listeners, [...new Set(listeners)])
    })

    t.test(`points every SRV record at a name of the same view: ${name}`, async (t) => {
      for (const view of plan.dns) {
        const names = new Set(view.records.filter(({ kind }) => kind === 'a').map((record) => record.name))
        for (const record of view.records)
          if (record.kind === 'srv') t.ok(names.has(record.target), `${view.name}: ${record.name} -> ${record.target}`)
      }
    })

    t.test(`dials only names the certificate at the other end carries: ${name}`, async (t) => {
      for (const { allowed, verification, to } of plan.links) {
        if (!allowed || verification === undefined) continue
        const wanted = verification.dialler.wantsName
        const nodes = plan.nodes.find((node) => node.name === to.name)?.settings
        const shown = nodes?.kind === 'load-balancer' ? nodes.backends.map(({ node }) => node) : [to.name]
        const names = plan.certificates
          .filter(({ node }) => shown.includes(node))
          .flatMap(({ request }) => [...request.dnsNames, ...request.uriNames.map((uri) => uri.replace('sip:', ''))])
        t.ok(names.includes(wanted), `${to.name} shows ${names.join(', ')}, wanted ${wanted}`)
      }
    })
  }
})

t.test('--network and --port move the plan', async (t) => {
  const plan = planLab(loadTopology('edge'), { network: 77, ports: { edge: 443 } })
  const external = nodePlan(plan, 'edge').listeners.find(({ mutual }) => mutual === 'off')
  t.match(external, { address: '127.0.77.32', port: 443 })
  t.ok(records(plan, 'external').includes('_sip._tls.lab.test SRV 443 sip.lab.test'))
})

t.test('the plan of a pool', async (t) => {
  const plan = planLab(loadTopology('edge-pool'))

  t.test('puts the pool name on the load balancer', async (t) => {
    t.ok(records(plan, 'internal').includes('pool.lab.test A 127.0.41.10'))
  })

  t.test('passes every TCP port through to every front end', async (t) => {
    t.match(nodePlan(plan, 'pool').settings, {
      kind: 'load-balancer',
      backends: [
        { node: 'fe1', address: '127.0.41.11' },
        { node: 'fe2', address: '127.0.41.12' },
      ],
      ports: [5061, 5060, 8443],
    })
  })

  t.test('lets front ends reach each other by their own names', async (t) => {
    t.equal(plan.links.find((link) => arrow(link) === 'fe1->fe2')?.dials, 'fe2.lab.test')
  })

  t.test('keeps the store in PostgreSQL, with shared files to fall back on', async (t) => {
    const { settings } = nodePlan(plan, 'fe2')
    t.match(settings, {
      store: {
        kind: 'postgres',
        host: 'sql.lab.test',
        port: 5432,
        fallback: { kind: 'sqlite', pool: 'pool-pool.lab.test.sqlite' },
      },
    })
  })
})

t.test('the plan of federation', async (t) => {
  const plan = planLab(loadTopology('federation'))

  t.test('has two organisations with nodes of their own', async (t) => {
    t.strictSame(
      plan.nodes.filter(({ organisation }) => organisation === 'partner.test').map(({ name, fqdn }) => [name, fqdn]),
      [
        ['partner-dns', 'dns.partner.test'],
        ['partner-pki', 'pki.partner.test'],
        ['partner-fe1', 'fe1.partner.test'],
        ['partner-edge', 'edge.partner.test'],
      ],
    )
  })

  t.test('publishes both for enhanced federation, outside', async (t) => {
    const services = records(plan, 'external').filter((record) => record.startsWith('_sipfederationtls'))
    t.strictSame(services, [
      '_sipfederationtls._tcp.lab.test SRV 5061 sip.lab.test',
      '_sipfederationtls._tcp.partner.test SRV 5061 sip.partner.test',
    ])
  })

  t.test('joins the two edges by their external faces, with public roots at both ends', async (t) => {
    const link = plan.links.find((link) => arrow(link) === 'edge->partner-edge')
    t.match(link, {
      from: { face: 'external' },
      to: { face: 'external' },
      allowed: true,
      dials: 'sip.partner.test',
      verification: {
        dialler: { wantsName: 'sip.partner.test', trustRoot: 'public' },
        acceptor: { wantsName: 'sip.lab.test', trustRoot: 'public', mutual: 'required' },
      },
    })
  })

  t.test('puts the SIP domain into the certificate an edge shows', async (t) => {
    const external = plan.certificates.find(
      ({ node, references }) => node === 'partner-edge' && references.includes('edge-external'),
    )
    t.match(external?.request, {
      dnsNames: ['sip.partner.test', 'partner.test'],
      uriNames: ['sip:partner.test'],
      authority: 'public',
    })
  })

  // conformance: RFC 5922 §4 — the name wanted of a partner is its domain, wherever DNS leads
  t.test('wants the domain, not the host, of a partner found by DNS (RFC 5922 §4)', async (t) => {
    const partners = /partners:\n +- \{ domain: [a-z.]+, edge: [a-z.]+ \}/g
    const automatic = planLab(edited('federation', (text) => text.replace(partners, 'automatic: true')))
    t.equal(
      automatic.links.find((link) => arrow(link) === 'edge->partner-edge')?.verification?.dialler.wantsName,
      'partner.test',
    )
  })

  t.test('stays closed when one side does not know the other', async (t) => {
    const closed = planLab(
      edited('federation', (text) =>
        text.replace('domain: partner.test, edge: sip.partner.test', 'domain: other.test, edge: sip.other.test'),
      ),
    )
    t.equal(closed.links.find((link) => arrow(link) === 'edge->partner-edge')?.allowed, false)
  })

  t.test('sees the gap that public-2026 opens', async (t) => {
    const plan = planLab(edited('federation', (text) => `${text}\npeerPolicy: public-2026\n`))
    const gaps = plan.links.filter(({ gap }) => gap !== undefined)
    t.strictSame(
      gaps.map((link) => [arrow(link), link.gap?.code]),
      [
        ['edge->partner-edge', 'cert.eku-missing'],
        ['partner-edge->edge', 'cert.eku-missing'],
      ],
    )
  })
})

t.test('a gateway', async (t) => {
  const plan = planLab(
    parse(
      'name: trunk\nabout: A trunk.\nprofile: modern\ndomain: lab.test\n' +
        "hosts: { fe1: { role: front-end, staticRoutes: [{ match: 'tel:*', nextHop: voice }] }, voice: { role: " +
        'gateway } }\n',
    ),
  )

  t.test('and the home whose route leads to it talk in both directions', async (t) => {
    const allowed = plan.links
      .filter(({ allowed, verification }) => allowed && verification?.acceptor !== undefined)
      .map(arrow)
    t.strictSame(allowed.sort(), ['fe1->voice', 'voice->fe1'])
  })

  t.test('stands in the perimeter with a public certificate', async (t) => {
    t.match(plan.certificates.find(({ node }) => node === 'voice')?.request, {
      authority: 'public',
      commonName: 'voice.lab.test',
    })
    t.ok(
      plan.firewall.some(
        ({ from, to, port }) => from.name === 'fe1' && to.name === 'voice' && to.zone === 'perimeter' && port === 5061,
      ),
    )
  })
})

t.test('a trunk with a certificate of its own', async (t) => {
  const plan = planLab(loadTopology('trunk'))

  t.test('shows a public one, under its own name and that of its pool', async (t) => {
    t.match(
      plan.certificates.find(({ references }) => references.includes('static-route:1')),
      {
        node: 'fe1',
        request: {
          authority: 'public',
          name: 'fe1-static-route-1',
          commonName: 'fe1.lab.test',
          dnsNames: ['fe1.lab.test', 'pool.lab.test'],
        },
      },
    )
  })

  t.test('is called back by the name in its Contact, which is its own', async (t) => {
    t.match(
      plan.links.find(({ from, to }) => from.name === 'voice' && to.name === 'fe1'),
      { dials: 'fe1.lab.test', verification: { dialler: { wantsName: 'fe1.lab.test' } } },
    )
  })

  t.test('is known to the voice service by those names', async (t) => {
    t.match(nodePlan(plan, 'voice').settings, { kind: 'gateway', trunks: [['fe1.lab.test', 'pool.lab.test']] })
  })

  t.test('can be called back: the perimeter knows where it is', async (t) => {
    t.strictSame(
      records(plan, 'perimeter').filter((record) => /^(fe1|pool)\./.test(record)),
      ['fe1.lab.test A 127.0.41.11', 'pool.lab.test A 127.0.41.11'],
    )
  })
})

t.test('in containers', async (t) => {
  const plan = planLab(loadTopology('edge-pool'), { addressing: 'containers' })

  t.test('every zone is a network of its own', async (t) => {
    const faces = nodePlan(plan, 'edge').faces.map(({ name, addresses }) => [name, addresses])
    t.strictSame(faces, [
      ['internal', { perimeter: '10.41.2.31' }],
      ['external', { internet: '10.41.1.32' }],
    ])
  })

  t.test('the director hears the perimeter over TLS only', async (t) => {
    const heard = nodePlan(plan, 'director').listeners.filter(({ address }) => address === '10.41.2.21')
    t.strictSame(
      heard.map(({ transport, port }) => [transport, port]),
      [['tls', 5061]],
    )
  })

  t.test('the edge has its own port', async (t) => {
    t.ok(nodePlan(plan, 'edge').listeners.some(({ port }) => port === 443))
  })
})

function records(plan: LabPlan, name: DnsViewName): readonly string[] {
  const records = plan.dns.find((view) => view.name === name)?.records ?? []
  return records.map((record) =>
    record.kind === 'srv'
      ? `${record.name} SRV ${record.port} ${record.target}`
      : `${record.name} ${record.kind.toUpperCase()} ${recordValue(record)}`,
  )
}

function arrow({ from, to }: Link): string {
  return `${from.name}->${to.name}`
}

function edited(name: string, edit: (text: string) => string) {
  return parse(edit(readFileSync(join(configFolder(), `${name}.yaml`), 'utf8')))
}

function parse(text: string) {
  return parseTopology(text, 'lab.yaml', loadProfile)
}

// conformance: RFC 8760 §2.3 — the algorithms of a challenge suit the clients of the profile's time
for (const [profile, algorithms] of [
  ['lcs2005', ['MD5']],
  ['ocs2007', ['MD5']],
  ['modern', ['SHA-256', 'MD5']],
] as const)
  t.test(`${profile}: a challenge offers ${algorithms.join(', then ')}`, async (t) => {
    t.same(offered(`name: se\nabout: A.\nprofile: ${profile}\n`), algorithms)
  })

t.test('authentication.algorithms departs from the profile', async (t) => {
  t.same(offered('name: se\nabout: A.\nprofile: lcs2005\nauthentication: { algorithms: [SHA-256] }\n'), ['SHA-256'])
  t.throws(() => offered('name: se\nabout: A.\nprofile: lcs2005\nauthentication: { algorithms: [MD5, MD5] }\n'), {
    message: /each algorithm once/,
  })
  t.throws(() => offered('name: se\nabout: A.\nprofile: lcs2005\nauthentication: { algorithms: [] }\n'), {
    message: /at least 1/,
  })
})

function offered(head: string): readonly string[] {
  const text = `${head}domain: lab.test\nhosts:\n  se: { role: standard-edition }\n`
  const { settings } = nodePlan(planLab(parseTopology(text, 'se.yaml', loadProfile)), 'se')
  return 'algorithms' in settings ? settings.algorithms : []
}

t.test('dns.records', async (t) => {
  const lab = (dns: string) =>
    planLab(
      parseTopology(
        'name: se\nabout: A.\nprofile: lcs2005\ndomain: lab.test\nhosts:\n  se: { role: standard-edition }\n' +
          `dns:\n  records:\n${dns}`,
        'se.yaml',
        loadProfile,
      ),
    )

  t.test('stand beside those of the planner, in every view or in those named', async (t) => {
    const plan = lab(
      '    - { kind: cname, name: sip.lab.test, target: se.lab.test }\n' +
        '    - { kind: naptr, name: lab.test, services: SIP+D2T, replacement: _sip._tcp.lab.test }\n' +
        "    - { kind: aaaa, name: se.lab.test, address: '::1', views: [external] }\n",
    )
    t.match(records(plan, 'internal').slice(-2), [
      'sip.lab.test CNAME se.lab.test',
      'lab.test NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.lab.test',
    ])
    t.match(records(plan, 'external').at(-1), 'se.lab.test AAAA ::1')
  })

  t.test('replace those of the planner of the same name and kind', async (t) => {
    const plan = lab('    - { kind: srv, name: _sip._tcp.lab.test, port: 5070, target: other.lab.test }\n')
    t.strictSame(
      records(plan, 'internal').filter((line) => line.startsWith('_sip._tcp.lab.test')),
      ['_sip._tcp.lab.test SRV 5070 other.lab.test'],
    )
  })

  t.test('of another domain are refused: nobody would be told of them', async (t) => {
    t.throws(() => lab('    - { kind: a, name: sip.partner.test, address: 192.0.2.1 }\n'), {
      message: /dns\.records\[0\]\.name.*wanted a name in a domain of this lab \(lab\.test\)/s,
    })
  })
})
