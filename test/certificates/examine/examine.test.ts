import t from 'tap'
import { initAuthority } from '../../../src/certificates/authority.ts'
import type { Purpose } from '../../../src/certificates/certificate-request.ts'
import { integer, oid, sequence, taggedOctets } from '../../../src/certificates/der.ts'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  extension,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
} from '../../../src/certificates/extensions.ts'
import { generateKey } from '../../../src/certificates/keys.ts'
import { pemBlocks, type ExamineRequest, type ProfileName } from '../../../src/certificates/examine/index.ts'
import { codes, hour, issuing, issuingName, judge, keys, leaf, now, root, rootName } from './chains.ts'
import { formOnly, oneChange } from './one-change.ts'

const san = (...names: readonly string[]) => ({
  '2.5.29.17': subjectAltName(names.map((value) => ({ kind: 'dns', value }))),
})
const eku = (...purposes: readonly Purpose[]) => ({ '2.5.29.37': extendedKeyUsage(...purposes) })

t.test('a good chain', async (t) => {
  for (const profile of ['modern', 'node', 'rfc5280', 'webpki'] satisfies ProfileName[]) {
    t.test(`has no fault under ${profile}`, async (t) => {
      t.match(judge({ profile }), { accepted: true, faults: [], anchored: true, revocation: 'not-checked' })
    })
  }

  t.test('has no fault when the authority of the lab made it', async (t) => {
    const authority = initAuthority(t.testdir(), {
      domain: 'lab.test',
      now: now.getTime(),
      keyType: 'rsa2048',
      crlUrl: 'http://pki.lab.test',
    })
    const issued = authority.issue(
      {
        name: 'fe1',
        commonName: 'fe1.lab.test',
        dnsNames: ['fe1.lab.test'],
        uriNames: [],
        ipAddresses: [],
        purposes: ['serverAuth', 'clientAuth'],
        authority: 'internal',
        keyType: 'rsa2048',
        validSeconds: 3600,
      },
      now.getTime(),
    )
    const request = { chain: pemBlocks(issued.chainPem), anchors: pemBlocks(authority.trust('internal').pem) }
    for (const profile of ['lcs2005', 'ocs2007', 'modern'] satisfies ProfileName[])
      t.strictSame(codes(judge({ ...request, profile })), [], profile)
  })

  t.test('may come in any order after the leaf, twice over, with its root and with strangers', async (t) => {
    const stranger = issuing({ content: { key: keys.other } })
    t.equal(judge({ chain: [leaf(), root(), stranger, issuing(), issuing()] }).accepted, true)
  })
})

t.test('one change is the first fault, at the right certificate', async (t) => {
  for (const [name, { first, index, request }] of Object.entries(oneChange)) {
    t.test(name, async (t) =>
      t.match(judge(request), { accepted: false, faults: [{ code: first, index, refuses: true }] }),
    )
  }
})

t.test('several faults are all listed', async (t) => {
  const bad = leaf({
    content: { notAfter: new Date(now.getTime() - hour) },
    extensions: { ...eku('codeSigning'), ...san('other.test') },
  })
  t.strictSame(codes(judge({ chain: [bad, issuing()], anchors: [] })).slice(0, 4), [
    'chain.untrusted-root',
    'cert.expired',
    'cert.eku-missing',
    'cert.name-mismatch',
  ])
})

