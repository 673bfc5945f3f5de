/** `siplab timeline [TOPOLOGY]`: when each certificate ends and what stops with it, for today's lifetimes and for the announced ones. */
import { heldCertificates } from '../../lab/certificate-work.ts'
import { announcedLifetimes, timeline } from '../../lab/timeline.ts'
import type { TimelineCertificate, TimelineEntry } from '../../lab/timeline.ts'
import { findLabs } from '../../lab/lab-folder.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { spanText } from '../duration.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import { chooseTopology } from '../topology-options.ts'

export const timelineCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('timeline [TOPOLOGY]')
    .summary('show when each certificate ends')
    .description('Shows when each certificate ends and what stops with it: those a lab holds, or, with a TOPOLOGY, those it would get today.')
  common(command, 'siplab timeline edge').action((name: string | undefined, options: CommonOptions) => {
    const now = Date.now()
    const { plan, certificates } = source(io, name, options, now)
    const entries = timeline(plan, certificates, now)
    answer(io, options, { topology: plan.topology, now: new Date(now).toISOString(), certificates: entries }, () => text(io, entries))
  })
}

function source(io: Io, name: string | undefined, options: CommonOptions, now: number): { readonly plan: LabPlan; readonly certificates: readonly TimelineCertificate[] } {
  if (name === undefined && (options.data !== undefined || findLabs(io.workingFolder).length > 0)) {
    const lab = chooseLab(io, options)
    const plan = planOf(lab)
    const held = heldCertificates({ root: lab.folder.root, plan }, now)
    return { plan, certificates: held.map(({ node, name: file, references, certificate }) => ({ node, name: file, references, notBefore: Date.parse(certificate.notBefore), notAfter: Date.parse(certificate.notAfter) })) }
  }
  const plan = planLab(chooseTopology(io, name).topology)
  return { plan, certificates: plan.certificates.map(({ node, references, request }) => ({ node, name: request.name, references, notBefore: now, notAfter: now + request.validSeconds * 1000 })) }
}

function text(io: Io, entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return 'No certificate, and so none that ends.\n'
  const dates = table(
    ['NODE', 'CERTIFICATE', 'ENDS', 'LEFT', ...announcedLifetimes.map((days) => `WITH ${days} DAYS`)],
    entries.map(({ node, name, notAfter, secondsLeft, lifetimes }) => [node, name, notAfter.slice(0, 19), secondsLeft > 0 ? spanText(secondsLeft) : 'ended', ...lifetimes.map((lifetime) => `${lifetime.notAfter.slice(0, 10)} (${lifetime.renewalsPerYear} a year)`)]),
  )
  const stops = entries.map(({ node, name, references, stops: what }) => `${paint(io.colours.out, 'bold', `${node} ${name}`)} (${references.join(', ') || 'not assigned'})\n${what.map((line) => `  ${line}\n`).join('')}`)
  return `${dates}\nWhat stops with each\n${stops.join('')}`
}
