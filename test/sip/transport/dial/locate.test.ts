/** Where a URI leads: transport, port and host by DNS (RFC 3263, RFC 2782). */
import t from 'tap'
import { parseUri } from '../../../../src/sip/message/index.ts'
import {
  locate,
  locateService,
  locateTarget,
  orderSrv,
  ResolveError,
  type LocateOptions,
  type NextHop,
  type Resolver,
  type SrvRecord,
} from '../../../../src/sip/transport/index.ts'

interface Zone {
  readonly naptr?: Record<string, readonly [service: string, replacement: string, order?: number][]>
  readonly srv?: Record<string, readonly [target: string, port: number, priority?: number, weight?: number][]>
  readonly a?: Record<string, readonly string[]>
  readonly aaaa?: Record<string, readonly string[]>
  /** Names that nobody answers for. */
  readonly silent?: readonly string[]
}

function resolverOf(zone: Zone): Resolver {
  const answer = <R>(name: string, records: readonly R[] | undefined): Promise<readonly R[]> =>
    zone.silent?.includes(name) === true
      ? Promise.reject(new ResolveError(name, new Error('query timed out')))
      : Promise.resolve(records ?? [])
  return {
    naptr: (name) =>
      answer(
        name,
        zone.naptr?.[name]?.map(([service, replacement, order = 10]) => ({
          order,
          preference: 10,
          flags: 's',
          service,
          replacement,
        })),
      ),
    srv: (name) =>
      answer(
        name,
        zone.srv?.[name]?.map(([target, port, priority = 10, weight = 0]) => ({ target, port, priority, weight })),
      ),
    a: (name) => answer(name, zone.a?.[name]),
    aaaa: (name) => answer(name, zone.aaaa?.[name]),
  }
}

const options: LocateOptions = {
  supported: ['tls', 'tcp', 'udp'],
  face: 'external',
  nameRule: 'dialled-fqdn',
  random: () => 0.5,
}

const find = (uri: string, zone: Zone, changes: Partial<LocateOptions> = {}): Promise<readonly NextHop[]> =>
  locate(locateTarget(parseUri(uri)), resolverOf(zone), { ...options, ...changes })

const brief = (hops: readonly NextHop[]): string[] =>
  hops.map(({ transport, address, port, verifyName }) => `${transport} ${address} ${port} ${verifyName ?? '-'}`)

const pool: Zone = {
  naptr: {
    'lab.test': [
      ['SIP+D2U', '_sip._udp.lab.test', 30],
      ['SIPS+D2T', '_sips._tcp.lab.test', 10],
      ['SIP+D2T', '_sip._tcp.lab.test', 20],
    ],
  },
  srv: {
    '_sips._tcp.lab.test': [
      ['fe2.lab.test', 5061, 20],
      ['fe1.lab.test', 5061, 10],
    ],
    '_sip._tcp.lab.test': [['fe1.lab.test', 5060]],
    '_sip._udp.lab.test': [['fe1.lab.test', 5060]],
    '_sipfederationtls._tcp.lab.test': [['sip.lab.test', 5061]],
    '_sip._tcp.closed.test': [['.', 0]],
  },
  a: {
    'fe1.lab.test': ['192.0.2.1'],
    'fe2.lab.test': ['192.0.2.2', '192.0.2.3'],
    'fe2.lab.test.': ['192.0.2.2', '192.0.2.3'],
    'sip.lab.test': ['192.0.2.9'],
    'bare.test': ['192.0.2.5'],
  },
  aaaa: { 'fe1.lab.test': ['2001:db8::1'] },
}

