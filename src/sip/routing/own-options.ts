/**
 * What the proxy answers itself: OPTIONS that name it, or a domain it stands for, and no user (RFC 3261 §11.2, §16.3
 * step 3).
 */
import { type Decision, type Policy, pass } from './decision.ts'
import type { OwnNames } from './own.ts'

/** @param domains lower case */
export function ownOptions(own: OwnNames, domains: readonly string[], optionTags: readonly string[]): Policy {
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
      ['Supported', ['path', 'outbound', ...optionTags].join(', ')],
    ],
  }
  return {
    name: 'own-options',
    decide({ request, uri, routes }) {
      if (request.method !== 'OPTIONS' || uri.user !== undefined || routes.length > 0) return pass
      if (!own.has(uri) && !domains.includes(uri.host)) return pass
      return capabilities
    },
  }
}
