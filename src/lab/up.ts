/**
 * Brings a lab up and down: network, certificates, directory, one process for each node, and news about what changes.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import type { Verdict } from '../verdicts/verdict.ts'
import type { ListenerStatus, NodeEvent } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { StoreError } from '../services/store/store-error.ts'
import { networkText } from '../topology/addressing.ts'
import { placementOf, planLab } from '../topology/plan.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Topology } from '../topology/topology.ts'
import { movableClock } from './clock.ts'
import { emptyFolder, removeNews } from './folder-contents.ts'
import { machineLimit } from '../verdicts/machine-limit.ts'
import { labFolder, readRecord, takeLock, writeRecord } from './lab-folder.ts'
import type { LabFolder, LabRecord, StoppedNode } from './lab-folder.ts'
import { LabError } from './lab-error.ts'
import { LinkNews } from './link-news.ts'
import { reserveNetwork } from './network.ts'
import type { Reservation } from './network.ts'
import { ipv6Addresses, isHere } from './namespace.ts'
import { NodeProcess } from './nodes/node-process.ts'
import type { NodeExit } from './nodes/node-process.ts'
import { makeStoreFolders, provisionCertificates } from './provision.ts'
import { readyDocument } from './ready-document.ts'
import type { LabChange, ReadyDocument, ReadyNode } from './ready-document.ts'
import { makePoolStores, seedDirectories } from './seed.ts'
import { endStoreAccess } from './nodes/sql/access.ts'
import { prepareSql } from './nodes/sql/prepare.ts'
import type { PreparedSql } from './nodes/sql/prepare.ts'
import { openSupervisorControl } from './supervisor-control.ts'

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
  /** Brings every node down, the outermost first. */
  stop(): Promise<void>
  /** Ends every process at once. */
  kill(): void
}

const readyWithinMs = 45_000
const stopWithinMs = 8_000
/** After a failed start nothing is worth waiting for. */
const giveUpWithinMs = 2000

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
  const releaseLock = takeLock(folder)
  let reservation: Reservation | undefined
  try {
    if (options.fresh) emptyFolder(folder)
    const last = readRecord(folder)
    refuseAnotherTopology(options, folder, last)
    await wantAddresses(options, last)
    reservation = await reserve(options, last?.network)
    if (reservation.passedOver !== undefined) options.onProgress(reservation.passedOver)
    return await new Lab(options, folder, reservation, releaseLock).start(signal)
  } catch (error) {
    if (reservation !== undefined) endStoreAccess(folder.root)
    await reservation?.release()
    releaseLock()
    removeNews(folder, before, made)
    throw error
  }
}

class Lab implements RunningLab {
  readonly plan: LabPlan
  readonly folder: LabFolder
  readonly #options: UpOptions
  readonly #reservation: Reservation
  readonly #releaseLock: () => void
  readonly #nodes: ReadonlyMap<string, NodeProcess>
  readonly #sql: PreparedSql
  readonly #links: LinkNews
  #record: LabRecord
  #ready: ReadyDocument | undefined
  readonly #broken = Promise.withResolvers<never>()
  #isStopping = false
  #closeControl: () => Promise<void> = () => Promise.resolve()

