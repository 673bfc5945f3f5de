/**
 * What a phone outside sees of an access proxy: no node of the lab dials its external face, so the command looks
 * itself.
 */
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { join } from 'node:path'
import { examine, explain, pemBlocks } from '../certificates/examine/index.ts'
import { alertNumber, nodeErrorToCode } from '../verdicts/node-errors.ts'
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

/**
 * One handshake and one ping at the external TLS port, by the name phones dial, with the public root as the only
 * trust.
 */
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
    node.name,
    place,
  )
  const link = { peer: face.fqdn, from: 'outside', to: node.name, since: new Date().toISOString() }
  return found === undefined
    ? { link: { ...link, state: 'up' } }
    : { link: { ...link, state: 'down', verdict: found }, verdict: found }
}

interface Place {
  readonly node: string
  readonly link: string
  readonly direction: 'outgoing'
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
  acceptor: string,
  place: Place,
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
    let shaken = false
    const end = (found: Verdict | undefined): void => {
      socket.destroy()
      resolve(found)
    }
    socket.once('error', (error: NodeJS.ErrnoException) => end(refused(error, acceptor, place)))
    socket.once('timeout', () => end(verdict(shaken ? 'link.unconfirmed' : 'tls.handshake-timeout', place)))
    socket.once('close', () => end(verdict('tls.peer-refused', { ...place, found: 'closed without a reason' })))
    socket.once('data', () => end(undefined))
    socket.once('secureConnect', () => {
      const cause = causeIn(chainOf(socket), { name, trust, profile }, place)
      if (cause !== undefined) return end(cause)
      // Under TLS 1.3 a server refuses a client after the handshake: its pong shows that it did not.
      shaken = true
      socket.write('\r\n\r\n')
    })
  })
}

/** What is wrong with the chain for a phone; undefined: nothing that refuses it. */
function causeIn(
  chain: readonly Buffer[],
  { name, trust, profile }: Pick<Dial, 'name' | 'trust' | 'profile'>,
  place: Place,
): Verdict | undefined {
  const { faults } = examine({
    chain,
    anchors: pemBlocks(trust),
    names: [{ kind: 'dns', value: name }],
    purpose: 'serverAuth',
    keyUsage: ['digitalSignature'],
    time: new Date(),
    profile,
  })
  const [cause, ...others] = faults.filter(({ refuses }) => refuses).map((fault) => explain(fault, place))
  return cause === undefined ? undefined : { ...cause, ...(others.length === 0 ? {} : { others }) }
}

/** A phone has no certificate: where one is demanded, the server is the end to fix. */
function refused({ code, message }: NodeJS.ErrnoException, acceptor: string, place: Place): Verdict {
  const alert = alertNumber(message)
  const found = verdict(nodeErrorToCode(code, message), {
    ...place,
    found: alert === undefined ? message : `alert ${alert}`,
  })
  return found.code === 'tls.client-cert-missing'
    ? { ...found, fix: `let ${acceptor} ask phones for no certificate: siplab settings ${acceptor} tls --reset` }
    : found
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
