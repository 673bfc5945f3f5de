/** A small HTTP server for Prometheus: GET only, no bodies, few connections, short waits. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from '../sip/http.ts'

export interface Answer {
  readonly status: number
  readonly text: string
  /** `text/plain; charset=utf-8` when absent. */
  readonly contentType?: string
  readonly retryAfterSeconds?: number
}

export interface MetricsServerSettings {
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
  /** @param query of the request, e.g. `target=sbc1.example.com:5061` */
  readonly answer: (path: string, query: URLSearchParams) => Promise<Answer>
  /** An answer that failed by a fault of ours; the client gets a 500 that does not give the error. */
  readonly onError: (error: unknown) => void
}

export interface MetricsServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

const mostConnections = 32
const headerBytes = 8 * 1024
const headersMs = 5000
const idleMs = 5000

/** @throws Error with code `EADDRINUSE` and the like */
export async function serveMetrics(settings: MetricsServerSettings): Promise<MetricsServer> {
  const server = createServer(
    { maxHeaderSize: headerBytes, headersTimeout: headersMs, requestTimeout: headersMs, keepAliveTimeout: idleMs },
    (request, response) => {
      answer(settings, request)
        .catch((error: unknown) => {
          settings.onError(error)
          return { status: 500, text: 'siplab failed\n' }
        })
        .then((reply) => write(request, response, reply))
        .catch(settings.onError)
    },
  )
  server.maxConnections = mostConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: settings.host, port: settings.port }, resolve)
  })
  const { address, port } = server.address() as AddressInfo
  return {
    address,
    port,
    close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

async function answer(
  { answer: give }: MetricsServerSettings,
  { method, url = '/' }: IncomingMessage,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'wanted GET\n' }
  const parsed = URL.parse(url, 'http://localhost')
  return parsed === null ? { status: 400, text: 'wanted a path\n' } : give(parsed.pathname, parsed.searchParams)
}

function write(request: IncomingMessage, response: ServerResponse, reply: Answer): void {
  const { status, text, contentType = 'text/plain; charset=utf-8', retryAfterSeconds } = reply
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(hasBody ? { connection: 'close' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
