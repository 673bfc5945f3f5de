import t from 'tap'
import { allSteps, checkProfile, discoverDomain, CheckLog } from '../../src/check/index.ts'
import type { Candidate, CheckProfileName } from '../../src/check/index.ts'
import { isNamedIn } from '../../src/check/discover.ts'
import { ResolveError, type Resolver, type SrvRecord } from '../../src/sip/transport/dial/resolver.ts'

interface Zone {
  readonly srv?: Readonly<Record<string, readonly SrvRecord[]>>
  readonly a?: Readonly<Record<string, readonly string[]>>
}

/** A DNS of a few records that remembers what it was asked. */
function resolver({ srv = {}, a = {} }: Zone, asked: string[] = []): Resolver {
  const say = (kind: string, name: string): void => void asked.push(`${kind} ${name}`)
  return {
    naptr: async (name) => (say('NAPTR', name), []),
    srv: async (name) => (say('SRV', name), srv[name] ?? []),
    a: async (name) => (say('A', name), a[name] ?? []),
    aaaa: async () => [],
  }
}

const to = (target: string, port = 5061): SrvRecord => ({ priority: 0, weight: 0, port, target })

async function discover(
  profile: CheckProfileName,
  zone: Zone,
  asked: string[] = [],
  relaxedNaming = false,
): Promise<{ readonly candidates: readonly Candidate[]; readonly log: CheckLog }> {
  const log = new CheckLog()
  const candidates = await discoverDomain(log, 'lab.test', {
    profile: checkProfile(profile),
    resolver: resolver(zone, asked),
    relaxedNaming,
  })
  return { candidates, log }
}

const places = (candidates: readonly Candidate[]): readonly string[] =>
  candidates.map(({ host, port, transport }) => `${transport} ${host}:${port}`)

t.test('a communicator', async (t) => {
  t.test('asks in the order of its automatic configuration', async (t) => {
    const asked: string[] = []
    await discover('communicator', {}, asked)
    t.same(
      asked.filter((question) => question.startsWith('SRV')),
      [
        'SRV _sipinternaltls._tcp.lab.test',
        'SRV _sipinternal._tcp.lab.test',
        'SRV _sip._tls.lab.test',
        'SRV _sip._tcp.lab.test',
      ],
    )
  })

  t.test('takes the first SRV name that exists and asks for no other', async (t) => {
    const asked: string[] = []
    const { candidates } = await discover(
      'communicator',
      {
        srv: { '_sip._tls.lab.test': [to('sip.lab.test', 443)], '_sip._tcp.lab.test': [to('sip.lab.test', 5060)] },
        a: { 'sip.lab.test': ['192.0.2.1'] },
      },
      asked,
    )
    t.same([places(candidates)[0], asked.includes('SRV _sip._tcp.lab.test')], ['tls sip.lab.test:443', false])
  })

  t.test('falls back on well-known names', async (t) => {
    const { candidates } = await discover('communicator', {
      a: { 'sipexternal.lab.test': ['192.0.2.9'], 'sip.lab.test': ['192.0.2.1'] },
    })
    t.same(places(candidates), ['tls sip.lab.test:5061', 'tls sip.lab.test:443', 'tls sipexternal.lab.test:443'])
  })

  t.test('does not follow an SRV record out of the domain', async (t) => {
    const { candidates, log } = await discover('communicator', {
      srv: { '_sipinternaltls._tcp.lab.test': [to('pool.example.net')] },
      a: { 'pool.example.net': ['192.0.2.1'] },
    })
    t.match(
      [candidates, allSteps(log.steps).find(({ id }) => id === 'discovery')?.code],
      [[], 'dns.srv-outside-domain'],
    )
  })

  t.test('follows a deeper name when the naming rule is relaxed', async (t) => {
    const zone: Zone = {
      srv: { '_sipinternaltls._tcp.lab.test': [to('pool.eu.lab.test')] },
      a: { 'pool.eu.lab.test': ['192.0.2.1'] },
    }
    t.same(
      [
        places((await discover('communicator', zone)).candidates),
        places((await discover('communicator', zone, [], true)).candidates),
      ],
      [[], ['tls pool.eu.lab.test:5061']],
    )
  })

  t.test('wants the name it dials in the certificate', async (t) => {
    const { candidates } = await discover('communicator', {
      srv: { '_sipinternaltls._tcp.lab.test': [to('pool.lab.test')] },
      a: { 'pool.lab.test': ['192.0.2.1'] },
    })
    t.same(candidates[0]?.names, ['pool.lab.test'])
  })
})

// conformance: RFC 5922 §7.2 — a user agent wants the domain in the certificate
t.test('a standard user agent wants the domain in the certificate, wherever DNS leads (RFC 5922 §7.2)', async (t) => {
  const { candidates } = await discover('rfc3263', {
    srv: { '_sips._tcp.lab.test': [to('pool.example.net')] },
    a: { 'pool.example.net': ['192.0.2.1'] },
  })
  t.same([places(candidates), candidates[0]?.names], [['tls pool.example.net:5061'], ['lab.test']])
})

t.test('a federation peer asks for one name only', async (t) => {
  const asked: string[] = []
  await discover('federation-peer', {}, asked)
  t.same(asked, ['SRV _sipfederationtls._tcp.lab.test'])
})

t.test('a trunk tries its fixed names in order', async (t) => {
  const { candidates } = await discover('sbc', { a: { 'sip.lab.test': ['192.0.2.1'], 'sip3.lab.test': ['192.0.2.3'] } })
  t.same(places(candidates), ['tls sip.lab.test:5061', 'tls sip3.lab.test:5061'])
})

t.test('a DNS that does not answer is not a name that does not exist', async (t) => {
  const failing: Resolver = {
    ...resolver({}),
    srv: async (name) => Promise.reject(new ResolveError(name, new Error('timeout'))),
    a: async (name) => Promise.reject(new ResolveError(name, new Error('timeout'))),
  }
  const log = new CheckLog()
  await discoverDomain(log, 'lab.test', {
    profile: checkProfile('communicator'),
    resolver: failing,
    relaxedNaming: false,
  })
  t.equal(allSteps(log.steps).find(({ id }) => id === 'discovery')?.code, 'dns.unreachable')
})

t.test('a host is directly in its domain, or not', async (t) => {
  const inside = ['sip.lab.test', 'lab.test', 'SIP.lab.test.'].map((host) => isNamedIn(host, 'lab.test', false))
  const outside = ['sip.eu.lab.test', 'sip.example.net', 'siplab.test', 'xlab.test'].map((host) =>
    isNamedIn(host, 'lab.test', false),
  )
  t.same(
    [inside, outside],
    [
      [true, true, true],
      [false, false, false, false],
    ],
  )
})
