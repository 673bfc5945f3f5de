import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc } from '../support/property.ts'
import t from 'tap'
import { ConfigError } from '../../src/topology/config-error.ts'
import { configFolder, loadProfile, loadTopology, parseTopology, topologyNames } from '../../src/topology/load.ts'

const shipped = ['edge', 'edge-pool', 'enterprise', 'federation', 'pool', 'standard', 'standard-edge', 'trunk']

t.test('the shipped lab files', async (t) => {
  t.test('are those of the contract', async (t) => {
    t.strictSame(topologyNames(), shipped)
  })

  for (const name of shipped) {
    t.test(`load: ${name}`, async (t) => {
      t.equal(loadTopology(name).name, name)
    })
  }

  t.test('name the profile of the contract', async (t) => {
    const profiles = Object.fromEntries(shipped.map((name) => [name, loadTopology(name).profile.name]))
    t.strictSame(profiles, {
      edge: 'lcs2005',
      'edge-pool': 'ocs2007',
      enterprise: 'lcs2005',
      federation: 'modern',
      pool: 'lcs2005',
      standard: 'lcs2005',
      'standard-edge': 'lcs2005',
      trunk: 'modern',
    })
  })
})

t.test('the profiles', async (t) => {
  t.test('say what happens when the own certificate ends', async (t) => {
    const ends = ['lcs2005', 'ocs2007', 'modern'].map((name) => loadProfile(name).whenOwnCertificateEnds)
    t.strictSame(ends, ['die', 'die-at-start', 'warn'])
  })
})

t.test('a lab file from elsewhere', async (t) => {
  t.test('loads by path', async (t) => {
    const folder = t.testdir({ 'mine.yaml': edge.replace('name: edge', 'name: mine') })
    t.equal(loadTopology(join(folder, 'mine.yaml')).name, 'mine')
  })

  t.test('that is not there is an error that names the file', async (t) => {
    const file = join(t.testdir(), 'gone.yaml')
    t.match(
      faultOf(() => loadTopology(file)),
      { file, wanted: 'a lab file', found: /ENOENT/ },
    )
  })
})

t.test('an unknown name is answered with the names there are', async (t) => {
  t.match(
    faultOf(() => loadTopology('egde')),
    { found: /^"egde"; did you mean edge\?; there are: .*edge-pool, enterprise/ },
  )
})

const edge = readFileSync(join(configFolder(), 'edge.yaml'), 'utf8')
const lineOf = (text: string) => edge.split('\n').findIndex((line) => line.includes(text)) + 1

interface Case {
  readonly story: string
  readonly from: string
  readonly to: string
  readonly field: string
  readonly wanted: RegExp
  readonly found: string
}

const cases: readonly Case[] = [
  {
    story: 'an unknown role',
    from: 'role: director',
    to: 'role: directr',
    field: 'hosts.director.role',
    wanted: /^one of standard-edition, .*gateway, foreign$/,
    found: '"directr"',
  },
  {
    story: 'a misspelled setting',
    from: 'role: director',
    to: 'role: director, lisseners: []',
    field: 'hosts.director.lisseners',
    wanted: /listeners/,
    found: 'the unknown key "lisseners"',
  },
  {
    story: 'a port that is no number',
    from: 'role: front-end',
    to: 'role: front-end, listeners: [{ transport: tls, port: five }]',
    field: 'hosts.fe1.listeners[0].port',
    wanted: /a number/,
    found: '"five"',
  },
  {
    story: 'a port out of range',
    from: 'role: front-end',
    to: 'role: front-end, listeners: [{ transport: tls, port: 70000 }]',
    field: 'hosts.fe1.listeners[0].port',
    wanted: /at most 65535/,
    found: '70000',
  },
  {
    story: 'an outer face that explains its refusals',
    from: 'nextHop: director',
    to: 'nextHop: director, listeners: [{ transport: tls, port: 5061, face: external, refusals: explained }]',
    field: 'hosts.edge.listeners[0].refusals',
    wanted: /silent on an external face/,
    found: '"explained"',
  },
  {
    story: 'a next hop that is no host',
    from: 'nextHop: director',
    to: 'nextHop: dirctor',
    field: 'hosts.edge.nextHop',
    wanted: /edge, director, fe1, pool/,
    found: '"dirctor"',
  },
  {
    story: 'a next hop by IP address',
    from: 'nextHop: director',
    to: 'nextHop: 127.0.41.21',
    field: 'hosts.edge.nextHop',
    wanted: /not an IP address/,
    found: '"127.0.41.21"',
  },
  {
    story: 'a domain with one label',
    from: 'domain: lab.test',
    to: 'domain: lab',
    field: 'domain',
    wanted: /at least two labels/,
    found: '"lab"',
  },
  {
    story: 'an unknown profile',
    from: 'profile: lcs2005',
    to: 'profile: lcs2006',
    field: 'profile',
    wanted: /one of lcs2005, ocs2007, modern/,
    found: '"lcs2006"',
  },
  {
    story: 'a home that is none',
    from: 'home: pool',
    to: 'home: pol',
    field: 'users.alice.home',
    wanted: /a home of this lab \(pool\)/,
    found: '"pol"',
  },
  {
    story: 'a missing password',
    from: 'password: alice-2005, ',
    to: '',
    field: 'users.alice.password',
    wanted: /text/,
    found: 'nothing',
  },
  {
    story: 'a host with the name of the DNS server',
    from: 'fe1: ',
    to: 'dns: ',
    field: 'hosts.dns',
    wanted: /another label/,
    found: '"dns", which is the DNS server that every lab has',
  },
]

