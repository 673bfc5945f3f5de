/**
 * Brings a lab up and down: network, certificates, directory, one process for each node, and news about what changes.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import type { Verdict } from '../verdicts/verdict.ts'
import type { ListenerStatus, NodeStatus } from '../node/control/control-api.ts'
import { StoreError } from '../services/store/store-error.ts'
import { networkText } from '../topology/addressing.ts'
import { placementOf, planLab } from '../topology/plan.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Topology } from '../topology/topology.ts'
import { emptyFolder, removeNews } from './folder-contents.ts'
import { labFolder, readRecord, takeLock } from './lab-folder.ts'
import type { LabFolder, LabLock, LabRecord, StoppedNode } from './lab-folder.ts'
import { checkExposure, type Exposure } from './expose.ts'
import { LabError } from './lab-error.ts'
import { LinkNews } from './link-news.ts'
import { reserveNetwork } from './network.ts'
import type { Reservation } from './network.ts'
import { ipv6Addresses, isHere } from './namespace.ts'
import { ProcessHost } from './nodes/process-host.ts'
import { makeStoreFolders, provisionCertificates } from './provision.ts'
import { readyDocument } from './ready-document.ts'
import type { LabChange, ReadyDocument, ReadyNode } from './ready-document.ts'
import { makePoolStores, seedDirectories } from './seed.ts'
import { endStoreAccess } from './nodes/sql/access.ts'
import { prepareSql } from './nodes/sql/prepare.ts'
import type { PreparedSql } from './nodes/sql/prepare.ts'
import type { SupervisedNode } from './supervised-node.ts'
import { Supervisor } from './supervisor.ts'

export interface UpOptions {
  readonly topology: Topology
  /** What `loadTopology` took: a shipped name, or an absolute path. */
  readonly source: string
  readonly data: string
  /** `--network`; absent: the first free one from the lab file's on. */
  readonly network?: number
  /** Absent: as the lab file has it. */
  readonly addressing?: 'loopback' | 'ipv6'
  /** The lab is over IPv6, and this process in a network namespace made for it. Absent: no. */
  readonly inNamespace?: boolean
  readonly ports: Readonly<Record<string, number>>
  /** `--expose`: a face on an address that other machines reach. Absent: all is on loopback. */
  readonly expose?: Exposure
  readonly fresh: boolean
  readonly movableClock: boolean
  /** Program and first arguments of a siplab process. */
  readonly launcher: readonly string[]
  /** Of every node. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** One line for people. */
  readonly onProgress: (line: string) => void
  readonly onChange: (change: LabChange) => void
}

export interface RunningLab {
  readonly plan: LabPlan
  readonly folder: LabFolder
  readonly ready: ReadyDocument
  /** Resolves when the lab has ended by itself, because its folder was removed. */
  readonly lost: Promise<LabError>
  /** Brings every node down, the outermost first. */
  stop(): Promise<void>
  /** Ends every process at once. */
  kill(): void
}

const lookAtLockMs = 1000

/**
 * Brings a lab up. When it cannot come up nothing is left behind: no process, no lock, and no folder that was not
 * there.
 *
 * @param signal aborted: the start is given up
 * @throws ConfigError, LabError `usage`; Error when a node failed by a fault of siplab
 */
export async function bringUp(options: UpOptions, signal: AbortSignal): Promise<RunningLab> {
  const folder = labFolder(options.data)
  const made = mkdirSync(folder.root, { recursive: true, mode: 0o700 })
  const before = new Set(readdirSync(folder.root))
  const lock = takeLockOf(folder, made)
  let reservation: Reservation | undefined
  try {
    if (options.fresh) emptyFolder(folder)
    const last = readRecord(folder)
    refuseAnotherTopology(options, folder, last)
    await wantAddresses(options, last)
    await warnOfExposure(options)
    reservation = await reserve(options, last?.network)
    if (reservation.passedOver !== undefined) options.onProgress(reservation.passedOver)
    return await new Lab(options, folder, reservation, lock).start(signal)
  } catch (error) {
    if (reservation !== undefined) endStoreAccess(folder.root)
    await reservation?.release()
    lock.release()
    removeNews(folder, before, made)
    throw error
  }
}

