import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toPem } from '../../../src/certificates/der.ts'
import { subjectAltName } from '../../../src/certificates/extensions.ts'
import { judgeLimbo } from '../../../src/certificates/examine/index.ts'
import { issuing, leaf, now, root } from './chains.ts'

/** The cases of the sample that the examiner judges as the corpus does. It may rise, never fall. */
const floor = 35

const folder = process.env['SIPLAB_CONFORMANCE']
const sample = folder === undefined ? '' : join(folder, 'x509-limbo', 'sample.json')
const skip = existsSync(sample) ? false : 'SIPLAB_CONFORMANCE does not lead to x509-limbo/sample.json'

t.test(`x509-limbo sample: at least ${floor} cases right`, { skip }, async (t) => {
  const { cases, right, total } = scoreLimbo(readFileSync(sample, 'utf8'), now)
  for (const { id, expected, verdict, codes } of cases.filter((one) => one.expected !== one.verdict))
    t.comment(`${id}: expected ${expected}, got ${verdict} ${codes.join(' ')}`)
  t.equal(cases.length, total)
  t.ok(right >= floor, `${right} of ${total}`)
})

const pem = (der: Buffer): string => toPem('CERTIFICATE', der)
const good = {
  id: 'own::good',
  features: [],
  description: '',
  validation_kind: 'SERVER',
  trusted_certs: [pem(root())],
  untrusted_intermediates: [pem(issuing())],
  peer_certificate: pem(leaf()),
  validation_time: now.toISOString(),
  signature_algorithms: [],
  key_usage: [],
  extended_key_usage: [],
  expected_result: 'SUCCESS',
  expected_peer_name: { kind: 'DNS', value: 'fe1.lab.test' },
  expected_peer_names: [],
  max_chain_depth: null,
  crls: [],
}
function scoreLimbo(text: string, now: Date) {
  const cases = [...judgeLimbo(text, now)]
  return { cases, right: cases.filter(({ expected, verdict }) => expected === verdict).length, total: cases.length }
}

const score = (...cases: readonly object[]) => scoreLimbo(JSON.stringify({ version: 1, testcases: cases }), now)

t.test('the score has the shape that outside tests rely on', async (t) => {
  const wrong = { ...good, id: 'own::other', expected_peer_name: { kind: 'DNS', value: 'other.lab.test' } }
  t.strictSame(score(good, wrong), {
    cases: [
      { id: 'own::good', expected: 'SUCCESS', verdict: 'SUCCESS', codes: [] },
      { id: 'own::other', expected: 'SUCCESS', verdict: 'FAILURE', codes: ['cert.name-mismatch'] },
    ],
    right: 1,
    total: 2,
  })
})

t.test('the fields of a case limit what is accepted', async (t) => {
  const verdictOf = (fields: object): string | undefined => score({ ...good, ...fields }).cases[0]?.verdict
  t.equal(verdictOf({ max_chain_depth: 0 }), 'FAILURE')
  t.equal(verdictOf({ max_chain_depth: 1 }), 'SUCCESS')
  t.equal(verdictOf({ validation_time: '2030-01-01T00:00:00Z' }), 'FAILURE')
  t.equal(verdictOf({ extended_key_usage: ['emailProtection'] }), 'FAILURE')
  t.equal(verdictOf({ key_usage: ['keyEncipherment'] }), 'FAILURE')
  t.equal(verdictOf({ signature_algorithms: ['RSA_WITH_SHA256'] }), 'FAILURE')
  t.equal(verdictOf({ signature_algorithms: ['ECDSA_WITH_SHA256'] }), 'SUCCESS')
  t.equal(
    verdictOf({
      validation_kind: 'CLIENT',
      expected_peer_name: null,
      expected_peer_names: [{ kind: 'DNS', value: 'fe1.lab.test' }],
    }),
    'SUCCESS',
  )
  t.equal(
    verdictOf({
      expected_peer_name: null,
      expected_peer_names: [
        { kind: 'DNS', value: 'fe1.lab.test' },
        { kind: 'DNS', value: 'x.lab.test' },
      ],
    }),
    'FAILURE',
    'all names must be there',
  )
  t.equal(verdictOf({ peer_certificate: 'no certificate' }), 'FAILURE')
})

