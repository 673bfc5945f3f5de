/**
 * The serials that the lists of a node revoke: a live connection does not notice when its certificate is revoked.
 */
import { pemBlocks, readCrl } from '../../certificates/examine/index.ts'
import { verdict } from '../../verdicts/codes.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import type { OwnCertificate } from './own-certificates.ts'

/** Lower-case hex. Serials are random and 16 octets long, so that two issuers never share one. */
export function revokedSerials(own: readonly OwnCertificate[]): ReadonlySet<string> {
  const lists = new Set(own.flatMap(({ material }) => material.crl ?? []))
  return new Set(
    [...lists]
      .flatMap((pem) => pemBlocks(pem))
      .flatMap((der) => [...readCrl(der).revoked.keys()].map((serial) => serial.toLowerCase())),
  )
}

/** What is to be said of a live flow whose peer was revoked since. Absent: nothing. */
export function revokedPeer({ name }: NodePlan, flow: Flow, revoked: ReadonlySet<string>): Verdict | undefined {
  const { peer } = flow
  if (peer === undefined || !revoked.has(peer.serial)) return undefined
  return verdict('cert.revoked', {
    node: name,
    found: `the live link to ${peer.names[0] ?? peer.subject} was opened with the certificate ${peer.serial}`,
  })
}
