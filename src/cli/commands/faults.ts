/**
 * `siplab faults list`, `break TARGET FAULT`, `heal TARGET`: named faults on nodes, links, the store, the directory and
 * the DNS of the running lab.
 */
import { Option } from 'commander'
import type { Verdict } from '../../verdicts/verdict.ts'
import { breakTarget, type FaultOptions, healNamed, readTarget } from '../../faults/break.ts'
import type { Outcome } from '../../faults/placement.ts'
import { faultsOfLab } from '../../faults/record.ts'
import { faultList } from '../../faults/list.ts'
import type { RunningLabAccess } from '../../lab/running-lab.ts'
import { supervisorClient } from '../../lab/supervisor-control.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { table } from '../io.ts'
import { type ChosenLab, chooseLab, chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'
import { verdictText } from '../ready-text.ts'

interface BreakOptions extends CommonOptions {
  readonly as?: 'server' | 'client'
  readonly tls?: '1.2' | '1.3'
  readonly reference?: string
  readonly amount?: string
  readonly name?: string
  readonly to?: string
}

export const faultsCommand: RegisterCommand = (program, { io }) => {
  const faults = program
    .command('faults')
    .summary('list the faults that siplab break can put on')
    .description('Lists the faults that siplab break puts on and siplab heal removes.')
  common(
    faults
      .command('list', { isDefault: true })
      .summary('list every fault and what it does')
      .description('Lists every fault and what it does.')
      .option('--on', 'list only the faults that are now on in the lab'),
    'siplab faults list',
  ).action((options: CommonOptions & { readonly on?: true }) => {
    if (options.on === true) {
      const records = faultsOfLab(chooseLab(io, options).folder)
      const rows = records.map(({ target, fault, as, since }) => [target, fault, as ?? '', since])
      return answer(io, options, records, () =>
        rows.length === 0 ? 'no fault is on\n' : table(['TARGET', 'FAULT', 'AS', 'SINCE'], rows),
      )
    }
    const rows = faultList.map(({ name, target, family, verdict, story, notInALab }) => [
      name,
      notInALab === undefined ? target : 'none',
      family,
      verdict ?? '',
      notInALab === undefined ? story : `${story}. Not possible in a lab: ${notInALab}`,
    ])
    answer(io, options, faultList, () => table(['FAULT', 'TARGET', 'FAMILY', 'VERDICT', 'STORY'], rows))
  })
}

export const breakCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('break <TARGET> <FAULT>')
    .summary('put a fault on a node, a link, the store, the directory or the DNS')
    .description(
      'Puts a fault on a node, a link (A->B, A is the node that dials), the store, the directory or the DNS of ' +
        'the running lab, waits for the verdict and prints it. Exit status 0 when the verdict names the fault.\n' +
        'A server whose own certificate has expired does what its profile says; with --as the server keeps running.',
    )
    .addOption(
      new Option('--as <END>', 'certificate faults: test links where the node is this end').choices([
        'server',
        'client',
      ]),
    )
    .addOption(
      new Option('--tls <VERSION>', 'certificate faults: let the node use only this TLS version').choices([
        '1.2',
        '1.3',
      ]),
    )
    .option('--reference <REFERENCE>', 'certificate faults: break the certificate of this reference')
    .option('--amount <N>', 'delay: ms per message; slow: octets per second; reset: octets before the reset')
    .option('--name <FQDN>', 'dns: break only this name')
    .option('--to <FQDN>', 'dns wrong-target: let SRV records name this host')
  common(command, 'siplab break director expired --as server').action(
    async (targetText: string, fault: string, options: BreakOptions) => {
      const lab = accessTo(chooseRunningLab(io, options))
      const outcome = await breakTarget(lab, readTarget(lab.plan, targetText), fault, faultOptions(options))
      answer(io, options, outcome, () => outcomeText(outcome))
      if (!outcome.named) finish(1)
    },
  )
}

