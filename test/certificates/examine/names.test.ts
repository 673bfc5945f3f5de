import t from 'tap'
import { subjectAltName, type GeneralName } from '../../../src/certificates/extensions.ts'
import type { DistinguishedName } from '../../../src/certificates/write-certificate.ts'
import {
  bookOf,
  matchName,
  hostNames,
  offeredNames,
  readCertificate,
  type Certificate,
  type NameRules,
  type WantedName,
} from '../../../src/certificates/examine/index.ts'
import { loadProfile } from '../../../src/topology/load.ts'
import { peerPolicies } from '../../../src/topology/peer-policy.ts'
import { leaf } from './chains.ts'

function certificate(commonName: string, ...names: readonly GeneralName[]): Certificate {
  const subject: DistinguishedName = commonName === '' ? [] : [['CN', commonName]]
  return readCertificate(
    leaf({
      content: { subject },
      extensions: { '2.5.29.17': names.length === 0 ? undefined : subjectAltName(names, commonName === '') },
    }),
  )
}

const dns = (value: string): GeneralName => ({ kind: 'dns', value })
const uri = (value: string): GeneralName => ({ kind: 'uri', value })
const wantsDns = (value: string): WantedName => ({ kind: 'dns', value })
const all: readonly NameRules[] = ['node', 'rfc5922', 'rfc9525', 'lcs', 'ocs']

/** Under which of the five rule books the certificate carries the name. */
function accepting(subject: Certificate, wanted: WantedName): readonly NameRules[] {
  return all.filter((rules) => matchName(subject, wanted, rules).kind === 'match')
}

const table: readonly (readonly [
  name: string,
  certificate: Certificate,
  wanted: WantedName,
  accepting: readonly NameRules[],
])[] = [
  ['a DNS SAN', certificate('', dns('fe1.lab.test')), wantsDns('FE1.lab.test.'), all],
  ['a CN alone', certificate('fe1.lab.test'), wantsDns('fe1.lab.test'), ['node', 'rfc5922', 'lcs', 'ocs']],
  ['a CN beside another DNS SAN', certificate('fe1.lab.test', dns('pool.lab.test')), wantsDns('fe1.lab.test'), ['lcs']],
  [
    'a CN beside a SIP URI',
    certificate('fe1.lab.test', uri('sip:lab.test')),
    wantsDns('fe1.lab.test'),
    ['node', 'lcs', 'ocs'],
  ],
  [
    'a SIP URI for its domain',
    certificate('', uri('sip:lab.test')),
    { kind: 'uri', value: 'sip:lab.test' },
    ['rfc5922'],
  ],
  ['a DNS SAN with a blank at the end', certificate('', dns('fe1.lab.test ')), wantsDns('fe1.lab.test'), []],
  ['a DNS SAN with a blank before it', certificate('', dns(' fe1.lab.test')), wantsDns('fe1.lab.test'), []],
  [
    'a CN beside an address',
    certificate('fe1.lab.test', { kind: 'ip', value: '127.0.0.1' }),
    wantsDns('fe1.lab.test'),
    ['node', 'lcs', 'ocs'],
  ],
  ['a SIPS URI for its domain', certificate('', uri('sips:lab.test')), { kind: 'uri', value: 'sip:lab.test' }, []],
  [
    'a URI with an upper-case scheme',
    certificate('', uri('SIP:LAB.test')),
    { kind: 'uri', value: 'sip:lab.test' },
    ['rfc5922'],
  ],
  [
    'a DNS SAN beside a SIP URI of another domain',
    certificate('', dns('lab.test'), uri('sip:other.test')),
    { kind: 'uri', value: 'sip:lab.test' },
    ['node', 'rfc9525', 'lcs', 'ocs'],
  ],
  ['a SIP URI with a user', certificate('', uri('sip:alice@lab.test')), { kind: 'uri', value: 'sip:lab.test' }, []],
  ['a DNS SAN for a SIP domain', certificate('', dns('lab.test')), { kind: 'uri', value: 'sip:lab.test' }, all],
  [
    'a wildcard for one label',
    certificate('', dns('*.lab.test')),
    wantsDns('fe1.lab.test'),
    ['node', 'rfc9525', 'lcs'],
  ],
  ['a wildcard for two labels', certificate('', dns('*.lab.test')), wantsDns('a.fe1.lab.test'), []],
  ['a wildcard for the bare domain', certificate('', dns('*.lab.test')), wantsDns('lab.test'), []],
  ['a wildcard below the root', certificate('', dns('*.test')), wantsDns('lab.test'), []],
  ['a part of a label', certificate('', dns('fe*.lab.test')), wantsDns('fe1.lab.test'), ['node']],
  ['a wildcard inside', certificate('', dns('fe1.*.test')), wantsDns('fe1.lab.test'), []],
  [
    'a wildcard in an A-label',
    certificate('', dns('xn--*-1b3c148a.lab.test')),
    wantsDns('xn--bliss-1b3c148a.lab.test'),
    [],
  ],
  ['an address', certificate('', { kind: 'ip', value: '2001:db8::1' }), { kind: 'ip', value: '2001:0DB8:0::1' }, all],
  ['an address written as DNS SAN', certificate('', dns('127.0.0.1')), wantsDns('127.0.0.1'), []],
  ['an address in the CN', certificate('127.0.0.1'), { kind: 'ip', value: '127.0.0.1' }, []],
  [
    'a mailbox',
    certificate('', { kind: 'email', value: 'Alice@LAB.test' }),
    { kind: 'email', value: 'Alice@lab.test' },
    all,
  ],
  [
    'a mailbox in another case',
    certificate('', { kind: 'email', value: 'alice@lab.test' }),
    { kind: 'email', value: 'Alice@lab.test' },
    [],
  ],
]

