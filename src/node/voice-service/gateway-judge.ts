/**
 * How a voice service of the cloud judges the certificate of a trunk: chain and dates as everybody, names and purposes
 * by the dated policy it is under (topology-facts §7.1, §7.2).
 */
import { X509Certificate } from 'node:crypto'
import {
  bookOf,
  examine,
  hostNames,
  matchName,
  readCertificate,
  wantedHost,
  type Certificate,
} from '../../certificates/examine/index.ts'
import { nodeErrorToCode } from '../../verdicts/node-errors.ts'
import { shownOf, summarise } from '../../certificates/summary.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Judgement, PeerEvidence } from '../../sip/transport/types.ts'
import type { Purpose } from '../../certificates/certificate-request.ts'
import type { PeerPolicy } from '../../topology/peer-policy.ts'
import type { JudgingGround } from '../examine-peer.ts'

export interface GatewayJudgeOptions {
  readonly policy: PeerPolicy
  /** Names trunks are registered with, lower case. */
  readonly trunks: readonly string[]
  /** What peers are judged by now; undefined before there is a certificate. */
  readonly ground: (face: string) => JudgingGround | undefined
  readonly diagnose: (code: VerdictCode, evidence: PeerEvidence) => Verdict
}

const purposeOids: Readonly<Partial<Record<Purpose, string>>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
}

/** Any valid certificate gets a connection: which trunk it is, the first OPTIONS says. */
export function gatewayJudge(options: GatewayJudgeOptions): (evidence: PeerEvidence) => Judgement {
  return (evidence) => {
    const [leaf] = evidence.chain
    if (leaf === undefined) return refusal(options, 'tls.client-cert-missing', evidence)
    const certificate = new X509Certificate(leaf)
    if (!evidence.authorized && !isForgiven(options, evidence))
      return refusal(options, nodeErrorToCode(evidence.errorCode, evidence.errorMessage), evidence)
    if (evidence.side === 'accepted' && !holdsPurposes(certificate, options.policy))
      return refusal(options, 'cert.eku-missing', evidence)
    const read = readCertificate(leaf)
    if (evidence.wantedName !== undefined && !carries(options.policy, read, evidence.wantedName))
      return refusal(options, 'cert.name-mismatch', evidence)
    const names = options.trunks.filter((trunk) => carries(options.policy, read, trunk))
    return {
      kind: 'accept',
      peer: {
        class: names.length > 0 ? 'server' : 'client',
        names: names.length > 0 ? names : hostNames(read, 'lcs'),
        subject: certificate.subject,
        serial: certificate.serialNumber.toLowerCase(),
        fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        notAfter: certificate.validToDate.getTime(),
        leaf: shownOf(summarise(certificate)),
      },
    }
  }
}

/** Node wants clientAuth from every client. Under a policy that does not, the chain is examined without it. */
function isForgiven({ policy, ground }: GatewayJudgeOptions, evidence: PeerEvidence): boolean {
  if (
    evidence.side !== 'accepted' ||
    evidence.errorCode !== 'INVALID_PURPOSE' ||
    policy.wantsOfDialler.includes('clientAuth')
  )
    return false
  const by = ground(evidence.face)
  if (by === undefined) return false
  return examine({
    chain: evidence.chain,
    anchors: by.anchors,
    crls: by.crls,
    purpose: 'serverAuth',
    time: new Date(by.now),
    profile: 'modern',
  }).faults.every(({ refuses }) => !refuses)
}

/** A certificate without extended key usage is good for everything (RFC 5280 §4.2.1.12). */
function holdsPurposes({ keyUsage }: X509Certificate, { wantsOfDialler }: PeerPolicy): boolean {
  // `keyUsage` of Node is the extended one, as OIDs.
  const held: readonly string[] | undefined = keyUsage
  return held === undefined || wantsOfDialler.every((purpose) => held.includes(purposeOids[purpose] ?? purpose))
}

function carries(policy: PeerPolicy, certificate: Certificate, wanted: string): boolean {
  return matchName(certificate, wantedHost(wanted), bookOf(policy)).kind === 'match'
}

function refusal(options: GatewayJudgeOptions, code: VerdictCode, evidence: PeerEvidence): Judgement {
  const detail = options.diagnose(code, evidence)
  return { kind: 'refuse', code: detail.code, detail }
}
