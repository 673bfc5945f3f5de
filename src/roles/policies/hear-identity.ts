/** The inside face of an access proxy takes the word of its servers on who sent a request (RFC 3325 §5). */
import { believe } from '../../services/authentication/authenticate.ts'
import type { Policy } from '../../sip/routing/decision.ts'

export function hearIdentity(): Policy {
  return { name: 'hear-identity', decide: believe }
}
