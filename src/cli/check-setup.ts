/** From the command line, and from the lab it may be about, to where a check goes and what it needs. */
import { requireNamed } from './named-file.ts'
import { readTarget, TargetError, type CheckOptions, type Target } from '../check/index.ts'
import type { FaceName, ForeignPlan, LabPlan, Link, Listener, NodePlan } from '../topology/plan-types.ts'
import { LabError } from '../lab/lab-error.ts'
import { didYouMean, insteadOf } from '../topology/nearest-name.ts'
import { checkOptions, type CheckLab, type SetupOptions } from './check-options.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'
import { chooseLab, chooseNode, planOf, runningLabs } from './lab-choice.ts'

/** Where the check goes. */
export type Destination =
  | {
      readonly kind: 'domain'
      readonly domain: string
      readonly user: string | undefined
      readonly view: 'internal' | 'external'
    }
  | {
      readonly kind: 'place'
      readonly host: string
      readonly port: number
      readonly transport: 'tls' | 'tcp' | 'wss'
      readonly found: string
      readonly names: readonly string[]
      readonly address: string | undefined
      readonly view: 'internal' | 'external'
    }

export interface Setup {
  readonly destination: Destination
  /** Absent: the target is no part of a lab. */
  readonly lab?: CheckLab
  /** The target is a server of somebody else, which the lab file names. */
  readonly foreign?: ForeignPlan
  readonly options: CheckOptions
}

export function setUp(io: Io, text: string, options: SetupOptions): Setup {
  requireFiles(io, options)
  const target = targetOf(text)
  const running = runningLab(
    io,
    options,
    (plan) => options.as !== undefined || isNode(text, plan) || isOfLab(target, plan),
  )
  const node = running?.plan.nodes.find(({ name }) => name === text)
  const foreign = running?.plan.foreign.find(({ name, fqdn }) => name === text || fqdn === text)
  if (running !== undefined && node === undefined && foreign === undefined) refuseMistyped(text, running.plan)
  const lab =
    running !== undefined &&
    ((node ?? foreign) !== undefined || isOfLab(target, running.plan) || options.as !== undefined)
      ? running
      : undefined
  if (options.as !== undefined && lab === undefined)
    throw new UsageError(
      '--as NODE: wanted a node of a running lab, found no lab; siplab up brings one up, --data names its folder',
    )
  const destination =
    node !== undefined && lab !== undefined
      ? nodePlace(node, lab.plan, options)
      : foreign !== undefined && lab !== undefined
        ? foreignPlace(foreign, options)
        : destinationOf(target, lab?.plan, options)
  return {
    destination,
    ...(lab === undefined ? {} : { lab }),
    ...(foreign === undefined ? {} : { foreign }),
    options: checkOptions(io, destination, lab, options),
  }
}

/** One label that is nearly the name of a node is a mistake of the command line: no DNS has to be asked. */
export function refuseMistyped(text: string, plan: Pick<LabPlan, 'topology' | 'nodes'>): void {
  const names = plan.nodes.map(({ name }) => name)
  const nearest = /^[\w-]+$/.test(text) ? didYouMean(text, names) : ''
  if (nearest !== '')
    throw new UsageError(`the lab ${plan.topology} has no node ${JSON.stringify(text)}${insteadOf(text, names)}`)
}

/** A file that is named and cannot be read is a mistake of the command line, and no finding about the target. */
function requireFiles(io: Io, { ca = [], crl = [], cert, key }: SetupOptions): void {
  const named = [
    ...ca.map((file) => ['--ca', file] as const),
    ...crl.map((file) => ['--crl', file] as const),
    ...(cert === undefined ? [] : [['--cert', cert] as const]),
    ...(key === undefined ? [] : [['--key', key] as const]),
  ]
  for (const [option, file] of named) requireNamed(io, option, file)
}

/**
 * The lab, when one runs; a check needs none. With `--data` it must be there.
 *
 * @param isMeant whether the target is in a lab with this plan: of several such labs the user has to choose one
 */
export function runningLab(
  io: Io,
  options: { readonly data?: string },
  isMeant: (plan: LabPlan) => boolean = () => false,
): CheckLab | undefined {
  try {
    const chosen = chooseLab(io, options)
    return chosen.pid === undefined ? undefined : { chosen, plan: planOf({ record: chosen.record }) }
  } catch (error) {
    const none = error instanceof LabError && error.code === 'lab.none'
    const several = error instanceof UsageError && !runningLabs(io).some((record) => isMeant(planOf({ record })))
    if (options.data === undefined && (none || several)) return undefined
    throw error
  }
}

function isNode(text: string, { nodes, foreign }: LabPlan): boolean {
  return [...nodes, ...foreign].some(({ name }) => name === text)
}

