/**
 * A lab inside a test: comes up with one call, is broken and asked by method calls, and is gone when its scope ends.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { quietIo } from '../cli/quiet-io.ts'
import type { Io } from '../cli/io.ts'
import { launcher } from '../cli/package.ts'
import { chooseTopology } from '../cli/topology-options.ts'
import type { CheckReport } from '../check/index.ts'
import { breakTarget, type FaultOptions, type Healed, healNamed, readTarget } from '../faults/break.ts'
import type { Outcome } from '../faults/placement.ts'
import { checkShift, setClock } from '../lab/clock.ts'
import { controlClient } from '../lab/control-client.ts'
import { readInOrder } from '../lab/event-tail.ts'
import { type CountedVerdict, countJoined } from '../lab/join.ts'
import { LabError } from '../lab/lab-error.ts'
import { linkVerdict } from '../lab/link-verdict.ts'
import { type LabPhone, labPhone } from '../lab/phones.ts'
import type { LabChange, ReadyDocument } from '../lab/ready-document.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { supervisorClient } from '../lab/supervisor-control.ts'
import { bringUp, type RunningLab } from '../lab/up.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { openPhone, type Phone } from '../phone/index.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import {
  argumentsOf,
  command,
  explain,
  type CheckSettings,
  type Explanation,
  type ExplainSettings,
} from './commands.ts'
import { nextEvent } from './next-event.ts'

/** Every part has a default. */
export interface LabOptions {
  /** Folder of the lab, kept when it ends. Absent: a temporary folder, removed when the lab ends. */
  readonly data?: string
  /** N of 127.0.N.0/24. Absent: the first free one, so that labs run at the same time. */
  readonly network?: number
  /** Other ports: `{ edge: 443 }`; the names of `siplab up --port`. */
  readonly ports?: Readonly<Record<string, number>>
  /** For `clock`; needs libfaketime. */
  readonly movableClock?: boolean
  /** Of every node. Absent: that of this process, without `NODE_OPTIONS`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Aborted: the start is given up, and nothing is left running. */
  readonly signal?: AbortSignal
  /** One line for people at each step of the start and the end. */
  readonly onProgress?: (line: string) => void
  /** A node stopped or came back, a link was refused. */
  readonly onChange?: (change: LabChange) => void
}

/** How long a method may wait; each has a default. */
export interface Patience {
  readonly withinMs?: number
}

export interface Lab extends AsyncDisposable {
  /** What `siplab up --json` prints: nodes, addresses, users with passwords, roots. docs/contract.md. */
  readonly ready: ReadyDocument
  readonly plan: LabPlan
  /** Absolute path of the data folder. */
  readonly data: string
  /**
   * `await lab.break('director->fe1', 'cut')`: puts a fault on a node, a link, the store, the directory or the DNS,
   * and waits for the verdict. docs/faults.md lists the faults.
   *
   * @returns as `siplab break --json`; `named` is true when the verdict names the fault
   * @throws LabError `fault.unknown`, `fault.target`, `fault.on`
   */
  break(target: string, fault: string, options?: FaultOptions): Promise<Outcome>
  /** `await lab.heal('director->fe1')`: removes a fault; without a target every fault. @throws LabError `fault.none` */
  heal(target?: string): Promise<Healed>
  /** `siplab check` against a node (`fe1`), a user (`sip:alice@lab.test`) or a host. @throws LabError */
  check(target: string, options?: CheckSettings): Promise<CheckReport>
  /** The same as `explain` of this package. @throws LabError */
  explain(evidence: string | readonly string[], options?: ExplainSettings): Promise<Explanation>
  /** What the nodes wrote so far, in the order of time; of one node when it is named. @throws LabError */
  events(node?: string): readonly NodeEvent[]
  /** One verdict for each failed connection, from the events of both ends; alike ones are counted. */
  failures(): readonly CountedVerdict[]
  /**
   * The first event that `wanted` accepts; events that were written before the call count.
   *
   * @param patience 10 s when absent
   * @throws LabError `event.none`
   */
  nextEvent(wanted: (event: NodeEvent) => boolean, patience?: Patience): Promise<NodeEvent>
  /**
   * `await lab.verdict('director->fe1')`: why that link is down, from both ends; undefined: the link is up.
   *
   * @param patience how long the cause of a link that is down is waited for; 5 s when absent
   * @throws LabError `link.unknown`
   */
  verdict(link: string, patience?: Patience): Promise<Verdict | undefined>
  /**
   * A phone of a user of the lab file: `const alice = lab.phone('alice')`, then `await alice.signIn()`. The lab closes
   * it.
   *
   * @param way default: from outside where the lab lets phones in there, else from inside; TLS where there is TLS
   * @throws LabError `phone.unknown-user`, `phone.no-way`
   */
  phone(user: string, way?: Partial<Omit<LabPhone, 'user'>>): Phone
  /**
   * `lab.clock('director', '+31d')`: moves the calendar of one node, or of `all`.
   *
   * @throws LabError `clock.fixed` unless the lab was started with `movableClock`
   */
  clock(node: string, shift: string): void
  /** Any other command: `await lab.run('certs', 'trial', 'fe1', '--valid', '3s')`. Its document. @throws LabError */
  run(...args: readonly string[]): Promise<unknown>
  /** Brings the lab down; the same as leaving its scope. */
  stop(): Promise<void>
}