export const healCommand: RegisterCommand = (program, { io }) => {
  common(
    program
      .command('heal <TARGET>')
      .summary('remove a fault')
      .description(
        'Removes the fault from a node, a link, the store, the directory or the DNS of the running lab. TARGET all ' +
          'removes every fault.',
      ),
    "siplab heal 'director->fe1'",
  ).action(async (targetText: string, options: CommonOptions) => {
    const lab = accessTo(chooseRunningLab(io, options))
    const { targets, links } = await healNamed(lab, targetText)
    const text = links
      .map(
        ({ from, to, state, verdict }) =>
          `  ${from}->${to} is ${state}${verdict === undefined ? '' : `: ${verdictText(verdict)}`}\n`,
      )
      .join('')
    answer(
      io,
      options,
      { target: targetText, healed: targets, links },
      () => `${targets.length === 0 ? 'no fault is on' : `fault removed: ${targets.join(', ')}`}\n${text}`,
    )
  })
}

function accessTo(lab: ChosenLab): RunningLabAccess {
  return {
    root: lab.folder.root,
    plan: planOf(lab),
    clientOf: (node) => clientOf(lab, node),
    supervisor: () => supervisorClient(lab.folder),
  }
}

/** The finding of the fault first; then both ends' views, certificate, rule, what was found and the remedy. */
function outcomeText(outcome: Outcome): string {
  const { target, fault, story, verdict, views, remarks, links, restarted, notes } = outcome
  const [headline, judgement] = summaryOf(outcome)
  return [
    `${headline}\n`,
    `  fault        ${target}: ${fault}. ${story}\n`,
    `  outcome      ${judgement}${restarted ? '; shown by a restart' : ''}\n`,
    verdict === undefined ? '' : details(verdict),
    views
      .map(
        ({ node, event, verdict: { code, found } }) =>
          `  ${node.padEnd(12)} ${event}: ${code}${found === undefined ? '' : `, ${found}`}\n`,
      )
      .join(''),
    remarks.map((remark) => `  remark       ${verdictText(remark)}\n`).join(''),
    (verdict?.others ?? []).map((other) => `  also         ${other.code}: ${other.message}\n`).join(''),
    links.map(({ from, to, state }) => `  link         ${from}->${to} is ${state}\n`).join(''),
    notes.map((note) => `  note         ${note}\n`).join(''),
    `To remove the fault: siplab heal '${target}'\n`,
  ].join('')
}

/** The first line and the outcome, from what is printed below them. */
export function summaryOf({
  fault,
  expected,
  verdict,
  remarks,
  links,
  named,
}: Pick<Outcome, 'fault' | 'expected' | 'verdict' | 'remarks' | 'links' | 'named'>): readonly [string, string] {
  const down = links.filter(({ state }) => state === 'down').length
  if (verdict !== undefined)
    return [
      verdictText(verdict),
      named ? 'the verdict names the fault first' : `the verdict does not name the fault; ${wanted(expected)}`,
    ]
  const remark = remarks.find(({ code }) => code === expected)
  if (remark !== undefined)
    return [
      verdictText(remark),
      down === 0 ? 'a remark names the fault; every link stays up' : `a remark names the fault; ${down} links are down`,
    ]
  if (expected !== undefined) return [`no verdict on ${fault}`, `nothing names the fault; ${wanted(expected)}`]
  const beside =
    remarks.length === 0 ? '' : `; a node reports ${[...new Set(remarks.map(({ code }) => code))].join(', ')}`
  return named
    ? [`every link stays up with ${fault}`, `as expected${beside}`]
    : [`${down} links are down`, wanted(expected)]
}

function wanted(expected: string | undefined): string {
  return expected === undefined ? 'expected every link to stay up' : `expected ${expected}`
}

function details({ certificate, windows, rule, found, fix }: Verdict): string {
  const serials =
    certificate === undefined
      ? ''
      : `  certificate  ${certificate.subject}, ${certificate.notBefore} to ${certificate.notAfter}\n  serial     ` +
        `  ${certificate.serial} (as old events print it: ${certificate.serialReversed})\n`
  const line = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `  ${name.padEnd(12)} ${value}\n`
  return (
    serials +
    line(
      'windows',
      windows === undefined
        ? undefined
        : `${windows.hresult} ${windows.name}${windows.inferred ? ' (our mapping)' : ''}`,
    ) +
    line('rule', rule) +
    line('found', found) +
    line('fix', fix)
  )
}

function faultOptions({ as, tls, reference, amount, name, to }: BreakOptions): FaultOptions {
  if (amount !== undefined && !/^\d{1,9}$/.test(amount))
    throw new UsageError(`--amount: wanted a whole number, found ${JSON.stringify(amount)}`)
  const given = { as, tls, reference, name, target: to, amount: amount === undefined ? undefined : Number(amount) }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