const cases: readonly [title: string, uri: string, hops: readonly string[], changes?: Partial<LocateOptions>][] = [
  ['takes a numeric host as it stands, UDP by default', 'sip:192.0.2.7', ['udp 192.0.2.7 5060 -']],
  ['takes a numeric IPv6 host with its port', 'sip:alice@[2001:db8::7]:5070;transport=tcp', ['tcp 2001:db8::7 5070 -']],
  ['verifies the address of a numeric sips host', 'sips:192.0.2.7', ['tls 192.0.2.7 5061 192.0.2.7']],
  [
    'asks for addresses only when a port is given',
    'sip:fe2.lab.test:5099',
    ['udp 192.0.2.2 5099 -', 'udp 192.0.2.3 5099 -'],
  ],
  [
    'follows the first NAPTR it can use, then SRV by priority, then the families in order',
    'sip:lab.test',
    [
      'tls 192.0.2.1 5061 fe1.lab.test',
      'tls 2001:db8::1 5061 fe1.lab.test',
      'tls 192.0.2.2 5061 fe2.lab.test',
      'tls 192.0.2.3 5061 fe2.lab.test',
    ],
  ],
  [
    'skips a NAPTR whose transport it does not speak',
    'sip:lab.test',
    ['udp 192.0.2.1 5060 -', 'udp 2001:db8::1 5060 -'],
    { supported: ['udp'] },
  ],
  [
    'asks SRV of the transport that the URI names',
    'sip:lab.test;transport=tcp',
    ['tcp 192.0.2.1 5060 -', 'tcp 2001:db8::1 5060 -'],
  ],
  [
    'takes a sips URI over tcp as TLS',
    'sips:fe1.lab.test:5061;transport=tcp',
    ['tls 192.0.2.1 5061 fe1.lab.test', 'tls 2001:db8::1 5061 fe1.lab.test'],
  ],
  [
    'verifies the domain before DNS where RFC 5922 is the rule',
    'sips:lab.test',
    [
      'tls 192.0.2.1 5061 lab.test',
      'tls 2001:db8::1 5061 lab.test',
      'tls 192.0.2.2 5061 lab.test',
      'tls 192.0.2.3 5061 lab.test',
    ],
    { nameRule: 'domain-first' },
  ],
  ['falls back to addresses and the usual transport', 'sip:bare.test', ['udp 192.0.2.5 5060 -']],
  [
    'falls back to TCP where this node speaks no UDP',
    'sip:bare.test',
    ['tcp 192.0.2.5 5060 -'],
    { supported: ['tls', 'tcp'] },
  ],
  ['goes to maddr instead of the host', 'sip:lab.test;maddr=192.0.2.44', ['udp 192.0.2.44 5060 -']],
  [
    'takes a name with the dot of the root as the name in a certificate',
    'sips:fe2.lab.test.:5061',
    ['tls 192.0.2.2 5061 fe2.lab.test', 'tls 192.0.2.3 5061 fe2.lab.test'],
  ],
  [
    'speaks WSS when the URI says so',
    'sips:fe2.lab.test;transport=ws',
    ['wss 192.0.2.2 443 fe2.lab.test', 'wss 192.0.2.3 443 fe2.lab.test'],
    { supported: ['wss'] },
  ],
]

for (const [title, uri, hops, changes] of cases) {
  // conformance: RFC 3263 §4.1 — transport by NAPTR, SRV and what the URI says
  t.test(title, async (t) => {
    t.same(brief(await find(uri, pool, changes)), hops)
  })
}

t.test('finds a federation partner by its own service name', async (t) => {
  t.same(brief(await locateService('_sipfederationtls._tcp', 'lab.test', 'tls', resolverOf(pool), options)), [
    'tls 192.0.2.9 5061 sip.lab.test',
  ])
})

t.test('says so when nothing is known of the name', async (t) => {
  await t.rejects(find('sip:nowhere.test', pool), {
    name: 'LocateError',
    code: 'dns.not-found',
    message: 'no address for nowhere.test',
  })
})

// conformance: RFC 3263 §4.2 — an SRV target of "." means that the service is not offered
t.test('takes the SRV target "." as a service that is not offered', async (t) => {
  await t.rejects(find('sip:closed.test', { ...pool, a: { 'closed.test': ['192.0.2.1'] } }), {
    code: 'dns.not-found',
    message: /not offered/,
  })
})

t.test('tells a silent DNS server from a missing name', async (t) => {
  await t.rejects(find('sip:slow.test', { silent: ['slow.test'] }), { code: 'dns.unreachable' })
})

t.test('keeps the targets that resolve when another does not', async (t) => {
  const zone: Zone = {
    srv: {
      '_sip._udp.lab.test': [
        ['gone.lab.test', 5060, 1],
        ['fe1.lab.test', 5060, 2],
      ],
    },
    a: { 'fe1.lab.test': ['192.0.2.1'] },
    silent: ['gone.lab.test'],
  }
  t.same(brief(await find('sip:lab.test', zone)), ['udp 192.0.2.1 5060 -'])
})

t.test('refuses a transport it does not speak', async (t) => {
  await t.rejects(find('sip:lab.test;transport=sctp', pool), { code: 'route.no-transport' })
})

t.test('spreads equal priorities by weight', async (t) => {
  const records: SrvRecord[] = [
    ['a', 75],
    ['b', 25],
    ['never', 0],
  ].map(([target, weight]) => ({ target: String(target), weight: Number(weight), priority: 1, port: 5060 }))
  const counts: Record<string, number> = { a: 0, b: 0, never: 0 }
  for (let draw = 0; draw < 1000; draw++) {
    const first = orderSrv(records, () => draw / 1000)[0]?.target ?? ''
    counts[first] = (counts[first] ?? 0) + 1
  }
  t.same(
    Object.entries(counts).map(([name, count]) => `${name} ${Math.round(count / 10)}%`),
    ['a 74%', 'b 25%', 'never 1%'],
  )
})
