/**
 * The life of one SIP server: check before anything listens, open, serve, take changes while running, end. What ends it
 * for a certificate is the profile's choice (`whenOwnCertificateEnds`); then the exit status is 1 and the events say
 * why.
 */
import { mkdirSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import { joined } from '../certificates/startup-check.ts'
import { verdict } from '../verdicts/codes.ts'
import { thenStart } from '../verdicts/remedy.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { type Clock, systemClock } from '../sip/clock.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Administered } from './administration.ts'
import { Condition } from './condition.ts'
import { configurationFault } from './configuration-check.ts'
import type { ChangeReport, NodeStatus } from './control/control-api.ts'
import { type ControlServer, openControlServer } from './control/control-server.ts'
import { crlUrls, fetchCrls, fetchesCrls } from './certificates/crl-fetch.ts'
import { drain, quiet, stopPatience, turnsAway } from './drain.ts'
import type { EventName } from './events.ts'
import { recordFailureChain } from './failure-chain.ts'
import { forgetServed } from './fault-in-force.ts'
import { type Changes, Listening } from './listening.ts'
import type { AccountChange } from './controlled-node.ts'
import { localFault, withLocalTables } from './local-tables.ts'
import { nodeControl } from './control/node-control.ts'
import { type NodeFolder, nodeFolder } from './control/node-folder.ts'
import { OwnDates } from './certificates/own-dates.ts'
import { MachineWatch } from './machine-watch.ts'
import { openRecorder, type LogLevel, type Recorder } from './recorder.ts'
import { ServiceLinks } from './service-links.ts'
import { sharedKey } from './shared-key.ts'
import { openStack, type Stack, type StackOptions } from './stack.ts'
import { isAbout } from './store-verdict.ts'
import { StoreWatch } from './store-watch.ts'
import { askStores, openStores, type Stores } from './stores.ts'
import { defaultKeptMessages, ringSize, WireLog } from './wire/wire-log.ts'

export interface ServiceOptions {
  readonly lab: LabPlan
  readonly plan: NodePlan
  /** Data folder of the lab. */
  readonly dataDir: string
  readonly logLevel: LogLevel
  /** JSON on standard error when absent. */
  readonly logDestination?: DestinationStream
  readonly clock?: Clock
  /** `postgresql://…` where a SQL back end runs. */
  readonly sqlUrl?: string
  /** Where the directory is a database of its own. */
  readonly directoryUrl?: string
  /** Messages kept for `siplab trace --since`. Absent: `defaultKeptMessages`; 0: none. */
  readonly keptMessages?: number
  /** Differences for benchmarks and tests. */
  readonly stack?: Partial<Pick<StackOptions, 'authentication' | 'transportSettings' | 'forward'>>
}

export class Service {
  readonly plan: NodePlan
  readonly folder: NodeFolder
  readonly recorder: Recorder
  readonly clock: Clock
  readonly links: ServiceLinks
  readonly wire: WireLog
  readonly ended: Promise<number>
  readonly #options: ServiceOptions
  readonly #end: (status: number) => void
  readonly #dates: OwnDates
  readonly #listening: Listening
  readonly #condition: Condition
  readonly #storeWatch: StoreWatch
  readonly #machine: MachineWatch
  #turnsAway = false
  #stopping = false
  #stack: Stack | undefined
  #stores: Stores | undefined
  #control: ControlServer | undefined

