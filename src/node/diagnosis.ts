/**
 * From what one end saw of a failed connection to a verdict: code, certificate, every further fault, and the remedy.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { alertVerdict, closingVerdict } from '../certificates/alert-verdict.ts'
import { readCertificate } from '../certificates/examine/index.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { alertNumber, handshakeErrorToCode } from '../verdicts/node-errors.ts'
import { summarise } from '../certificates/summary.ts'
import { isVerdict, isVerdictCode, verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { PeerEvidence, Refusal, TlsMaterial } from '../sip/transport/types.ts'
import type { SocketAddress } from '../sip/transport/flow.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import { examinePeer, type JudgingGround } from './examine-peer.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** Names the parties of a link from what a node can see of them. */
export interface Directory {
  /** `director` for `director.lab.test`; the name itself when the plan has none. */
  byName(fqdn: string): string
  /** `fe1` for `127.0.41.11`, the address itself for a stranger. */
  byAddress(address: string): string
}

export function nodeDirectory(plan: LabPlan): Directory {
  const names = new Map(
    plan.nodes.flatMap((node) =>
      [node.fqdn, ...node.faces.map(({ fqdn }) => fqdn), ...aloneInPool(node)].map((fqdn) => [
        fqdn.toLowerCase(),
        node.name,
      ]),
    ),
  )
  // A host outside the lab keeps its full name. Many programs of this machine dial from loopback addresses: only an
  // address of its own names a foreign server.
  const elsewhere = plan.foreign.filter(({ address }) => !address.startsWith('127.'))
  const addresses = new Map([
    ...elsewhere.map(({ address, fqdn }) => [address, fqdn] as const),
    ...plan.nodes.flatMap((node) =>
      node.faces.flatMap(({ address, addresses }) =>
        [address, ...Object.values(addresses)].map((each) => [each, node.name] as const),
      ),
    ),
  ])
  return {
    byName: (fqdn) => names.get(fqdn.toLowerCase()) ?? fqdn,
    byAddress: (address) => addresses.get(address) ?? address,
  }
}

/** A pool of one is its front end. */
function aloneInPool({ settings }: NodePlan): readonly string[] {
  return 'members' in settings && settings.members.length === 1 ? [settings.home] : []
}

/**
 * The name both ends of one TCP connection give it: `dialler:port>acceptor:port`. Absent before there was a connection.
 */
export function connectionName(
  side: 'accepted' | 'dialled',
  local: SocketAddress | undefined,
  remote: SocketAddress,
): string | undefined {
  if (local === undefined) return undefined
  const [from, to] = side === 'dialled' ? [local, remote] : [remote, local]
  return `${endpointText(from.address, from.port)}>${endpointText(to.address, to.port)}`
}

/** The judge's view of a peer it refuses. */
export function diagnosePeer(
  plan: NodePlan,
  who: Directory,
  ground: JudgingGround | undefined,
  code: VerdictCode,
  evidence: PeerEvidence,
): Verdict {
  const observer = ends(plan, who, evidence.side, evidence.remote, evidence.wantedName)
  if (ground === undefined || evidence.chain.length === 0) return verdict(code, observer)
  return examinePeer(plan, ground, code, evidence, observer)
}