function targetOf(text: string): Target {
  try {
    return readTarget(text)
  } catch (error) {
    if (error instanceof TargetError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function isOfLab(target: Target, plan: LabPlan): boolean {
  const host = target.kind === 'domain' ? target.domain : target.host
  const addresses = plan.nodes.flatMap(({ faces }) => faces.map(({ address }) => address))
  return (
    addresses.includes(host) ||
    plan.organisations.some(({ domains }) => domains.some((domain) => host === domain || host.endsWith(`.${domain}`)))
  )
}

function destinationOf(target: Target, plan: LabPlan | undefined, options: SetupOptions): Destination {
  const isOutsider = options.profile === 'mobile' || options.profile === 'federation-peer'
  const view = options.view ?? (isOutsider || isOnlyOutside(target, plan) ? 'external' : 'internal')
  if (target.kind === 'domain') {
    const isHost = plan?.nodes.some(({ faces }) => faces.some(({ fqdn }) => fqdn === target.domain)) === true
    if (!isHost && options.address === undefined)
      return { kind: 'domain', domain: target.domain, user: target.user, view }
  }
  const host = target.kind === 'domain' ? target.domain : target.host
  const port = target.kind === 'host' ? target.port : undefined
  return place(host, port, options, { view, found: 'given' })
}

/** A host of the lab that only the outside view of its DNS knows, e.g. `sip.lab.test:10443`. */
function isOnlyOutside(target: Target, plan: LabPlan | undefined): boolean {
  const host = target.kind === 'domain' ? target.domain : target.host
  const views = new Set(
    (plan?.dns ?? []).filter(({ records }) => records.some((record) => record.name === host)).map(({ name }) => name),
  )
  return target.kind === 'host' && views.has('external') && !views.has('internal')
}

const usualPorts = { tls: 5061, tcp: 5060, wss: 443 } as const

function place(
  host: string,
  port: number | undefined,
  options: SetupOptions,
  more: { readonly view: 'internal' | 'external'; readonly found: string; readonly address?: string },
): Destination {
  const transport = options.transport ?? (port === 5060 ? 'tcp' : 'tls')
  const names = options.name === undefined ? [host] : [options.name]
  return {
    kind: 'place',
    host,
    port: port ?? usualPorts[transport],
    transport,
    names,
    address: options.address ?? more.address,
    found: more.found,
    view: more.view,
  }
}

/** The listener that a client of this profile, or the node named by `--as`, would dial. */
function nodePlace(node: NodePlan, plan: LabPlan, options: SetupOptions): Destination {
  const link = options.as === undefined ? undefined : linkBetween(plan, options.as, node)
  const listener =
    link === undefined
      ? clientListener(node, options)
      : node.listeners.find(
          ({ transport, port, face }) =>
            transport === 'tls' && port === link.port && face === (link.to.face ?? 'internal'),
        )
  if (listener === undefined || listener.transport === 'udp' || listener.transport === 'ws')
    throw new UsageError(
      `${node.name} (${node.role}) has no SIP listener over TLS, WSS or TCP; its listeners: ` +
        `${node.listeners.map(({ transport, port }) => `${transport} ${port}`).join(', ') || 'none'}`,
    )
  const host = link?.dials ?? dialledName(plan, node, listener)
  return place(
    host,
    listener.port,
    { ...options, transport: listener.transport },
    {
      view: listener.face === 'external' ? 'external' : 'internal',
      found: `node ${node.name}`,
      address: listener.address,
    },
  )
}

/** Where the lab file says that somebody else's server listens. */
function foreignPlace({ name, fqdn, address, port }: ForeignPlan, options: SetupOptions): Destination {
  return place(fqdn, port, options, { view: 'internal', found: `foreign server ${name}`, address })
}

function linkBetween(plan: LabPlan, from: string, to: NodePlan): Link {
  const links = plan.links.filter(
    (link) => link.from.name === from && link.to.name === to.name && link.transport === 'tls',
  )
  const link = links.find(({ allowed }) => allowed) ?? links[0]
  if (link === undefined) {
    if (plan.foreign.every(({ name }) => name !== from)) chooseNode(plan, from)
    throw new UsageError(`the plan has no TLS link from ${from} to ${to.name}; siplab plan lists the links`)
  }
  return link
}

function clientListener(node: NodePlan, { profile, transport }: SetupOptions): Listener | undefined {
  const face: FaceName = node.role === 'access-proxy' ? 'external' : 'internal'
  const open = node.listeners.filter(
    (listener) =>
      listener.face === face &&
      (transport === undefined
        ? listener.transport === 'tls' || listener.transport === 'tcp'
        : listener.transport === transport),
  )
  const secure = open.filter((listener) => listener.transport === 'tls')
  const forServers = profile === 'federation-peer' || profile === 'sbc'
  if (secure.length === 0) return open[0]
  return forServers
    ? (secure.find(({ mutual }) => mutual === 'required') ?? secure[0])
    : (secure.find(({ mutual }) => mutual !== 'required') ?? secure[0])
}

/** The name the plan dials on that listener: the pool name for a front end, the external name for an access proxy. */
function dialledName(plan: LabPlan, node: NodePlan, { face, port }: Listener): string {
  const own = node.faces.find(({ name }) => name === face)?.fqdn ?? node.fqdn
  const users = plan.links.find(
    ({ from, to, port: linkPort }) =>
      from.name.endsWith('-user') && to.name === node.name && (to.face ?? 'internal') === face && linkPort === port,
  )
  return users?.dials ?? own
}
