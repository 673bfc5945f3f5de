/** Speaks to the console's API: every call is one siplab command, and the page keeps what was run, to show it. */
import { createStore } from './store.ts'

export interface Failure {
  readonly code: string
  readonly message: string
  /** The verdict of a refusal, where there is one. */
  readonly detail?: { readonly verdict?: { readonly message: string; readonly found?: string; readonly fix?: string } }
}

/** A command that failed, with what it reported instead of an answer. */
export class CommandFailure extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

export interface RunCommand {
  /** As a person would type it. */
  readonly text: string
  /** Exit status; absent while it runs. */
  readonly status?: number
  readonly at: number
}

const keptCommands = 50
export const commandLog = createStore<readonly RunCommand[]>([])

export interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  /** Octets that the command reads as its standard input. */
  readonly input?: Blob | Uint8Array<ArrayBuffer> | string
  /** A look the page takes by itself is not worth a line. */
  readonly quiet?: true
}

/** @throws CommandFailure */
export async function ask<T>(request: Request): Promise<T> {
  const response = await send(request, 'application/json')
  const document: unknown = await response.json()
  note(request, response, Number(response.headers.get('siplab-status') ?? 0))
  if (isFailure(document)) throw new CommandFailure(document.error)
  return document as T
}

export async function askFile(request: Request): Promise<Blob> {
  const response = await send(request, 'application/octet-stream')
  note(request, response, Number(response.headers.get('siplab-status') ?? 0))
  if (response.ok) return response.blob()
  const document: unknown = await response.json()
  throw new CommandFailure(isFailure(document) ? document.error : { code: 'console', message: 'no file came' })
}

/** A long command: what it tells while it runs, and its answer at the end. */
export async function askSlowly<T>(
  request: Request,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<{ readonly document: T; readonly status: number }> {
  const response = await send(request, 'text/event-stream', signal)
  if (response.body === null || !(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    const document: unknown = await response.json()
    throw new CommandFailure(isFailure(document) ? document.error : { code: 'console', message: 'no answer came' })
  }
  const started = noteStart(response)
  for await (const { event, data } of eventsOf(response.body)) {
    if (event === 'progress') onProgress(String(data))
    if (event !== 'answer') continue
    const { status, document } = data as { readonly status: number; readonly document: T }
    noteEnd(started, status)
    if (isFailure(document)) throw new CommandFailure(document.error)
    return { document, status }
  }
  throw new CommandFailure({ code: 'console.gone', message: 'the console ended before its command did' })
}

async function send({ method, path, body, input }: Request, accept: string, signal?: AbortSignal): Promise<Response> {
  const content =
    input !== undefined
      ? { body: input, type: 'application/octet-stream' }
      : body !== undefined
        ? { body: JSON.stringify(body), type: 'application/json' }
        : undefined
  try {
    return await fetch(path, {
      method,
      headers: { accept, ...(content === undefined ? {} : { 'content-type': content.type }) },
      ...(content === undefined ? {} : { body: content.body }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new CommandFailure({
      code: 'console.gone',
      message: 'the console does not answer; is siplab console still running?',
    })
  }
}

function isFailure(document: unknown): document is { readonly error: Failure } {
  return typeof document === 'object' && document !== null && 'error' in document
}

function textOf(response: Response): string | undefined {
  const text = response.headers.get('siplab-command')
  return text === null ? undefined : decodeURIComponent(text)
}

function note({ quiet }: Request, response: Response, status: number): void {
  const text = textOf(response)
  if (quiet === true || text === undefined) return
  commandLog.update((all) => [{ text, status, at: Date.now() }, ...all].slice(0, keptCommands))
}

function noteStart(response: Response): RunCommand {
  const started = { text: textOf(response) ?? '', at: Date.now() }
  commandLog.update((all) => [started, ...all].slice(0, keptCommands))
  return started
}

function noteEnd(started: RunCommand, status: number): void {
  commandLog.update((all) => all.map((each) => (each === started ? { ...started, status } : each)))
}

async function* eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<{ readonly event: string; readonly data: unknown }> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (pending + value).split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown }
    }
  }
}
