/** The certificate of a server, under every rule book: that of the profile decides, the others are reported. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  examine,
  toVerdict,
  verdictCertificate,
  type Examination,
  type ProfileName,
} from '../certificates/examine/index.ts'
import type { WantedName } from '../certificates/examine/names.ts'
import { pemBlocks } from '../certificates/examine/pem.ts'
import { summarise } from '../certificates/summary.ts'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { crlPoints } from './crl-points.ts'
import type { Candidate } from './discover.ts'
import type { Secured } from './handshake.ts'
import type { CheckLog } from './check-log.ts'
import type { CheckOptions, OwnIdentity } from './options.ts'
import { sentFindings } from './sent-chain.ts'
import { fine, fromVerdict, note, type Evidence, type Finding } from './step.ts'

const everyProfile: readonly ProfileName[] = ['lcs2005', 'ocs2007', 'modern', 'node']

/** What a server showed, and what the TLS library of this machine says of it. */
export interface Presented {
  readonly chain: readonly Buffer[]
  readonly nodeSays: Secured['nodeSays'] | 'not-asked'
}

/** @returns the certificate may be used for going on, i.e. it was judged good */
export async function certificateStep(
  log: CheckLog,
  seen: Presented,
  candidate: Candidate,
  given: CheckOptions,
): Promise<boolean> {
  return log.step('certificate', `certificate of ${candidate.host}`, async (inner) => {
    const fetched = given.fetchCrls === true ? await crlPoints(inner, seen.chain, given) : []
    const options = { ...given, crls: [...given.crls, ...fetched] }
    const names = candidate.names.map(wantedName)
    const look = (
      profile: CheckOptions['examiner'],
      purpose: 'serverAuth' | 'clientAuth' = 'serverAuth',
    ): Examination => examineChain(seen.chain, names, purpose, profile ?? options.profile.examiner, options)
    const own = look(options.examiner)
    elsewhere(inner, own, look)
    if (own.accepted) sentFindings(inner, seen.chain, own, options.now())
    if (options.profile.speaksAs === 'server') dialsBack(inner, own, look(options.examiner, 'clientAuth'))
    if (own.revocation === 'not-checked')
      inner.put(
        'certificate.revocation',
        'revocation',
        note('crl.not-checked', { fix: 'name the CRLs of the authorities, --crl FILE, or fetch them: --fetch-crls' }),
      )
    const finding = judged(own, seen, options)
    return { finding, value: finding.outcome !== 'failed' }
  })
}

/** Everything that is wrong with what a candidate showed, under the rules of this check. */
export function certificateFaults(chain: readonly Buffer[], { names }: Candidate, options: CheckOptions): Examination {
  return examineChain(chain, names.map(wantedName), 'serverAuth', options.examiner ?? options.profile.examiner, options)
}

/** What is wrong with our own certificate, seen with the eyes of the other end. */
export function examineOwn(own: OwnIdentity, options: CheckOptions): Examination {
  const chain = pemBlocks(own.cert)
  return examineChain(
    chain,
    own.names.map(wantedName),
    'clientAuth',
    options.examiner ?? options.profile.examiner,
    options,
  )
}

function examineChain(
  chain: readonly Buffer[],
  names: readonly WantedName[],
  purpose: 'serverAuth' | 'clientAuth',
  profile: ProfileName | Exclude<CheckOptions['examiner'], undefined>,
  options: CheckOptions,
): Examination {
  const examination = examine({
    chain,
    anchors: relevant(chain, anchorsOf(options)),
    // Of several CRLs in one text OpenSSL reads the first.
    crls: options.crls.flatMap((pem) => pemBlocks(pem).slice(0, 1)),
    known: options.known,
    names,
    purpose,
    keyUsage: ['digitalSignature'],
    time: new Date(options.now()),
    profile,
  })
  return options.allowPartialTrustChain === true ? withPartialAnchors(examination) : examination
}

/** A caller that allows partial chains trusts an intermediate without its root. */
function withPartialAnchors(examination: Examination): Examination {
  const faults = examination.faults.filter(({ code }) => code !== 'chain.partial-anchor')
  return { ...examination, faults, accepted: !faults.some(({ refuses }) => refuses) }
}

