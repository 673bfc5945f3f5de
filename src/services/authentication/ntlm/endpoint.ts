/** Which endpoint of a user a message comes from, and which flows carry signed messages. */
import type { SipMessage } from '../../../sip/message/types.ts'
import type { Flow } from '../../../sip/transport/flow.ts'

/** `epid` of From, which every Communicator sends ([MS-SIPAE] 3.3.5.2); empty: the user has one endpoint at most. */
export function endpointOf({ from }: SipMessage): string {
  return from.parameters.get('epid') ?? ''
}

/** `+sip.instance` in the Contact of a REGISTER; undefined: none. */
export function instanceOf(request: SipMessage): string | undefined {
  const lines = request.headers('Contact')
  if (lines.length !== 1 || lines[0] === '*') return undefined
  return request.addresses('Contact')[0]?.parameters.get('+sip.instance')
}

const note = 'services.ntlm'

/** A client signed in by NTLM on this flow. A link of an edge is not noted: it carries all kinds. */
export function noteSigned(flow: Flow): void {
  if (flow.peer?.class !== 'edge') flow.notes.set(note, true)
}

export function isSignedFlow(flow: Flow): boolean {
  return flow.notes.has(note)
}

/** Whether a message on this flow may be one of a client that signs. A server of ours signs for its own clients. */
export function mayBeSigned(flow: Flow): boolean {
  return flow.peer?.class === 'edge' || isSignedFlow(flow)
}
