/**
 * What the proxy answers itself: OPTIONS to its own name, with any user or none, or to a domain that it serves, without
 * a user (RFC 3261 §11.2, §16.3 step 3). The Date tells the sender by which time this server judges certificates.
 */
import type { Clock } from '../clock.ts'
import { dateHeader } from '../message/date-header.ts'
import { unknownTags } from '../message/option-tags.ts'
import type { HeaderField } from '../message/types.ts'
import { type Arrival, type Decision, type Policy, pass, refuse } from './decision.ts'
import type { OwnNames } from './own.ts'

export interface OwnOptions {
  readonly own: OwnNames
  /** Lower case. */
  readonly domains: readonly string[]
  readonly optionTags: readonly string[]
  readonly clock: Pick<Clock, 'wall'>
}

export function ownOptions({ own, domains, optionTags, clock }: OwnOptions): Policy {
  const supported = ['path', 'outbound', ...optionTags]
  const known = new Set(supported.map((tag) => tag.toLowerCase()))
  const fixed: readonly HeaderField[] = [
    [
      'Allow',
      'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, INFO, UPDATE, REFER, PRACK, ' +
        'PUBLISH, SERVICE, BENOTIFY',
    ],
    ['Accept', 'application/sdp'],
    ['Supported', supported.join(', ')],
  ]
  const capabilities = (): Decision => ({
    kind: 'answer',
    status: 200,
    headers: [...fixed, dateHeader(clock.wall())],
  })
  return {
    name: 'own-options',
    decide(arrival) {
      if (!isForServer(arrival, own, domains)) return pass
      const unknown = unknownTags(arrival.request, 'Require', known)
      return unknown.length === 0
        ? capabilities()
        : refuse(420, 'request.extension-unknown', [['Unsupported', unknown.join(', ')]])
    },
  }
}

export function isForServer(
  { request, uri, routes, claimsDialog }: Arrival,
  own: OwnNames,
  domains: readonly string[],
): boolean {
  if (request.method !== 'OPTIONS' || routes.length > 0) return false
  if (own.has(uri)) return uri.user === undefined || !claimsDialog
  return uri.user === undefined && domains.includes(uri.host)
}
