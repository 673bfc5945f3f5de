/** From the command line, and from the lab it may be about, to what a check needs. */
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { pemBlocks } from '../certificates/examine/pem.ts'
import { loadCertificates } from '../certificates/load.ts'
import { assignedFiles } from '../certificates/node-certificates.ts'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { verdict } from '../verdicts/codes.ts'
import {
  checkProfile,
  crlFiles,
  identityFiles,
  readTarget,
  systemTrust,
  trustFiles,
  TargetError,
  type CheckOptions,
  type CheckProfileName,
  type OwnIdentity,
  type Target,
  type TlsLimits,
  type Trust,
} from '../check/index.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { systemClock } from '../sip/clock.ts'
import { createResolver, type Resolver } from '../sip/transport/dial/resolver.ts'
import type { FaceName, LabPlan, Link, Listener, NodePlan } from '../topology/plan-types.ts'
import { authorityFolder } from '../lab/provision.ts'
import { LabError } from '../lab/lab-error.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'
import { chooseLab, planOf, type ChosenLab } from './lab-choice.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface SetupOptions {
  readonly data?: string
  readonly profile: CheckProfileName
  readonly ca?: readonly string[]
  readonly crl?: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly as?: string
  readonly dns?: string
  readonly view?: 'internal' | 'external'
  readonly address?: string
  readonly name?: string
  readonly transport?: 'tls' | 'tcp' | 'wss'
  readonly rules?: CheckOptions['examiner']
  readonly timeout: number
  readonly relaxedNaming?: true
  readonly proxyProtocol?: true
  readonly serverCert?: string
  readonly probe?: true
  readonly tlsMin?: string
  readonly tlsMax?: string
}

export interface CheckLab {
  readonly chosen: ChosenLab
  readonly plan: LabPlan
}

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
  readonly options: CheckOptions
}

export function setUp(io: Io, text: string, options: SetupOptions): Setup {
  requireFiles(io, options)
  const running = runningLab(io, options)
  const target = targetOf(text)
  const node = running?.plan.nodes.find(({ name }) => name === text)
  const lab =
    running !== undefined && (node !== undefined || isOfLab(target, running.plan) || options.as !== undefined)
      ? running
      : undefined
  if (options.as !== undefined && lab === undefined)
    throw new UsageError(
      '--as NODE: wanted a node of a running lab, found no lab; siplab up brings one up, --data names its folder',
    )
  const destination =
    node !== undefined && lab !== undefined
      ? nodePlace(node, lab.plan, options)
      : destinationOf(target, lab?.plan, options)
  return { destination, ...(lab === undefined ? {} : { lab }), options: checkOptions(io, destination, lab, options) }
}

/** A file that is named and does not exist is a mistake of the command line, and no finding about the target. */
function requireFiles(io: Io, { ca = [], crl = [], cert, key }: SetupOptions): void {
  const named = [
    ...ca.map((file) => ['--ca', file] as const),
    ...crl.map((file) => ['--crl', file] as const),
    ...(cert === undefined ? [] : [['--cert', cert] as const]),
    ...(key === undefined ? [] : [['--key', key] as const]),
  ]
  for (const [option, file] of named) {
    const path = resolve(io.workingFolder, file)
    if (!existsSync(path)) throw new UsageError(`${option}: wanted a file, found nothing at ${path}; check the path`)
  }
}

