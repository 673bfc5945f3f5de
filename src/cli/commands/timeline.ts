/**
 * `siplab timeline [TOPOLOGY]`: when each certificate ends and what stops with it, for today's lifetimes and for the
 * announced ones.
 */
import { heldCertificates } from '../../lab/renewal/certificate-work.ts'
import { heldAuthorities, heldCrls } from '../../lab/renewal/timeline-held.ts'
import { announcedLifetimes, timeline } from '../../lab/renewal/timeline.ts'
import type { TimelineCertificate, TimelineEntry } from '../../lab/renewal/timeline.ts'
import { findLabs } from '../../lab/lab-folder.ts'
import { configFolder, topologyNames } from '../../topology/load.ts'
import { axisRows } from '../../peers/axis.ts'
import { dayOf } from '../../peers/policy.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { spanText } from '../duration.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { isFile } from '../explain-evidence.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import { UsageError } from '../usage-error.ts'
import { chooseTopology } from '../topology-options.ts'

export const timelineCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('timeline [WHAT]')
    .summary('show when each certificate ends')
    .description(
      'Shows when each certificate, CA and revocation list of a lab ends, and what stops then. With a topology it ' +
        'shows the certificates that the lab would get today. With a chain file it shows, month by month, with ' +
        'which peers the chain works.',
    )
    .option('--with <PEER...>', 'with a chain file: show only these peers (names in docs/policies.md)')
  const example = 'siplab timeline edge\n  siplab timeline chain.pem --with teams-direct-routing zoom'
  common(command, example).action(async (name: string | undefined, options: TimelineOptions) => {
    if (name !== undefined && isChain(io, name)) return drawChain(io, name, options)
    if (options.with !== undefined) throw new UsageError('--with needs the file of a chain')
    const now = Date.now()
    const { plan, parts } = source(io, name, options, now)
    const entries = timeline(plan, parts, now)
    const document = { topology: plan.topology, now: new Date(now).toISOString(), certificates: entries }
    const elsewhere = axisRows(dayOf(now - lookBackMs))
    answer(io, options, { ...document, elsewhere }, () => text(io, entries))
  })
}

/** What peers and root programmes changed so lately still explains something. */
const lookBackMs = 400 * 86_400_000

interface TimelineOptions extends CommonOptions {
  readonly with?: readonly string[]
}

/** A file that is no lab file. */
function isChain(io: Io, name: string): boolean {
  const isLab = topologyNames(configFolder()).includes(name) || /\.ya?ml$/.test(name)
  return !isLab && (isFile(io, name) || /\.(?:pem|crt|cer|der|p7b|pfx|p12)$/i.test(name))
}

async function drawChain(io: Io, name: string, options: TimelineOptions): Promise<void> {
  const { peerNamed, readChain } = await import('../explain-link.ts')
  const { chainTimeline, chainTimelineText } = await import('../chain-timeline.ts')
  const drawn = chainTimeline(
    readChain(io, name),
    options.with?.map((peer) => peerNamed(peer)),
  )
  answer(io, options, drawn, () => chainTimelineText(io, drawn))
}

function source(
  io: Io,
  name: string | undefined,
  options: CommonOptions,
  now: number,
): { readonly plan: LabPlan; readonly parts: Parameters<typeof timeline>[1] } {
  if (name === undefined && (options.data !== undefined || findLabs(io.workingFolder).length > 0)) {
    const lab = chooseLab(io, options)
    const plan = planOf(lab)
    const home = { root: lab.folder.root, plan }
    const leaves = heldCertificates(home, now).map(
      ({ node, name: file, references, certificate }): TimelineCertificate => ({
        node,
        name: file,
        references,
        notBefore: Date.parse(certificate.notBefore),
        notAfter: Date.parse(certificate.notAfter),
      }),
    )
    return { plan, parts: [...leaves, ...heldAuthorities(home, now), ...heldCrls(home)] }
  }
  const plan = planLab(chooseTopology(io, name).topology)
  return {
    plan,
    parts: plan.certificates.map(({ node, references, request }) => ({
      node,
      name: request.name,
      references,
      notBefore: now,
      notAfter: now + request.validSeconds * 1000,
    })),
  }
}

function text(io: Io, entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return 'The lab has no certificates, so none expires.\n'
  const leaves = entries.filter(({ kind }) => kind === 'certificate')
  const others = entries.filter(({ kind }) => kind !== 'certificate')
  return [
    endTable(leaves),
    others.length === 0
      ? ''
      : `\n${table(
          ['OF', 'AUTHORITY OR LIST', 'ENDS', 'LEFT', 'DUE'],
          others.map(({ kind, node, name, notAfter, secondsLeft, warnsAt }) => [
            node,
            `${name}${kind === 'crl' ? ' (revocation list)' : ''}`,
            minute(notAfter),
            left(secondsLeft),
            day(warnsAt),
          ]),
        )}`,
    `\n${paint(io.colours.out, 'bold', 'With the announced lifetimes')}\n${lifetimeTable(leaves)}`,
    `\n${paint(io.colours.out, 'bold', 'What stops when each of them ends')}\n`,
    ...entries.map((entry) => stopText(io, entry)),
  ].join('')
}

function endTable(leaves: readonly TimelineEntry[]): string {
  return table(
    ['NODE', 'CERTIFICATE', 'ENDS', 'LEFT', 'WARNS FROM', 'SHOWN ON'],
    leaves.map(({ node, name, notAfter, secondsLeft, warnsAt, listeners }) => [
      node,
      name,
      minute(notAfter),
      left(secondsLeft),
      secondsLeft < 172_800 ? minute(warnsAt) : day(warnsAt),
      listeners.join(', '),
    ]),
  )
}

/**
 * One line for each certificate of a node would say the same many times over: they differ only by when they were
 * issued.
 */
function lifetimeTable(leaves: readonly TimelineEntry[]): string {
  const headings = [
    'NODE',
    'CERTIFICATE',
    ...announcedLifetimes.flatMap((days) => [`${days} DAYS: ENDS`, 'WARNS', 'A YEAR']),
  ]
  return table(
    headings,
    leaves.map(({ node, name, lifetimes }) => [
      node,
      name,
      ...lifetimes.flatMap(({ notAfter, warnsAt, renewalsPerYear }) => [
        day(notAfter),
        day(warnsAt),
        String(renewalsPerYear),
      ]),
    ]),
  )
}

function stopText(io: Io, { node, name, notAfter, references, kind, stops, links }: TimelineEntry): string {
  const what =
    kind === 'ca' ? `${name} of ${node}` : kind === 'crl' ? `the revocation list ${name} of ${node}` : `${node} ${name}`
  const used = kind === 'certificate' ? ` (${references.join(', ') || 'not assigned'})` : ''
  const lost = links.length === 0 ? [] : [`links: ${[...new Set(links)].join(', ')}`]
  return (
    `${day(notAfter)}  ${paint(io.colours.out, 'bold', what)}${used}\n` +
    `${[...stops, ...lost].map((line) => `            ${line}\n`).join('')}`
  )
}

function left(seconds: number): string {
  return seconds > 0 ? spanText(seconds) : 'ended'
}

/** `2027-11-22 14:04` */
function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

function day(iso: string): string {
  return iso.slice(0, 10)
}