/** @param made the uppermost folder that this start made: it goes with it where the disk is full */
function takeLockOf(folder: LabFolder, made: string | undefined): LabLock {
  try {
    return takeLock(folder)
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
    throw error
  }
}

class Lab implements RunningLab {
  readonly plan: LabPlan
  readonly folder: LabFolder
  readonly #options: UpOptions
  readonly #reservation: Reservation
  readonly #lock: LabLock
  readonly #supervisor: Supervisor
  readonly #sql: PreparedSql
  readonly #links: LinkNews
  #ready: ReadyDocument | undefined
  readonly #lost = Promise.withResolvers<LabError>()
  #looks: NodeJS.Timeout | undefined
  #ended: Promise<void> | undefined

  constructor(options: UpOptions, folder: LabFolder, reservation: Reservation, lock: LabLock) {
    const { network } = reservation
    this.#options = options
    this.folder = folder
    this.#reservation = reservation
    this.#lock = lock
    const exposed = options.expose === undefined ? {} : { expose: options.expose }
    this.plan = planLab(options.topology, { ...addressingOf(options), network, ports: options.ports, ...exposed })
    this.#links = new LinkNews(this.plan, (verdict) => options.onChange({ event: 'link-refused', verdict }))
    this.#sql = prepareSql(this.plan, folder.root)
    for (const line of this.#sql.remarks) options.onProgress(line)
    this.#supervisor = new Supervisor({
      folder,
      record: this.#record(),
      openHost: (listener) =>
        new ProcessHost({ ...options, plan: this.plan, root: folder.root, sql: this.#sql }, listener),
      news: {
        onProgress: options.onProgress,
        onEvent: (event) => this.#links.add(event),
        onReady: (node) => this.#tellReady(node),
        onEnd: ({ plan: { name } }, how) => this.#tellEnd(name, how),
      },
    })
  }

  get ready(): ReadyDocument {
    if (this.#ready === undefined) throw new Error('the lab is not up yet')
    return this.#ready
  }

  get lost(): Promise<LabError> {
    return this.#lost.promise
  }

  async start(signal: AbortSignal): Promise<this> {
    const { onProgress } = this.#options
    const { network } = this.plan
    try {
      onProgress(`network ${networkText(this.plan.addressing, network)}, data in ${this.folder.root}`)
      this.#supervisor.begin()
      const trust = provisionCertificates(this.plan, this.folder.root, Date.now())
      if (trust.internal !== undefined)
        onProgress(
          `certificates for ${new Set(this.plan.certificates.map(({ node }) => node)).size} nodes from the lab's ` +
            'own authority',
        )
      makeStoreFolders(this.plan, this.folder.root)
      await this.#startThose(({ role }) => role === 'sql', signal)
      await this.#seed()
      await this.#supervisor.listen()
      await this.#startNodes(signal)
      await this.#links.probe(this.#nodes.filter((node) => node.isRunning))
      await this.#describe(trust)
      this.#looks = setInterval(() => this.#endWithoutFolder(), lookAtLockMs)
      return this
    } catch (error) {
      await this.#tearDown('at-once')
      throw error
    }
  }

  stop(): Promise<void> {
    return this.#tearDown('in-order')
  }

  kill(): void {
    this.#supervisor.kill()
  }

  get #nodes(): readonly SupervisedNode[] {
    return [...this.#supervisor.nodes.values()]
  }

  #record(): LabRecord {
    const { source, topology, ports, expose, movableClock } = this.#options
    return {
      topology: source,
      name: topology.name,
      network: this.plan.network,
      ports,
      ...(this.plan.addressing === 'ipv6' ? { addressing: 'ipv6' } : {}),
      ...(expose === undefined ? {} : { expose }),
      movableClock,
      startedAt: new Date().toISOString(),
      stopped: {},
    }
  }

  /**
   * A database of an earlier run may still have a fault on it: that is for its nodes to tell, and for `siplab heal`.
   */
  async #seed(): Promise<void> {
    const { onProgress } = this.#options
    try {
      await seedDirectories(this.plan, this.folder.root)
      await makePoolStores(this.plan, this.folder.root)
      if (this.plan.users.length > 0) onProgress(`directory with ${this.plan.users.length} users`)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onProgress(
        `the directory was left as it is: ${error.message}; once it answers, siplab users seed writes the lists ` +
          'of the topology',
      )
    }
  }

