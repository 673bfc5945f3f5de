/** Names that lead to one user agent instance of a user (RFC 5627, and the older form that OCS clients read). */
import { createHash } from 'node:crypto'
import type { SipUri } from '../../sip/message/types.ts'
import { addressOfRecord, equalValues, escapeParameter } from '../../sip/message/uri.ts'
import type { Binding } from '../location/binding.ts'

/** `sip:alice@lab.test;gr=urn:uuid:6163cf37-…` (RFC 5627 §4.1): the same for every registration of the instance. */
export function publicGruu(aor: string, instance: string): string {
  return `${aor};gr=${escapeParameter(instance)}`
}

/**
 * `sip:alice@lab.test;opaque=user:epid:N8_NiDeIiFPHpCnSGPKqswAA;gruu`: what OCS clients take for their Contact.
 * The text behind `epid:` is the UUID of the instance, or one made from the epid, in base64.
 */
export function endpointGruu(aor: string, binding: Pick<Binding, 'instance' | 'epid'>): string | undefined {
  const id = endpointId(binding)
  return id && `${aor};opaque=user:epid:${id};gruu`
}

/** A temporary GRUU (RFC 5627 §3.1.2) has `gr` without a value. This server issues none: it belongs to no user (§6). */
export function isUnknownGruu(uri: SipUri): boolean {
  return uri.parameters.has('gr') && uri.parameters.get('gr') === undefined
}

/** Whether a Contact is a GRUU of that user: a binding of it would lead back to the user (RFC 5627 §5.1). */
export function isGruuOf(aor: string, uri: SipUri): boolean {
  return (uri.parameters.has('gr') || uri.parameters.has('gruu')) && addressOfRecord(uri) === aor
}

/** Tells whether a Request-URI names one instance; undefined: it names the user. */
export function instanceSelector(uri: SipUri): ((binding: Binding) => boolean) | undefined {
  const opaque = uri.parameters.get('opaque')
  if (opaque?.startsWith('user:epid:') === true && uri.parameters.has('gruu')) {
    const wanted = opaque.slice('user:epid:'.length)
    return (binding) => endpointId(binding) === wanted
  }
  const instance = uri.parameters.get('gr')
  if (instance === undefined) return undefined
  return (binding) => binding.instance !== undefined && equalValues(escapeParameter(binding.instance), instance)
}

function endpointId({ instance, epid }: Pick<Binding, 'instance' | 'epid'>): string | undefined {
  const octets =
    uuidOctets(instance) ??
    (epid === undefined ? undefined : createHash('sha1').update(epid, 'latin1').digest().subarray(0, 16))
  return octets && Buffer.concat([octets, Buffer.alloc(2)]).toString('base64url')
}

function uuidOctets(instance: string | undefined): Buffer | undefined {
  const digits = /^urn:uuid:([0-9a-f-]{36})$/i.exec(instance ?? '')?.[1]?.replaceAll('-', '')
  return digits?.length === 32 ? Buffer.from(digits, 'hex') : undefined
}