interface Anchor {
  readonly der: Buffer
  readonly subject: string
  readonly issuer: string
}

const readAnchors = new WeakMap<readonly string[], readonly Anchor[]>()

function anchorsOf({ trust: { anchors } }: CheckOptions): readonly Anchor[] {
  const known = readAnchors.get(anchors)
  if (known !== undefined) return known
  const read = anchors.flatMap(pemBlocks).flatMap(anchorOf)
  readAnchors.set(anchors, read)
  return read
}

/** What OpenSSL cannot read has no names here, and the examiner says what is wrong with it. */
function anchorOf(der: Buffer): readonly Anchor[] {
  try {
    const { subject, issuer } = new X509Certificate(der)
    return [{ der, subject, issuer }]
  } catch (error) {
    if (error instanceof Error) return [{ der, subject: '', issuer: '' }]
    throw error
  }
}

/** Of the hundred roots of a system, only those that the chain names and their issuers are worth examining. */
function relevant(chain: readonly Buffer[], anchors: readonly Anchor[]): readonly Buffer[] {
  if (anchors.length <= fewAnchors) return anchors.map(({ der }) => der)
  const names = new Set(chain.flatMap(anchorOf).flatMap(({ subject, issuer }) => [subject, issuer]))
  const named = anchors.filter(({ subject }) => names.has(subject))
  const above = new Set(named.map(({ issuer }) => issuer))
  return [...new Set([...named, ...anchors.filter(({ subject }) => above.has(subject))])].map(({ der }) => der)
}

const fewAnchors = 8

function wantedName(value: string): WantedName {
  return { kind: isIP(value) === 0 ? 'dns' : 'ip', value }
}

/** The verdict of the profile, and Node's own where it refuses something that we do not. */
function judged(examination: Examination, { nodeSays, chain }: Presented, options: CheckOptions): Finding {
  const evidence = evidenceOf(
    examination,
    chain,
    nodeSays === 'not-asked' ? 'was not asked' : (nodeSays?.code ?? 'accepts'),
    options,
  )
  const diagnosis = withTrustHint(toVerdict(examination), options)
  const outdated = notReloaded(chain[0], options)
  if (outdated !== undefined)
    return fromVerdict(
      { ...outdated, others: diagnosis === undefined ? [] : [diagnosis] },
      evidence,
      examination.accepted ? 'warning' : 'failed',
    )
  // The rule books want digitalSignature; the TLS libraries that take the certificate all the same decide.
  const onlyUsage =
    nodeSays === undefined && examination.faults.every(({ refuses, code }) => !refuses || code === 'cert.ku-wrong')
  if (!examination.accepted && diagnosis !== undefined)
    return fromVerdict(diagnosis, evidence, onlyUsage ? 'warning' : 'failed')
  if (nodeSays !== undefined && nodeSays !== 'not-asked' && options.allowPartialTrustChain !== true) {
    const code = nodeErrorToCode(nodeSays.code, nodeSays.message)
    return fromVerdict(
      verdict(code, {
        found:
          `the TLS library of this machine refuses it (${nodeSays.code}), though the rules of ` +
          `${examination.profile} do not`,
      }),
      evidence,
    )
  }
  // A fault for which no peer refuses is a warning on the server's own certificate, a note on the authorities above it.
  if (diagnosis !== undefined)
    return fromVerdict(diagnosis, evidence, examination.faults.some(({ index }) => index === 0) ? 'warning' : 'note')
  return fine(`It is good for ${options.profile.name}: ${endText(examination)}.`, evidence)
}

/** The server shows another certificate than its file holds, and that one ends later. Absent: not so, or not known. */
function notReloaded(leaf: Buffer | undefined, { serverFile }: CheckOptions): Verdict | undefined {
  if (leaf === undefined || serverFile === undefined || leaf.equals(serverFile)) return undefined
  const [shown, onDisk] = [summarise(leaf), summarise(serverFile)]
  if (Date.parse(onDisk.notAfter) <= Date.parse(shown.notAfter)) return undefined
  return verdict('cert.not-reloaded', {
    certificate: shown,
    found: `it shows ${shown.serial}, end ${shown.notAfter}; the file holds ${onDisk.serial}, end ${onDisk.notAfter}`,
    fix: 'reload or restart the server, and let every renewal do so',
  })
}

