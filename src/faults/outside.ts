/**
 * What a phone outside sees of an access proxy: no node of the lab dials its external face, so the command looks
 * itself.
 */
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { join } from 'node:path'
import { examine, explain, pemBlocks } from '../certificates/examine/index.ts'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { SeenLink } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'

const withinMs = 3000
const longestChain = 16

export interface OutsideView {
  readonly link: SeenLink
  /** Absent: a phone is content. */
  readonly verdict?: Verdict
}

/** One handshake with the external TLS port, by the name phones dial, with the public root as the only trust. */
export async function lookFromOutside(
  { root, plan }: RunningLabAccess,
  node: NodePlan,
): Promise<OutsideView | undefined> {
  const face = node.faces.find(({ name }) => name === 'external')
  const listener = node.listeners.find(({ face: on, transport }) => on === 'external' && transport === 'tls')
  if (face === undefined || listener === undefined) return undefined
  const trust = readFileSync(join(root, 'pki', 'public-root.pem'), 'utf8')
  const place = { node: 'outside', link: `outside->${node.name}`, direction: 'outgoing' } as const
  const found = await handshake(
    { host: listener.address, port: listener.port, name: face.fqdn, trust, profile: plan.profile.name },
    place,
  )
  const link = { peer: face.fqdn, from: 'outside', to: node.name, since: new Date().toISOString() }
  return found === undefined
    ? { link: { ...link, state: 'up' } }
    : { link: { ...link, state: 'down', verdict: found }, verdict: found }
}

interface Dial {
  readonly host: string
  readonly port: number
  readonly name: string
  readonly trust: string
  readonly profile: 'lcs2005' | 'ocs2007' | 'modern'
}

function handshake(
  { host, port, name, trust, profile }: Dial,
  place: { readonly node: string; readonly link: string; readonly direction: 'outgoing' },
): Promise<Verdict | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      servername: name,
      ca: trust,
      rejectUnauthorized: false,
      timeout: withinMs,
      checkServerIdentity: () => undefined,
    })
    const end = (found: Verdict | undefined): void => {
      socket.destroy()
      resolve(found)
    }
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(verdict(nodeErrorToCode(error.code, error.message), { ...place, found: error.message })),
    )
    socket.once('timeout', () => end(verdict('tls.handshake-timeout', place)))
    socket.once('secureConnect', () => {
      const { faults } = examine({
        chain: chainOf(socket),
        anchors: pemBlocks(trust),
        names: [{ kind: 'dns', value: name }],
        purpose: 'serverAuth',
        keyUsage: ['digitalSignature'],
        time: new Date(),
        profile,
      })
      const [cause, ...others] = faults.filter(({ refuses }) => refuses).map((fault) => explain(fault, place))
      end(cause === undefined ? undefined : { ...cause, ...(others.length === 0 ? {} : { others }) })
    })
  })
}

function chainOf(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = []
  for (
    let certificate = socket.getPeerX509Certificate();
    certificate !== undefined && chain.length < longestChain;
    certificate = certificate.issuerCertificate
  )
    chain.push(certificate.raw)
  return chain
}