/** The lab, when one runs; a check needs none. With `--data` it must be there. */
export function runningLab(io: Io, options: { readonly data?: string }): CheckLab | undefined {
  try {
    const chosen = chooseLab(io, options)
    return chosen.pid === undefined ? undefined : { chosen, plan: planOf({ record: chosen.record }) }
  } catch (error) {
    const none = error instanceof LabError && error.code === 'lab.none'
    if (options.data === undefined && (none || error instanceof UsageError)) return undefined
    throw error
  }
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

function linkBetween(plan: LabPlan, from: string, to: NodePlan): Link {
  const links = plan.links.filter(
    (link) => link.from.name === from && link.to.name === to.name && link.transport === 'tls',
  )
  const link = links.find(({ allowed }) => allowed) ?? links[0]
  if (link === undefined)
    throw new UsageError(`the plan has no TLS link from ${from} to ${to.name}; siplab plan lists the links`)
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

/** @param destination seen from which side */
export function checkOptions(
  io: Io,
  destination: { readonly view: 'internal' | 'external' },
  lab: CheckLab | undefined,
  options: SetupOptions,
): CheckOptions {
  const profile = checkProfile(options.profile)
  const own = ownIdentity(io, lab, options, destination)
  // A client judges by its own rules, a node of the lab by those of the lab.
  const examiner = options.rules ?? (lab === undefined || options.as === undefined ? undefined : lab.plan.profile.name)
  return {
    profile,
    ...(isExaminer(examiner) ? { examiner } : {}),
    trust: trustOf(io, lab, options),
    ...crlFiles((options.crl ?? []).map((file) => resolve(io.workingFolder, file))),
    known: lab === undefined ? [] : authorityFiles(lab).flatMap(({ file }) => pemBlocks(readFileSync(file, 'utf8'))),
    ...(own === undefined ? {} : { own }),
    limits: limitsOf(options),
    timeoutMs: options.timeout * 1000,
    resolver: resolverOf(lab, destination.view, options),
    relaxedNaming: options.relaxedNaming === true,
    ...(options.serverCert === undefined
      ? {}
      : { serverFile: serverLeaf(resolve(io.workingFolder, options.serverCert)) }),
    ...(options.proxyProtocol === true ? { proxyProtocol: true } : {}),
    probe: options.probe === true,
    now: Date.now,
  }
}

/** @throws UsageError when the file holds no certificate */
function serverLeaf(file: string): Buffer {
  const read = loadCertificates(file)
  if (read.ok) return read.value.certificates[0].raw
  throw new UsageError(
    `--server-cert ${file}: ${read.verdicts[0]?.message ?? 'no certificate'}; wanted that of the server, PEM`,
  )
}

type Examiner = Exclude<CheckOptions['examiner'], undefined>

function isExaminer(value: unknown): value is Examiner {
  return (
    typeof value === 'object' ||
    (typeof value === 'string' && ['lcs2005', 'ocs2007', 'modern', 'node', 'rfc5280', 'webpki'].includes(value))
  )
}

function limitsOf({ tlsMin, tlsMax }: SetupOptions): TlsLimits {
  return {
    ...(tlsMin === undefined ? {} : { minVersion: tlsVersion(tlsMin) }),
    ...(tlsMax === undefined ? {} : { maxVersion: tlsVersion(tlsMax) }),
  }
}

function tlsVersion(text: string): 'TLSv1.2' | 'TLSv1.3' {
  if (text === '1.2' || text === '1.3') return `TLSv${text}`
  throw new UsageError(`wanted a TLS version, 1.2 or 1.3, found ${JSON.stringify(text)}`)
}

/** `--ca`, else the trust list of `--as`, else the system's roots, with the lab's own for a target in the lab. */
function trustOf(io: Io, lab: CheckLab | undefined, { ca, as }: SetupOptions): Trust {
  if (ca !== undefined)
    return trustFiles(
      ca.map((file) => resolve(io.workingFolder, file)),
      ca.join(', '),
    )
  if (as !== undefined && lab !== undefined) return listsOf(lab, as)
  const system = systemTrust()
  if (lab === undefined) return system
  const labTrust = trustFiles(
    authorityFiles(lab)
      .filter(({ root }) => root)
      .map(({ file }) => file),
    'the lab',
  )
  return { ...labTrust, anchors: [...labTrust.anchors, ...system.anchors], from: `the lab's roots and ${system.from}` }
}

/** What a check dials does not tell from which face the node would: an access proxy lends both of its lists. */
function listsOf(lab: CheckLab, as: string): Trust {
  const { trust, externalTrust } = nodeFolder(lab.chosen.folder.root, as)
  return existsSync(externalTrust)
    ? trustFiles([trust, externalTrust], `${as} (the trust lists of both faces)`)
    : trustFiles([trust], `${as} (its own trust list)`)
}

/** Roots and issuing CAs of every organisation of the lab, as files; a lab without certificates has none. */
function authorityFiles({ chosen, plan }: CheckLab): readonly { readonly file: string; readonly root: boolean }[] {
  const folders = plan.organisations.map(({ domain }) => authorityFolder(plan, chosen.folder.pki, domain))
  const names = ['internal-root', 'public-root', 'internal-issuing', 'public-issuing']
  const files = folders.flatMap((folder) =>
    names.map((name) => ({ file: join(folder, `${name}.pem`), root: name.endsWith('-root') })),
  )
  return files.filter(({ file }) => existsSync(file))
}

function ownIdentity(
  io: Io,
  lab: CheckLab | undefined,
  { cert, key, as }: SetupOptions,
  destination: { readonly view: 'internal' | 'external' },
): OwnIdentity | undefined {
  if (as !== undefined && lab !== undefined) return nodeIdentity(lab, as, destination)
  if (cert === undefined) {
    if (key !== undefined) throw new UsageError('--key FILE: wanted a certificate beside it, --cert FILE')
    return undefined
  }
  return identityFiles(
    resolve(io.workingFolder, cert),
    resolve(io.workingFolder, key ?? cert),
    cert,
    [],
    io.environment['SIPLAB_KEY_PASSPHRASE'],
  )
}

/** The certificate that node shows when it dials: its default-outgoing one, or that of the face it leaves by. */
export function nodeIdentity(
  lab: CheckLab,
  name: string,
  destination: { readonly view: 'internal' | 'external' },
): OwnIdentity {
  const node = lab.plan.nodes.find((candidate) => candidate.name === name)
  if (node === undefined)
    throw new UsageError(
      `--as ${name}: the lab has no such node; its nodes: ${lab.plan.nodes.map((each) => each.name).join(', ')}`,
    )
  const { root } = nodeFolder(lab.chosen.folder.root, name)
  const face: FaceName = node.role === 'access-proxy' ? destination.view : 'internal'
  const references: readonly CertificateReference[] =
    node.role === 'access-proxy' ? [`edge-${face}`] : ['default-outgoing', 'listener']
  const files = references.map((reference) => assignedFiles(root, reference)).find((found) => found !== undefined)
  const fqdn = node.faces.find((candidate) => candidate.name === face)?.fqdn ?? node.fqdn
  if (files === undefined)
    return {
      label: name,
      names: [fqdn],
      cert: '',
      key: '',
      verdicts: [
        verdict('tls.own-cert-missing', {
          found: `${name} has no certificate assigned to ${references.join(' or ')}`,
          fix: `siplab assign ${name} ${references[0] ?? 'listener'} CERTIFICATE`,
        }),
      ],
    }
  return identityFiles(files.certificateFile, files.keyFile, name, [fqdn])
}

/** `--dns`, else the view of the node that dials, else the lab's from that side, else the system's. */
export function resolverOf(
  lab: CheckLab | undefined,
  view: 'internal' | 'external',
  { dns, timeout, as }: Pick<SetupOptions, 'dns' | 'timeout' | 'as'>,
): Resolver {
  const servers = dns === undefined ? labServers(lab, view, as) : [dnsServer(dns)]
  return createResolver({ clock: systemClock, servers, timeoutMs: Math.min(2000, timeout * 1000), tries: 2 })
}

function labServers(
  lab: CheckLab | undefined,
  view: 'internal' | 'external',
  as: string | undefined,
): readonly string[] {
  const found =
    lab?.plan.nodes.find(({ name }) => name === as)?.resolver ?? lab?.plan.dns.find(({ name }) => name === view)
  return found === undefined ? [] : [endpointText(found.address, found.port)]
}

function dnsServer(text: string): string {
  const bare = text.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0 || isIP(text) !== 0) return text
  throw new UsageError(`--dns: wanted ADDRESS or ADDRESS:PORT, found ${JSON.stringify(text)}`)
}
