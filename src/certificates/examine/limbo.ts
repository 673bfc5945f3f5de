/** Scores the examiner against path-validation cases in the JSON form of the public x509-limbo corpus. */
import { CertificateError } from './certificate-error.ts'
import { examine } from './examine.ts'
import type { KeyUsage } from './extensions.ts'
import type { WantedName } from './names.ts'
import type { ExaminedPurpose } from './path-rules.ts'
import { examinerProfile, type ExaminerProfile } from './profiles.ts'
import { pemBlocks } from './pem.ts'

type LimboResult = 'SUCCESS' | 'FAILURE'

export interface LimboOutcome {
  readonly id: string
  readonly expected: LimboResult
  /** `ERROR` where the case itself could not be read; it counts as wrong, and the others go on. */
  readonly verdict: LimboResult | 'ERROR'
  /** Codes of the faults that refuse, first cause first; of the others when the verdict is SUCCESS. */
  readonly codes: readonly string[]
}

/** The whole public corpus has some ten thousand cases in less than this. */
const maxCorpusOctets = 300 * 1_048_576

/**
 * Reads a corpus and judges one case after the other, for progress on a large one.
 *
 * @param now the time for cases that name none
 * @throws CertificateError `limbo.malformed` when the text is not in that form; one bad case is an `ERROR` of its own
 */
export function* judgeLimbo(text: string, now: Date): Generator<LimboOutcome> {
  for (const [index, value] of readCases(text).entries()) yield judgeOrReport(value, index, now)
}

/** One bad case never ends a batch, whatever it makes a library throw. */
function judgeOrReport(value: unknown, index: number, now: Date): LimboOutcome {
  try {
    return judgeCase(value, now)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const named = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
    const expected = typeof value === 'object' && value !== null && 'expected_result' in value && value.expected_result
    return {
      id: typeof named === 'string' ? named : `case ${index}`,
      expected: expected === 'SUCCESS' ? 'SUCCESS' : 'FAILURE',
      verdict: 'ERROR',
      codes: [`limbo.malformed: ${error.message}`.slice(0, 200)],
    }
  }
}

function judgeCase(value: unknown, now: Date): LimboOutcome {
  const fields = record(value, 'a case')
  const id = string(fields, 'id')
  const expected = string(fields, 'expected_result') === 'SUCCESS' ? 'SUCCESS' : 'FAILURE'
  const server = string(fields, 'validation_kind') === 'SERVER'
  const depth = fields['max_chain_depth']
  const examination = examine({
    chain: [...pem(fields, 'peer_certificate').slice(0, 1), ...pem(fields, 'untrusted_intermediates')],
    anchors: pem(fields, 'trusted_certs'),
    crls: pem(fields, 'crls'),
    names: wantedNames(fields),
    namesWanted: 'all',
    purpose: purposeOf(strings(fields, 'extended_key_usage'), server),
    keyUsage: strings(fields, 'key_usage').filter(isKeyUsage),
    signatureAlgorithms: strings(fields, 'signature_algorithms'),
    time: timeOf(fields, now),
    profile: profileFor(new Set(strings(fields, 'features')), server),
    ...(typeof depth === 'number' ? { maxChainDepth: depth } : {}),
  })
  const refusing = examination.faults.filter(({ refuses }) => refuses)
  const shown = examination.accepted ? examination.faults : refusing
  return {
    id,
    expected,
    verdict: examination.accepted ? 'SUCCESS' : 'FAILURE',
    codes: [...new Set(shown.map(({ code }) => code))],
  }
}

/**
 * What a feature of the corpus changes. A case that needs an optional rule says so; without the flag that rule is
 * only a note. Empty: the examiner does it for every case, and the flag changes nothing.
 */
