/**
 * A dialog (RFC 3261 §12): what both ends remember so that later requests find their way. Plain data; change makes a
 * copy.
 */
import { flat } from '../message/fast/flat.ts'
import type { HeaderField, SipRequest, SipResponse } from '../message/types.ts'
import { parseNameAddress } from '../message/name-address.ts'

export interface DialogState {
  readonly callId: string
  /** From value of what we send, tag included. */
  readonly local: string
  readonly localTag: string
  /** To value of what we send, tag included once it is known. */
  readonly remote: string
  readonly remoteTag: string | undefined
  /** URI of the other end's Contact. */
  readonly remoteTarget: string
  /** Route values, first hop first. */
  readonly routes: readonly string[]
  /** CSeq of the request that was sent last. */
  readonly localSequence: number
  /** CSeq of the request that came last; undefined: none did. */
  readonly remoteSequence: number | undefined
}

/** As the caller sees it, from its request and a response with a To tag (§12.1.2). */
export function dialogOfCaller(request: SipRequest, response: SipResponse): DialogState {
  return {
    callId: flat(request.callId),
    local: flat(request.from.text),
    localTag: flat(request.fromTag ?? ''),
    remote: flat(response.to.text),
    remoteTag: response.toTag === undefined ? undefined : flat(response.toTag),
    remoteTarget: flat(response.addresses('Contact')[0]?.uri.text ?? request.requestUri),
    routes: response
      .addresses('Record-Route')
      .map(({ text }) => flat(text))
      .reverse(),
    localSequence: request.cseq,
    remoteSequence: undefined,
  }
}

/** As the callee sees it (§12.1.1). */
export function dialogOfCallee(request: SipRequest, localTag: string): DialogState {
  return {
    callId: flat(request.callId),
    local: `${flat(request.to.text)};tag=${localTag}`,
    localTag,
    remote: flat(request.from.text),
    remoteTag: request.fromTag === undefined ? undefined : flat(request.fromTag),
    remoteTarget: flat(request.addresses('Contact')[0]?.uri.text ?? request.from.uri.text),
    routes: request.addresses('Record-Route').map(({ text }) => flat(text)),
    localSequence: 0,
    remoteSequence: request.cseq,
  }
}

export function isOf(dialog: DialogState, request: SipRequest): boolean {
  return dialog.callId === request.callId && dialog.localTag === request.toTag && dialog.remoteTag === request.fromTag
}

/**
 * Request-URI, Route values and next hop of a request inside the dialog (§12.2.1.1): a strict router takes the
 * Request-URI.
 */
export function wayInside({ remoteTarget, routes }: DialogState): {
  readonly uri: string
  readonly headers: readonly HeaderField[]
  readonly nextHop: string
} {
  const [first, ...rest] = routes
  if (first === undefined) return { uri: remoteTarget, headers: [], nextHop: remoteTarget }
  const top = parseNameAddress(first).uri
  if (top.parameters.has('lr'))
    return { uri: remoteTarget, headers: routes.map((route) => ['Route', route]), nextHop: top.text }
  return { uri: top.text, headers: [...rest, `<${remoteTarget}>`].map((route) => ['Route', route]), nextHop: top.text }
}
