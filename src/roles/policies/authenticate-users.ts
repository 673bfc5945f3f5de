/**
 * The authentication that every role with a directory shares: one realm, digest first; further schemes join the list.
 */
import { authenticate } from '../../services/authentication/authenticate.ts'
import { digest } from '../../services/authentication/digest.ts'
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'
import type { FlowTokens } from '../../sip/routing/flow-token.ts'
import { type RoleContext, directoryOf } from '../role.ts'

export function authenticateUsers(
  context: RoleContext,
  { realm, domains }: { readonly realm: string; readonly domains: readonly string[] },
): Policy {
  if (context.authentication === 'off') return { name: 'authenticate', decide: () => pass }
  const { plan, clock, flowTokens } = context
  const { accounts } = directoryOf(context)
  return authenticate({
    schemes: [digest({ credentials: accounts, realm, clock })],
    realm,
    domains,
    self: plan.fqdn,
    accounts,
    hasRouteToken: (arrival) => carriesToken(arrival, flowTokens),
    exempt: isProbe,
  })
}

/** Tokens nobody else can make say that this dialog was let in when it began. */
function carriesToken({ ownRoute, request }: Arrival, tokens: FlowTokens): boolean {
  const user = ownRoute?.uri.user
  return user !== undefined && tokens.isOfDialog(user, request.callId)
}

/** OPTIONS to the server itself asks nothing of a user: the first SIP answer of a connectivity check. */
function isProbe({ request, uri }: Arrival): boolean {
  return request.method === 'OPTIONS' && uri.user === undefined
}