  /**
   * Names and revocation lists first: a node that starts later may need them at once. Load balancers last: one that
   * finds no server behind it turns connections away until it looks again.
   */
  async #startNodes(signal: AbortSignal): Promise<void> {
    const isGround = ({ role }: NodePlan): boolean => role === 'dns' || role === 'pki'
    const isBalancer = ({ role }: NodePlan): boolean => role === 'load-balancer'
    await this.#startThose(isGround, signal)
    await this.#startThose((plan) => !isGround(plan) && !isBalancer(plan) && plan.role !== 'sql', signal)
    await this.#startThose(isBalancer, signal)
  }

  #startThose(are: (plan: NodePlan) => boolean, signal: AbortSignal): Promise<void> {
    return this.#supervisor.startTogether(
      this.#nodes.filter(({ plan }) => are(plan)),
      signal,
    )
  }

  async #describe(trust: ReadyDocument['trust']): Promise<void> {
    const described = await Promise.all(this.#nodes.map(describeNode))
    const nodes = described.map(({ node }) => node)
    const stopped = Object.values(this.#supervisor.stopped)
    const verdicts = unique([
      ...stopped.flatMap(({ verdict }) => verdict ?? []),
      ...described.flatMap(({ verdicts }) => verdicts),
      ...this.#links.tellFromNow(),
    ])
    this.#ready = readyDocument(this.plan, {
      data: this.folder.root,
      nodes,
      trust,
      verdicts,
      inNamespace: this.#options.inNamespace === true,
      incomplete: stopped.length > 0,
    })
    this.#supervisor.note({ ready: this.#ready })
  }

  #tellReady({ plan: { name }, pid }: SupervisedNode): void {
    if (this.#ready !== undefined && pid !== undefined) this.#options.onChange({ event: 'node-ready', node: name, pid })
  }

  #tellEnd(node: string, { at: _at, ...how }: StoppedNode): void {
    if (this.#ready !== undefined) this.#options.onChange({ event: 'node-stopped', node, ...how })
  }

  /** No command finds the nodes of a lab without its folder or record: they would run until the machine restarts. */
  #endWithoutFolder(): void {
    if (this.#ended !== undefined || (this.#lock.isHeld() && existsSync(this.folder.record))) return
    const error = new LabError(
      'not-so',
      'lab.folder-gone',
      `${this.folder.root} was removed or moved, or another lab has taken it, while the lab ran: every node of this ` +
        `lab has ended; to bring the lab up again: siplab up ${this.#options.source} --data ${this.folder.root}`,
    )
    const done = (): void => this.#lost.resolve(error)
    this.#tearDown('in-order').then(done, done)
  }

  #tearDown(how: 'in-order' | 'at-once'): Promise<void> {
    this.#ended ??= this.#end(how)
    return this.#ended
  }

  async #end(how: 'in-order' | 'at-once'): Promise<void> {
    clearInterval(this.#looks)
    this.#links.close()
    await this.#supervisor.end(how)
    this.#sql.end()
    await this.#reservation.release()
    this.#lock.release()
    this.#options.onChange({ event: 'stopped' })
  }
}

