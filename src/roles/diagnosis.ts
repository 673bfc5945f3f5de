/** From what one end saw of a failed connection to a verdict: code, certificate, every further fault, and what mends it. */
import type { Verdict } from '../certificates/verdict.ts'
import { nodeErrorToCode } from '../certificates/node-errors.ts'
import { summarise } from '../certificates/summary.ts'
import { isVerdictCode, verdict, type VerdictCode } from '../certificates/verdict-codes.ts'
import type { PeerEvidence, Refusal } from '../sip/transport/types.ts'
import type { SocketAddress } from '../sip/transport/flow.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'

/** Names the parties of a link from what a node can see of them. */
export interface Directory {
  /** `director` for `director.lab.test`; the name itself when the plan has none. */
  byName(fqdn: string): string
  /** `fe1` for `127.0.41.11`, the address itself for a stranger. */
  byAddress(address: string): string
}

export function nodeDirectory(plan: LabPlan): Directory {
  const names = new Map(plan.nodes.flatMap((node) => [node.fqdn, ...node.faces.map(({ fqdn }) => fqdn)].map((fqdn) => [fqdn.toLowerCase(), node.name])))
  const addresses = new Map(plan.nodes.flatMap((node) => node.faces.flatMap(({ address, addresses }) => [address, ...Object.values(addresses)].map((each) => [each, node.name]))))
  return {
    byName: (fqdn) => names.get(fqdn.toLowerCase()) ?? fqdn,
    byAddress: (address) => addresses.get(address) ?? address,
  }
}

/** The name both ends of one TCP connection give it: `dialler:port>acceptor:port`. Absent before there was a connection. */
export function connectionName(side: 'accepted' | 'dialled', local: SocketAddress | undefined, remote: SocketAddress): string | undefined {
  if (local === undefined) return undefined
  const [from, to] = side === 'dialled' ? [local, remote] : [remote, local]
  return `${from.address}:${from.port}>${to.address}:${to.port}`
}

/** The judge's view of a peer it refuses. */
export function diagnosePeer(plan: NodePlan, who: Directory, code: VerdictCode, evidence: PeerEvidence): Verdict {
  const leaf = evidence.chain[0]
  return verdict(code, {
    ...ends(plan, who, evidence.side, evidence.remote, evidence.wantedName),
    ...(leaf === undefined ? {} : { certificate: summarise(leaf) }),
    ...(evidence.wantedName === undefined ? {} : { rule: `a valid certificate for ${evidence.wantedName}` }),
    ...(evidence.errorMessage === undefined ? {} : { found: evidence.errorMessage }),
  })
}

/** Any refusal the transport reports: the judge's own verdict where there is one, else what the error says. */
export function diagnoseRefusal(plan: NodePlan, who: Directory, refusal: Refusal): Verdict {
  if (isVerdict(refusal.detail)) return refusal.detail
  return verdict(refusalVerdictCode(refusal), {
    ...ends(plan, who, refusal.side, refusal.remote, refusal.wantedName),
    ...(refusal.errorMessage === undefined ? {} : { found: refusal.errorMessage }),
  })
}

function refusalVerdictCode({ code, errorCode, errorMessage }: Refusal): VerdictCode {
  if (code === 'flow.closed-after-handshake') return 'tls.peer-refused'
  if (isVerdictCode(code) && code !== 'tls.alert' && code !== 'tls.handshake-failed') return code
  return nodeErrorToCode(errorCode, errorMessage)
}

function ends(plan: NodePlan, who: Directory, side: 'accepted' | 'dialled', remote: SocketAddress, wantedName: string | undefined): Pick<Verdict, 'node'> & { link: string; direction: 'outgoing' | 'incoming' } {
  const other = wantedName === undefined ? who.byAddress(remote.address) : who.byName(wantedName)
  if (side === 'dialled') return { node: plan.name, link: `${plan.name}->${other}`, direction: 'outgoing' }
  return { node: plan.name, link: `${other}->${plan.name}`, direction: 'incoming' }
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value
}
