/** `siplab certs init, issue, trial, renew, revoke, show, list`: the lab's authorities and what they issue. */
import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Command } from 'commander'
import {
  heldCertificates,
  initCertificates,
  issueTrial,
  plannedFor,
  readCertificates,
  renew,
  renewAssigned,
  revoke,
} from '../../lab/renewal/certificate-work.ts'
import { insteadOf } from '../../topology/nearest-name.ts'
import { requireNamed } from '../named-file.ts'
import type { CertificateHome, HeldCertificate, Renewal } from '../../lab/renewal/certificate-work.ts'
import { nodeWall } from '../../lab/clock.ts'
import { labFolder } from '../../lab/lab-folder.ts'
import { LabError } from '../../lab/lab-error.ts'
import { connectionsWith } from '../../lab/renewal/renewal.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import { verdictCertificate } from '../../certificates/examine/index.ts'
import { explainFile, readBundle } from '../../explain/file/index.ts'
import {
  chooseHome,
  type HomeOptions,
  refuseUnderFault,
  reload,
  reloadedText,
  withTopology,
} from '../certificate-home.ts'
import { answer, common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { readSeconds, spanText } from '../duration.ts'
import { UsageError } from '../usage-error.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseNode, clientOf } from '../lab-choice.ts'
import { importCommand, issueForeign, issueOutside, type OutsideOptions } from './certs-import.ts'
import { crlsCommand, trustCommand } from './certs-lists.ts'
import { drillCommand } from './renewal-drill.ts'

interface CertsOptions extends HomeOptions {
  readonly reference?: string
  readonly valid?: string
  readonly assign?: true
  readonly reason?: (typeof reasons)[number]
}

type IssueOptions = Omit<CertsOptions, 'name'> & OutsideOptions

const reasons = ['unspecified', 'keyCompromise', 'superseded', 'cessationOfOperation', 'certificateHold'] as const

export const certsCommand: RegisterCommand = (program, context) => {
  const certs = program
    .command('certs')
    .summary('issue, renew, revoke and show certificates')
    .description(
      'Manages the CAs of the lab and the certificates they issue. Without a lab the files go to certs/NAME.',
    )
  initCommand(certs, context)
  issueCommand(certs, context)
  trialCommand(certs, context)
  renewCommand(certs, context)
  revokeCommand(certs, context)
  showCommand(certs, context)
  listCommand(certs, context)
  trustCommand(certs, context)
  crlsCommand(certs, context)
  importCommand(certs, context)
  drillCommand(certs, context)
}

function initCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('init')
    .summary('make the CAs and every planned certificate')
    .description('Makes the CAs and every certificate that the topology needs. Keeps existing files.')
  common(withTopology(command), 'siplab certs init --topology edge').action((options: CertsOptions) => {
    const home = chooseHome(io, options)
    const trust = initCertificates(home, Date.now())
    const held = heldCertificates(home, Date.now())
    answer(
      io,
      options,
      { data: home.root, trust, certificates: held },
      () => `${heldTable(io, home, held)}\nRoots: ${trust.internal}, ${trust.public}\n`,
    )
  })
}

function issueCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('issue [NODE]')
    .summary('issue the certificates of a node again')
    .description(
      'Issues the planned certificates of a node again, into the same files. With --name it issues a certificate ' +
        'for a server outside the topology, into the working folder.',
    )
    .option('--name <NAME...>', 'issue for a server outside the topology, with these host names')
    .addOption(
      new Option('--role <ROLE>', 'with --name: issue it for this TLS end').choices(['server', 'client', 'both']),
    )
    .addOption(new Option('--authority <CA>', 'with --name: let this CA issue it').choices(['public', 'internal']))
    .option('--output <DIR>', 'with --name: write the files to DIR (default: the working folder)')
    .option('--reference <REFERENCE>', 'issue only the certificate of this reference')
    .option('--valid <SPAN>', 'valid for this time, e.g. 30d (default: as planned)')
  const example = 'siplab certs issue fe1\n  siplab certs issue --name sbc1.contoso.test --role both'
  common(withTopology(command), example).action(async (name: string | undefined, options: IssueOptions) => {
    const home = chooseHome(io, options)
    if (options.name !== undefined) return issueOutside(io, home, options)
    if (name === undefined) throw new UsageError('certs issue needs NODE, or --name NAME for a server outside the lab')
    const foreign = home.plan.foreign.find((server) => server.name === name)
    if (foreign !== undefined) return issueForeign(io, home, foreign, options)
    const node = chooseNode(home.plan, name)
    const planned =
      options.reference === undefined && node.certificates.length > 0
        ? node.certificates
        : [plannedFor(node, options.reference)]
    const now = nodeWall(nodeFolder(home.root, name).root)
    const issued = planned.map((each) => renew(home, each, now, validOption(options)))
    const report = await reload(home, [name])
    answer(
      io,
      options,
      { certificates: issued, reloaded: report },
      () => `${heldTable(io, home, issued)}${reloadedText(report)}`,
    )
  })
}

function trialCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('trial <NODE>')
    .summary('issue a trial certificate')
    .description('Issues a trial certificate for a node, under a name of its own. --assign assigns it at once.')
    .requiredOption('--valid <SPAN>', 'valid for this time, e.g. 30s')
    .option('--reference <REFERENCE>', 'issue a replacement for the certificate of this reference')
    .option('--assign', 'assign the trial certificate at once')
  common(withTopology(command), 'siplab certs trial fe1 --valid 30s').action(
    async (name: string, options: CertsOptions) => {
      const home = chooseHome(io, options)
      const planned = plannedFor(chooseNode(home.plan, name), options.reference)
      const validSeconds = validOption(options) ?? planned.request.validSeconds
      const now = nodeWall(nodeFolder(home.root, name).root)
      const trial = issueTrial(home, planned, now, { validSeconds, assign: options.assign === true })
      const report = options.assign === true ? await reload(home, [name]) : []
      answer(
        io,
        options,
        { certificate: trial, reloaded: report },
        () =>
          heldTable(io, home, [trial]) +
          (options.assign === true
            ? reloadedText(report)
            : `To use it: siplab assign ${name} ${planned.references[0]} ${trial.name}\n`),
      )
    },
  )
}

function renewCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('renew <NODE>')
    .summary('renew the certificates that a node uses')
    .description(
      'Renews the certificates that the references of a node use, by the clock of the node, with fresh keys, ' +
        'and lets the running node load them.',
    )
    .option('--reference <REFERENCE>', 'renew only the certificate of this reference')
    .option('--valid <SPAN>', 'valid for this time, e.g. 30d (default: as planned)')
  common(withTopology(command), 'siplab certs renew fe1').action(async (name: string, options: CertsOptions) => {
    const home = chooseHome(io, options)
    const node = chooseNode(home.plan, name)
    refuseUnderFault(home.root, name)
    const now = nodeWall(nodeFolder(home.root, name).root)
    const { renewed, untouched } = renewAssigned(
      home,
      node,
      { reference: options.reference, validSeconds: validOption(options) },
      now,
    )
    const report = await reload(home, [name])
    answer(
      io,
      options,
      { certificates: renewed, untouched, reloaded: report },
      () => `${heldTable(io, home, renewed)}${reloadedText(report)}${renewalNotes(name, renewed, untouched)}`,
    )
  })
}

function renewalNotes(node: string, renewed: readonly HeldCertificate[], untouched: Renewal['untouched']): string {
  const idle = renewed
    .filter(({ references }) => references.length === 0)
    .map(({ name }) => `${name} is not assigned; to use it: siplab assign ${node} REFERENCE ${name}\n`)
  const left = untouched.map(({ name, references }) => {
    const uses = references.length === 0 ? 'not assigned' : `assigned to ${references.join(', ')}`
    return `${name} (${uses}) was not renewed\n`
  })
  return [...idle, ...left].join('')
}

function revokeCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('revoke <NODE-OR-SERIAL>')
    .summary('revoke a certificate, and give every node the new CRL')
    .description(
      'Revokes the certificate of a node, or the one with a serial number, and gives every node the new CRL.',
    )
    .option('--reference <REFERENCE>', 'revoke the certificate of this reference')
    .addOption(new Option('--reason <REASON>', 'reason for the revocation').choices(reasons).default('unspecified'))
  common(withTopology(command), 'siplab certs revoke fe1 --reason superseded').action(
    async (what: string, options: CertsOptions) => {
      const home = chooseHome(io, options)
      const serial = serialOf(home, what, options.reference)
      const nodes = revoke(home, serial, options.reason ?? 'unspecified', Date.now())
      const report = await reload(home, nodes)
      const live =
        report.length === 0
          ? []
          : await connectionsWith(
              { plan: home.plan, clientOf: (node) => clientOf({ folder: labFolder(home.root) }, node) },
              serial,
            )
      const goOn = live
        .map((link) => `${link} stays connected with this certificate; only a new handshake is refused\n`)
        .join('')
      answer(
        io,
        options,
        { revoked: serial, nodes, reloaded: report, live },
        () => `${serial} is revoked; ${nodes.join(', ')} have the new CRL\n${reloadedText(report)}${goOn}`,
      )
    },
  )
}

