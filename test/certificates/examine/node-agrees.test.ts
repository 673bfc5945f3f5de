/** What the examiner says Node minds is what Node minds: the same chains through real handshakes. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type SecureVersion } from 'node:tls'
import t from 'tap'
import { toPem } from '../../../src/certificates/der.ts'
import { keyToPem } from '../../../src/certificates/keys.ts'
import type { ExamineRequest } from '../../../src/certificates/examine/index.ts'
import { issuing, judge, keys, leaf, root } from './chains.ts'
import { chain, revocationCases } from './crls.ts'
import { formOnly, oneChange, weakKey } from './one-change.ts'

interface Shown {
  readonly chain: readonly Buffer[]
  readonly anchors: readonly Buffer[]
  readonly wanted: string
  readonly crls: readonly Buffer[]
}

/**
 * Whether a Node client accepts a server that shows this chain. The server lowers its own security level: it may show
 * anything.
 */
async function nodeAccepts(
  { chain, anchors, wanted, crls }: Shown,
  version: SecureVersion,
  key: string,
): Promise<boolean> {
  const server = createServer({
    key,
    cert: chain.map((der) => toPem('CERTIFICATE', der)).join('\n'),
    ciphers: 'DEFAULT@SECLEVEL=0',
    minVersion: version,
    maxVersion: version,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: wanted,
    ca: anchors.map((der) => toPem('CERTIFICATE', der)),
    crl: crls.map((der) => toPem('X509 CRL', der)),
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const accepted = socket.authorized
  socket.destroy()
  server.close()
  return accepted
}

/** Not a question for a client that checks a server, or not for a certificate at all. */
const elsewhere: ReadonlySet<string> = new Set([
  'no clientAuth in a client',
  'a client nobody knows',
  'a chain deeper than allowed',
  'nothing at all',
])

function shown(request: Partial<ExamineRequest>): Shown {
  return {
    chain: request.chain ?? [leaf(), issuing()],
    anchors: request.anchors ?? [root()],
    wanted: request.names?.[0]?.value ?? 'fe1.lab.test',
    crls: request.crls ?? [],
  }
}

const lenient = Object.entries(formOnly).map(
  ([name, variant]) => [name, { first: '', request: { chain: [leaf(variant), issuing()] } }] as const,
)

/** A CRL that cannot be read stops Node before any handshake. */
const revoking = Object.entries(revocationCases)
  .filter(([name]) => name !== 'one cannot be read')
  .map(([name, { crls }]) => [`CRLs: ${name}`, { first: '', request: { chain, crls } }] as const)

for (const [name, { request, first }] of [
  ['a good chain', { first: '', request: {} }] as const,
  ...Object.entries(oneChange),
  ...lenient,
  ...revoking,
]) {
  if (elsewhere.has(name)) continue
  t.test(name, async (t) => {
    const key = keyToPem(first === 'cert.key-weak' ? weakKey : keys.leaf)
    const minded = judge(request).faults.some(({ minds, grade }) => minds.node && grade === 'path')
    t.equal(await nodeAccepts(shown(request), 'TLSv1.3', key), !minded)
  })
}
