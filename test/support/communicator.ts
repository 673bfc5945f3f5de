/** The headless Communicator-compatible client (clients/communicator): one account of a lab, driven line by line. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import type { TestLab } from './lab.ts'

/** Where `.ci/jobs/communicator` has built it; empty: it is not there. */
const communicatorProgram = process.env['COMMUNICATOR'] ?? ''

/** A reason to skip; false: the client is there. */
export const noCommunicator =
  communicatorProgram !== '' && existsSync(communicatorProgram)
    ? false
    : 'COMMUNICATOR names no client: run .ci/jobs/communicator, which builds it'

export interface CommunicatorEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface CommunicatorOptions {
  readonly user: string
  /** Absent: the right one of the lab. */
  readonly password?: string
  /** `LAB\alice`; absent: the SIP address. */
  readonly login?: string
  /** `host:port` as the client is given it. */
  readonly server: string
  readonly transport: 'tcp' | 'tls'
  /** Names it resolves, `name=address`. */
  readonly resolve?: readonly string[]
  /** PEM file; absent: none. */
  readonly ca?: string | undefined
  readonly more?: readonly string[]
}

const waitMs = 20_000

/** Signs on when it starts; it is gone when the test ends. */
export class Communicator {
  readonly events: CommunicatorEvent[] = []
  readonly ended: Promise<number>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Set<() => void>()
  #ended = false

  constructor(t: Test, lab: TestLab, options: CommunicatorOptions) {
    const account = lab.ready.users.find(({ login }) => login === options.user)
    if (account === undefined) throw new Error(`the lab has no user ${options.user}`)
    const args = [
      ...['--account', account.uri.slice('sip:'.length), '--password-env', 'PW', '--timeout', '240'],
      ...['--server', options.server, '--transport', options.transport],
      ...(options.login === undefined ? [] : ['--login', options.login]),
      ...(options.ca === undefined ? [] : ['--ca', options.ca]),
      ...(options.resolve ?? []).flatMap((name) => ['--resolve', name]),
      ...(options.more ?? []),
    ]
    const env = { ...process.env, PW: options.password ?? account.password }
    this.#child = spawn(communicatorProgram, args, { env })
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code ?? -1)))
    void this.ended.then(() => {
      this.#ended = true
      this.#look()
    })
    this.#child.stderr.resume()
    createInterface(this.#child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as CommunicatorEvent)
      this.#look()
    })
    t.teardown(async () => {
      this.#child.kill('SIGKILL')
      await this.ended
    })
  }

  /** The first event of that name, from number `from` on, whose fields are those. */
  wait(event: string, fields: Readonly<Record<string, unknown>> = {}, from = 0): Promise<CommunicatorEvent> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`no ${event} ${JSON.stringify(fields)}: ${why}; there were\n${this.transcript()}`))
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const timer = setTimeout(() => {
        end()
        fail(`waited ${waitMs / 1000} s`)
      }, waitMs)
      const look = (): void => {
        const found = this.events.slice(from).find((one) => one.event === event && matches(one, fields))
        if (found === undefined && !this.#ended) return
        end()
        if (found === undefined) fail('the client has ended')
        else resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }

  send(command: Readonly<Record<string, unknown>>): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** Signs off. */
  async quit(): Promise<number> {
    this.send({ cmd: 'quit' })
    return this.ended
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
    if (typeof wanted === 'object' && wanted !== null && typeof found === 'object' && found !== null)
      return matches(found, wanted as Readonly<Record<string, unknown>>)
    return wanted instanceof RegExp ? wanted.test(String(found)) : found === wanted
  })
}