t.test('each fault says which stacks mind', async (t) => {
  const mindsOf = (request: Partial<ExamineRequest>) => judge(request).faults[0]?.minds
  t.test('a CN without a SAN disturbs the new rule books only', async (t) => {
    t.match(mindsOf({ chain: [leaf({ extensions: { '2.5.29.17': undefined } }), issuing()] }), {
      node: false,
      lcs: false,
      ocs: false,
      rfc5922: false,
      cabf: true,
    })
  })
  t.test('a wildcard disturbs SIP and OCS', async (t) => {
    const wildcard = leaf({
      content: { subject: [] },
      extensions: { '2.5.29.17': subjectAltName([{ kind: 'dns', value: '*.lab.test' }], true) },
    })
    t.match(mindsOf({ chain: [wildcard, issuing()] }), { node: false, cabf: false, rfc5922: true, ocs: true })
  })
  t.test('the last second of a certificate disturbs Node', async (t) => {
    t.match(mindsOf({ chain: [leaf({ content: { notAfter: now } }), issuing()] }), { node: true, rfc5280: false })
  })
  t.test('a missing key identifier disturbs the rule books, and no profile of the lab refuses it', async (t) => {
    const examination = judge({ chain: [leaf({ extensions: { '2.5.29.35': undefined } }), issuing()] })
    t.match(examination, {
      accepted: true,
      faults: [{ code: 'cert.malformed', field: 'authorityKeyIdentifier', minds: { node: false, rfc5280: true } }],
    })
  })
})

t.test('the boundary seconds belong to the validity (RFC 5280 §4.1.2.5)', async (t) => {
  const exact = leaf({ content: { notBefore: now, notAfter: now } })
  t.equal(judge({ chain: [exact, issuing()], profile: 'webpki' }).accepted, true)
  t.equal(
    judge({ chain: [exact, issuing()], profile: 'webpki', time: new Date(now.getTime() + 999) }).accepted,
    true,
    'fractions do not count',
  )
  t.equal(judge({ chain: [exact, issuing()], profile: 'webpki', time: new Date(now.getTime() - 1) }).accepted, false)
})

t.test('among several issuers the path that holds is taken', async (t) => {
  t.test('the expired cross certificate is passed over', async (t) => {
    const cross = issuing({
      content: { notAfter: new Date(now.getTime() - hour) },
      signer: { name: [['CN', 'Old Root']], key: keys.other },
    })
    t.match(judge({ chain: [leaf(), cross, issuing()] }), { accepted: true, faults: [] })
  })
  t.test('a constrained path gives way to an open one', async (t) => {
    const constrained = issuing({ extensions: { '2.5.29.30': nameConstraints({ excluded: ['lab.test'] }) } })
    t.equal(judge({ chain: [leaf(), constrained, issuing()] }).accepted, true)
  })
  t.test('CAs that sign each other end the search', async (t) => {
    const one = issuing({
      signer: { name: [['CN', 'Loop']], key: keys.other },
      extensions: { '2.5.29.35': authorityKeyId(keys.other) },
    })
    const two = issuing({
      content: { subject: [['CN', 'Loop']], key: keys.other },
      signer: { name: issuingName, key: keys.issuing },
      extensions: { '2.5.29.14': subjectKeyId(keys.other), '2.5.29.35': authorityKeyId(keys.issuing) },
    })
    t.equal(judge({ chain: [leaf(), one, two] }).accepted, false)
  })
  t.test('a mesh of namesakes is searched within the budget', async (t) => {
    const mesh = Array.from({ length: 120 }, (_, serial) =>
      issuing({
        content: { serial: `01${serial.toString(16).padStart(4, '0')}` },
        signer: { name: issuingName, key: keys.issuing },
      }),
    )
    const started = process.cpuUsage()
    const other = root({ content: { subject: [['CN', 'Other']] } })
    t.match(judge({ chain: [leaf(), ...mesh], anchors: [other] }), { accepted: false })
    const strangers = Array.from({ length: 140 }, () => issuing({ content: { key: generateKey() } }))
    t.ok(
      codes(judge({ chain: [leaf(), ...strangers.slice(0, 100)], anchors: strangers.slice(100) })).includes(
        'chain.too-deep',
      ),
      'giving up is said',
    )
    t.ok(process.cpuUsage(started).user < 2_000_000, 'in less than two seconds of computing')
  })
})

t.test('a self-issued CA does not count against the path length (RFC 5280 §4.2.1.9)', async (t) => {
  const older = generateKey()
  const top = issuing({
    content: { key: older },
    extensions: { '2.5.29.14': subjectKeyId(older), '2.5.29.19': basicConstraints({ ca: true, pathLength: 0 }) },
  })
  const rollover = issuing({
    signer: { name: issuingName, key: older },
    extensions: { '2.5.29.35': authorityKeyId(older) },
  })
  t.equal(judge({ chain: [leaf(), rollover, top] }).accepted, true)
})

