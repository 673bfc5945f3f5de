/**
 * Everything that is wrong with what a refused peer showed, read by our own examiner: Node names one fault, and not
 * always the true one.
 */
import { examine, explain, pemBlocks, type Fault, type Observer } from '../certificates/examine/index.ts'
import { wantedHost } from '../certificates/examine/names.ts'
import { summarise } from '../certificates/summary.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { PeerEvidence, TlsMaterial } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'

/** What this node judges peers by at this moment, DER. */
export interface JudgingGround {
  readonly anchors: readonly Buffer[]
  /** Empty: revocation is not checked. */
  readonly crls: readonly Buffer[]
  /** Wall clock of the node, milliseconds. */
  readonly now: number
}

export function groundOf(material: Pick<TlsMaterial, 'ca' | 'crl'>, now: number): JudgingGround {
  return { anchors: material.ca.flatMap(pemBlocks), crls: (material.crl ?? []).flatMap(pemBlocks), now }
}

/**
 * The verdict on a peer: the cause first, then every further fault.
 *
 * @param refusedFor what ended the connection: an error of Node, or a check of ours. The examiner separates causes that
 *   share one error of Node; where it finds no fault that Node refuses, `refusedFor` is the verdict
 */
export function examinePeer(
  plan: NodePlan,
  ground: JudgingGround,
  refusedFor: VerdictCode,
  evidence: PeerEvidence,
  observer: Observer,
): Verdict {
  const { faults: found } = examine({
    chain: evidence.chain,
    anchors: ground.anchors,
    crls: ground.crls,
    names: evidence.wantedName === undefined ? [] : [wantedHost(evidence.wantedName)],
    purpose: evidence.side === 'dialled' ? 'serverAuth' : 'clientAuth',
    keyUsage: ['digitalSignature'],
    time: new Date(ground.now),
    profile: plan.profile.name,
  })
  const faults = found.filter(({ code }) => !isDisproved(code, evidence))
  const cause = causeAmong(faults, refusedFor, evidence)
  const others = [
    ...faults.filter((fault) => fault !== cause).map((fault) => explain(fault, observer)),
    ...(evidence.unneeded === true && (cause?.code ?? refusedFor) === 'cert.eku-missing'
      ? [verdict('tls.client-cert-unneeded', { ...observer, found: 'a peer without a certificate is accepted here' })]
      : []),
  ]
  const verdictOfCause =
    cause === undefined ? verdict(refusedFor, { ...shown(evidence), ...observer }) : explain(cause, observer)
  return { ...verdictOfCause, ...(others.length === 0 ? {} : { others }) }
}

/**
 * What there is to say about a certificate of our own, beyond what its start-up check said: the same eyes as a peer's.
 *
 * @param said codes that are known already
 */
export function examineOwn(
  plan: NodePlan,
  ground: JudgingGround,
  own: {
    readonly certificate: string
    readonly name: string | undefined
    readonly purposes: readonly ('serverAuth' | 'clientAuth')[]
  },
  said: ReadonlySet<string>,
): readonly Verdict[] {
  const found = own.purposes.flatMap((purpose) => {
    const { faults } = examine({
      chain: pemBlocks(own.certificate),
      anchors: ground.anchors,
      crls: ground.crls,
      purpose,
      keyUsage: ['digitalSignature'],
      time: new Date(ground.now),
      profile: plan.profile.name,
      names: own.name === undefined ? [] : [{ kind: 'dns', value: own.name }],
    })
    return faults.map((fault) => explain(fault, { node: plan.name }))
  })
  return found.filter(({ code }, at) => !said.has(code) && found.findIndex((other) => other.code === code) === at)
}

const unseen: ReadonlySet<VerdictCode> = new Set([
  'chain.incomplete',
  'chain.untrusted-root',
  'chain.issuer-mismatch',
  'chain.partial-anchor',
])

/** Of a client that it verified Node keeps the leaf alone: that no issuer is there says nothing. */
function isDisproved(code: VerdictCode, { authorized, chain, side }: PeerEvidence): boolean {
  return authorized && side === 'accepted' && chain.length === 1 && unseen.has(code)
}

/** A refusal of ours names its rule itself; Node's is the first fault that Node minds. */
function causeAmong(
  faults: readonly Fault[],
  refusedFor: VerdictCode,
  { authorized }: PeerEvidence,
): Fault | undefined {
  if (authorized) return faults.find(({ code }) => code === refusedFor)
  return faults.find(({ refuses, minds }) => refuses && minds.node) ?? faults.find(({ code }) => code === refusedFor)
}

function shown({ chain, wantedName, errorMessage }: PeerEvidence): Parameters<typeof verdict>[1] {
  const [leaf] = chain
  const certificate = leaf === undefined ? undefined : summarise(leaf)
  const found =
    errorMessage ??
    (certificate === undefined
      ? undefined
      : `it carries ${[...certificate.subjectAltNames, certificate.subject].join(', ')}`)
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(wantedName === undefined ? {} : { rule: `a valid certificate for ${wantedName}` }),
    ...(found === undefined ? {} : { found }),
  }
}