/** Any refusal the transport reports: the judge's own verdict where there is one, else what the error says. */
export function diagnoseRefusal(
  plan: NodePlan,
  who: Directory,
  refusal: Refusal,
  own?: Pick<TlsMaterial, 'certificate' | 'key' | 'tuning' | 'renewed'>,
): Verdict {
  if (isVerdict(refusal.detail)) return refusal.detail
  const code = refusalVerdictCode(refusal)
  const outdated = notReloaded(plan.name, refusal.evidence, own)
  const observer = ends(plan, who, refusal.side, refusal.remote, refusal.wantedName)
  const ourFault =
    own === undefined || outdated !== undefined
      ? outdated
      : refusal.side === 'accepted'
        ? whyNothingFits(plan.name, code, own)
        : whyAlerted(code, own, observer)
  const said = refusal.errorMessage ?? (code === 'tls.client-cert-missing' ? noneCame : undefined)
  const found = said === undefined ? {} : { found: said }
  const told = refusedByPeer(refusal, own, observer)
  if (told !== undefined && ourFault === undefined) return told
  return ourFault === undefined
    ? {
        ...verdict(code, { ...observer, ...found, ...notTlsAt(refusal.side, code) }),
        ...maybeRefused(refusal, code, own),
        ...(said === noneCame ? { candidates: whyNoneCame } : {}),
        ...(alertNumber(said ?? '') === undefined ? {} : { whoRefused: 'them' as const }),
      }
    : { ...ourFault, ...observer, others: [verdict(code, found)] }
}

/** A peer may have a certificate and not show it. */
const noneCame =
  'no certificate came; Java, Go and Erlang show none when no CA that this end names has issued theirs, and NSS when ' +
  'theirs lacks clientAuth'

/** All that this end knows is that none came. The commonest first. */
const whyNoneCame: NonNullable<Verdict['candidates']> = [
  { code: 'tls.client-cert-missing', why: 'the other end has no certificate to show' },
  { code: 'tls.issuer-not-announced', why: 'this end does not name the CA of its certificate' },
  { code: 'chain.incomplete', why: 'without the issuing CA its certificate leads to no CA that this end names' },
  { code: 'cert.eku-missing', why: 'NSS shows no certificate without clientAuth' },
]

/** The other end has seen a certificate of ours that has ended, and its file holds a newer one. */
function notReloaded(
  node: string,
  refusedHere: PeerEvidence | undefined,
  own: Pick<TlsMaterial, 'certificate' | 'renewed'> | undefined,
): Verdict | undefined {
  if (refusedHere !== undefined || own?.renewed === undefined) return undefined
  return verdict('cert.not-reloaded', {
    node,
    certificate: summarise(new X509Certificate(own.certificate)),
    found: own.renewed,
  })
}

/** A dialler that resets while the handshake runs may have seen our certificate: Node refuses like that (TLS 1.3). */
function maybeRefused(
  { side }: Refusal,
  code: VerdictCode,
  own: Pick<TlsMaterial, 'certificate'> | undefined,
): Pick<Verdict, 'candidates'> | undefined {
  if (side === 'dialled' || code !== 'link.reset' || own === undefined) return undefined
  const shown = { chain: own.certificate, purpose: 'serverAuth', now: Date.now() } as const
  const { candidates } = closingVerdict('a reset during the handshake', shown) ?? {}
  return candidates === undefined ? undefined : { candidates: [...candidates, reset] }
}

const reset = {
  code: 'link.reset',
  why: 'a device between the ends, or a peer that only looked for an open port',
} as const

/** A peer that speaks plain SIP or HTTP to a TLS listener: it has to change, not the port. */
function notTlsAt(side: Refusal['side'], code: VerdictCode): Pick<Verdict, 'message' | 'fix'> | undefined {
  if (side === 'dialled' || code !== 'tls.not-tls') return undefined
  return {
    message: 'The peer does not speak TLS on this TLS port',
    fix: 'let the peer dial with TLS, or dial the port for plain TCP',
  }
}

/** The other end said by an alert that it refuses our certificate, or closed after it had seen it. */
function refusedByPeer(
  { errorMessage, side, code }: Refusal,
  own: Pick<TlsMaterial, 'certificate'> | undefined,
  observer: Pick<Verdict, 'node' | 'link' | 'direction'>,
): Verdict | undefined {
  if (own === undefined || own.certificate === '') return undefined
  const purpose = side === 'accepted' ? 'serverAuth' : 'clientAuth'
  const shown = { chain: own.certificate, purpose, now: Date.now() } as const
  const alert = alertNumber(errorMessage ?? '')
  if (alert !== undefined) return alertVerdict(alert, shown, observer)
  return code === 'flow.closed-after-handshake'
    ? closingVerdict(errorMessage ?? 'closed without a reason', shown, observer)
    : undefined
}