t.test('an error in a lab file', async (t) => {
  for (const { story, from, to, field, wanted, found } of cases) {
    t.test(`names file, line and field: ${story}`, async (t) => {
      const fault = faultOf(() => parse(edge.replace(from, to)))
      t.match(fault, { file: 'my/lab.yaml', line: lineOf(from), field, wanted, found })
    })
  }

  t.test('is one sentence with all of it', async (t) => {
    const { message } = faultOf(() => parse(edge.replace('role: director', 'role: directr')))
    t.match(message, /^my\/lab\.yaml:9: hosts\.director\.role: wanted one of .+, found "directr"$/)
  })

  t.test('of syntax has a line too', async (t) => {
    t.match(
      faultOf(() => parse(edge.replace('{ role: director }', '{ role: director'))),
      { wanted: 'well-formed YAML', line: /\d+/ },
    )
  })

  t.test('a key given twice is one', async (t) => {
    t.match(
      faultOf(() => parse(`${edge}\nname: again\n`)),
      { wanted: 'well-formed YAML', found: /unique/ },
    )
  })

  t.test('a text far beyond any lab file is refused unread', async (t) => {
    t.match(
      faultOf(() => parse(`${edge}${'#'.repeat(300_000)}`)),
      { wanted: /at most 262144 characters/ },
    )
  })

  t.test('a bomb of aliases is one', async (t) => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array.from({ length: 9 }, () => `*a${at}`).join(', ')}]`,
    )
    t.match(
      faultOf(() => parse(`a0: &a0 [x, x]\n${levels.join('\n')}\n`)),
      { wanted: 'at most 50 uses of an alias' },
    )
  })

  t.test('two front ends without a load balancer are one', async (t) => {
    t.match(
      faultOf(() => parse(edge.replace('fe1:', 'fe2:      { role: front-end }\n  fe1:'))),
      { field: 'hosts.fe1', wanted: /load-balancer/ },
    )
  })

  t.test('a PostgreSQL store without a host is one', async (t) => {
    t.match(
      faultOf(() => parse(edge.replace('domain:', 'store: postgres\ndomain:'))),
      { field: 'store', wanted: /a host of role sql/ },
    )
  })

  t.test('the same address twice is one', async (t) => {
    const text = edge
      .replace('role: director', 'role: director, address: 60')
      .replace('role: front-end', 'role: front-end, address: 60')
    t.match(
      faultOf(() => parse(text)),
      { field: 'hosts.fe1.address', found: /the address of "director"/ },
    )
  })
})

t.test('whatever is cut out of a lab file or put in, it loads or is a ConfigError', async (t) => {
  const change = fc.record({
    at: fc.nat({ max: edge.length }),
    cut: fc.nat({ max: 12 }),
    text: fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('\n', '  ', ': ', '- ', '{', '}', '[', '&a', '*a', '!!', '"', '#', 'null', '-1', '1e9'),
    ),
  })
  fc.assert(
    fc.property(change, ({ at, cut, text }) => {
      const file = edge.slice(0, at) + text + edge.slice(at + cut)
      try {
        parse(file)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        t.ok(error.line >= 1 && error.line <= file.split('\n').length + 1)
      }
    }),
    { numRuns: 150 },
  )
})

t.test('the same domain as partner and provider loads: it is the service that must fail on it', async (t) => {
  const federation =
    'nextHop: director, federation: { enabled: true, partners: [{ domain: p.test, edge: sip.p.test }], providers: ' +
    '[{ name: p, edge: sip.p.test, domains: [p.test], enabled: true }] }'
  t.doesNotThrow(() => parse(edge.replace('nextHop: director', federation)))
})

function parse(text: string): unknown {
  return parseTopology(text, 'my/lab.yaml', loadProfile)
}

function faultOf(act: () => unknown): ConfigError {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('wanted a ConfigError, nothing was thrown')
}
