/**
 * The control API's door: HTTP on a Unix socket in the node's folder, mode 0600, bounded bodies. What it answers is
 * handed in.
 */
import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from '../../sip/http.ts'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AuthorityError } from '../../certificates/authority-error.ts'
import { KeyFileError } from '../../certificates/keys.ts'
import { AssignmentError } from '../../certificates/node-certificates.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import { machineLimit } from '../../verdicts/machine-limit.ts'
import type { NodeFolder } from './node-folder.ts'

/** A request that was understood and refused: status 409, with the reason. */
export class ControlRefusal extends Error {
  readonly code: string
  readonly verdict: Verdict | undefined
  constructor(code: string, message: string, verdict?: Verdict) {
    super(message)
    this.name = 'ControlRefusal'
    this.code = code
    this.verdict = verdict
  }
}

/** A request that does not fit the API: status 400. */
export class ControlUsageError extends Error {
  override readonly name = 'ControlUsageError'
}

export interface ControlCall {
  readonly query: URLSearchParams
  /** Parsed JSON of a POST; undefined when there was no body. */
  readonly body: unknown
}

/** JSON lines until `end` is called or the reader goes away. */
export interface LineStream {
  write(line: unknown): void
  /** Many at once: they do not count as a backlog. */
  writeAll(lines: readonly unknown[]): void
  end(): void
  onClose(callback: () => void): void
}

export type ControlAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'lines'; readonly start: (stream: LineStream) => void }

export type ControlRoutes = Readonly<Record<string, (call: ControlCall) => ControlAnswer | Promise<ControlAnswer>>>

export const json = (value: unknown): ControlAnswer => ({ kind: 'json', value })

const longestBodyBytes = 1024 * 1024
/** `sockaddr_un.sun_path` holds 107 bytes and its end on Linux, 103 elsewhere. */
const longestSocketPathBytes = 103
/** A reader that does not read is let go instead of filling memory. */
const longestBacklogBytes = 8 * 1024 * 1024

export interface ControlServer {
  close(): Promise<void>
}

/**
 * Opens the control socket. A leftover of a process that is gone is removed first: the supervisor allows one process a
 * folder.
 *
 * @param settled awaited before a change is answered: its events are in their file by then
 */
export async function openControlServer(
  folder: NodeFolder,
  routes: ControlRoutes,
  settled: () => Promise<void> = async () => undefined,
): Promise<ControlServer> {
  const path = socketPath(folder)
  // Node removes what it listened on by that name when it closes. By then the socket of a later process can be at
  // `path`, in a folder that was removed and made anew.
  const first = join(dirname(path), `c.${process.pid}`)
  rmSync(first, { force: true })
  const server = createServer((request, response) => void serve({ routes, settled }, request, response))
  await listenOn(server, first)
  chmodSync(first, 0o600)
  const own = inodeOf(first)
  renameSync(first, path)
  return {
    close: () =>
      new Promise((resolve) => {
        if (inodeOf(path) === own) rmSync(path, { force: true })
        server.close(() => {
          if (path !== folder.controlSocket) rmSync(dirname(path), { recursive: true, force: true })
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

function socketPath(folder: NodeFolder): string {
  removeElsewhere(folder)
  if (Buffer.byteLength(folder.controlSocket) <= longestSocketPathBytes) {
    rmSync(folder.controlSocketPointer, { force: true })
    return folder.controlSocket
  }
  const short = join(mkdtempSync(shortFolders()), 'control.sock')
  writeFileSync(folder.controlSocketPointer, short, { mode: 0o600 })
  return short
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino
}

function shortFolders(): string {
  return join(tmpdir(), 'siplab-')
}

/**
 * Removes the folder of a socket elsewhere that a killed process left. The pointer stays: a client may be about to read
 * it.
 */
function removeElsewhere({ controlSocketPointer }: NodeFolder): void {
  if (!existsSync(controlSocketPointer)) return
  const elsewhere = dirname(readFileSync(controlSocketPointer, 'utf8'))
  if (elsewhere.startsWith(shortFolders())) rmSync(elsewhere, { recursive: true, force: true })
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const mask = process.umask(0o177)
    server.listen(path, () => {
      process.umask(mask)
      resolve()
    })
  })
}

interface Service {
  readonly routes: ControlRoutes
  readonly settled: () => Promise<void>
}

async function serve({ routes, settled }: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://node')
  if (url === null) return reply(response, 400, { error: `wanted a path, found ${JSON.stringify(request.url)}` })
  const route = routes[`${request.method} ${url.pathname}`]
  if (route === undefined) return reply(response, 404, { error: `no such request: ${request.method} ${url.pathname}` })
  try {
    const answer = await route({ query: url.searchParams, body: await readBody(request) })
    if (request.method === 'POST') await settled()
    if (answer.kind === 'json') return reply(response, 200, answer.value)
    stream(response, answer.start)
  } catch (error) {
    replyError(response, error)
  }
}

function replyError(response: ServerResponse, error: unknown): void {
  if (error instanceof ControlRefusal)
    return reply(response, 409, { error: error.message, code: error.code, verdict: error.verdict })
  if (error instanceof ControlUsageError) return reply(response, 400, { error: error.message })
  if (error instanceof AssignmentError || error instanceof AuthorityError || error instanceof KeyFileError)
    return reply(response, 400, { error: error.message, code: error.code })
  const limit = machineLimit(error)
  if (limit !== undefined) return reply(response, 400, { error: limit.message, code: limit.code })
  if (error instanceof Error) return reply(response, 500, { error: error.message, stack: error.stack })
  reply(response, 500, { error: String(error) })
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

function stream(response: ServerResponse, start: (stream: LineStream) => void): void {
  response.writeHead(200, { 'content-type': 'application/jsonl' })
  response.flushHeaders()
  let allowed = longestBacklogBytes
  start({
    writeAll(lines) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      allowed += Buffer.byteLength(text)
      if (text !== '') response.write(text)
    },
    write(line) {
      if (response.writableLength > allowed) response.destroy()
      else response.write(`${JSON.stringify(line)}\n`)
    },
    end: () => response.end(),
    onClose: (callback) => void response.once('close', callback),
  })
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longestBodyBytes)
      throw new ControlUsageError(`a control request holds at most ${longestBodyBytes} bytes`)
    chunks.push(chunk)
  }
  if (length === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new ControlUsageError(`the body is not JSON: ${(error as Error).message}`)
  }
}
