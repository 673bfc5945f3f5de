/**
 * The authentication that every role with a directory shares: one realm, Digest first, because most clients read the
 * first challenge only; NTLM behind it, where it is offered.
 */
import { authenticate } from '../../services/authentication/authenticate.ts'
import { digest } from '../../services/authentication/digest.ts'
import { ntlm } from '../../services/authentication/ntlm/ntlm.ts'
import type { Scheme } from '../../services/authentication/scheme.ts'
import type { Arrival, Policy } from '../../sip/routing/decision.ts'
import type { HomeSettings } from '../../topology/plan-types.ts'
import { recordedParty } from './dialog.ts'
import { namesOfFaces } from './no-route.ts'
import { type RoleContext, directoryOf } from '../role.ts'

export function authenticateUsers(
  context: RoleContext,
  { realm, algorithms, domains }: Pick<HomeSettings, 'realm' | 'algorithms' | 'domains'>,
  isOurs: (host: string) => boolean,
): Policy {
  const { plan, clock, associations } = context
  const { accounts } = directoryOf(context)
  const shared = { credentials: accounts, realm, clock }
  const [domain = plan.organisation] = domains
  const names: ReadonlySet<string> = new Set(namesOfFaces(plan.faces))
  const schemes: Scheme[] = [digest({ ...shared, algorithms })]
  if (associations !== undefined) schemes.push(ntlm({ ...shared, self: plan.fqdn, domain, associations }))
  return authenticate({
    schemes,
    dated: associations !== undefined,
    realm,
    clock,
    self: plan.fqdn,
    accounts,
    party: recordedParty,
    exempt: (arrival) => isProbe(arrival, isOurs, names),
  })
}

/** OPTIONS to the server itself asks nothing of a user: the first SIP answer of a connectivity check. */
function isProbe(
  { request, uri, routes }: Arrival,
  isOurs: (host: string) => boolean,
  names: ReadonlySet<string>,
): boolean {
  if (request.method !== 'OPTIONS' || routes.length > 0) return false
  if (names.has(uri.host)) return uri.user === undefined || request.toTag === undefined
  return uri.user === undefined && isOurs(uri.host)
}
