/**
 * The node `pki`: serves revocation lists and issuer certificates by HTTP, read from the authority's folder at each
 * request.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from '../../sip/http.ts'
import { join } from 'node:path'
import { everyAddress } from '../../topology/addressing.ts'
import { caNames } from '../../certificates/authority.ts'
import { startHelperNode } from './helper-node.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'

const maxConnections = 64

export function startPkiNode(start: NodeStart, authorityFolder: string): Promise<RunningNode> {
  const { settings, faces } = start.plan
  if (settings.kind !== 'pki') throw new Error(`${start.plan.name} is no PKI host`)
  const isInCluster = start.plan.resolver.names !== undefined
  const addresses = isInCluster ? [everyAddress] : [...new Set(faces.flatMap((face) => Object.values(face.addresses)))]
  return startHelperNode(start, async () => {
    let served = 0
    const servers = await openServers(addresses, settings.port, (request, response) => {
      served += 1
      serve(authorityFolder, request, response)
    })
    return {
      listeners: addresses.map((address) => ({ face: 'internal', transport: 'tcp', address, port: settings.port })),
      metrics: () => ({ requests: served }),
      close: async () => void (await Promise.all(servers.map(closeServer))),
    }
  })
}

async function openServers(
  addresses: readonly string[],
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<readonly Server[]> {
  const servers: Server[] = []
  for (const address of addresses) {
    const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, answer)
    server.maxConnections = maxConnections
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port }, resolve)
    })
    servers.push(server)
  }
  return servers
}

/** `GET /internal-issuing.crl` and `.cer`, in DER as RFC 5280 §4.2.1.13 and §4.2.2.1 have it; `.pem` for people. */
function serve(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const found = request.method === 'GET' || request.method === 'HEAD' ? findFile(folder, request.url ?? '') : undefined
  if (found === undefined)
    return void response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end('Not here. There are NAME.crl, NAME.cer and NAME.pem.\n')
  response.writeHead(200, {
    'content-type': found.type,
    'content-length': found.content.length,
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : found.content)
}

interface Found {
  readonly type: string
  readonly content: Buffer
}

/** Only the names of the four authorities are looked up, so no path of the asker ever reaches the disk. */
function findFile(folder: string, url: string): Found | undefined {
  const [, name, ending] = /^\/([a-z-]+)\.(crl|cer|pem)$/.exec(url) ?? []
  if (!caNames.some((known) => known === name)) return undefined
  const file = join(folder, ending === 'crl' ? `${name}.crl` : `${name}.pem`)
  if (!existsSync(file)) return undefined
  const content = readFileSync(file)
  if (ending === 'crl') return { type: 'application/pkix-crl', content }
  return ending === 'cer'
    ? { type: 'application/pkix-cert', content: new X509Certificate(content).raw }
    : { type: 'application/x-pem-file', content }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
