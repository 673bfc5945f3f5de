/** Where a command serves pages of metrics, and the serving itself until Ctrl-C. */
import { isIP } from 'node:net'
import { type MetricsServer, type MetricsServerSettings, serveMetrics } from '../metrics/metrics-server.ts'
import type { ExitStatus } from './failure.ts'
import type { Io } from './io.ts'
import { UsageError } from './usage-error.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface ListenPlace {
  readonly host: string
  readonly port: number
}

/**
 * `9115` and `:9115` are on loopback; any other address must be written down: `192.0.2.1:9115`, `[::]:9115`.
 *
 * @throws UsageError
 */
export function readListen(text: string): ListenPlace {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]:|([^:[\]]*):)?(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? (plain === undefined || plain === '' ? '127.0.0.1' : plain)
  const port = Number(digits)
  if (digits !== '' && port <= 65535 && (isIP(host) !== 0 || host === 'localhost')) return { host, port }
  throw new UsageError(
    `--listen: wanted PORT (loopback), ADDRESS:PORT or [IPv6]:PORT with a numeric address, ` +
      `found ${JSON.stringify(text)}`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

interface Served extends ListenPlace {
  /** Worth to be named at the start. */
  readonly pages: readonly string[]
  readonly answer: MetricsServerSettings['answer']
}

export async function serveUntilInterrupt(
  io: Io,
  options: { readonly json?: true },
  { host, port, pages, answer }: Served,
): Promise<ExitStatus> {
  const server = await open(io, { host, port, answer })
  const base = `http://${endpointText(server.address, server.port)}`
  if (!isLoopback(host))
    io.err(
      `anyone who can connect to ${endpointText(host, server.port)} can read these pages without a password; ` +
        'use a firewall\n',
    )
  const urls = pages.map((page) => `${base}${page}`)
  io.out(options.json === true ? `${JSON.stringify({ event: 'listening', urls })}\n` : `${urls.join('\n')}\n`)
  await new Promise<void>((resolve) => {
    const stop = io.onInterrupt(() => {
      stop()
      resolve()
    })
  })
  await server.close()
  return 0
}

async function open(io: Io, settings: Omit<MetricsServerSettings, 'onError'>): Promise<MetricsServer> {
  const { host, port } = settings
  try {
    return await serveMetrics({ ...settings, onError: (error) => io.err(`a page failed: ${String(error)}\n`) })
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    throw new UsageError(
      `--listen: ${endpointText(host, port)} cannot be opened (${String(cause.code)}); choose another port`,
      {
        cause,
      },
    )
  }
}