for (const [name, subject, wanted, expected] of table) {
  // conformance: RFC 5922 §7.1 — which names of a certificate are SIP domains, by profile
  t.test(`${name} counts for ${expected.join(', ') || 'nobody'}`, async (t) =>
    t.strictSame(accepting(subject, wanted), expected),
  )
}

function twoCommonNames(): Certificate {
  const subject: DistinguishedName = [
    ['CN', 'fe1.lab.test'],
    ['CN', 'director.lab.test'],
  ]
  return readCertificate(leaf({ content: { subject }, extensions: { '2.5.29.17': undefined } }))
}

const hosts: readonly (readonly [
  name: string,
  certificate: Certificate,
  rules: NameRules,
  names: readonly string[],
])[] = [
  ['modern: a SIP URI is no host name', certificate('', uri('sip:sip.partner.test')), 'rfc5922', []],
  [
    'modern: a DNS SAN beside a SIP URI',
    certificate('', dns('FE1.lab.test'), uri('sip:lab.test')),
    'rfc5922',
    ['fe1.lab.test'],
  ],
  ['modern: a CN without any SAN', certificate('fe1.lab.test'), 'rfc5922', ['fe1.lab.test']],
  ['modern: a CN beside a SIP URI', certificate('fe1.lab.test', uri('sip:lab.test')), 'rfc5922', []],
  ['modern: a blank belongs to the name', certificate('', dns('fe1.lab.test ')), 'rfc5922', ['fe1.lab.test ']],
  ['modern: no wildcard', certificate('', dns('*.lab.test')), 'rfc5922', []],
  ['modern: neither of two CNs', twoCommonNames(), 'rfc5922', []],
  ['lcs2005: every CN', twoCommonNames(), 'lcs', ['fe1.lab.test', 'director.lab.test']],
  [
    'lcs2005: a CN beside a DNS SAN',
    certificate('pool.lab.test', dns('fe1.lab.test')),
    'lcs',
    ['fe1.lab.test', 'pool.lab.test'],
  ],
  ['lcs2005: a blank belongs to the name', certificate('', dns('fe1.lab.test ')), 'lcs', ['fe1.lab.test ']],
  ['ocs2007: no CN beside a DNS SAN', certificate('pool.lab.test', dns('fe1.lab.test')), 'ocs', ['fe1.lab.test']],
  ['ocs2007: every CN without a DNS SAN', certificate('fe1.lab.test', uri('sip:lab.test')), 'ocs', ['fe1.lab.test']],
]

for (const [name, subject, rules, expected] of hosts)
  t.test(`host names of a peer, ${name}`, async (t) => t.strictSame(hostNames(subject, rules), expected))

const lcs = loadProfile('lcs2005').names
const modern = loadProfile('modern').names
const cloud = peerPolicies['cloud-2021']
const settings: readonly (readonly [
  name: string,
  settings: Parameters<typeof bookOf>[0],
  certificate: Certificate,
  wanted: string,
  kind: 'match' | 'mismatch',
])[] = [
  ['the CN counts under lcs2005', lcs, certificate('fe1.lab.test'), 'fe1.lab.test', 'match'],
  [
    'the CN does not count beside a SAN',
    lcs,
    certificate('fe1.lab.test', dns('pool.lab.test')),
    'fe1.lab.test',
    'mismatch',
  ],
  ['the CN never counts under modern', modern, certificate('fe1.lab.test'), 'fe1.lab.test', 'mismatch'],
  ['a URI counts under modern', modern, certificate('', uri('sip:lab.test')), 'lab.test', 'match'],
  ['a URI does not count under lcs2005', lcs, certificate('', uri('sip:lab.test')), 'lab.test', 'mismatch'],
  ['a wildcard is refused', modern, certificate('', dns('*.lab.test')), 'sip.lab.test', 'mismatch'],
  ['a wildcard stands for one label where allowed', cloud, certificate('', dns('*.lab.test')), 'sip.lab.test', 'match'],
  ['and never for two', cloud, certificate('', dns('*.lab.test')), 'a.sip.lab.test', 'mismatch'],
  ['nor for none', cloud, certificate('', dns('*.lab.test')), 'lab.test', 'mismatch'],
  ['nor for a part of one', cloud, certificate('', dns('s*.lab.test')), 'sip.lab.test', 'mismatch'],
]

for (const [name, given, subject, wanted, kind] of settings)
  t.test(`settings of a profile or a played peer: ${name}`, async (t) =>
    t.equal(matchName(subject, wantsDns(wanted), bookOf(given)).kind, kind),
  )

t.test('a match names the entry', async (t) => {
  t.match(
    matchName(
      certificate('pool.lab.test', dns('pool.lab.test'), dns('fe1.lab.test')),
      wantsDns('fe1.lab.test'),
      'rfc5922',
    ),
    { kind: 'match', by: 'DNS:fe1.lab.test' },
  )
})

t.test('a mismatch names all that was offered and what was near', async (t) => {
  t.match(matchName(certificate('', dns('*.lab.test')), wantsDns('fe1.lab.test'), 'ocs'), {
    kind: 'mismatch',
    because: 'wildcard',
    offered: ['DNS:*.lab.test'],
  })
  t.match(matchName(certificate('fe1.lab.test'), wantsDns('fe1.lab.test'), 'rfc9525'), {
    kind: 'mismatch',
    because: 'common-name-only',
    offered: ['CN:fe1.lab.test'],
  })
})

t.test('names cannot smuggle control characters into a log', async (t) => {
  t.strictSame(offeredNames(certificate('', dns('a\nb.lab.test'))), ['DNS:a\\x0ab.lab.test'])
  t.equal(certificate('a\u001b[2J').subject.text, 'CN=a\\1b[2J')
})