const trustCodes: ReadonlySet<string> = new Set<VerdictCode>([
  'chain.untrusted-root',
  'chain.incomplete',
  'cert.self-signed',
  'chain.issuer-mismatch',
  'chain.partial-anchor',
])

/** The other end may have another list. */
export function isTrustCode(code: string): boolean {
  return trustCodes.has(code)
}

/** A caller that named no trust list may not know that the check used the roots of the system. */
function withTrustHint(diagnosis: Verdict | undefined, { trust }: CheckOptions): Verdict | undefined {
  if (diagnosis === undefined || trust.chosen || !trustCodes.has(diagnosis.code)) return diagnosis
  const hint = verdict('trust.missing', {
    found: `no --ca was given, so this check used ${trust.from}`,
    fix: 'name the roots of the servers: --ca FILE',
  })
  return { ...diagnosis, others: [...(diagnosis.others ?? []), hint] }
}

function evidenceOf(
  examination: Examination,
  chain: readonly Buffer[],
  nodeSays: string,
  { trust, profile }: CheckOptions,
): Evidence {
  const [leaf] = examination.path
  const shown = leaf === undefined ? undefined : verdictCertificate(leaf)
  return {
    ...(shown === undefined
      ? {}
      : {
          subject: shown.subject,
          names: shown.subjectAltNames,
          issuer: shown.issuer,
          serial: shown.serial,
          validFrom: shown.notBefore,
          validUntil: shown.notAfter,
          fingerprint: shown.fingerprint,
        }),
    wanted: examination.names.map(({ wanted }) => wanted.value),
    ...pathEvidence(examination),
    sent: chain.length,
    trust: trust.from,
    profile: profile.name,
    rules: examination.profile,
    node: nodeSays,
  }
}

/** Subject and end of every certificate from the leaf to the root, two lists of the same length. */
export function pathEvidence({ path }: Examination): Evidence {
  return {
    path: path.map(({ subject }) => subject.text),
    pathUntil: path.map(({ notAfter }) => new Date(notAfter.at).toISOString()),
  }
}

function endText({ path }: Examination): string {
  const ends = path.map(({ notAfter }) => notAfter.at)
  return ends.length === 0 ? 'no end is known' : `valid until ${new Date(Math.min(...ends)).toISOString()}`
}

/** What other clients would make of the same chain. */
function elsewhere(log: CheckLog, own: Examination, look: (profile: ProfileName) => Examination): void {
  const ownCodes = new Set<string>(own.faults.map(({ code }) => code))
  for (const profile of everyProfile.filter((name) => name !== own.profile)) {
    const other = look(profile)
    const first = other.faults.find(({ code }) => !ownCodes.has(code))
    const diagnosis = toVerdict(other)
    if (first === undefined || diagnosis === undefined) continue
    const [shown] = [diagnosis, ...(diagnosis.others ?? [])].filter(({ code }) => code === first.code)
    if (shown === undefined) continue
    log.put(
      `certificate.elsewhere.${profile}`,
      `under the rules of ${profile}`,
      fromVerdict(
        { ...shown, message: `${other.accepted ? 'Accepted' : 'Refused'} there; ${lowerFirst(shown.message)}` },
        { accepted: other.accepted },
        'note',
      ),
    )
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** A server that also dials shows the same certificate as a client. */
function dialsBack(log: CheckLog, own: Examination, back: Examination): void {
  const known = new Set<string>(own.faults.map(({ code }) => code))
  const refusing = back.faults.find(({ code, refuses }) => refuses && !known.has(code))
  const diagnosis = toVerdict(back)
  if (refusing === undefined || diagnosis === undefined) return
  const [shown] = [diagnosis, ...(diagnosis.others ?? [])].filter(({ code }) => code === refusing.code)
  if (shown !== undefined)
    log.put('certificate.dials-back', 'the same certificate when this server dials', fromVerdict(shown, {}, 'warning'))
}
