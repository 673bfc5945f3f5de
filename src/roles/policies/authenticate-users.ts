/**
 * The authentication that every role with a directory shares: one realm, digest first; further schemes join the list.
 */
import { authenticate } from '../../services/authentication/authenticate.ts'
import { digest } from '../../services/authentication/digest.ts'
import type { Arrival, Policy } from '../../sip/routing/decision.ts'
import type { HomeSettings, NodePlan } from '../../topology/plan-types.ts'
import { recordedParty } from './dialog.ts'
import { type RoleContext, directoryOf } from '../role.ts'

export function authenticateUsers(
  context: RoleContext,
  { realm, algorithms }: Pick<HomeSettings, 'realm' | 'algorithms'>,
  isOurs: (host: string) => boolean,
): Policy {
  const { plan, clock } = context
  const { accounts } = directoryOf(context)
  return authenticate({
    schemes: [digest({ credentials: accounts, realm, clock, algorithms })],
    realm,
    clock,
    self: plan.fqdn,
    accounts,
    party: recordedParty,
    exempt: (arrival) => isProbe(arrival, isOurs, plan.faces),
  })
}

/** OPTIONS to the server itself asks nothing of a user: the first SIP answer of a connectivity check. */
function isProbe(
  { request, uri, routes }: Arrival,
  isOurs: (host: string) => boolean,
  faces: NodePlan['faces'],
): boolean {
  if (request.method !== 'OPTIONS' || routes.length > 0) return false
  const host = uri.host.replace(/^\[|\]$|\.$/g, '')
  if (faces.some(({ fqdn, address, addresses }) => [fqdn, address, ...Object.values(addresses)].includes(host)))
    return uri.user === undefined || request.toTag === undefined
  return uri.user === undefined && isOurs(host)
}
