/**
 * The supervisor of a lab, wherever its nodes run: starts and stops them, hears what they write, keeps the record
 * (`lab.json`) of who stopped and why, and answers on `lab.sock`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { ControlRefusal, ControlUsageError } from '../node/control/control-server.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import { nodeFolder, type NodeFolder } from '../node/control/node-folder.ts'
import { verdict as makeVerdict } from '../verdicts/codes.ts'
import { machineLimit } from '../verdicts/machine-limit.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { LabError } from './lab-error.ts'
import { writeRecord } from './lab-folder.ts'
import type { LabFolder, LabRecord, StoppedNode } from './lab-folder.ts'
import type { HostListener, NodeEnd, NodeHost } from './node-host.ts'
import { SupervisedNode } from './supervised-node.ts'
import { openSupervisorControl } from './supervisor-control.ts'

export interface SupervisorOptions {
  readonly folder: LabFolder
  /** What the record begins with. */
  readonly record: LabRecord
  readonly openHost: (listener: HostListener) => NodeHost
  readonly news: SupervisorNews
}

interface SupervisorNews {
  /** One line for people. */
  onProgress(line: string): void
  onEvent?(event: NodeEvent): void
  onReady(node: SupervisedNode): void
  onEnd(node: SupervisedNode, how: StoppedNode): void
}

const readyWithinMs = 45_000
const stopWithinMs = 20_000
/** Of a process, before it is killed. */
const graceMs = 8000
/** After a failed start nothing is worth waiting for. */
const giveUpMs = 2000
const lookMs = 1000
/** How often in a row a node may leave a look unanswered; one that starts has no socket yet. */
const mostSilentLooks = { starting: readyWithinMs / lookMs, ready: 2 } as const