  constructor(options: ServiceOptions) {
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#options = options
    this.clock = options.clock ?? systemClock
    this.folder = nodeFolder(options.dataDir, options.plan.name)
    this.plan = withLocalTables(options.plan, this.folder)
    this.ended = promise
    this.#end = resolve
    mkdirSync(this.folder.root, { recursive: true, mode: 0o700 })
    this.recorder = openRecorder({
      node: this.plan.name,
      role: this.plan.role,
      profile: this.plan.profile.name,
      eventFile: this.folder.events,
      logFile: this.folder.log,
      level: options.logLevel,
      wall: () => this.clock.wall(),
      ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
    })
    const { plan, clock, recorder } = this
    const { keptMessages = defaultKeptMessages } = options
    this.wire = new WireLog({ node: plan.name, clock, size: ringSize(keptMessages) })
    recorder.events.follow((event) => this.wire.event(event))
    this.#condition = new Condition(() => this.#now())
    this.#storeWatch = new StoreWatch({ plan, recorder, condition: this.#condition, urls: options })
    this.#machine = new MachineWatch({ node: plan.name, recorder, condition: this.#condition, clock })
    this.links = new ServiceLinks({ lab: options.lab, plan, folder: this.folder, clock, recorder })
    this.#listening = new Listening({ plan, folder: this.folder, recorder, wall: () => clock.wall() })
    this.#dates = new OwnDates({
      plan,
      clock,
      recorder,
      condition: this.#condition,
      flows: () => this.#stack?.transport.flows() ?? [],
      die: (found, reference) => void this.#die(found, reference),
    })
  }

  /** Resolves when the service is ready or has ended; `ended` tells which. */
  async start(): Promise<void> {
    this.recorder.record('service.starting', { data: { role: this.plan.role, pid: process.pid } })
    this.#control = await openControlServer(this.folder, nodeControl(this), () => this.recorder.written())
    this.#machine.start()
    const unreadable = localFault(this.plan, this.folder) ?? configurationFault(this.plan)
    if (unreadable !== undefined) return this.#die(unreadable.verdict, undefined, unreadable.className)
    const unfetched = await this.#fetchCrls()
    if (unfetched !== undefined)
      return this.#die(this.#namingALeaf(unfetched), undefined, 'MSFT_SIPFederationInternalEdgeListeningAddressSetting')
    forgetServed(this.folder)
    const bad = this.#listening.load()
    if (bad !== undefined) return this.#die(bad.verdict, bad.reference)
    await this.#open()
  }

  /** What is in progress gets its answer first, within two seconds; told twice, it ends at once. */
  async stop(): Promise<void> {
    if (this.#hasStopped()) return
    if (!this.#stopping) {
      this.#stopping = true
      this.recorder.record('service.stopping')
      await this.#listening.closeListeners()
      await quiet({ clock: this.clock, inProgress: () => this.#inProgress, turnAway: () => undefined }, stopPatience)
      if (this.#hasStopped()) return
    }
    await this.#close(0, 'service.stopped')
  }

  get administered(): Administered {
    return { plan: this.plan, folder: this.folder, now: this.clock.wall() }
  }

  get lab(): LabPlan {
    return this.#options.lab
  }

  get stack(): Stack | undefined {
    return this.#stack
  }

  get stores(): Stores | undefined {
    return this.#stores
  }

  get status(): NodeStatus {
    const flows = this.#stack === undefined ? 0 : [...this.#stack.transport.flows()].length
    const counts = this.#stack?.proxy.transactions.counts
    return {
      name: this.plan.name,
      role: this.plan.role,
      fqdn: this.plan.fqdn,
      state: this.#condition.state,
      since: this.#condition.since,
      pid: process.pid,
      listeners: this.#listening.status,
      links: this.links.states,
      verdicts: this.#condition.verdicts,
      flows,
      transactions: counts === undefined ? 0 : counts.client + counts.server,
      registrations: this.#stores?.location?.size ?? 0,
      refusals: this.#stack?.refusals.all ?? {},
      machine: this.#machine.status,
    }
  }

  /** Asks both databases now; what is wrong with them. */
  async askStores(): Promise<readonly Verdict[]> {
    if (this.#stores !== undefined) await askStores(this.#stores)
    return this.#condition.verdicts.filter((each) => isAbout('pool', each) || isAbout('directory', each))
  }

  /** The directory was changed by a command: the next request reads it anew. */
  forgetAccounts(): void {
    this.#stack?.accounts?.clear()
  }

  /**
   * For an account that was disabled, removed or moved: its Communicators are signed off, its bindings go, its watchers
   * are notified, and what was remembered of it is forgotten.
   *
   * @throws StoreError when the store cannot be changed
   */
  async forgetUser(aor: string, because: AccountChange): Promise<void> {
    this.forgetAccounts()
    await this.#stack?.signOff(aor, because)
    await this.#stores?.location?.removeUser(aor)
    this.#stack?.parts.left?.([aor])
  }

  /**
   * Reads settings, certificates, trust and CRLs again and puts into use what is good. A bad certificate leaves the old
   * one serving; live flows stay in any case.
   */
  async reload(): Promise<ChangeReport> {
    const changes: Changes = { changed: [], unchanged: [] }
    const unfetched = await this.#fetchCrls()
    if (unfetched !== undefined) changes.unchanged.push(`revocation lists: ${unfetched.message}`)
    await this.#listening.reload(changes)
    this.#dates.watch(this.#listening.own)
    this.#dates.lookForRevoked(this.#listening.own)
    return changes
  }

  /** Takes no new connection, lets what is in progress end, and sends its clients elsewhere. Less than a minute. */
  async drain(): Promise<void> {
    this.#condition.become('draining')
    this.recorder.record('drain.started')
    await this.#listening.closeListeners()
    const left = await drain({
      clock: this.clock,
      inProgress: () => this.#inProgress,
      flows: () => this.#stack?.transport.flows() ?? [],
      flowsInUse: () => this.#stack?.proxy.transactions.flowsInUse() ?? new Set(),
      turnAway: () => (this.#turnsAway = true),
      signOff: async () => this.#stack?.signOffAll('drained'),
    })
    this.links.close()
    this.recorder.record('drain.finished', { data: { givenUp: left } })
  }

  async #open(): Promise<void> {
    const stores = await this.#openStores()
    const missing = this.#storeWatch.missingFile(stores)
    if (missing !== undefined) return this.#die(missing.verdict, undefined, missing.className)
    // A table that cannot be read is known before the first request asks for it.
    await askStores(stores)
    const stack = this.#openStack(stores)
    this.links.open(
      stack,
      this.#listening.own.some(({ use }) => use.dialsFrom !== undefined),
    )
    try {
      await this.#listening.open(stack.transport)
    } catch (error) {
      return this.#cannotListen(error)
    }
    this.#dates.watch(this.#listening.own)
    this.#condition.become(this.#condition.verdicts.length === 0 ? 'ready' : 'degraded')
    this.recorder.record('service.ready', { data: { listeners: this.status.listeners } })
    this.links.start()
  }

  async #openStores(): Promise<Stores> {
    const { dataDir, sqlUrl, directoryUrl } = this.#options
    this.#stores = await openStores({
      plan: this.plan,
      dataDir,
      clock: this.clock,
      sqlUrl,
      directoryUrl,
      onHealth: (store, health) => this.#storeWatch.onHealth(store, health),
    })
    return this.#stores
  }

  #openStack(stores: Stores): Stack {
    const { lab, dataDir, stack } = this.#options
    this.#stack = openStack({
      authentication: 'on',
      ...stack,
      lab,
      plan: this.plan,
      clock: this.clock,
      recorder: this.recorder,
      wire: this.wire,
      stores,
      materialOf: (face, side) => this.#listening.materialOf(face, side),
      shed: (request) => (this.#turnsAway ? turnsAway(request) : undefined),
      onFlowOpened: (flow) => this.links.flowOpened(flow),
      onFlowClosed: (flow, because) => this.links.flowClosed(flow, because),
      sharedKey: sharedKey(dataDir, this.plan.organisation, this.folder),
    })
    return this.#stack
  }

  /**
   * The list that could not be had; the others are in the folder. Nodes that do not fetch have theirs there already.
   */
  async #fetchCrls(): Promise<Verdict | undefined> {
    if (!fetchesCrls(this.plan)) return undefined
    const [first, ...others] = await fetchCrls(this.plan, this.folder)
    if (first === undefined) {
      this.recorder.record('crl.loaded', { data: { from: crlUrls(this.plan) } })
      return undefined
    }
    const found = joined([first, ...others])
    this.recorder.record('crl.unusable', { verdict: found })
    return found
  }

  /** The chain of events names a certificate even where its list is to blame. */
  #namingALeaf(cause: Verdict): Verdict {
    const certificate = this.#listening.firstLeaf()
    return certificate === undefined ? cause : { ...cause, certificate }
  }

  #cannotListen(error: unknown): Promise<void> {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/^ERR_(SSL|OSSL|CRYPTO|TLS)_/.test(code))
      return this.#die(
        verdict(nodeErrorToCode(code, String(error)), { node: this.plan.name, found: String(error) }),
        'listener',
      )
    const found = verdict('config.invalid', {
      node: this.plan.name,
      message: `A listener of ${this.plan.name} cannot be opened`,
      found: error instanceof Error ? error.message : String(error),
      fix: 'see what else uses the address and port: ss -ltnp',
    })
    return this.#die(found, 'listener', 'MSFT_SIPListeningAddressData')
  }

  async #die(found: Verdict, reference: string | undefined, className?: string): Promise<void> {
    const { fix } = found
    const cause = fix === undefined ? found : { ...found, fix: thenStart(fix, this.plan.name) }
    recordFailureChain(this.recorder, cause, {
      ...(reference === undefined ? {} : { reference }),
      ...(className === undefined ? {} : { className }),
    })
    this.#condition.endFor(cause)
    await this.#close(1, undefined)
  }

  async #close(status: number, lastEvent: EventName | undefined): Promise<void> {
    this.#condition.become('stopped')
    this.#dates.close()
    this.#machine.close()
    this.links.close()
    await this.#stack?.close()
    await this.#stores?.close()
    if (lastEvent !== undefined) this.recorder.record(lastEvent)
    await this.#control?.close()
    await this.recorder.close()
    this.#end(status)
  }

  /** Requests that wait for their final answer. */
  get #inProgress(): number {
    return this.#stack?.proxy.transactions.counts.open ?? 0
  }

  #hasStopped(): boolean {
    return this.#condition.state === 'stopped'
  }

  #now(): string {
    return new Date(this.clock.wall()).toISOString()
  }
}
