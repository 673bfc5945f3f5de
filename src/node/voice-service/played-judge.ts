/**
 * How a gateway judges certificates while it plays a peer on a day (docs/policies.md): chain and dates by the examiner,
 * names, keys and purposes by the rules of the peer. What is not known of the peer is not enforced.
 */
import {
  bookOf,
  examine,
  matchName,
  offeredNames,
  readCertificate,
  wantedHost,
  type Certificate,
} from '../../certificates/examine/index.ts'
import type { PlayedRules } from '../../peers/played.ts'
import { nodeErrorToCode } from '../../verdicts/node-errors.ts'
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Judgement, PeerEvidence } from '../../sip/transport/types.ts'
import type { GatewayJudgeOptions } from './gateway-judge.ts'

export interface PlayedJudgeOptions extends Omit<GatewayJudgeOptions, 'policy'> {
  readonly rules: PlayedRules
  /** True for a certificate of a private CA, which most peers refuse. */
  readonly isPrivate: (leaf: Certificate) => boolean
}

export function playedJudge(options: PlayedJudgeOptions): (evidence: PeerEvidence) => Judgement {
  return (evidence) => {
    const { rules } = options
    const [leaf] = evidence.chain
    const isCaller = evidence.side === 'accepted'
    if (isCaller && (leaf === undefined || rules.clientCertificate === 'not-asked'))
      return leaf === undefined && rules.clientCertificate === 'required'
        ? refusal(options, 'tls.client-cert-missing', evidence)
        : { kind: 'accept', peer: undefined }
    if (leaf === undefined) return refusal(options, 'tls.own-cert-missing', evidence)
    const certificate = readCertificate(leaf)
    if (!isCaller && !rules.verifiesServer) return accept(certificate, [evidence.wantedName ?? ''])
    const code = chainFault(options, evidence, certificate) ?? keyFault(certificate, rules)
    if (code !== undefined) return refusal(options, code, evidence)
    if (!isCaller && evidence.wantedName !== undefined && !carries(rules, certificate, evidence.wantedName))
      return refusal(options, 'cert.name-mismatch', evidence)
    return accept(
      certificate,
      options.trunks.filter((trunk) => carries(rules, certificate, trunk)),
    )
  }
}

/**
 * Node's word counts for everything but the purpose, which the rules of the peer decide. A caller that Node accepts
 * shows its leaf alone, and one that it refuses shows all: only the latter is examined.
 */
function chainFault(options: PlayedJudgeOptions, evidence: PeerEvidence, leaf: Certificate): VerdictCode | undefined {
  const { rules, ground, isPrivate } = options
  const isCaller = evidence.side === 'accepted'
  if (!evidence.authorized && evidence.errorCode !== 'INVALID_PURPOSE')
    return nodeErrorToCode(evidence.errorCode, evidence.errorMessage)
  if (isCaller && rules.refusesPrivateCa && isPrivate(leaf)) return 'chain.untrusted-root'
  if (evidence.authorized) return undefined
  const wanted = isCaller ? rules.wantsClientAuth : rules.wantsServerAuth
  const by = ground(evidence.face)
  if (wanted || by === undefined) return 'cert.eku-missing'
  return examine({
    chain: evidence.chain,
    anchors: by.anchors,
    crls: by.crls,
    purpose: isCaller ? 'serverAuth' : 'clientAuth',
    time: new Date(by.now),
    profile: 'node',
  }).faults.find(({ refuses }) => refuses)?.code
}

function keyFault({ publicKey }: Certificate, { keyTypes }: PlayedRules): VerdictCode | undefined {
  if (keyTypes === undefined) return undefined
  const { kind } = publicKey
  return (kind === 'rsa' || kind === 'ec') && keyTypes.includes(kind) ? undefined : 'tls.no-common-cipher'
}

function carries(rules: PlayedRules, certificate: Certificate, wanted: string): boolean {
  if (!rules.checksName) return true
  if (rules.refusedSuffixes.some((suffix) => wanted === suffix || wanted.endsWith(`.${suffix}`))) return false
  return matchName(certificate, wantedHost(wanted), bookOf(rules)).kind === 'match'
}

function accept(certificate: Certificate, names: readonly string[]): Judgement {
  return {
    kind: 'accept',
    peer: {
      class: names.length > 0 ? 'server' : 'client',
      names: names.length > 0 ? names : offeredNames(certificate).map((entry) => entry.slice(entry.indexOf(':') + 1)),
      subject: certificate.subject.text,
      serial: certificate.serial.hex,
      fingerprint: certificate.fingerprint,
      notAfter: certificate.notAfter.at,
      leaf: {
        subject: certificate.subject.text,
        issuer: certificate.issuer.text,
        serial: certificate.serial.hex,
        notAfter: new Date(certificate.notAfter.at).toISOString(),
      },
    },
  }
}

function refusal(options: PlayedJudgeOptions, code: VerdictCode, evidence: PeerEvidence): Judgement {
  const detail = options.diagnose(code, evidence)
  return { kind: 'refuse', code: detail.code, detail }
}