const features: ReadonlyMap<string, Partial<ExaminerProfile>> = new Map<string, Partial<ExaminerProfile>>([
  ['has-policy-constraints', {}],
  ['has-cert-policies', {}],
  ['no-cert-policies', { judgesPolicies: false }],
  ['pedantic-public-suffix-wildcard', { privateSuffixes: true }],
  ['name-constraint-dn', {}],
  ['pedantic-webpki-subscriber-key', {}],
  ['pedantic-webpki-eku', { subscriberPurposes: true }],
  ['pedantic-serial-number', {}],
  ['max-chain-depth', {}],
  ['pedantic-rfc5280', { anchorForm: true }],
  ['denial-of-service', {}],
  ['has-crl', {}],
])

/**
 * Which rule books judge a case: one marked as contradicting the CA/B requirements is judged by RFC 5280 alone, and the
 * requirements cover servers.
 */
function profileFor(flags: ReadonlySet<string>, server: boolean): ExaminerProfile {
  const alone = flags.has('rfc5280-incompatible-with-webpki') || !server
  const profile = examinerProfile(alone ? 'rfc5280' : 'webpki')
  return [...flags].reduce((sum, flag) => ({ ...sum, ...features.get(flag) }), profile)
}

const purposes: ReadonlyMap<string, ExaminedPurpose> = new Map([
  ['serverAuth', 'serverAuth'],
  ['clientAuth', 'clientAuth'],
  ['codeSigning', 'codeSigning'],
  ['emailProtection', 'emailProtection'],
  ['timeStamping', 'timeStamping'],
  ['OCSPSigning', 'ocspSigning'],
])

/** The first purpose asked for; none asked for means the one of the direction. */
function purposeOf(wanted: readonly string[], server: boolean): ExaminedPurpose {
  return (
    wanted.map((name) => purposes.get(name)).find((purpose) => purpose !== undefined) ??
    (server ? 'serverAuth' : 'clientAuth')
  )
}

const keyUsages: ReadonlySet<string> = new Set<KeyUsage>([
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
])

function isKeyUsage(text: string): text is KeyUsage {
  return keyUsages.has(text)
}

function wantedNames(fields: Fields): readonly WantedName[] {
  const one = fields['expected_peer_name']
  const many = fields['expected_peer_names']
  const all = [...(one === null || one === undefined ? [] : [one]), ...(Array.isArray(many) ? many : [])]
  return all.map((value) => wantedName(record(value, 'a peer name')))
}

function wantedName(fields: Fields): WantedName {
  const kind = string(fields, 'kind')
  const value = string(fields, 'value')
  switch (kind) {
    case 'DNS':
      return { kind: 'dns', value }
    case 'IP':
      return { kind: 'ip', value }
    case 'RFC822':
      return { kind: 'email', value }
    default:
      throw malformed(`peer name of kind ${kind}, wanted DNS, IP or RFC822`)
  }
}

function timeOf(fields: Fields, now: Date): Date {
  const text = fields['validation_time']
  if (typeof text !== 'string') return now
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw malformed(`validation_time ${text} is no date`)
  return time
}

type Fields = Readonly<Record<string, unknown>>

function readCases(text: string): readonly unknown[] {
  if (text.length > maxCorpusOctets) throw malformed(`longer than ${maxCorpusOctets} characters`)
  const cases = record(parseJson(text), 'the document')['testcases']
  if (!Array.isArray(cases)) throw malformed('testcases is missing: wanted the JSON form of x509-limbo')
  return cases
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(`no JSON: ${error.message}`)
    throw error
  }
}

function record(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} is no object`)
  return value as Fields
}

function string(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw malformed(`${name} is no text`)
  return value
}

function strings(fields: Fields, name: string): readonly string[] {
  const value = fields[name] ?? []
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw malformed(`${name} is no list of texts`)
  return value
}

/** DER of every PEM block of a text or a list of texts. */
function pem(fields: Fields, name: string): readonly Buffer[] {
  const value = fields[name] ?? []
  const texts = typeof value === 'string' ? [value] : strings(fields, name)
  return texts.flatMap(pemBlocks)
}

function malformed(message: string): CertificateError {
  return new CertificateError('limbo.malformed', message, 0)
}
