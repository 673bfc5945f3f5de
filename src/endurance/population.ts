/** Many users at once, each doing one thing after the other by chance that can be repeated. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadyDocument, ReadyNode } from '../lab/ready-document.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { Registration } from '../node/control/control-api.ts'
import { openPhone, PhoneError, type PhoneSettings } from '../phone/index.ts'
import { systemClock } from '../sip/clock.ts'
import { createResolver } from '../sip/transport/dial/resolver.ts'
import { Account, type Balance } from './account.ts'
import { act, chooseDeed, renew, type Stage, timerMs } from './deeds.ts'
import type { TlsDoor } from './hostile.ts'
import { seeded } from './random.ts'
import type { Resident } from './resident.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface PopulationOptions {
  readonly lab: RunningLabAccess
  readonly ready: ReadyDocument
  readonly users: readonly { readonly login: string; readonly password: string; readonly remote: boolean }[]
  readonly seed: number
  /** The longest pause between two things one user does, milliseconds. */
  readonly pauseMs: number
  /** Whether a fault is on: then nothing is judged yet. */
  readonly troubled: () => boolean
}

export interface Population {
  readonly account: Account
  readonly size: number
  /** Every user signs in, and begins. */
  start(): Promise<void>
  /** Compares what is owed with the store and with what watchers saw. Nothing while a fault is on. */
  check(): Promise<void>
  /** A fault begins: a NOTIFY may be lost with it, and the next refresh brings the whole state. */
  excuseWatches(): void
  /** Every user signs in again and renews its subscriptions, and what is owed is compared. */
  recover(): Promise<void>
  /** Ends what is under way, recovers and compares a last time, and signs everybody out. */
  stop(): Promise<Balance>
}

/** The longest of several requests in a row, and the wait for calm before. */
const longestDeedMs = 3 * timerMs
/** How long a NOTIFY may be under way. */
const notifyWithinMs = 10_000

export function openPopulation(options: PopulationOptions): Population {
  return new Residents(options)
}

class Residents implements Population, Stage {
  readonly account = new Account()
  readonly residents: readonly Resident[]
  readonly doors: readonly TlsDoor[]
  readonly #options: PopulationOptions
  readonly #settings = new Map<Resident, PhoneSettings>()
  #work: Promise<unknown> = Promise.resolve()
  #over = false
  #serial = 0

  constructor(options: PopulationOptions) {
    this.#options = options
    const ways = [true, false].map((remote) => wayIn(options.ready, remote))
    this.doors = ways.map(({ target: { address = '', port, host } }) => ({ address, port, host }))
    this.residents = options.users.map((user, at) => {
      const settings = phoneSettings(options.ready, user)
      const phone = openPhone(settings)
      phone.onMessage = ({ text }) => this.account.arrive(text)
      const resident: Resident = {
        phone,
        random: seeded(options.seed, at),
        watched: new Map(),
        version: 0,
        etag: undefined,
        moving: true,
        moves: 0,
      }
      phone.onNotice = ({ kind }) => {
        resident.moves += 1
        if (kind !== 'signed-in-again') for (const watched of resident.watched.values()) watched.excused = true
      }
      this.#settings.set(resident, settings)
      return resident
    })
  }

  get size(): number {
    return this.residents.length
  }

  settingsOf(resident: Resident): PhoneSettings {
    const settings = this.#settings.get(resident)
    if (settings === undefined) throw new Error(`${resident.phone.uri} is of another population`)
    return settings
  }

  serial(): number {
    return ++this.#serial
  }