/**
 * Brings a lab up, each node a process of its own, and resolves when every node is ready. Two labs never share an
 * address.
 *
 * @example
 * await using lab = await startLab('edge')
 * const { verdict } = await lab.break('director', 'expired', { as: 'server' })
 * assert.equal(verdict?.code, 'cert.expired')
 *
 * @param topology a shipped name or the path of a lab file; `edge` when absent
 * @throws ConfigError, LabError
 */
export async function startLab(topology?: string, options: LabOptions = {}): Promise<Lab> {
  const io = quietIo()
  const { topology: loaded, source } = chooseTopology(io, topology)
  const data = options.data === undefined ? mkdtempSync(join(tmpdir(), 'siplab-lab-')) : resolve(options.data)
  const remove = (): void => {
    if (options.data === undefined) rmSync(data, { recursive: true, force: true })
  }
  try {
    const running = await bringUp(
      {
        topology: loaded,
        source,
        data,
        launcher,
        ports: options.ports ?? {},
        fresh: false,
        movableClock: options.movableClock === true,
        environment: options.environment ?? io.environment,
        onProgress: options.onProgress ?? (() => undefined),
        onChange: options.onChange ?? (() => undefined),
        ...(options.network === undefined ? {} : { network: options.network }),
      },
      options.signal ?? new AbortController().signal,
    )
    return new StartedLab(io, running, options.movableClock === true, remove)
  } catch (error) {
    remove()
    throw error
  }
}

class StartedLab implements Lab {
  readonly ready: ReadyDocument
  readonly plan: LabPlan
  readonly data: string
  readonly #io: Io
  readonly #running: RunningLab
  readonly #hasMovableClock: boolean
  readonly #remove: () => void
  readonly #phones = new Set<Phone>()
  #stopping: Promise<void> | undefined

  constructor(io: Io, running: RunningLab, hasMovableClock: boolean, remove: () => void) {
    this.#io = io
    this.#running = running
    this.#hasMovableClock = hasMovableClock
    this.#remove = remove
    this.ready = running.ready
    this.plan = running.plan
    this.data = running.folder.root
  }

  break(target: string, fault: string, options: FaultOptions = {}): Promise<Outcome> {
    const access = this.#access()
    return breakTarget(access, readTarget(this.plan, target), fault, options)
  }

  heal(target = 'all'): Promise<Healed> {
    return healNamed(this.#access(), target)
  }

  async check(target: string, options: CheckSettings = {}): Promise<CheckReport> {
    const args = ['check', target, ...argumentsOf(options), '--data', this.data]
    return (await command(args, [0, 1], this.#io)) as CheckReport
  }

  explain(evidence: string | readonly string[], options?: ExplainSettings): Promise<Explanation> {
    return explain(evidence, options)
  }

  events(node?: string): readonly NodeEvent[] {
    const nodes = node === undefined ? this.plan.nodes : [this.#node(node)]
    return readInOrder(nodes.map(({ name }) => nodeFolder(this.data, name).events))
  }

  failures(): readonly CountedVerdict[] {
    return countJoined(this.events())
  }

  nextEvent(wanted: (event: NodeEvent) => boolean, { withinMs = 10_000 }: Patience = {}): Promise<NodeEvent> {
    const files = this.plan.nodes.map(({ name }) => nodeFolder(this.data, name).events)
    return nextEvent(files, wanted, withinMs)
  }

  verdict(link: string, { withinMs = 5000 }: Patience = {}): Promise<Verdict | undefined> {
    return linkVerdict(this.#access(), link, withinMs)
  }

  phone(user: string, way: Partial<Omit<LabPhone, 'user'>> = {}): Phone {
    const hasOutside = this.plan.phones.some(({ from }) => from === 'outside')
    const phone = openPhone(
      labPhone(this.plan, this.ready.trust, { user, from: hasOutside ? 'outside' : 'inside', ...way }),
    )
    this.#phones.add(phone)
    return phone
  }

  clock(node: string, text: string): void {
    if (!this.#hasMovableClock)
      throw new LabError(
        'not-so',
        'clock.fixed',
        `the clocks of this lab are fixed: wanted startLab('${this.plan.topology}', { movableClock: true })`,
      )
    const nodes = node === 'all' ? this.plan.nodes : [this.#node(node)]
    const shift = checkShift(text)
    for (const { name } of nodes) setClock(nodeFolder(this.data, name).root, shift)
  }

  run(...args: readonly string[]): Promise<unknown> {
    return command([...args, '--data', this.data], [0], this.#io)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#phones].map((phone) => phone.close()))
    await this.#running.stop()
    this.#remove()
  }

  #node(name: string): NodePlan {
    const found = this.plan.nodes.find((node) => node.name === name)
    if (found !== undefined) return found
    const names = this.plan.nodes.map((node) => node.name).join(', ')
    throw new LabError('usage', 'node.unknown', `wanted a node of the lab (${names}), found ${JSON.stringify(name)}`)
  }

  #access(): RunningLabAccess {
    return {
      root: this.data,
      plan: this.plan,
      clientOf: (node) => controlClient(node, nodeFolder(this.data, node)),
      supervisor: () => supervisorClient(this.#running.folder),
    }
  }
}
