/**
 * A siplab outside the container lab, attending: sends commands in, hears every event, and starts and stops containers
 * when asked.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { NodeEvent } from '../../node/control/control-api.ts'
import type { ToInside, ToOutside } from './lines.ts'
import { startContainer, stopContainer } from './docker.ts'
import type { ComposeProject } from './docker.ts'
import type { ContainerRequest } from './container-host.ts'
import { LabError } from '../lab-error.ts'
import type { StoppedNode } from '../lab-folder.ts'
import type { CommandOutcome } from '../scenario/driver.ts'

/** The data folder of the lab inside the containers. */
export const insideData = '/data'

export interface ComposeSession {
  /** Runs a command in the service `lab`; its JSON document comes back. */
  command(args: readonly string[]): Promise<CommandOutcome>
  /** One request to the control socket of a node. @throws LabError `node.unreachable` when it does not answer */
  ask<T>(node: string, path: string, body?: unknown): Promise<T>
  /** How a node ended; undefined while it runs. */
  standing(node: string): Promise<StoppedNode | undefined>
  /** Lets go; the lab runs on. */
  close(): Promise<void>
}

type Reply = Extract<ToOutside, { readonly kind: 'outcome' | 'answer' }>
type Question = ToInside extends infer Line
  ? Line extends { readonly kind: 'command' | 'ask' | 'standing' }
    ? Omit<Line, 'id'>
    : never
  : never

/** Resolves when the inside answers; every event of every node so far comes first. */
export async function attendProject(
  project: ComposeProject,
  onEvent: (event: NodeEvent) => void,
): Promise<ComposeSession> {
  const child = spawn('docker', ['exec', '--interactive', project.lab, 'siplab', 'attend', '--data', insideData], {
    env: project.environment as NodeJS.ProcessEnv,
  })
  const session = new Session(project, child, onEvent)
  await session.attending
  return session
}

class Session implements ComposeSession {
  readonly attending: Promise<void>
  readonly #project: ComposeProject
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<
    number,
    { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }
  >()
  readonly #ended: Promise<void>
  #complaint = ''
  #lastId = 0

  constructor(project: ComposeProject, child: ChildProcessWithoutNullStreams, onEvent: (event: NodeEvent) => void) {
    this.#project = project
    this.#child = child
    const attending = Promise.withResolvers<void>()
    this.attending = attending.promise
    const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })
    lines.on('line', (line) => this.#hear(JSON.parse(line) as ToOutside, attending.resolve, onEvent))
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (this.#complaint = (this.#complaint + text).slice(-4000)))
    // The pipe breaks when the inside ends first; its exit is what tells.
    child.stdin.on('error', () => undefined)
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        const gone = new LabError(
          'not-so',
          'lab.down',
          `the container lab ${project.name} no longer answers` +
            `${this.#complaint === '' ? '' : `: ${this.#complaint.trim()}`}`,
        )
        attending.reject(gone)
        for (const { reject } of this.#waiting.values()) reject(gone)
        this.#waiting.clear()
        resolve()
      }
      child.once('error', over)
      child.once('close', over)
    })
  }

  async command(args: readonly string[]): Promise<CommandOutcome> {
    const reply = await this.#put({ kind: 'command', args })
    if (reply.kind !== 'outcome') throw new Error(`wanted the outcome of ${args.join(' ')}, found ${reply.kind}`)
    return reply.outcome
  }

  async ask<T>(node: string, path: string, body?: unknown): Promise<T> {
    return this.#value(await this.#put({ kind: 'ask', node, path, ...(body === undefined ? {} : { body }) }))
  }

  async standing(node: string): Promise<StoppedNode | undefined> {
    return this.#value(await this.#put({ kind: 'standing', node }))
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
  }

  #value<T>(reply: Reply): T {
    if (reply.kind !== 'answer') throw new Error(`wanted an answer, found ${reply.kind}`)
    if (reply.error !== undefined) throw new LabError('not-so', 'node.unreachable', reply.error)
    return reply.value as T
  }

  #put(question: Question): Promise<Reply> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#say({ ...question, id })
    })
  }

  #say(line: ToInside): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`)
  }

  #hear(line: ToOutside, attending: () => void, onEvent: (event: NodeEvent) => void): void {
    switch (line.kind) {
      case 'attending':
        return attending()
      case 'event':
        return onEvent(line.event)
      case 'wish':
        return void this.#fulfil(line.wish)
      case 'outcome':
      case 'answer':
        this.#waiting.get(line.id)?.resolve(line)
        return void this.#waiting.delete(line.id)
      default:
        return line satisfies never
    }
  }

  async #fulfil({ id, do: what, node }: ContainerRequest): Promise<void> {
    try {
      await (what === 'start' ? startContainer : stopContainer)(this.#project, node)
      this.#say({ kind: 'wish-done', id })
    } catch (error) {
      this.#say({ kind: 'wish-done', id, error: error instanceof Error ? error.message : String(error) })
    }
  }
}
