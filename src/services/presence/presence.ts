/**
 * The presence service of a home: answers SUBSCRIBE, PUBLISH and SERVICE for its users. It runs beside the registrar,
 * and keeps everything in the pool store: the routing core knows no dialog of the service.
 */
import { unknownTags } from '../../sip/message/option-tags.ts'
import { addressOfRecord } from '../../sip/message/uri.ts'
import { type Arrival, type Decision, pass, type Policy, refuse, type Refused } from '../../sip/routing/decision.ts'
import { diagnostics, refusalOf } from '../refusals.ts'
import type { Format } from './formats.ts'
import { Keeper, type KeeperOptions } from './keeper.ts'
import { publishTuple } from './publish.ts'
import { isRoaming } from './roaming.ts'
import type { SearchDirectory } from './search.ts'
import { serve } from './service.ts'
import { eventOf, subscribe } from './subscribe.ts'
import type { Watcher } from './view.ts'
import { watcherInfoEvent } from './watcher-info.ts'
import { XmlError } from './xml.ts'

/** Option tags of Require, lower case. */
const knownExtensions: ReadonlySet<string> = new Set([
  'eventlist',
  'recipient-list-subscribe',
  'adhoclist',
  'categorylist',
  'ms-benotify',
  'ms-piggyback-first-notify',
])

export interface PresenceOptions extends KeeperOptions {
  /** FQDN of this server. */
  readonly self: string
  /** FQDN users have as home. */
  readonly home: string
  readonly search: SearchDirectory | undefined
  /** Documents of presence that this server writes: a server of 2005 knows no categories. */
  readonly formats: readonly Format[]
  /** Who sent a request, by the law of the borders; undefined: unknown. */
  readonly senderOf: (arrival: Arrival) => Watcher | undefined
  /** What the law of the borders has against it; asked before anything is read or kept. */
  readonly forbids: (arrival: Arrival, target: 'presence' | 'user-data') => Refused | undefined
  /** Resources one user may watch; MSFT_SIPESGlobalRegistrarSetting.MaxSubscriptionPerUser. */
  readonly maxSubscriptions: number
}

export interface PresenceService {
  readonly policy: Policy
  /** The bindings of these users have changed. */
  changed(aors: Iterable<string>): void
}

export function presenceService(options: PresenceOptions): PresenceService {
  const keeper = new Keeper(options)
  const service = new Service(options, keeper)
  return {
    policy: { name: 'presence', decide: (arrival) => service.decide(arrival) },
    changed(aors) {
      for (const aor of aors) keeper.changed(aor)
    },
  }
}

class Service {
  readonly #options: PresenceOptions
  readonly #keeper: Keeper
  readonly #domains: ReadonlySet<string>

  constructor(options: PresenceOptions, keeper: Keeper) {
    this.#options = options
    this.#keeper = keeper
    this.#domains = new Set(options.domains)
  }

  decide(arrival: Arrival): Decision | Promise<Decision> {
    const { method } = arrival.request
    if (method !== 'SUBSCRIBE' && method !== 'SERVICE' && method !== 'PUBLISH') return pass
    if (!this.#domains.has(arrival.uri.host) || !this.#isOurs(arrival)) return pass
    const forbidden = this.#options.forbids(arrival, method === 'SUBSCRIBE' ? 'presence' : 'user-data')
    if (forbidden !== undefined) return forbidden
    const sender = this.#options.senderOf(arrival)
    if (sender === undefined) return refuse(403, 'presence.unknown-sender')
    return this.#answer(arrival, sender).catch((error: unknown) => this.#refusalOf(error))
  }

  /** Other event packages are the business of the user's own devices. */
  #isOurs({ request, uri }: Arrival): boolean {
    if (request.method === 'SERVICE') return true
    const event = eventOf(request)
    return (
      uri.user !== undefined &&
      (event === 'presence' || (request.method === 'SUBSCRIBE' && (event === watcherInfoEvent || isRoaming(event))))
    )
  }

  async #answer(arrival: Arrival, sender: Watcher): Promise<Decision> {
    const { request, uri, wall } = arrival
    const { self, store, formats, maxSubscriptions: limit } = this.#options
    const extensions = unknownTags(request, 'Require', knownExtensions)
    if (extensions.length > 0) return refuse(420, 'presence.extension', [['Unsupported', extensions.join(', ')]])
    const owner = uri.user === undefined ? sender.aor : addressOfRecord(uri)
    const unknown = await this.#unknown(owner)
    if (unknown !== undefined) return unknown
    if (request.method === 'SUBSCRIBE') {
      const isHere = (aor: string): Promise<boolean> => this.#isHere(aor)
      return subscribe(arrival, sender, { keeper: this.#keeper, store, self, isHere, formats, limit })
    }
    if (sender.foreign || owner !== sender.aor) return refuse(403, 'presence.not-your-own')
    if (request.method === 'PUBLISH') return publishTuple(request, owner, wall, this.#keeper)
    return serve({ request, owner, wall }, { keeper: this.#keeper, search: this.#options.search })
  }

  async #unknown(owner: string): Promise<Decision | undefined> {
    const { accounts, self } = this.#options
    if (accounts === undefined) return undefined
    const account = await accounts.account(owner)
    return account?.enabled === true
      ? undefined
      : refuse(404, 'route.unknown-user', [diagnostics(1003, 'User does not exist', self)])
  }

  async #isHere(aor: string): Promise<boolean> {
    const { accounts, home } = this.#options
    if (accounts === undefined) return true
    return (await accounts.account(aor))?.homePool === home
  }

  #refusalOf(error: unknown): Decision {
    if (error instanceof XmlError)
      return refuse(400, 'presence.document', [
        diagnostics(4000, `The body cannot be read: ${quotable(error.message)}`, this.#options.self),
      ])
    return refusalOf(error, this.#options.self)
  }
}

function quotable(text: string): string {
  return text.replace(/["\\]/g, "'").slice(0, 120)
}