export class Supervisor {
  readonly nodes: ReadonlyMap<string, SupervisedNode>
  readonly #options: SupervisorOptions
  readonly #host: NodeHost
  readonly #broken = Promise.withResolvers<never>()
  #record: LabRecord
  #isEnding = false
  #looks: NodeJS.Timeout | undefined
  #closeControl: () => Promise<void> = () => Promise.resolve()

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#record = options.record
    this.#host = options.openHost({
      onEvent: (name, event) => this.#onEvent(this.#find(name), event),
      onEnd: (name, how) => this.#onEnd(this.#find(name), how),
    })
    this.nodes = new Map(this.#host.nodes.map((node) => [node.plan.name, new SupervisedNode(node)]))
    // `startTogether` takes it up where it waits; a break at another moment is not unhandled.
    this.#broken.promise.catch(() => undefined)
  }

  /** How each stopped node ended. */
  get stopped(): LabRecord['stopped'] {
    return this.#record.stopped
  }

  /** From here on every command finds the lab. */
  begin(): void {
    writeRecord(this.#options.folder, this.#record)
  }

  /** Opens `lab.sock`, and polls the nodes whose end the host does not report. */
  async listen(): Promise<void> {
    this.#closeControl = await openSupervisorControl(this.#options.folder, this, this.#host.routes)
    const untold = [...this.nodes.values()].filter(({ hosted }) => hosted.isAlive !== undefined)
    if (untold.length > 0) this.#looks = setInterval(() => void this.#look(untold), lookMs)
  }

  /**
   * Resolves when each is ready or has stopped for a reason that it gave.
   *
   * @throws LabError `usage` for a configuration that a node does not accept; Error when it failed by a fault of siplab
   */
  async startTogether(nodes: readonly SupervisedNode[], signal: AbortSignal): Promise<void> {
    await Promise.race([
      Promise.all(nodes.map((node) => this.#startOne(node))),
      this.#broken.promise,
      rejectWhen(signal),
      rejectAfter(readyWithinMs, () => {
        const late = nodes.filter((node) => node.isRunning).map(({ plan }) => plan.name)
        return new Error(`${late.join(', ')} did not become ready within ${readyWithinMs / 1000} s`)
      }),
    ])
  }

  /** True once it is ready, false when it ended before. */
  async startNode(name: string): Promise<boolean> {
    const node = this.#find(name)
    // One that was killed a moment ago still counts as ready: the caller saw that it is gone and wants it back now.
    if (node.run === 'ready' && (await node.hosted.isAlive?.()) === false) this.#noteKilled(node)
    if (node.isRunning)
      throw new ControlRefusal(
        'node.running',
        `${name} already runs${node.pid === undefined ? '' : `, process ${node.pid}`}`,
      )
    if (!node.hosted.runsSiplab) {
      await node.hosted.start()
      return true
    }
    await node.start()
    return Promise.race([node.settled(), late(readyWithinMs, `${name} did not become ready`)])
  }

  async stopNode(name: string): Promise<void> {
    const node = this.#find(name)
    if (node.hosted.runsSiplab && node.run === 'stopped')
      throw new ControlRefusal('node.stopped', `${name} does not run`)
    await node.hosted.stop(graceMs)
    if (node.hosted.runsSiplab) await Promise.race([node.ended(), late(stopWithinMs, `${name} did not stop`)])
  }

  /** A disk that is full must not end the supervisor of a running lab; it ends a start. */
  note(change: Partial<LabRecord>): void {
    this.#record = { ...this.#record, ...change }
    try {
      writeRecord(this.#options.folder, this.#record)
    } catch (error) {
      const limit = machineLimit(error)
      if (limit === undefined) throw error
      this.#broken.reject(error)
      this.#options.news.onProgress(limit.message)
    }
  }

  /**
   * Ends every node, the outermost first, the name server last: no client is sent to a host that has gone. `at-once` is
   * for a start that failed.
   */
  async end(how: 'in-order' | 'at-once'): Promise<void> {
    this.#isEnding = true
    const nodes = [...this.nodes.values()]
    if (how === 'at-once') await Promise.all(nodes.map(({ hosted }) => hosted.stop(giveUpMs)))
    else
      for (const { plan, hosted, isRunning } of nodes.toReversed()) {
        if (isRunning) this.#options.news.onProgress(`stopping ${plan.name}`)
        await hosted.stop(graceMs)
      }
    await this.close()
  }

  /** Ends every node at once that its host can kill. */
  kill(): void {
    for (const { hosted } of this.nodes.values()) hosted.kill?.()
  }

  /** Lets go of the nodes; they run on. */
  async close(): Promise<void> {
    this.#isEnding = true
    clearInterval(this.#looks)
    this.#host.close()
    await this.#closeControl()
  }

  async #startOne(node: SupervisedNode): Promise<void> {
    const { name, role, fqdn } = node.plan
    await node.start()
    const { onProgress } = this.#options.news
    if (await node.settled()) return onProgress(`${name} is up (${role}, ${fqdn})`)
    const how = this.stopped[name]
    const verdict = how?.verdict
    if (verdict !== undefined) return onProgress(`${name} has stopped: ${verdict.message}`)
    const { log } = nodeFolder(this.#options.folder.root, name)
    if (how?.exit === 2)
      throw new LabError('usage', 'node.configuration', `${name} does not accept its configuration:\n${lastWords(log)}`)
    throw new Error(
      `${name} ended at its start (${how?.exit === undefined ? how?.signal : `exit ${how.exit}`}); the end of ` +
        `${log}:\n${lastWords(log)}`,
    )
  }

  #find(name: string): SupervisedNode {
    const node = this.nodes.get(name)
    if (node !== undefined) return node
    throw new ControlUsageError(`no node ${name} here; nodes: ${[...this.nodes.keys()].join(', ')}`)
  }

  #onEvent(node: SupervisedNode, event: NodeEvent): void {
    const { name } = node.plan
    node.hear(event)
    this.#options.news.onEvent?.(event)
    const isBack = event.event === 'service.starting' || event.event === 'service.ready'
    if (isBack && this.stopped[name] !== undefined) {
      const { [name]: _back, ...stopped } = this.stopped
      this.note({ stopped })
    }
    if (event.event === 'service.ready') this.#options.news.onReady(node)
  }

  #onEnd(node: SupervisedNode, how: NodeEnd): void {
    if (node.run === 'stopped') return
    node.end()
    if (this.#isEnding) return
    const verdict =
      node.cause ?? outOfMemory(how, node.plan.name, nodeFolder(this.#options.folder.root, node.plan.name))
    const stopped: StoppedNode = { ...how, ...(verdict === undefined ? {} : { verdict }) }
    this.note({ stopped: { ...this.stopped, [node.plan.name]: stopped } })
    this.#options.news.onEnd(node, stopped)
  }

  async #look(nodes: readonly SupervisedNode[]): Promise<void> {
    for (const node of nodes) {
      if (!node.isRunning) continue
      const isAlive = await node.hosted.isAlive?.()
      node.silentLooks = isAlive === true ? 0 : node.silentLooks + 1
      const { run } = node
      if ((run === 'starting' || run === 'ready') && node.silentLooks >= mostSilentLooks[run]) this.#noteKilled(node)
    }
  }

  #noteKilled(node: SupervisedNode): void {
    this.#onEnd(node, { at: new Date().toISOString(), signal: 'unknown' })
  }
}

/** What V8 says last of all; the addresses of its functions follow. */
const heapLimit = /^FATAL ERROR: .*heap out of memory/m
/** More than that report. */
const lastOctets = 16 * 1024

/** A process that reaches the limit of its heap can say nothing as an event: V8 writes to the log and aborts. */
function outOfMemory({ signal }: NodeEnd, node: string, { log }: NodeFolder): Verdict | undefined {
  if (signal !== 'SIGABRT' || !existsSync(log)) return undefined
  const [line] = heapLimit.exec(readFileSync(log).subarray(-lastOctets).toString('latin1')) ?? []
  return line === undefined ? undefined : makeVerdict('machine.memory', { node, found: line })
}

/** The last lines that a node wrote to its log, for a sentence about its end. */
function lastWords(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).join('\n') : ''
}

function late(ms: number, complaint: string): Promise<never> {
  return rejectAfter(ms, () => new ControlRefusal('node.late', `${complaint} within ${ms / 1000} s`))
}

function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void =>
      reject(new LabError('not-so', 'lab.interrupted', 'interrupted before the lab was up; nothing is left running'))
    if (signal.aborted) give()
    signal.addEventListener('abort', give, { once: true })
  })
}

function rejectAfter(ms: number, error: () => Error): Promise<never> {
  return new Promise((_, reject) => void setTimeout(() => reject(error()), ms).unref())
}
