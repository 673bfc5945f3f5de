/**
 * A scenario's lab in containers: a Compose project of its own, the commands run inside it, containers killed and
 * started from here.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { FlowStatus, LinkState, NodeEvent, NodeStatus } from '../../node/control/control-api.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import { renderCompose } from '../../topology/render/compose.ts'
import { runsSiplab } from './container-host.ts'
import { docker, findProject, killContainer, runProgram } from './docker.ts'
import type { ComposeProject, Environment } from './docker.ts'
import { attendProject, insideData } from './session.ts'
import type { ComposeSession } from './session.ts'
import { dialledNames } from '../links.ts'
import { LabError } from '../lab-error.ts'
import { readyDocument } from '../ready-document.ts'
import type { ReadyDocument } from '../ready-document.ts'
import type {
  ArrivedEvent,
  ArrivedStop,
  CommandOutcome,
  DrivenLab,
  LabDriver,
  LabRequest,
  LiveFlow,
  NodeStanding,
} from '../scenario/driver.ts'

export interface ComposeDriverOptions {
  readonly environment: Environment
  /** Empty folder for the compose file and the roots a phone trusts; it is made. */
  readonly folder: string
  /** N of 10.N.0.0/16. */
  readonly network?: number
  /** Leaves the containers and their volumes. */
  readonly keep: boolean
  readonly onProgress: (line: string) => void
}

const projectName = 'siplab-scenario'
const readyWithinMs = 90_000
const lookMs = 250
const defaultImage = 'siplab'

export function composeDriver(options: ComposeDriverOptions): LabDriver {
  return {
    kind: 'compose',
    lacks: (request) => lackOf(options.environment, request),
    bringUp: (request, signal) => bringUpInContainers(options, request, signal),
  }
}

function lackOf(environment: Environment, { source }: LabRequest): string | undefined {
  if (source.includes('/'))
    return 'the image does not contain this lab file; put the file into config/ and build the image again'
  const image = environment['SIPLAB_IMAGE'] ?? defaultImage
  const { error, status } = spawnSync('docker', ['image', 'inspect', image], {
    env: environment as NodeJS.ProcessEnv,
    stdio: 'ignore',
  })
  if (error !== undefined) return 'docker is not installed'
  return status === 0 ? undefined : `there is no image ${image}, or no container engine; docker compose build makes it`
}

async function bringUpInContainers(
  options: ComposeDriverOptions,
  { topology, movableClock }: LabRequest,
  signal: AbortSignal,
): Promise<DrivenLab> {
  const { folder, network, onProgress } = options
  const plan = planLab(topology, { addressing: 'containers', ...(network === undefined ? {} : { network }) })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'docker-compose.yml'), renderCompose(plan))
  const environment = {
    ...options.environment,
    COMPOSE_PROJECT_NAME: projectName,
    COMPOSE_FILE: join(folder, 'docker-compose.yml'),
    SIPLAB_MOVABLE_CLOCK: movableClock ? '1' : '',
  }
  const compose = await composeTool(environment)
  const lab = new ComposeLab({ ...options, environment }, plan, compose)
  try {
    onProgress(`containers of ${plan.topology}, project ${projectName}`)
    await compose('up', '--detach', '--no-build')
    await lab.follow(await findProject(environment), signal)
    return lab
  } catch (error) {
    await lab.end()
    throw error
  }
}

type Compose = (...args: readonly string[]) => Promise<void>

/** `docker compose`, or docker-compose 1.29 where that is what is installed. */
async function composeTool(environment: Environment): Promise<Compose> {
  const plugin = await runProgram(environment, 'docker', ['compose', 'version'])
  const [program, first] = plugin.status === 0 ? ['docker', ['compose']] : ['docker-compose', []]
  return async (...args) => {
    const { status, err } = await runProgram(environment, program, [...first, ...args])
    if (status !== 0)
      throw new LabError(
        'not-so',
        'compose.failed',
        `docker compose ${args[0]} failed: ${err.trim().split('\n').slice(-6).join('\n')}`,
      )
  }
}

class ComposeLab implements DrivenLab {
  readonly plan: LabPlan
  readonly events: ArrivedEvent[] = []
  readonly stops: ArrivedStop[] = []
  readonly data: undefined
  readonly #options: ComposeDriverOptions
  readonly #compose: Compose
  readonly #began = performance.now()
  readonly #listeners = new Set<() => void>()
  #session: ComposeSession | undefined
  #project: ComposeProject | undefined
  #ready: ReadyDocument | undefined

  constructor(options: ComposeDriverOptions, plan: LabPlan, compose: Compose) {
    this.#options = options
    this.plan = plan
    this.#compose = compose
  }

