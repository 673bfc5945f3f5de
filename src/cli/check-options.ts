/** What a check judges by, shows and asks, from the command line and from the lab it may be about. */
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
  systemTrust,
  trustFiles,
  type CheckOptions,
  type CheckProfileName,
  type OwnIdentity,
  type TlsLimits,
  type Trust,
} from '../check/index.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { systemClock } from '../sip/clock.ts'
import { createResolver, type Resolver } from '../sip/transport/dial/resolver.ts'
import type { FaceName, LabPlan } from '../topology/plan-types.ts'
import { authorityFolder } from '../lab/provision.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'
import { type ChosenLab, chooseNode } from './lab-choice.ts'
import { endpointText } from '../sip/message/endpoint.ts'
import { remedyFor as remedyOfCause } from '../explain/remedy.ts'
import { findVerdictCode } from '../verdicts/codes.ts'
import { isForLab } from '../verdicts/remedy.ts'
import type { Verdict } from '../verdicts/verdict.ts'

export interface SetupOptions {
  readonly data?: string
  readonly profile: CheckProfileName
  readonly ca?: readonly string[]
  readonly crl?: readonly string[]
  readonly fetchCrls?: true
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
  readonly tlsMin?: '1.2' | '1.3'
  readonly tlsMax?: '1.2' | '1.3'
}

export interface CheckLab {
  readonly chosen: ChosenLab
  readonly plan: LabPlan
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
    ...(options.fetchCrls === true ? { fetchCrls: true } : {}),
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
  if (tlsMin === '1.3' && tlsMax === '1.2')
    throw new UsageError('--tls-min: wanted at most 1.2 with --tls-max 1.2, found "1.3"')
  return {
    ...(tlsMin === undefined ? {} : { minVersion: `TLSv${tlsMin}` }),
    ...(tlsMax === undefined ? {} : { maxVersion: `TLSv${tlsMax}` }),
  }
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
    if (key !== undefined) throw new UsageError('--key FILE needs --cert FILE')
    return undefined
  }
  const own = identityFiles(
    resolve(io.workingFolder, cert),
    resolve(io.workingFolder, key ?? cert),
    cert,
    [],
    io.environment['SIPLAB_KEY_PASSPHRASE'],
  )
  return { ...own, verdicts: own.verdicts.map(forOwnFiles) }
}

/** The table of codes speaks of a node of the lab; these are files of the user, on this machine. */
function forOwnFiles(found: Verdict): Verdict {
  if (found.fix === undefined || !isForLab(found.fix)) return found
  const code = findVerdictCode(found.code)?.code
  const locked = found.code === 'key.encrypted' || found.code === 'key.passphrase-wrong'
  const fix = locked
    ? 'give the passphrase in SIPLAB_KEY_PASSPHRASE, or open the key: openssl pkey -in KEY -out OPEN.key'
    : code && remedyOfCause(code, 'us', undefined)
  return fix === undefined ? found : { ...found, fix }
}

/** The certificate that node shows when it dials: its default-outgoing one, or that of the face it leaves by. */
export function nodeIdentity(
  lab: CheckLab,
  name: string,
  destination: { readonly view: 'internal' | 'external' },
): OwnIdentity {
  const node = chooseNode(lab.plan, name)
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
