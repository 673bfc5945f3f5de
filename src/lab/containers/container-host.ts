/**
 * The nodes of a lab in containers, seen from the container of the supervisor: it sees every node's folder and no
 * network. It cannot start a container: it asks the siplab that attends from outside (session.ts).
 */
import { z } from 'zod'
import type { NodeEvent, NodeStatus } from '../../node/control/control-api.ts'
import { ControlRefusal, ControlUsageError, json } from '../../node/control/control-server.ts'
import type { ControlCall, ControlRoutes, LineStream } from '../../node/control/control-server.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import { controlClient } from '../control-client.ts'
import type { ControlClient } from '../control-client.ts'
import { tailEvents } from '../event-tail.ts'
import { LabError } from '../lab-error.ts'
import type { HostListener, HostedNode, NodeHost } from '../node-host.ts'

/** What only the container engine can do. Its name in the messages is `wish`. */
export interface ContainerRequest {
  readonly id: number
  readonly do: 'start' | 'stop'
  readonly node: string
}

/** `GET /wishes`: first that the caller is attending, then each request. */
export type ContainerRequestLine =
  | { readonly kind: 'attending' }
  | { readonly kind: 'wish'; readonly wish: ContainerRequest }

const answerWithinMs = 3000

export class ContainerHost implements NodeHost {
  readonly nodes: readonly HostedNode[]
  readonly routes: ControlRoutes
  readonly #tails: readonly { stop(): void }[]
  readonly #requests: ContainerRequests

  /** @param data folder that holds `nodes/NAME` */
  constructor(plan: LabPlan, data: string, listener: HostListener) {
    const requests = new ContainerRequests()
    this.#requests = requests
    this.routes = requests.routes
    this.nodes = plan.nodes.map((node) => new ContainerNode(node, data, requests))
    this.#tails = plan.nodes
      .filter(runsSiplab)
      .map(({ name }) => tailEvents(nodeFolder(data, name).events, 'start', (event) => hearFrom(name, event, listener)))
  }

  close(): void {
    for (const tail of this.#tails) tail.stop()
    this.#requests.close()
  }
}

/** Its last event is what tells its end; one that was killed writes none. */
function hearFrom(node: string, event: NodeEvent, listener: HostListener): void {
  listener.onEvent(node, event)
  const exit = endings[event.event]
  if (exit !== undefined) listener.onEnd(node, { at: event.time, exit })
}

const endings: Readonly<Record<string, number>> = { 'service.shut-down': 1, 'service.stopped': 0 }

class ContainerNode implements HostedNode {
  readonly plan: NodePlan
  readonly control: ControlClient
  readonly pid = undefined
  readonly runsSiplab: boolean
  readonly isAlive?: () => Promise<boolean>
  readonly #requests: ContainerRequests

  constructor(plan: NodePlan, data: string, requests: ContainerRequests) {
    this.plan = plan
    this.control = controlClient(plan.name, nodeFolder(data, plan.name), answerWithinMs)
    this.runsSiplab = runsSiplab(plan)
    if (this.runsSiplab) this.isAlive = () => answers(this.control)
    this.#requests = requests
  }

  start(): Promise<void> {
    return this.#requests.send('start', this.plan.name)
  }

  stop(): Promise<void> {
    return this.runsSiplab ? this.control.post('/stop', {}) : this.#requests.send('stop', this.plan.name)
  }
}

async function answers(control: ControlClient): Promise<boolean> {
  try {
    await control.get<NodeStatus>('/status')
    return true
  } catch (error) {
    if (error instanceof LabError) return false
    throw error
  }
}

class ContainerRequests {
  readonly routes: ControlRoutes = {
    'GET /wishes': () => ({ kind: 'lines', start: (stream) => this.#attend(stream) }),
    'POST /wish-done': (call) => json(this.#done(call)),
  }
  readonly #attending = new Set<LineStream>()
  readonly #open = new Map<number, PromiseWithResolvers<void>>()
  #last = 0

  send(what: ContainerRequest['do'], node: string): Promise<void> {
    const [stream] = this.#attending
    if (stream === undefined)
      throw new ControlRefusal(
        'node.container',
        `${node} is a container, which siplab cannot ${what} from inside; use docker compose ${what} ${node}, or ` +
          'siplab with --lab compose',
      )
    const id = ++this.#last
    const done = Promise.withResolvers<void>()
    this.#open.set(id, done)
    stream.write({ kind: 'wish', wish: { id, do: what, node } } satisfies ContainerRequestLine)
    return done.promise
  }

  close(): void {
    for (const stream of this.#attending) stream.end()
  }

  #attend(stream: LineStream): void {
    this.#attending.add(stream)
    stream.write({ kind: 'attending' } satisfies ContainerRequestLine)
    stream.onClose(() => this.#attending.delete(stream))
  }

  #done({ body }: ControlCall): object {
    const parsed = requestDone.safeParse(body)
    if (!parsed.success) throw new ControlUsageError(z.prettifyError(parsed.error))
    const { id, error } = parsed.data
    const request = this.#open.get(id)
    this.#open.delete(id)
    if (error === undefined) request?.resolve()
    else request?.reject(new ControlRefusal('node.container', error))
    return {}
  }
}

const requestDone = z.strictObject({ id: z.int(), error: z.string().optional() })

/** The others run a program of somebody else: the SQL back end, the load balancer. */
export function runsSiplab({ role }: NodePlan): boolean {
  return role !== 'sql' && role !== 'load-balancer'
}
