/** The presence service of a home, and what its registrar tells a Communicator of it. */
import { type PresenceService, presenceService } from '../services/presence/presence.ts'
import type { Watcher } from '../services/presence/view.ts'
import type { CommunicatorSettings } from '../services/registrar/registered.ts'
import { addressOfRecord } from '../sip/message/uri.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { HomeSettings } from '../topology/plan-types.ts'
import type { ProfileName } from '../topology/profile.ts'
import { type Facts, judge } from './law/law.ts'
import type { RoleContext } from './role.ts'

/** The settings of a Communicator after sign-on; `msrtc-event-categories` selects the mode of 2007 ([MS-SIPREGE] 4). */
export function communicatorSettings(profile: ProfileName, hasPresence: boolean): CommunicatorSettings {
  const settings = { keepAliveSeconds: 300, server: 'RTC/2.0' }
  if (!hasPresence) return { ...settings, allowEvents: [], supported: [] }
  return profile === 'lcs2005'
    ? { ...settings, allowEvents: events2005, supported: [] }
    : { ...settings, allowEvents: events2007, supported: ['msrtc-event-categories', 'adhoclist'] }
}

const events2005 = [
  'vnd-microsoft-provisioning',
  'vnd-microsoft-roaming-contacts',
  'vnd-microsoft-roaming-ACL',
  'presence',
  'presence.wpending',
]
const events2007 = [
  'vnd-microsoft-provisioning-v2',
  'vnd-microsoft-roaming-contacts',
  'vnd-microsoft-roaming-ACL',
  'presence',
  'presence.wpending',
  'vnd-microsoft-roaming-self',
]

/** undefined: without a pool store there is none (benchmarks). */
export function homePresence(context: RoleContext, settings: HomeSettings, facts: Facts): PresenceService | undefined {
  const { presence, location, plan, clock, accounts, directory } = context
  if (presence === undefined || location === undefined) return undefined
  return presenceService({
    ...presence,
    location,
    accounts,
    clock,
    domains: settings.domains,
    self: plan.fqdn,
    home: settings.home,
    formats: plan.profile.name === 'lcs2005' ? ['msrtc', 'pidf'] : ['categories', 'msrtc', 'pidf'],
    search: directory && ((filter, limit) => directory.search(filter, limit)),
    forbids: (arrival, target) => judge(arrival, facts, target),
    senderOf: (arrival) => senderOf(arrival, facts),
    maxSubscriptions: settings.maxSubscriptionsPerUser,
  })
}

/** By the law's own facts: a user of ours that is proved, or one that its organisation vouches for. */
function senderOf(arrival: Arrival, facts: Facts): Watcher | undefined {
  const { remarks, request } = arrival
  const from = addressOfRecord(request.fromUri)
  switch (facts.identityOf(arrival)) {
    case 'user':
      return remarks.identity === undefined ? undefined : { aor: remarks.identity, foreign: false }
    case 'foreign':
      return { aor: remarks.identity ?? from, foreign: true }
    case 'none':
      return facts.peerOf(arrival) === 'unasked' ? { aor: from, foreign: false } : undefined
    default:
      return undefined
  }
}
