/** An end refuses: its alert, together with the faults of the certificate that the other end sent. */
import { capturedAlert, type CapturedAlert } from '../../certificates/alerts.ts'
import { verdictCertificate, type Fault } from '../../certificates/examine/index.ts'
import { verdict, type VerdictCode } from '../../verdicts/codes.ts'
import type { Candidate, Evidence } from '../answer.ts'
import { broken, certainly, frameEvidence, otherEnd, type Diagnosis } from './diagnosis.ts'
import type { Judgement } from './judge.ts'
import { trustEvidence, type TrustEvidence } from './trust-evidence.ts'
import type { End, SeenAlert, ShownChain, TlsSession } from './tls-session.ts'
import { alertName, groupName, versionName } from './tls-names.ts'

/** Judges the certificates that an end showed. */
export type Judge = (
  shown: ShownChain,
  by: End,
  serverName: string | undefined,
) => Judgement & { readonly notReloaded: string | undefined }

/** Faults of the certificate that an end showed, under the eyes of the other end. */
export function visibleFaults({ shown, clientHello }: TlsSession, end: End, judge: Judge): readonly Fault[] {
  const certificate = shown[end]
  if (certificate === undefined || certificate.chain.length === 0) return []
  return judge(certificate, end, end === 'acceptor' ? clientHello?.serverName : undefined).faults
}

/** A fatal alert that one end sends after ServerHello. */
export function refusedByAlert(tls: TlsSession, alert: SeenAlert, judge: Judge): Diagnosis {
  const evidence = [
    frameEvidence(alert.frame, `the ${alert.from} sends alert ${alertName(alert.number)} (${alert.number})`),
  ]
  return (
    refusedChoice(tls, alert, evidence) ??
    noCertificate(tls, alert.from, alert.number, evidence) ??
    refusedCertificate(tls, { by: alert.from, number: alert.number, evidence }, judge)
  )
}

/** The dialler does not accept what the acceptor chose. */
function refusedChoice(
  tls: TlsSession,
  { from, number }: SeenAlert,
  evidence: readonly Evidence[],
): Diagnosis | undefined {
  const { serverHello, clientHello, keyExchange } = tls
  if (serverHello === undefined || clientHello === undefined) return undefined
  const chosen = versionName(serverHello.version)
  // Neither end refuses the other: the acceptor has no version that was offered, the dialler says so.
  if (
    number === 70 ||
    number === 86 ||
    (from === 'dialler' && !clientHello.versions.includes(serverHello.version) && clientHello.versions.length > 1)
  )
    return certainly('tls.no-common-version', `the acceptor chooses ${chosen}, the dialler does not take it`, {
      ...(from === 'acceptor' ? { whoRefused: from } : {}),
      evidence,
    })
  if (from === 'acceptor') return undefined
  if (number === 40 && serverHello.version < 0x0304 && !serverHello.secureRenegotiation)
    return certainly('tls.legacy-renegotiation', 'the ServerHello has no renegotiation_info (RFC 5746)', {
      whoRefused: from,
      evidence,
    })
  if (keyExchange?.kind === 'dhe' && keyExchange.bits < 2048 && [40, 47, 71, 80].includes(number))
    return certainly('tls.dh-too-small', `the acceptor sends a Diffie-Hellman prime of ${keyExchange.bits} bits`, {
      whoRefused: from,
      evidence,
    })
  if (keyExchange?.kind === 'ecdhe' && number === 47 && !clientHello.groups.includes(keyExchange.group))
    return certainly(
      'tls.no-common-group',
      `the acceptor chooses ${groupName(keyExchange.group)}, which was not offered`,
      {
        whoRefused: from,
        evidence,
      },
    )
  return undefined
}