  async calm(some: readonly Resident[]): Promise<void> {
    await until('no fault is on and the phones are signed in', () => {
      if (this.#options.troubled()) return 'later'
      return some.every(({ phone }) => phone.signedIn)
    })
  }

  reaches({ phone }: Resident): boolean {
    return !this.#options.troubled() && phone.signedIn
  }

  async start(): Promise<void> {
    for (const resident of this.residents) {
      await until(`${resident.phone.uri} signs in`, () => succeeds(resident.phone.signIn()))
      resident.moving = false
    }
    this.#work = Promise.all(this.residents.map((resident) => this.#live(resident)))
    // Told by `stop`.
    this.#work.catch(() => undefined)
  }

  async #live(resident: Resident): Promise<void> {
    while (!this.#over) {
      await delay(resident.random.below(this.#options.pauseMs))
      if (this.#over) return
      const deed = chooseDeed(resident)
      const late = new AbortController()
      const done = await Promise.race([
        act(this, resident, deed).then(() => true),
        delay(longestDeedMs, false, { signal: late.signal, ref: false }),
      ]).finally(() => late.abort())
      if (!done) this.account.lose('hanging', `${deed} of ${resident.phone.uri} had not ended after its timers`)
    }
  }

  async check(): Promise<void> {
    if (this.#options.troubled()) return
    const quiet = new Map(
      this.residents.filter(({ moving, phone }) => !moving && phone.signedIn).map((one) => [one, one.moves]),
    )
    const stored = await this.#stored()
    if (this.#options.troubled()) return
    // Who signed out and in again meanwhile may have been asked for in between.
    for (const [{ phone, moving, moves }, before] of quiet)
      if (!moving && moves === before && phone.signedIn && !stored.has(phone.uri))
        this.account.lose('registration', `${phone.uri} is signed in, and the store has no binding of it`)
    this.#checkWatches()
  }

  #checkWatches(): void {
    const before = performance.now() - notifyWithinMs
    for (const { phone, watched } of this.residents)
      for (const one of watched.values()) {
        const owed = this.account.owedVersion(one.of, before)
        if (one.excused || one.acceptedAt > before || !one.watch.active || one.seen >= owed) continue
        this.account.lose('notification', `${phone.uri} watches ${one.of}, saw version ${one.seen}, not ${owed}`)
        one.seen = owed
      }
  }

  async #stored(): Promise<ReadonlySet<string>> {
    const { lab } = this.#options
    const fronts = lab.plan.nodes.filter(({ role }) => role === 'front-end' || role === 'standard-edition')
    const all = await Promise.all(
      fronts.map(({ name }) => lab.clientOf(name).get<readonly Registration[]>('/registrations')),
    )
    return new Set(all.flat().map(({ aor }) => aor))
  }

  excuseWatches(): void {
    for (const { watched } of this.residents) for (const one of watched.values()) one.excused = true
  }

  async recover(): Promise<void> {
    // What was acknowledged is there before anybody signs in anew.
    await this.check()
    try {
      await Promise.all(
        this.residents.map(({ phone }) => until(`${phone.uri} signs in again`, () => succeeds(phone.signIn()))),
      )
    } catch (error) {
      return this.account.lose('recovery', error instanceof Error ? error.message : String(error))
    }
    const renewals = this.residents.map(async (resident) => {
      for (const watched of [...resident.watched.values()]) await renew(this, resident, watched)
    })
    await Promise.all(renewals)
    await delay(notifyWithinMs + 500)
    await this.check()
  }

  async stop(): Promise<Balance> {
    this.#over = true
    await this.#work
    await this.recover()
    // In its own time: a phone that is closed says its goodbye in two seconds or not at all.
    const signedOut = await Promise.all(this.residents.map(({ phone }) => succeeds(phone.signOut())))
    await Promise.all(this.residents.map(({ phone }) => phone.close()))
    const left = await this.#stored()
    for (const [at, { phone }] of this.residents.entries())
      if (signedOut[at] === true && left.has(phone.uri))
        this.account.lose('registration', `${phone.uri} signed out, and its binding is left`)
    return this.account.close()
  }
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error: unknown) => {
      if (error instanceof PhoneError) return false
      throw error
    },
  )
}

/** Looks ten times a second for `timerMs`; `later` begins the wait anew. @throws Error */
async function until(what: string, holds: () => boolean | 'later' | Promise<boolean>): Promise<void> {
  for (let end = performance.now() + timerMs; performance.now() < end; await delay(100)) {
    const held = await holds()
    if (held === true) return
    if (held === 'later') end = performance.now() + timerMs
  }
  throw new Error(`this did not happen within ${timerMs / 1000} s: ${what}`)
}

/** Remote users come through the edge where there is one, the others through the pool. */
function phoneSettings(
  ready: ReadyDocument,
  { login, password, remote }: PopulationOptions['users'][number],
): PhoneSettings {
  const { address, port } = ready.dns.internal
  return {
    user: login,
    password,
    domain: ready.domain,
    autoAnswer: true,
    // The account decides what hangs, not the phone.
    answerMs: timerMs + 5000,
    ringMs: timerMs + 5000,
    resolver: createResolver({ clock: systemClock, servers: [endpointText(address, port)] }),
    ...wayIn(ready, remote),
  }
}

function wayIn(ready: ReadyDocument, remote: boolean): Pick<PhoneSettings, 'target' | 'ca'> {
  const edge = remote ? ready.nodes.find(({ role }) => role === 'access-proxy') : undefined
  const server = edge ?? homeOf(ready)
  const face = edge === undefined ? 'internal' : 'external'
  const listener = server.listeners.find(
    (each) => each.face === face && each.transport === 'tls' && each.mutual !== 'required',
  )
  const root = edge === undefined ? ready.trust.internal : ready.trust.public
  if (listener === undefined || root === undefined) throw new Error(`${server.name} has no TLS listener for phones`)
  const { address, port } = listener
  const host = edge === undefined ? server.fqdn : `sip.${ready.domain}`
  return { target: { host, address, port, transport: 'tls' }, ca: [readFileSync(root, 'utf8')] }
}

function homeOf({ nodes, topology }: ReadyDocument): ReadyNode {
  const found = ['load-balancer', 'front-end', 'standard-edition'].flatMap((role) =>
    nodes.filter((node) => node.role === role),
  )[0]
  if (found === undefined) throw new Error(`${topology} has no home for users`)
  return found
}