/** An end that takes few signature algorithms knows what the alert of the other end was about. */
function whyAlerted(
  code: VerdictCode,
  { tuning }: Pick<TlsMaterial, 'tuning'>,
  observer: Pick<Verdict, 'node' | 'link' | 'direction'>,
): Verdict | undefined {
  return code === 'tls.alert' && tuning?.sigalgs !== undefined
    ? verdict('tls.no-common-signature', { ...observer, found: `this end takes ${tuning.sigalgs} only` })
    : undefined
}

/**
 * What is wrong with our own certificate: the node that has to act is this one, not the other end of the link.
 *
 * OpenSSL finds no cipher or signature for a certificate whose key is of another type, or may not sign: it says so of
 * the cipher. Absent: the certificate is not to blame.
 */
function whyNothingFits(
  node: string,
  code: VerdictCode,
  { certificate, key }: Pick<TlsMaterial, 'certificate' | 'key'>,
): Verdict | undefined {
  if (code !== 'tls.no-common-cipher' && code !== 'tls.no-common-signature') return undefined
  if (certificate === '') return verdict('tls.own-cert-missing', { node })
  const leaf = new X509Certificate(certificate)
  const shown = { certificate: summarise(leaf) }
  const privateKey = createPrivateKey(key)
  if (!leaf.checkPrivateKey(privateKey))
    return verdict('key.mismatch', {
      node,
      ...shown,
      found: `${privateKey.asymmetricKeyType} key, ${leaf.publicKey.asymmetricKeyType} key in the certificate`,
    })
  const { keyUsage } = readCertificate(leaf.raw)
  if (keyUsage === undefined || keyUsage.has('digitalSignature')) return undefined
  return verdict('cert.ku-wrong', { node, ...shown, found: `key usage: ${[...keyUsage].join(', ')}` })
}

function refusalVerdictCode({ code, errorCode, errorMessage }: Refusal): VerdictCode {
  if (code === 'flow.closed-after-handshake') return 'tls.peer-refused'
  if (isVerdictCode(code) && code !== 'tls.alert' && code !== 'tls.handshake-failed') return code
  return handshakeErrorToCode(errorCode, errorMessage)
}

function ends(
  plan: NodePlan,
  who: Directory,
  side: 'accepted' | 'dialled',
  remote: SocketAddress,
  wantedName: string | undefined,
): Pick<Verdict, 'node'> & { link: string; direction: 'outgoing' | 'incoming' } {
  const known = who.byAddress(remote.address)
  const other = known === remote.address && wantedName !== undefined ? who.byName(wantedName) : known
  if (side === 'dialled') return { node: plan.name, link: `${plan.name}->${other}`, direction: 'outgoing' }
  return { node: plan.name, link: `${other}->${plan.name}`, direction: 'incoming' }
}

/**
 * An accepted flow that its peer closed before it said anything: under TLS 1.2 a dialler that refuses our certificate
 * looks like that.
 */
export function diagnoseSilence(plan: NodePlan, who: Directory, { remote, because, own }: Silence): Verdict {
  const observer = ends(plan, who, 'accepted', remote, undefined)
  const found = `the connection ended (${because}) after the handshake, before the first message`
  const outdated = notReloaded(plan.name, undefined, own)
  if (outdated !== undefined) return { ...outdated, ...observer, others: [verdict('tls.peer-refused', { found })] }
  const shown = { chain: own?.certificate ?? '', purpose: 'serverAuth', now: Date.now() } as const
  return closingVerdict(found, shown, observer) ?? verdict('tls.peer-refused', { ...observer, found })
}

export interface Silence {
  readonly remote: SocketAddress
  readonly because: string
  /** What was shown to the peer. Absent: not known. */
  readonly own: Pick<TlsMaterial, 'certificate' | 'renewed'> | undefined
}
