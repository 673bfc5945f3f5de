/**
 * Speaks to the control socket of a node: HTTP over a Unix socket, JSON answers, JSON lines where something is
 * followed.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from '../sip/http.ts'
import type { NodeFolder } from '../node/control/node-folder.ts'
import { LabError } from './lab-error.ts'

const answerWithinMs = 30_000
const maxAnswerBytes = 32 * 1024 * 1024
const maxLineBytes = 1024 * 1024

/** Where the socket of a node is: in its folder, or at the short path that the pointer file names. */
function controlSocketPath(folder: Pick<NodeFolder, 'controlSocket' | 'controlSocketPointer'>): string {
  if (!existsSync(folder.controlSocketPointer)) return folder.controlSocket
  return readFileSync(folder.controlSocketPointer, 'utf8').trim()
}

export interface ControlClient {
  /** `get<NodeStatus>('/status')`. */
  get<T>(path: string): Promise<T>
  /** `post<ChangeReport>('/mtls', { on: false })`. */
  post<T>(path: string, body?: unknown): Promise<T>
  /** JSON lines as they come; ends when the node ends them or `signal` is aborted. */
  lines<T>(path: string, signal?: AbortSignal): AsyncGenerator<T>
}

/**
 * @param node its name, for the sentences of errors
 * @returns calls that throw LabError `not-so` when the node cannot be reached (`node.unreachable`) or refuses
 * (`node.refused`,
 *   with the verdict in `detail`), and an Error when the node itself failed
 */
export function controlClient(
  node: string,
  folder: Pick<NodeFolder, 'controlSocket' | 'controlSocketPointer'>,
  withinMs = answerWithinMs,
): ControlClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await open(node, folder, { method, path, body, signal: AbortSignal.timeout(withinMs) })
    const text = await readAll(response).catch((error: unknown) => {
      throw isHangUp(error) ? unreachable(node, controlSocketPath(folder), error) : error
    })
    return settle(node, response.statusCode ?? 0, text)
  }
  return {
    get: async <T>(path: string) => (await call('GET', path)) as T,
    post: async <T>(path: string, body?: unknown) => (await call('POST', path, body)) as T,
    lines: <T>(path: string, signal?: AbortSignal) => readLines<T>(node, folder, path, signal),
  }
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

function open(
  node: string,
  folder: Pick<NodeFolder, 'controlSocket' | 'controlSocketPointer'>,
  { method, path, body, signal }: Call,
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const socketPath = controlSocketPath(folder)
    const options = { socketPath, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) }
    const sent = request(options, resolve)
    sent.on('error', (error) => reject(unreachable(node, socketPath, error)))
    sent.end(text)
  })
}

function unreachable(node: string, socketPath: string, cause: NodeJS.ErrnoException): LabError {
  const reason = cause.name === 'TimeoutError' ? 'no answer in time' : (cause.code ?? cause.message)
  return new LabError(
    'not-so',
    'node.unreachable',
    `${node} does not answer on ${socketPath} (${reason}); siplab status shows what runs`,
    { cause },
  )
}

function settle(node: string, status: number, text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (status === 200) return value
  const { error, stack, ...detail } = value as { readonly error?: string; readonly stack?: string }
  const sentence = error ?? `answered with status ${status}`
  if (status === 409) throw new LabError('not-so', 'node.refused', `${node}: ${sentence}`, { detail })
  if (status === 400 || status === 404) {
    const code = 'code' in detail && typeof detail.code === 'string' ? detail.code : 'node.usage'
    throw new LabError('usage', code, `${node}: ${sentence}`)
  }
  throw new Error(`${node} failed: ${sentence}`, { cause: stack })
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw new Error(`a control answer above ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function* readLines<T>(
  node: string,
  folder: Pick<NodeFolder, 'controlSocket' | 'controlSocketPointer'>,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const response = await open(node, folder, { method: 'GET', path, signal })
  if (response.statusCode !== 200) settle(node, response.statusCode ?? 0, await readAll(response))
  response.setEncoding('utf8')
  let pending = ''
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (pending + chunk).split('\n')
      pending = lines.pop() ?? ''
      if (pending.length > maxLineBytes) throw new Error(`a control line above ${maxLineBytes} characters`)
      for (const line of lines) if (line !== '') yield JSON.parse(line) as T
    }
  } catch (error) {
    if (signal?.aborted !== true && !isHangUp(error)) throw error
  }
}

/** The node stopped while it was followed: the lines simply end. */
function isHangUp(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