/** Includes the own problems of a node that runs, for example a database that it is waiting for. */
async function describeNode(
  node: SupervisedNode,
): Promise<{ readonly node: ReadyNode; readonly verdicts: readonly Verdict[] }> {
  const { name, role, fqdn, listeners } = node.plan
  if (!node.isRunning) return { node: { name, role, fqdn, listeners: [] }, verdicts: [] }
  const { listeners: open, verdicts } = await node.control.get<NodeStatus>('/status')
  const shown = open.length > 0 ? open.map(withoutSerial) : listeners
  return {
    node: { name, role, fqdn, ...(node.pid === undefined ? {} : { pid: node.pid }), listeners: shown },
    verdicts,
  }
}

function withoutSerial({ serial: _serial, ...listener }: ListenerStatus): Omit<ListenerStatus, 'serial'> {
  return listener
}

/** Nodes, certificates and stores of another topology would stay beside the new ones. */
function refuseAnotherTopology({ source, topology }: UpOptions, folder: LabFolder, last: LabRecord | undefined): void {
  if (last === undefined || last.name === topology.name) return
  throw new LabError(
    'usage',
    'lab.other-topology',
    `${folder.root} holds the lab ${last.name}; wanted ${topology.name}: choose another folder with --data, or begin ` +
      `with an empty one: siplab up ${source} --fresh --data ${folder.root}`,
  )
}

/** `siplab up` makes a namespace and runs there; a program that uses the package runs where it is. */
async function wantAddresses(options: UpOptions, last: LabRecord | undefined): Promise<void> {
  const { topology, network = last?.network } = options
  const plan = planLab(topology, { ...addressingOf(options), ...(network === undefined ? {} : { network }) })
  if (plan.addressing !== 'ipv6') return
  if (options.expose !== undefined)
    throw new LabError(
      'usage',
      'network.expose',
      '--expose: wanted a lab in 127.0.N.0/24, found one over IPv6, which no other machine reaches; leave one out',
    )
  if (await isHere(plan)) return
  throw new LabError(
    'usage',
    'network.not-here',
    `wanted the addresses of ${networkText('ipv6', plan.network)} on the loopback device, found none: siplab up ` +
      'makes a network namespace that has them; before a program of yours, give them to this machine: for a in ' +
      `${ipv6Addresses(plan).join(' ')}; do sudo ip -6 address add $a/128 dev lo; done`,
  )
}

function addressingOf({ addressing }: UpOptions): { readonly addressing?: 'loopback' | 'ipv6' } {
  return addressing === undefined ? {} : { addressing }
}

/** Checked before a network is chosen: an address of another machine would look occupied in every network. */
async function warnOfExposure({ topology, ports, expose, onProgress }: UpOptions): Promise<void> {
  if (expose !== undefined) onProgress(await checkExposure(planLab(topology, { ports, expose }), expose))
}

function reserve(options: UpOptions, before: number | undefined): Promise<Reservation> {
  const { topology, network, ports, expose } = options
  const { addressing, network: first } = placementOf(topology, addressingOf(options))
  const exposed = expose === undefined ? {} : { expose }
  const listeners = (wanted: number) =>
    planLab(topology, { addressing, network: wanted, ports, ...exposed }).nodes.flatMap((node) => {
      const own = node.listeners.map((listener) => ({ ...listener, node: node.name }))
      const views =
        node.settings.kind === 'dns'
          ? node.settings.views.map(({ address, port }) => ({ node: node.name, address, port, transport: 'tcp' }))
          : []
      return [...own, ...views]
    })
  return reserveNetwork({
    fixed: network,
    before,
    first,
    addressing: addressing === 'ipv6' ? 'ipv6' : 'loopback',
    listeners,
  })
}

function unique(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter(
    (one, at) =>
      verdicts.findIndex((other) => other.code === one.code && other.link === one.link && other.node === one.node) ===
      at,
  )
}