function showCommand(certs: Command, { io }: CommandContext): void {
  common(
    certs
      .command('show <FILE>')
      .summary('show every certificate of a file')
      .description('Shows every certificate of a file.'),
    'siplab certs show .siplab/edge/pki/internal-root.pem',
  ).action((file: string, options: CommonOptions) => {
    const path = requireNamed(io, file, file, 'a certificate file')
    const certificates = readFile(path)
    if (certificates.length === 0) return showOther(io, options, path, file)
    answer(io, options, certificates, () =>
      certificates.map((certificate) => certificateText(io, certificate)).join('\n'),
    )
  })
}

/** A bundle, a key, a request or a list: what is in it, and the command that judges it. */
function showOther(io: Io, options: CommonOptions, path: string, file: string): void {
  const octets = readFileSync(path)
  const inside = readBundle(octets).items.flatMap((item) =>
    item.kind === 'certificate' ? [verdictCertificate(item.certificate)] : [],
  )
  const { format, contents, findings } = explainFile(octets)
  const problems = findings.filter(({ weight }) => weight === 'error').map(({ code, why }) => `${code}: ${why}`)
  if (contents.length === 0 && format === 'unknown')
    throw new UsageError(`${path} holds no certificate that can be read; siplab explain ${file} says what it is`)
  io.err(`siplab explain ${file} judges it and draws the chain\n`)
  answer(io, options, inside, () =>
    inside.length > 0
      ? inside.map((certificate) => certificateText(io, certificate)).join('\n')
      : [`${format} without a certificate that can be shown:`, ...contents, ...problems]
          .map((line) => `${line}\n`)
          .join(''),
  )
}

function listCommand(certs: Command, { io }: CommandContext): void {
  common(
    withTopology(
      certs
        .command('list')
        .summary('list the certificates of the nodes')
        .description('Lists the certificates in the folders of the nodes, and the references that use them.'),
    ),
    'siplab certs list',
  ).action((options: CertsOptions) => {
    const home = chooseHome(io, options)
    const held = heldCertificates(home, Date.now())
    answer(io, options, held, () => (held.length === 0 ? 'No node has a certificate.\n' : heldTable(io, home, held)))
  })
}

function validOption({ valid }: CertsOptions): number | undefined {
  return valid === undefined ? undefined : readSeconds('--valid', valid)
}

function serialOf(home: CertificateHome, what: string, reference: string | undefined): string {
  const node = home.plan.nodes.find(({ name }) => name === what)
  if (node === undefined && /^[\da-f:]+$/i.test(what)) return what
  if (node === undefined)
    throw new UsageError(
      `wanted a node or a serial number, found ${JSON.stringify(what)}` +
        insteadOf(
          what,
          home.plan.nodes.map(({ name }) => name),
        ),
    )
  const { request } = plannedFor(node, reference)
  const held = heldCertificates(home, Date.now()).find((each) => each.node === what && each.name === request.name)
  if (held === undefined)
    throw new LabError(
      'not-so',
      'certificate.unknown',
      `${what} has no certificate ${request.name}; siplab certs list shows those there are`,
    )
  return held.certificate.serial
}

/** Empty where the file is no PEM or DER of certificates alone. */
function readFile(path: string): readonly VerdictCertificate[] {
  try {
    return readCertificates(path)
  } catch (cause) {
    // What OpenSSL refuses is read by our own reader, which says what it is instead.
    if (cause instanceof Error) return []
    throw cause
  }
}

function heldTable(io: Io, home: CertificateHome, held: readonly HeldCertificate[]): string {
  const rows = held.map(({ node, name, references, certificate, revoked }) => [
    node,
    name,
    references.join(', '),
    certificate.subject,
    certificate.serial,
    validity(certificate, nodeWall(nodeFolder(home.root, node).root)),
    revoked ? paint(io.colours.out, 'red', 'revoked') : '',
  ])
  return table(['NODE', 'CERTIFICATE', 'ASSIGNED TO', 'SUBJECT', 'SERIAL', 'VALID UNTIL', ''], rows)
}

function validity({ notAfter }: VerdictCertificate, now = Date.now()): string {
  const left = (Date.parse(notAfter) - now) / 1000
  return left > 0 ? `${notAfter} (${spanText(left)} left)` : `${notAfter} (ended ${spanText(-left)} ago)`
}

function certificateText(io: Io, certificate: VerdictCertificate): string {
  const rows: readonly (readonly [string, string])[] = [
    ['issuer', certificate.issuer],
    ['names', certificate.subjectAltNames.join(', ')],
    ['serial', certificate.serial],
    ['serial reversed', `${certificate.serialReversed} (as LCS and OCS events print it)`],
    ['valid from', certificate.notBefore],
    ['valid until', validity(certificate)],
    ['SHA-256', certificate.fingerprint],
  ]
  return (
    `${paint(io.colours.out, 'bold', certificate.subject)}\n` +
    `${rows.map(([name, value]) => `  ${name.padEnd(16)} ${value}\n`).join('')}`
  )
}