t.test('many names against many constraints are cut short', async (t) => {
  const names = Array.from({ length: 2000 }, (_, at) => `h${at}.lab.test`)
  const busy = leaf({ extensions: san('fe1.lab.test', ...names) })
  t.match(
    judge({
      chain: [
        busy,
        issuing({ extensions: { '2.5.29.30': nameConstraints({ excluded: names.map((name) => `x.${name}`) }) } }),
      ],
    }),
    { accepted: false, faults: [{ code: 'chain.name-constraint' }] },
  )
})

t.test('the CA/B rules refuse what an issuer must not write', async (t) => {
  for (const [name, variant] of Object.entries(formOnly)) {
    t.test(name, async (t) => t.equal(judge({ chain: [leaf(variant), issuing()], profile: 'webpki' }).accepted, false))
  }
})

t.test('webpki refuses a CA as the certificate of a server', async (t) => {
  const ca = leaf({ extensions: { '2.5.29.19': basicConstraints({ ca: true }) } })
  t.match(judge({ chain: [ca, issuing()], profile: 'webpki' }), { accepted: false, faults: [{ code: 'cert.is-ca' }] })
})

t.test('policies', async (t) => {
  const constraints = extension('2.5.29.36', true, sequence(taggedOctets(0, Buffer.of(0))))
  const policies = extension('2.5.29.32', false, sequence(sequence(oid('1.2.3.4'))))
  t.test('an explicit policy is wanted and missing', async (t) => {
    t.match(judge({ chain: [leaf(), issuing({ extensions: { a: constraints } })] }), {
      accepted: false,
      faults: [{ code: 'chain.policy' }],
    })
  })
  t.test('an explicit policy runs from the CA to the leaf', async (t) => {
    t.equal(
      judge({
        chain: [leaf({ extensions: { b: policies } }), issuing({ extensions: { a: constraints, b: policies } })],
      }).accepted,
      true,
    )
  })
  t.test('a policy that the CA does not have is none', async (t) => {
    const other = extension('2.5.29.32', false, sequence(sequence(oid('1.2.3.5'))))
    t.equal(
      judge({ chain: [leaf({ extensions: { b: other } }), issuing({ extensions: { a: constraints, b: policies } })] })
        .accepted,
      false,
    )
  })
  t.test('inhibitAnyPolicy must be critical', async (t) => {
    const loose = extension('2.5.29.54', false, integer(0))
    t.match(judge({ chain: [leaf(), issuing({ extensions: { a: loose } })], profile: 'webpki' }), {
      accepted: false,
      faults: [{ code: 'chain.malformed' }],
    })
  })
})

t.test('an old server reads RSA only, which is said and refuses nothing', async (t) => {
  t.match(judge({ profile: 'lcs2005' }), {
    accepted: true,
    faults: [{ code: 'cert.algorithm-unreadable', refuses: false }],
  })
})

t.test('what is known elsewhere tells a missing intermediate from an unknown root', async (t) => {
  t.match(judge({ chain: [leaf()], known: [issuing(), root()] }), { faults: [{ code: 'chain.incomplete' }] })
  const direct = leaf({
    signer: { name: rootName, key: keys.root },
    extensions: { '2.5.29.35': authorityKeyId(keys.root) },
  })
  t.match(judge({ chain: [direct], anchors: [], known: [root()] }), { faults: [{ code: 'chain.untrusted-root' }] })
})

t.test('the certificate of the peer in the trust list is no anchor for Node, and one for RFC 5280', async (t) => {
  const own = leaf()
  const request = { chain: [own, issuing()], anchors: [own] }
  t.same(codes(judge({ ...request, profile: 'node' }))[0], 'chain.partial-anchor')
  t.ok(judge({ ...request, profile: 'rfc5280' }).accepted)
})
