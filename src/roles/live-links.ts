/**
 * Links that live on although a certificate ended or was revoked: nothing in TLS closes them, so the profile decides
 * and it is said.
 */
import { verdict } from '../certificates/verdict-codes.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { OwnCertificate } from './own-certificates.ts'
import type { Recorder } from './recorder.ts'
import { revokedPeer, revokedSerials } from './revocation.ts'

export interface LiveLinks {
  readonly plan: NodePlan
  readonly recorder: Pick<Recorder, 'record'>
  readonly flows: Iterable<Flow>
}

/**
 * Every node looks once a second: one that ends with its certificate has closed its links within two, and those did not
 * outlive it.
 */
const outlivesAfterMs = 2000

/** Said once a link; with `drain` it is closed as well. */
export function lookForOutlived({ plan, recorder, flows }: LiveLinks, wall: number): void {
  for (const flow of [...flows]) {
    if (flow.peer === undefined || flow.peer.notAfter + outlivesAfterMs > wall || flow.notes.has('outlived')) continue
    flow.notes.set('outlived', true)
    const found = verdict('cert.expired', {
      node: plan.name,
      found:
        `the certificate of ${flow.peer.names[0] ?? flow.peer.subject} ended ` +
        `${new Date(flow.peer.notAfter).toISOString()}`,
    })
    recorder.record('certificate.link-outlived', { verdict: found, data: { flow: flow.id, serial: flow.peer.serial } })
    if (plan.whenOwnCertificateEnds === 'drain') flow.close('cert.expired')
  }
}

/** Said once a link; under RFC 5922 it is closed as well, the servers of 2005 and 2007 let it live. */
export function lookForRevoked({ plan, recorder, flows }: LiveLinks, own: readonly OwnCertificate[]): void {
  const revoked = revokedSerials(own)
  for (const flow of [...flows]) {
    const found = revokedPeer(plan, flow, revoked)
    if (found === undefined || flow.notes.has('revoked')) continue
    flow.notes.set('revoked', true)
    const closes = plan.profile.name === 'modern'
    recorder.record('certificate.link-outlived', {
      verdict: found,
      data: { flow: flow.id, serial: flow.peer?.serial, then: closes ? 'closed' : 'kept' },
    })
    if (closes) flow.close('cert.revoked')
  }
}

/** Every link that was opened with one of our own certificates. */
export function closeLinksOf({ flows }: LiveLinks, own: OwnCertificate): void {
  for (const flow of [...flows]) if (flow.own?.fingerprint === own.leaf.fingerprint) flow.close('cert.expired')
}