/** The acceptor asked for a certificate and got none. */
export function noCertificate(
  { request, shown, clientHello }: TlsSession,
  by: End,
  number: number | undefined,
  evidence: readonly Evidence[],
): Diagnosis | undefined {
  const empty = shown.dialler !== undefined && shown.dialler.chain.length === 0
  if (by !== 'acceptor' || (number !== 116 && !empty)) return undefined
  const names = request?.authorities.length ?? 0
  const asked =
    names === 0 ? 'the acceptor asks for a certificate' : `the acceptor asks for a certificate of ${names} CA names`
  const frame = shown.dialler?.frame ?? clientHello?.frame ?? 0
  return certainly('tls.client-cert-missing', `${asked}, the dialler shows none`, {
    whoseCertificate: 'dialler',
    whoRefused: 'acceptor',
    evidence: empty ? [frameEvidence(frame, 'Certificate of the dialler (empty)'), ...evidence] : evidence,
  })
}

export interface Refusal {
  readonly by: End
  /** Absent: the end closed without an alert. */
  readonly number: number | undefined
  readonly evidence: readonly Evidence[]
}

/** What is wrong with the certificate that was refused, as far as the capture shows it. */
export function refusedCertificate(tls: TlsSession, refusal: Refusal, judge: Judge): Diagnosis {
  const { by, number, evidence } = refusal
  const meaning = number === undefined ? silent : capturedAlert(number)
  if (meaning === undefined) return notAboutCertificates(refusal)
  const whose = otherEnd(by)
  const shown = tls.shown[whose]
  if (shown === undefined) return unseen(tls, refusal, meaning)
  const serverName = whose === 'acceptor' ? tls.clientHello?.serverName : undefined
  const judged = judge(shown, whose, serverName)
  const ends = { whoseCertificate: whose, whoRefused: by } as const
  const visible = judged.faults.filter(({ code }) => meaning.visible === 'any' || meaning.visible.includes(code))
  const faults = visible.map(faultCandidate)
  const seen = [frameEvidence(shown.frame, certificateText(judged)), ...evidence]
  if (judged.notReloaded !== undefined && faults.some(({ code }) => code === 'cert.expired'))
    return certainly('cert.not-reloaded', judged.notReloaded, { ...ends, evidence: seen })
  if (faults.length > 0) return broken({ candidates: faults, certain: faults.length === 1, ...ends, evidence: seen })
  const candidates = hiddenCauses(meaning, {
    whose,
    alone: judged.path.length === 1,
    serverName,
    trust: tracesOf(tls, by, judged, judge),
  })
  if (candidates.length === 0) return notAboutCertificates(refusal)
  return broken({ ...ends, candidates, evidence: seen })
}

/** A fault as a cause: `The certificate CN=… has expired (leaf notAfter: ended …)`. */
export function faultCandidate({ code, found, field, role, certificate }: Fault): Candidate {
  const details = certificate === undefined ? {} : { certificate: verdictCertificate(certificate) }
  return { code, why: `${verdict(code, details).message} (${role} ${field}: ${found})` }
}

/** An end that closes without an alert may mind anything. */
const silent: CapturedAlert = {
  visible: 'any',
  hidden: [
    'chain.untrusted-root',
    'chain.incomplete',
    'chain.issuer-mismatch',
    'crl.missing',
    'crl.expired',
    'cert.revoked',
    'chain.root-expired',
    'clock.wrong',
  ],
}

const whys: Partial<Readonly<Record<VerdictCode, string>>> = {
  'chain.untrusted-root': 'the end that refuses may not have the root in its trust list',
  'chain.incomplete':
    'an intermediate CA may be missing in what was sent and in the trust list of the end that refuses',
  'chain.issuer-mismatch': 'the trust list of the end that refuses may hold the CA with another key',
  'chain.root-expired': 'the root in the trust list of the end that refuses may have expired',
  'crl.expired': 'the revocation list of the end that refuses may be stale',
  'crl.missing': 'the end that refuses may want a revocation list that it does not have',
  'cert.revoked': 'the certificate may be on the revocation list of the end that refuses',
  'chain.revoked': 'a CA may be on the revocation list of the end that refuses',
  'clock.wrong': 'the certificate is valid by the clock of the capture: the clock of the end that refuses may be wrong',
  'link.forbidden': 'a policy of the end that refuses may not allow this peer',
  'cert.name-mismatch': 'the dialler may have wanted another name than the certificate carries',
  'cert.key-mismatch': 'the handshake may be signed with another key than the certificate has',
}

