/** Decides about a peer at the end of its handshake, before any octet of it is read. */
import type { Core } from '../core.ts'
import type { Judgement, ListenerSettings, PeerEvidence } from '../types.ts'

/** An accepted peer. Without a certificate it is a client, unless the listener requires one. */
export function judgeAccepted(core: Core, evidence: PeerEvidence, mutual: ListenerSettings['mutual']): Judgement {
  if (evidence.resumed) return { kind: 'refuse', code: 'tls.session-resumed', detail: undefined }
  if (evidence.chain.length > 0) return ask(core, evidence)
  if (mutual === 'required') return { kind: 'refuse', code: 'tls.client-cert-missing', detail: undefined }
  return { kind: 'accept', peer: undefined }
}

/** A server we dialled. It always shows a certificate. */
export function judgeDialled(core: Core, evidence: PeerEvidence): Judgement {
  if (evidence.resumed) return { kind: 'refuse', code: 'tls.session-resumed', detail: undefined }
  return ask(core, evidence)
}

/** What the judge cannot read it cannot accept: a peer's certificate must not be able to stop the process. */
function ask(core: Core, evidence: PeerEvidence): Judgement {
  try {
    return core.judge(evidence)
  } catch (error) {
    return { kind: 'refuse', code: 'cert.malformed', detail: error }
  }
}
