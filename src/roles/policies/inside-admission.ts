/** Who may come in at a director or a home: the same list for both. */
import { placeName } from '../../sip/message/fast/scanner.ts'
import type { Policy } from '../../sip/routing/decision.ts'
import type { HomeSettings } from '../../topology/plan-types.ts'
import type { KnownServers } from '../../sip/routing/policies/follow-route.ts'
import { speaksInside } from '../law/facts.ts'
import type { Facts } from '../law/law.ts'
import type { RoleContext } from '../role.ts'
import { authenticateUsers } from './authenticate-users.ts'
import { proveDialog, proveDialogByIdentity, recogniseDialog } from './dialog.ts'
import { noteRemote } from './note-remote.ts'
import { noteTrunk, type TrunkHost } from './note-trunk.ts'
import { routeGuard } from './route-guard.ts'
import { stripUntrusted } from './strip-untrusted.ts'

/** @param trunks hosts of static routes and authorised ones, see `noteTrunk` */
export function insideAdmission(
  context: RoleContext,
  settings: Pick<HomeSettings, 'realm' | 'algorithms' | 'domains'>,
  facts: Facts,
  isOurs: (host: string) => boolean,
  trunks: readonly TrunkHost[] = [],
): readonly Policy[] {
  const { flowTokens, authentication } = context
  const recorded = new Set(trunks.map(({ organisation }) => organisation))
  const start = [
    stripUntrusted(),
    recogniseDialog(flowTokens, facts, settings.domains),
    routeGuard(flowTokens, { isOurs }),
    noteRemote(settings.domains),
    ...(trunks.length === 0 ? [] : [noteTrunk(facts, trunks)]),
  ]
  if (authentication === 'off') return [...start, proveDialogToAll()]
  return [
    ...start,
    proveDialog({
      tokens: flowTokens,
      speaksFor: (arrival, organisation) => speaksInside(arrival, organisation, recorded),
    }),
    authenticateUsers(context, settings, isOurs),
    proveDialogByIdentity(facts),
  ]
}

/** Where users are not asked who they are, the record alone says that a request belongs to its dialog. */
function proveDialogToAll(): Policy {
  return {
    name: 'prove-dialog',
    decide({ remarks }) {
      if (remarks.dialog !== undefined) remarks.dialog = { ...remarks.dialog, proved: true }
      return { kind: 'pass' }
    },
  }
}

export function isOneOf(hosts: readonly string[]): (host: string) => boolean {
  const names = setOf(hosts)
  return (host) => names.has(host)
}

export function knownServers(hosts: readonly string[], ports: readonly number[]): KnownServers {
  return { hosts: new Set([...setOf(hosts)].map(withoutBrackets)), ports: new Set(ports) }
}

/** `followRoute` compares addresses as a socket has them. */
function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function setOf(hosts: readonly string[]): ReadonlySet<string> {
  return new Set(hosts.map(placeName))
}
