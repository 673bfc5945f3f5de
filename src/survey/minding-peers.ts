/** Which of the peers on file would refuse a certificate that the surveyed end accepted. */
import { peerPolicies } from '../peers/index.ts'
import { type PeerPolicy, type Period, periodOn } from '../peers/policy.ts'
import type { VerdictCode } from '../verdicts/codes.ts'

/** Whether a peer by its rules of a period minds; absent: its rules do not say. */
type Minds = (period: Period, side: 'server' | 'client') => boolean

/** Of a peer that verifies at all, what its validation does by RFC 5280. */
const everyChain: Minds = (period, side) =>
  side === 'server' ? period.verifiesServer.value === 'yes' : period.clientCertificate.value === 'required'

const purposes: Minds = (period, side) =>
  side === 'server' ? period.serverAuth.value === 'required' : period.clientAuth.value === 'required'

const rules: readonly (readonly [RegExp, Minds])[] = [
  [/^tls\.client-cert-missing$/, (period) => period.clientCertificate.value === 'required'],
  [/eku/, purposes],
  [/^cert\.san-missing$/, (period) => period.commonName.value === 'ignored'],
  [/^cert\.wildcard$/, (period) => period.wildcard.value === 'refused'],
  [/^cert\.name-/, (period, side) => side === 'server' && period.checksName.value === 'yes'],
  [/^tls\.no-common-version$/, (period) => period.tlsMin.value !== 'unknown'],
  // Whether a peer reads CRLs is a fact of its own; no peer states strength and the rest.
  [/revoked$|^crl\./, () => false],
  [/weak|^cert\.(?:expired|not-yet-valid|self-signed|signature-invalid|critical-extension)$|^chain\./, everyChain],
]

/** Names of the peers, e.g. `teams-direct-routing`, by their rules of that day. @param day `2026-11-29` */
export function mindingPeers(verdict: VerdictCode, side: 'server' | 'client', day: string): readonly string[] {
  const minds = rules.find(([pattern]) => pattern.test(verdict))?.[1]
  if (minds === undefined) return []
  return peerPolicies.filter((policy) => ruleHolds(policy, minds, side, day)).map(({ name }) => name)
}

function ruleHolds(policy: PeerPolicy, minds: Minds, side: 'server' | 'client', day: string): boolean {
  const period = periodOn(policy, day)
  return period !== undefined && minds(period, side)
}