  get ready(): ReadyDocument {
    if (this.#ready === undefined) throw new Error('the lab of this scenario is not up')
    return this.#ready
  }

  /** Resolves when every node is up or has stopped, and every link between those that are up answers. */
  async follow(project: ComposeProject, signal: AbortSignal): Promise<void> {
    this.#project = project
    this.#session = await attendProject(project, (event) => this.#hear(event))
    const nodes = this.plan.nodes.filter(runsSiplab)
    await this.#until(signal, 'nodes', async () =>
      (await Promise.all(nodes.map(({ name }) => this.#hasSettled(name)))).every(Boolean),
    )
    await this.#until(signal, 'links', async () => (await this.#links()).every(({ state }) => state === 'up'))
    const described = this.plan.nodes.map(({ name, role, fqdn, listeners }) => ({ name, role, fqdn, listeners }))
    this.#ready = readyDocument(this.plan, {
      data: insideData,
      nodes: described,
      trust: await this.#copyRoots(project),
      verdicts: [],
      incomplete: false,
      inNamespace: false,
    })
  }

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  command(args: readonly string[]): Promise<CommandOutcome> {
    return this.#inside.command(args)
  }

  async standing(node: string): Promise<NodeStanding> {
    const stopped = await this.#inside.standing(node)
    if (stopped !== undefined) {
      const { at: _at, ...how } = stopped
      return { state: 'stopped', ...how } as NodeStanding
    }
    const status = await this.#ask<NodeStatus>(node, '/status')
    const [verdict] = status?.verdicts ?? []
    return { state: status?.state ?? 'stopped', ...(verdict === undefined ? {} : { verdict }) }
  }

  async flows(): Promise<readonly LiveFlow[]> {
    const all = await Promise.all(
      this.plan.nodes.filter(speaksSip).map(({ name }) => this.#ask<readonly FlowStatus[]>(name, '/flows')),
    )
    return all
      .flatMap((flows) => flows ?? [])
      .filter(({ direction, transport }) => direction === 'dialled' && transport === 'tls')
      .map(({ link, own, peer }) => ({ link, shown: peer, dialledWith: own }))
  }

  async kill(node: string): Promise<void> {
    if (this.#project === undefined) return
    await killContainer(this.#project, node)
    this.stops.push({ atMs: this.#now(), node, how: 'SIGKILL' })
  }

  async redial(from: string, to: string): Promise<void> {
    const peer = this.plan.nodes.find(({ name }) => name === to)
    if (peer === undefined) throw new LabError('usage', 'scenario.node', `no node ${to} in ${this.plan.topology}`)
    for (const name of dialledNames(peer)) await this.#inside.ask(from, '/redial', { peer: name })
  }

  async end(): Promise<void> {
    await this.#session?.close()
    if (this.#options.keep) return
    await this.#compose('down', '--volumes', '--timeout', '5')
    rmSync(this.#options.folder, { recursive: true, force: true })
  }

  get #inside(): ComposeSession {
    if (this.#session === undefined) throw new Error('the lab of this scenario is not up')
    return this.#session
  }

  #hear(event: NodeEvent): void {
    this.events.push({ atMs: this.#now(), event })
    const how = endings[event.event]
    if (how !== undefined) this.stops.push({ atMs: this.#now(), node: event.node, how })
    for (const listener of [...this.#listeners]) listener()
  }

  #now(): number {
    return Math.round(performance.now() - this.#began)
  }

  async #hasSettled(node: string): Promise<boolean> {
    if ((await this.#inside.standing(node)) !== undefined) return true
    const state = (await this.#ask<NodeStatus>(node, '/status'))?.state
    return state !== undefined && state !== 'starting'
  }

  async #links(): Promise<readonly LinkState[]> {
    const all = await Promise.all(
      this.plan.nodes.filter(speaksSip).map(({ name }) => this.#ask<readonly LinkState[]>(name, '/probe', {})),
    )
    return all.flatMap((links) => links ?? [])
  }

  async #until(signal: AbortSignal, what: string, holds: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + readyWithinMs
    while (!(await holds())) {
      if (signal.aborted || performance.now() > until)
        throw new LabError(
          'not-so',
          'compose.not-ready',
          `the ${what} of the container lab are not up` +
            `${signal.aborted ? '' : ` within ${readyWithinMs / 1000} s`}; docker compose logs says why`,
        )
      await delay(lookMs)
    }
  }

  /** Phones run here and trust what the lab's authorities made. */
  async #copyRoots(project: ComposeProject): Promise<ReadyDocument['trust']> {
    if (this.plan.certificates.length === 0) return {}
    const copy = async (kind: 'internal' | 'public'): Promise<string> => {
      const file = join(this.#options.folder, `${kind}-root.pem`)
      writeFileSync(
        file,
        `${await docker(project.environment, 'exec', project.lab, 'cat', `${insideData}/pki/${kind}-root.pem`)}\n`,
      )
      return file
    }
    return { internal: await copy('internal'), public: await copy('public') }
  }

  /** Undefined when the node is just going, or gone. */
  async #ask<T>(node: string, path: string, body?: unknown): Promise<T | undefined> {
    try {
      return await this.#inside.ask<T>(node, path, body)
    } catch (error) {
      if (error instanceof LabError && error.code === 'node.unreachable') return undefined
      throw error
    }
  }
}

/** What the last event of a node says about its exit. */
const endings: Readonly<Record<string, string>> = { 'service.shut-down': 'exit 1', 'service.stopped': 'exit 0' }

function speaksSip({ role }: NodePlan): boolean {
  return !['sql', 'load-balancer', 'dns', 'pki'].includes(role)
}
