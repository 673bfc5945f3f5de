/** What a node has for Communicator clients beside its lists: associations, the seal, and the way of notifications. */
import { Associations } from '../services/authentication/ntlm/associations.ts'
import { NtlmSeal } from '../services/authentication/ntlm/seal.ts'
import type { RoleContext } from '../roles/role.ts'
import { serverPlacesOf } from '../roles/server-places.ts'
import type { Clock } from '../sip/clock.ts'
import type { Proxy } from '../sip/routing/proxy.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { TransportLayer } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { Notifications, type SignOffCause } from './notifications.ts'
import type { Stores } from './stores.ts'
import type { NodeTransportUser } from './transport-user.ts'

export interface CommunicatorParts {
  readonly seal: NtlmSeal | undefined
  /** For the lists of the role. */
  readonly context: Pick<RoleContext, 'associations' | 'presence'>
  /** Signs the Communicators of a user off; other clients know no such message. */
  signOff(aor: string, cause: SignOffCause): Promise<void>
  /** Signs off every Communicator connected to this server, for it to sign in at another; a failure is reported. */
  signOffAll(cause: SignOffCause): Promise<void>
  /** To be called when the proxy is there: nothing is sent before. */
  sendBy(proxy: Proxy): void
}

export interface CommunicatorOptions {
  readonly plan: NodePlan
  readonly clock: Clock
  readonly stores: Stores
  readonly user: NodeTransportUser
  readonly transport: TransportLayer
  readonly locate: Locate
  readonly failed: (error: unknown) => void
}

export function communicatorParts(options: CommunicatorOptions): CommunicatorParts {
  const { plan, clock, stores, user, failed } = options
  const { settings } = plan
  const associations = 'ntlm' in settings && settings.ntlm ? new Associations() : undefined
  const seal =
    associations === undefined || !('realm' in settings)
      ? undefined
      : new NtlmSeal({ associations, realm: settings.realm, self: plan.fqdn, clock })
  if (seal !== undefined) user.refuses = (response, flow) => seal.refuses(response, flow)
  const outbox = notificationsOf(options)
  return {
    seal,
    context: {
      associations,
      presence:
        outbox === undefined || stores.pool === undefined ? undefined : { store: stores.pool.presence, outbox, failed },
    },
    signOff: async (aor, cause) => outbox?.signOff(aor, cause),
    signOffAll: async (cause) => outbox?.signOffHere(associations?.aors ?? [], cause).catch(failed),
    sendBy(proxy) {
      if (outbox !== undefined) outbox.proxy = proxy
    },
  }
}

function notificationsOf(options: CommunicatorOptions): Notifications | undefined {
  const { location, pool } = options.stores
  if (location === undefined || pool === undefined) return undefined
  const { plan } = options
  return new Notifications({ ...options, location, self: plan.fqdn, servers: serverPlacesOf(plan) })
}
