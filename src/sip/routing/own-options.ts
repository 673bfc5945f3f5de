/**
 * What the proxy answers itself: OPTIONS that name it, whatever user stands before its name, or a domain that it stands
 * for and no user (RFC 3261 §11.2, §16.3 step 3).
 */
import { unknownTags } from '../message/option-tags.ts'
import { type Arrival, type Decision, type Policy, pass, refuse } from './decision.ts'
import type { OwnNames } from './own.ts'

/** @param domains lower case */
export function ownOptions(own: OwnNames, domains: readonly string[], optionTags: readonly string[]): Policy {
  const supported = ['path', 'outbound', ...optionTags]
  const known = new Set(supported.map((tag) => tag.toLowerCase()))
  const capabilities: Decision = {
    kind: 'answer',
    status: 200,
    headers: [
      [
        'Allow',
        'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, INFO, UPDATE, REFER, PRACK, ' +
          'PUBLISH, SERVICE, BENOTIFY',
      ],
      ['Accept', 'application/sdp'],
      ['Supported', supported.join(', ')],
    ],
  }
  return {
    name: 'own-options',
    decide(arrival) {
      if (!isForServer(arrival, own, domains)) return pass
      const unknown = unknownTags(arrival.request, 'Require', known)
      return unknown.length === 0
        ? capabilities
        : refuse(420, 'request.extension-unknown', [['Unsupported', unknown.join(', ')]])
    },
  }
}

function isForServer(
  { request, uri, routes, claimsDialog }: Arrival,
  own: OwnNames,
  domains: readonly string[],
): boolean {
  if (request.method !== 'OPTIONS' || routes.length > 0) return false
  if (own.has(uri)) return uri.user === undefined || !claimsDialog
  return uri.user === undefined && domains.includes(uri.host)
}