function tracesOf(tls: TlsSession, by: End, { path }: Judgement, judge: Judge): TrustEvidence {
  const own = tls.shown[by]
  const ownPath = own === undefined || own.chain.length === 0 ? [] : judge(own, by, undefined).path
  return trustEvidence(path, { authorities: by === 'acceptor' ? (tls.request?.authorities ?? []) : [], ownPath })
}

interface Unexplained {
  readonly whose: End
  /** The issuer of the leaf did not come along. */
  readonly alone: boolean
  readonly serverName: string | undefined
  readonly trust: TrustEvidence
}

const trustCodes: readonly VerdictCode[] = ['chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch']

/** Nothing wrong can be seen: the cause is in the lists, the clock or the wanted name of the end that refuses. */
function hiddenCauses(
  { hidden, visible }: CapturedAlert,
  { whose, alone, serverName, trust }: Unexplained,
): readonly Candidate[] {
  const nameUnknown = visible === 'any' && whose === 'acceptor' && serverName === undefined
  const others = hidden.filter((code) => !trustCodes.includes(code))
  const rest: readonly VerdictCode[] = nameUnknown ? ['cert.name-mismatch', ...others] : others
  const aboutTrust = hidden.filter((code) => trustCodes.includes(code))
  const codes = aboutTrust.length === 0 ? rest : orderedByTrust(aboutTrust, rest, trust, alone)
  return codes.map((code) => ({ code, why: whys[code] ?? verdict(code).message }))
}

/** @param alone the issuer of the leaf did not come along */
function orderedByTrust(
  aboutTrust: readonly VerdictCode[],
  rest: readonly VerdictCode[],
  trust: TrustEvidence,
  alone: boolean,
): readonly VerdictCode[] {
  const first = (code: VerdictCode): readonly VerdictCode[] => [code, ...aboutTrust.filter((each) => each !== code)]
  if (trust === 'namesake') return first('chain.issuer-mismatch')
  if (trust === 'unnamed') return aboutTrust
  // Another CA of its own says little about the trust list of an end.
  if (trust === 'other') return [...aboutTrust, ...rest.filter((code) => code === 'chain.root-expired')]
  if (alone) return [...first('chain.incomplete'), ...rest.slice(0, 1)]
  return trust === 'same' ? [...rest, ...aboutTrust] : [...aboutTrust, ...rest]
}

/** TLS 1.3 hides the certificate that was refused. */
function unseen(tls: TlsSession, { by, number, evidence }: Refusal, meaning: CapturedAlert): Diagnosis {
  const generic: Candidate = {
    code: 'tls.alert',
    why: `the ${by} refuses with ${number === undefined ? 'no alert' : alertName(number)}`,
  }
  const visible = meaning.visible === 'any' ? [] : meaning.visible
  const codes = [...new Set([...visible, ...meaning.hidden])]
  const candidates =
    codes.length < 2 ? [] : codes.map((code): Candidate => ({ code, why: whys[code] ?? verdict(code).message }))
  return broken({
    candidates: [generic, ...candidates],
    whoRefused: by,
    ...(tls.tls13 ? { whoseCertificate: otherEnd(by), needsKeylog: true } : {}),
    evidence,
  })
}

function notAboutCertificates({ by, number, evidence }: Refusal): Diagnosis {
  const name = number === undefined ? 'nothing' : alertName(number)
  return broken({
    candidates: [{ code: 'tls.alert', why: `the ${by} ends the handshake with ${name}` }],
    whoRefused: by,
    evidence,
  })
}

/** `certificate CN=fe1.lab.test, valid 2026-01-01 to 2027-01-01, issuer CN=ca`. */
function certificateText({ path: [certificate] }: Judgement): string {
  if (certificate === undefined) return 'a certificate that cannot be read'
  const { subject, notBefore, notAfter, issuer } = verdictCertificate(certificate)
  return `certificate ${subject}, valid ${notBefore} to ${notAfter}, issuer ${issuer}`
}