  constructor(options: UpOptions, folder: LabFolder, reservation: Reservation, releaseLock: () => void) {
    const { network } = reservation
    this.#options = options
    this.folder = folder
    this.#reservation = reservation
    this.#releaseLock = releaseLock
    this.plan = planLab(options.topology, { ...addressingOf(options), network, ports: options.ports })
    this.#links = new LinkNews(this.plan, (verdict) => options.onChange({ event: 'link-refused', verdict }))
    this.#sql = prepareSql(this.plan, folder.root)
    for (const line of this.#sql.remarks) options.onProgress(line)
    this.#nodes = new Map(
      this.plan.nodes
        .filter((plan) => plan.role !== 'sql' || this.#sql.has(plan))
        .map((plan) => [plan.name, this.#nodeProcess(plan)]),
    )
    // `start` takes it up where it waits; a break at another moment is not unhandled.
    this.#broken.promise.catch(() => undefined)
    const { name } = options.topology
    this.#record = {
      topology: options.source,
      name,
      network,
      ports: options.ports,
      ...(this.plan.addressing === 'ipv6' ? { addressing: 'ipv6' } : {}),
      movableClock: options.movableClock,
      startedAt: new Date().toISOString(),
      stopped: {},
    }
  }

  get ready(): ReadyDocument {
    if (this.#ready === undefined) throw new Error('the lab is not up yet')
    return this.#ready
  }

  async start(signal: AbortSignal): Promise<this> {
    const { onProgress } = this.#options
    const { network } = this.plan
    try {
      onProgress(`network ${networkText(this.plan.addressing, network)}, data in ${this.folder.root}`)
      writeRecord(this.folder, this.#record)
      const trust = provisionCertificates(this.plan, this.folder.root, Date.now())
      if (trust.internal !== undefined)
        onProgress(
          `certificates for ${new Set(this.plan.certificates.map(({ node }) => node)).size} nodes from the lab's ` +
            'own authority',
        )
      makeStoreFolders(this.plan, this.folder.root)
      await this.#startTogether(
        [...this.#nodes.values()].filter(({ plan }) => plan.role === 'sql'),
        signal,
      )
      await this.#seed()
      this.#closeControl = await openSupervisorControl(this.folder, this.#nodes, () => this.ready)
      await this.#startNodes(signal)
      await this.#links.probe([...this.#nodes.values()].filter((node) => node.isRunning))
      await this.#describe(trust)
      return this
    } catch (error) {
      await this.#tearDown(
        async () => void (await Promise.all([...this.#nodes.values()].map((node) => node.stop(giveUpWithinMs)))),
      )
      throw error
    }
  }

  stop(): Promise<void> {
    return this.#tearDown(() => this.#stopInOrder())
  }

  kill(): void {
    for (const node of this.#nodes.values()) node.kill()
  }

  #nodeProcess(plan: NodePlan): NodeProcess {
    const { launcher, source, data, ports } = this.#options
    const portOptions = Object.entries(ports).flatMap(([name, port]) => ['--port', `${name}=${port}`])
    const command = [
      ...launcher,
      'node',
      'start',
      plan.name,
      '--supervised',
      '--topology',
      source,
      '--data',
      data,
      '--network',
      `${this.plan.addressing === 'ipv6' ? 'ipv6:' : ''}${this.#reservation.network}`,
      ...portOptions,
    ]
    return new NodeProcess({
      plan,
      labFolder: this.folder.root,
      command,
      environment: { ...this.#options.environment, ...this.#sql.environmentOf(plan), ...this.#clockOf(plan) },
      onEvent: (event) => this.#onEvent(event),
      onExit: (node, exit) => this.#onExit(node, exit),
    })
  }

  #clockOf({ name, clock = '+0' }: NodePlan): Readonly<Record<string, string>> {
    if (!this.#options.movableClock) return {}
    const { root } = nodeFolder(this.folder.root, name)
    mkdirSync(root, { recursive: true, mode: 0o700 })
    return movableClock(root, clock)
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
   * Names and revocation lists first: who starts later may need them at once. Load balancers last: one that finds
   * nobody behind it turns connections away until it looks again.
   */
  async #startNodes(signal: AbortSignal): Promise<void> {
    const nodes = [...this.#nodes.values()]
    const isGround = ({ plan }: NodeProcess): boolean => plan.role === 'dns' || plan.role === 'pki'
    await this.#startTogether(nodes.filter(isGround), signal)
    const isBalancer = ({ plan }: NodeProcess): boolean => plan.role === 'load-balancer'
    await this.#startTogether(
      nodes.filter((node) => !isGround(node) && !isBalancer(node) && !node.isRunning),
      signal,
    )
    await this.#startTogether(nodes.filter(isBalancer), signal)
  }

  async #startTogether(nodes: readonly NodeProcess[], signal: AbortSignal): Promise<void> {
    for (const node of nodes) node.start()
    const all = Promise.all(nodes.map((node) => this.#awaitReady(node)))
    await Promise.race([
      all,
      this.#broken.promise,
      rejectWhen(signal),
      rejectAfter(
        readyWithinMs,
        () =>
          `${nodes
            .filter((node) => node.isRunning)
            .map(({ plan }) => plan.name)
            .join(', ')} did not become ready within ${readyWithinMs / 1000} s`,
      ),
    ])
  }

  async #awaitReady(node: NodeProcess): Promise<void> {
    const { name, role, fqdn } = node.plan
    if (await node.becameReady()) return this.#options.onProgress(`${name} is up (${role}, ${fqdn})`)
    const how = this.#record.stopped[name]
    const verdict = how?.verdict as Verdict | undefined
    if (verdict !== undefined) return this.#options.onProgress(`${name} has stopped: ${verdict.message}`)
    if (how?.exit === 2)
      throw new LabError(
        'usage',
        'node.configuration',
        `${name} does not accept its configuration:\n${node.lastWords()}`,
      )
    throw new Error(
      `${name} ended at its start (${how?.exit === undefined ? how?.signal : `exit ${how.exit}`}); the end of ` +
        `${node.folder.log}:\n${node.lastWords()}`,
    )
  }

  async #describe(trust: ReadyDocument['trust']): Promise<void> {
    const described = await Promise.all([...this.#nodes.values()].map((node) => describeNode(node)))
    const nodes = described.map(({ node }) => node)
    const stopped = Object.values(this.#record.stopped)
    const verdicts = unique([
      ...stopped.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict as Verdict])),
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
    this.#writeRecord({ ready: this.#ready })
  }

  #onEvent(event: NodeEvent): void {
    this.#links.add(event)
    if (event.event !== 'service.ready' || this.#ready === undefined) return
    const { [event.node]: _back, ...stopped } = this.#record.stopped
    this.#writeRecord({ stopped })
    const pid = this.#nodes.get(event.node)?.pid
    if (pid !== undefined) this.#options.onChange({ event: 'node-ready', node: event.node, pid })
  }

  #onExit(node: NodeProcess, exit: NodeExit): void {
    if (this.#isStopping) return
    const { name } = node.plan
    const stopped: StoppedNode = { at: new Date().toISOString(), ...exit }
    this.#writeRecord({ stopped: { ...this.#record.stopped, [name]: stopped } })
    if (this.#ready !== undefined) this.#options.onChange({ event: 'node-stopped', node: name, ...exit })
  }

  /**
   * Runs in callbacks of processes too: a disk that is full must not end the supervisor of a running lab, and it ends a
   * start in `start`.
   */
  #writeRecord(change: Partial<LabRecord>): void {
    this.#record = { ...this.#record, ...change }
    try {
      writeRecord(this.folder, this.#record)
    } catch (error) {
      const limit = machineLimit(error)
      if (limit === undefined) throw error
      if (this.#ready === undefined) this.#broken.reject(error)
      this.#options.onProgress(limit.message)
    }
  }

  async #tearDown(endNodes: () => Promise<void>): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#links.close()
    await endNodes()
    await this.#closeControl()
    this.#sql.end()
    await this.#reservation.release()
    this.#releaseLock()
    this.#options.onChange({ event: 'stopped' })
  }

  /** The outermost first, the name server last: nobody is sent to a host that has gone. */
  async #stopInOrder(): Promise<void> {
    for (const node of [...this.#nodes.values()].toReversed()) {
      if (node.isRunning) this.#options.onProgress(`stopping ${node.plan.name}`)
      await node.stop(stopWithinMs)
    }
  }
}

/** With what a node that runs has to say of itself: a database it waits for, say. */
async function describeNode(
  node: NodeProcess,
): Promise<{ readonly node: ReadyNode; readonly verdicts: readonly Verdict[] }> {
  const { name, role, fqdn, listeners } = node.plan
  if (!node.isRunning) return { node: { name, role, fqdn, listeners: [] }, verdicts: [] }
  const { listeners: open, verdicts } = await node.status()
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
  if (plan.addressing !== 'ipv6' || (await isHere(plan))) return
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

function reserve(options: UpOptions, before: number | undefined): Promise<Reservation> {
  const { topology, network, ports } = options
  const { addressing, network: first } = placementOf(topology, addressingOf(options))
  const listeners = (wanted: number) =>
    planLab(topology, { addressing, network: wanted, ports }).nodes.flatMap((node) => {
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

function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void =>
      reject(new LabError('not-so', 'lab.interrupted', 'interrupted before the lab was up; nothing is left running'))
    if (signal.aborted) give()
    signal.addEventListener('abort', give, { once: true })
  })
}

function rejectAfter(ms: number, sentence: () => string): Promise<never> {
  return new Promise((_, reject) => void setTimeout(() => reject(new Error(sentence())), ms).unref())
}