t.test('what is not in the form is refused with what is missing', async (t) => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['{', /no JSON/],
    ['[]', /no object/],
    ['{}', /testcases is missing/],
  ]
  for (const [text, message] of bad)
    t.throws(
      () => scoreLimbo(text, now),
      { name: 'CertificateError', code: 'limbo.malformed', message },
      text.slice(0, 30),
    )
})

t.test('one bad case is an error of its own, and the others are judged', async (t) => {
  const { cases, right } = score(
    { id: 1 },
    { ...good, validation_time: 'soon' },
    { ...good, peer_certificate: toPem('CERTIFICATE', Buffer.from('300b', 'hex')) },
    good,
  )
  t.strictSame(
    cases.map(({ id, verdict }) => [id, verdict]),
    [
      ['case 0', 'ERROR'],
      ['own::good', 'ERROR'],
      ['own::good', 'FAILURE'],
      ['own::good', 'SUCCESS'],
    ],
  )
  t.match(cases[1]?.codes[0], /no date/)
  t.equal(right, 1, 'an error is never right')
})

t.test('a feature of a case switches its optional rule on, or a rule off', async (t) => {
  const wildcard = leaf({ extensions: { '2.5.29.17': subjectAltName([{ kind: 'dns', value: '*.github.io' }]) } })
  const verdictOf = (der: Buffer, features: readonly string[], more: object = {}): string | undefined =>
    score({ ...good, peer_certificate: pem(der), features, expected_peer_name: null, ...more }).cases[0]?.verdict
  const subject = { content: { subject: [['O', 'Lab']] } } as const
  const bare = leaf({
    ...subject,
    extensions: { '2.5.29.17': subjectAltName([{ kind: 'dns', value: '*.github.io' }]) },
  })
  t.equal(verdictOf(bare, []), 'SUCCESS', 'the private part of the public suffix list is a note')
  t.equal(verdictOf(bare, ['pedantic-public-suffix-wildcard']), 'FAILURE')
  t.equal(verdictOf(wildcard, ['pedantic-public-suffix-wildcard']), 'FAILURE')
  const cross = {
    trusted_certs: [pem(issuing({ extensions: { '2.5.29.35': undefined } }))],
    untrusted_intermediates: [],
  }
  t.equal(verdictOf(leaf(), [], cross), 'SUCCESS', 'an anchor that another CA issued may lack its key identifier')
  t.equal(verdictOf(leaf(), ['pedantic-rfc5280'], cross), 'FAILURE')
  t.equal(verdictOf(leaf(), ['constructor', 'of-tomorrow']), 'SUCCESS', 'an unknown feature changes nothing')
})

t.test('a CA in the place of the leaf of a server', async (t) => {
  const ca = issuing({ extensions: { '2.5.29.17': subjectAltName([{ kind: 'dns', value: 'ca.lab.test' }]) } })
  const fields = { peer_certificate: pem(ca), untrusted_intermediates: [], expected_peer_name: null }
  t.equal(score({ ...good, ...fields }).cases[0]?.verdict, 'FAILURE')
  t.equal(score({ ...good, ...fields, validation_kind: 'CLIENT' }).cases[0]?.verdict, 'SUCCESS')
})

t.test('the form of a trust anchor refuses nothing', async (t) => {
  const odd = (variant: Parameters<typeof root>[0]): string | undefined =>
    score({ ...good, trusted_certs: [pem(root(variant))] }).cases[0]?.verdict
  t.equal(odd({ content: { serial: '81'.repeat(20) } }), 'SUCCESS', 'a negative serial')
  t.equal(odd({ content: { serial: '11'.repeat(30) } }), 'SUCCESS', 'a serial of thirty octets')
})
