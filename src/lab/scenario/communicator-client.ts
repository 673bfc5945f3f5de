/** The Communicator-compatible client of clients/communicator in a step: its events as answers and as refusals. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Communicator,
  CommunicatorError,
  type CommunicatorEvent,
  type CommunicatorSettings,
} from '../../phone/index.ts'
import { PhoneError } from '../../phone/index.ts'
import type { ClientAnswer, ScenarioClient, Sight } from './client.ts'

/** Names the program; `make -C clients/communicator` builds it. */
const variable = 'SIPLAB_COMMUNICATOR'

type Environment = Readonly<Record<string, string | undefined>>

/** Why there is no such client here; undefined: there is. */
export function communicatorLack(environment: Environment): string | undefined {
  const program = environment[variable] ?? ''
  if (program !== '' && existsSync(program)) return undefined
  const found = program === '' ? `${variable} is not set` : `${variable} names ${program}, which is not there`
  return `the Communicator-compatible client is not here: ${found}; build it with make -C clients/communicator`
}

const answerMs = 30_000

export class CommunicatorClient implements ScenarioClient {
  readonly #settings: CommunicatorSettings
  /** For the trace of the client: only there is what a server said in ms-diagnostics. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'siplab-communicator-'))
  #client: Communicator | undefined

  constructor(settings: Omit<CommunicatorSettings, 'program'>) {
    const more = ['--trace', join(this.#folder, 'trace')]
    this.#settings = { ...settings, more, program: settings.environment[variable] ?? '' }
  }

  async signIn(): Promise<string> {
    const client = new Communicator(this.#settings)
    this.#client = client
    const isEnd = ({ event }: CommunicatorEvent): boolean => event === 'signed-on' || event === 'connection-error'
    const end = await this.#first(client, isEnd, { what: 'signed-on' })
    if (end.event === 'signed-on') return `${this.#settings.server} over ${this.#settings.transport}`
    const certificate = client.events.find(({ event, verdict }) => event === 'certificate' && verdict === 'refused')
    const why = certificate === undefined ? '' : `, the certificate is refused: ${String(certificate['reason'])}`
    await client.ended
    const reason = `${String(end['reason'])}${why}`
    const answer = { ...lastAnswer(join(this.#folder, 'trace')), reason, header: () => undefined }
    throw new PhoneError('phone.refused', `the client does not sign in: ${reason}`, answer)
  }

  async signOut(): Promise<void> {
    await this.#open().quit()
  }

  async message(to: string, text: string): Promise<ClientAnswer> {
    const client = this.#open()
    const from = client.events.length
    client.send({ cmd: 'im', to: to.replace(/^sip:/, ''), text })
    const isEnd = ({ event }: CommunicatorEvent): boolean =>
      event === 'im-delivered' || event === 'im-failed' || event === 'im-error'
    const { event, code, line, text: said } = await this.#first(client, isEnd, { what: 'im-delivered', from })
    if (event === 'im-delivered') return { status: Number(code), header: () => undefined }
    const answer = { status: Number(code ?? 0), reason: String(line ?? said), header: () => undefined }
    throw new PhoneError('phone.refused', `the message was not delivered: ${answer.reason}`, answer)
  }

  async received(text: string): Promise<Pick<ClientAnswer, 'header'>> {
    const isIt = (one: CommunicatorEvent): boolean => one.event === 'im-received' && one['text'] === text
    await this.#first(this.#open(), isIt, { what: `im-received ${JSON.stringify(text)}` })
    return { header: () => undefined }
  }

  /** The list of the server comes first: what is added before it came would be lost with it. */
  async buddy(uri: string): Promise<void> {
    const client = this.#open()
    await this.#first(client, ({ event }) => event === 'buddy-list', { what: 'buddy-list' })
    if (this.sees(uri) !== undefined) return
    client.send({ cmd: 'add-buddy', who: uri.replace(/^sip:/, ''), group: 'Work' })
    await this.#first(client, (one) => isPresenceOf(one, uri), { what: `presence of ${uri}` })
  }

  sees(uri: string): Sight | undefined {
    const last = this.#client?.events.findLast((one) => isPresenceOf(one, uri))?.['presence']
    if (typeof last !== 'object' || last === null) return undefined
    const { status, text } = last as { readonly status?: unknown; readonly text?: unknown }
    return { status: String(status), note: typeof text === 'string' ? text : '' }
  }

  /** Until the client says that it has it; the server has it about a second later. */
  async publish({ status, note }: Sight): Promise<void> {
    const client = this.#open()
    const from = client.events.length
    client.send({ cmd: 'status', status, note })
    await this.#first(client, ({ event }) => event === 'own-status', { what: 'own-status', from })
  }

  async search(name: string): Promise<readonly string[]> {
    const client = this.#open()
    const from = client.events.length
    client.send({ cmd: 'search', surname: name })
    const isEnd = ({ event }: CommunicatorEvent): boolean => event === 'search-results' || event === 'notice'
    const { rows } = await this.#first(client, isEnd, { what: 'search-results', from })
    return (Array.isArray(rows) ? rows : []).map((row: { readonly uri?: unknown }) => `sip:${String(row.uri)}`)
  }

  async close(): Promise<void> {
    await this.#quit()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #quit(): Promise<void> {
    if (this.#client?.running !== true) return
    this.#client.send({ cmd: 'quit', now: true })
    const end = setTimeout(() => void this.#client?.kill(), answerMs)
    await this.#client.ended
    clearTimeout(end)
  }

  #open(): Communicator {
    if (this.#client?.running === true) return this.#client
    throw new PhoneError('phone.not-so', 'the client has ended')
  }

  /** @throws PhoneError in the place of the client's own */
  async #first(
    client: Communicator,
    wanted: (event: CommunicatorEvent) => boolean,
    options: { readonly what: string; readonly from?: number },
  ): Promise<CommunicatorEvent> {
    try {
      return await client.first(wanted, { ...options, ms: answerMs })
    } catch (error) {
      if (!(error instanceof CommunicatorError)) throw error
      const code = error.code === 'communicator.timeout' ? 'phone.timeout' : 'phone.closed'
      throw new PhoneError(code, error.message, undefined, error)
    }
  }
}

/** The last final answer in a trace, and what a server said in it. */
function lastAnswer(trace: string): { readonly status: number; readonly diagnostics?: string } {
  const text = existsSync(trace) ? readFileSync(trace, 'utf8') : ''
  const at = text.lastIndexOf('SIP/2.0 ')
  const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text.slice(at))?.[1] ?? 0)
  const diagnostics = /^\s*ms-diagnostics: *(.*?)\r?$/im.exec(text.slice(at))?.[1]
  return { status, ...(diagnostics === undefined ? {} : { diagnostics }) }
}

function isPresenceOf({ event, who }: CommunicatorEvent, uri: string): boolean {
  return event === 'presence' && who === uri
}
