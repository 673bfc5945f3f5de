/**
 * The headless Communicator-compatible client (clients/communicator): one account, a program of its own, driven line by
 * line. It signs on when it starts.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** One line of the client: `{"event":"signed-on","ms":812}`; clients/communicator/README.md lists them. */
export interface CommunicatorEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface CommunicatorSettings {
  /** Path of `siplab-communicator`. */
  readonly program: string
  /** `alice@lab.test` */
  readonly account: string
  readonly password: string
  /** `LAB\alice`; absent: the SIP address. */
  readonly login?: string
  /** `host:port` as the client is given it. */
  readonly server: string
  readonly transport: 'tcp' | 'tls'
  /** Names it resolves, `name=address`; no other name leaves the machine. */
  readonly resolve?: readonly string[]
  /** PEM file of the roots it trusts; absent: none. */
  readonly ca?: string | undefined
  /** The client ends itself after so many seconds; default 240. */
  readonly seconds?: number
  /** Further options of the program. */
  readonly more?: readonly string[]
  /** PATH, HOME and the like; the password is added. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The client did not do what was waited for; the message has what it said. */
export class CommunicatorError extends Error {
  readonly code: 'communicator.timeout' | 'communicator.ended'

  constructor(code: CommunicatorError['code'], message: string) {
    super(message)
    this.name = 'CommunicatorError'
    this.code = code
  }
}

const waitMs = 20_000

/** Events kept; a client that says more than that is cut off at its oldest. */
const mostEvents = 10_000

export class Communicator {
  readonly events: CommunicatorEvent[] = []
  /** Exit status; -1 when a signal ended it. */
  readonly ended: Promise<number>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Set<() => void>()
  #ended = false
  #failure = ''

  constructor(settings: CommunicatorSettings) {
    const { program, account, server, transport, login, ca, password, environment } = settings
    const args = [
      ...['--account', account, '--password-env', 'PW', '--timeout', String(settings.seconds ?? 240)],
      ...['--server', server, '--transport', transport],
      ...(login === undefined ? [] : ['--login', login]),
      ...(ca === undefined ? [] : ['--ca', ca]),
      ...(settings.resolve ?? []).flatMap((name) => ['--resolve', name]),
      ...(settings.more ?? []),
    ]
    this.#child = spawn(program, args, { env: { ...environment, PW: password } })
    this.#child.on('error', (error) => (this.#failure = `: ${error.message}`))
    this.#child.stdin.on('error', (error) => (this.#failure = `: ${error.message}`))
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code ?? -1)))
    void this.ended.then(() => {
      this.#ended = true
      this.#look()
    })
    this.#child.stderr.resume()
    createInterface(this.#child.stdout).on('line', (line) => {
      if (this.events.length >= mostEvents) return
      this.events.push(JSON.parse(line) as CommunicatorEvent)
      this.#look()
    })
  }

  get running(): boolean {
    return !this.#ended
  }

  /**
   * The first event of that name, from number `from` on, whose fields are those.
   *
   * @throws CommunicatorError
   */
  wait(
    event: string,
    fields: Readonly<Record<string, unknown>> = {},
    from = 0,
    ms = waitMs,
  ): Promise<CommunicatorEvent> {
    return this.first((one) => one.event === event && matches(one, fields), {
      what: `${event} ${JSON.stringify(fields)}`,
      from,
      ms,
    })
  }

  /** The first event that is wanted. @throws CommunicatorError */
  first(
    wanted: (event: CommunicatorEvent) => boolean,
    { what, from = 0, ms = waitMs }: { readonly what: string; readonly from?: number; readonly ms?: number },
  ): Promise<CommunicatorEvent> {
    return new Promise((resolve, reject) => {
      const fail = (code: CommunicatorError['code'], why: string): void =>
        reject(new CommunicatorError(code, `no ${what}: ${why}; there were\n${this.transcript()}`))
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const timer = setTimeout(() => {
        end()
        fail('communicator.timeout', `waited ${ms / 1000} s`)
      }, ms)
      const look = (): void => {
        const found = this.events.slice(from).find(wanted)
        if (found === undefined && !this.#ended) return
        end()
        if (found === undefined) fail('communicator.ended', `the client has ended${this.#failure}`)
        else resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }

  send(command: Readonly<Record<string, unknown>>): void {
    if (!this.#ended) this.#child.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** Signs off. */
  async quit(): Promise<number> {
    this.send({ cmd: 'quit' })
    return this.ended
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  transcript(): string {
    return this.events.map((event) => JSON.stringify(event)).join('\n')
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }
}

function matches(event: unknown, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fields).every(([name, wanted]) => {
    const found = (event as Readonly<Record<string, unknown>>)[name]
    if (wanted instanceof RegExp) return wanted.test(String(found))
    if (isRecord(wanted) && isRecord(found)) return matches(found, wanted)
    return found === wanted
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
