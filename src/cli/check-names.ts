/** `siplab check DOMAIN --names`: the DNS lint, inside and outside, against the plan where there is one. */
import { lintNames, type CheckLog, type NameView } from '../check/index.ts'
import type { DnsRecord, LabPlan } from '../topology/plan-types.ts'
import { checkOptions, resolverOf, type CheckLab, type SetupOptions } from './check-options.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export async function checkNames(
  io: Io,
  log: CheckLog,
  domain: string,
  lab: CheckLab | undefined,
  options: SetupOptions,
): Promise<void> {
  const views = options.view === undefined ? (['internal', 'external'] as const) : [options.view]
  // A lab without an edge has no outside.
  const wanted =
    lab === undefined || options.view !== undefined ? views : views.filter((view) => recordsOf(lab, view).length > 0)
  await lintNames(
    log,
    domain,
    wanted.map((view) => nameView(io, view, lab, options)),
  )
}

function nameView(io: Io, view: 'internal' | 'external', lab: CheckLab | undefined, options: SetupOptions): NameView {
  const common = {
    name: view === 'internal' ? ('inside' as const) : ('outside' as const),
    resolver: resolverOf(lab, view, options),
    options: checkOptions(io, { view }, lab, options),
  }
  if (lab === undefined) return common
  const records = recordsOf(lab, view)
  if (records.length === 0) throw new UsageError(`the lab ${lab.plan.topology} has no ${view} DNS view`)
  return {
    ...common,
    planned: (service) => plannedSrv(records, service),
    portIsOpen: (address, port) => isOpen(lab.plan, address, port),
  }
}

function recordsOf({ plan }: CheckLab, view: 'internal' | 'external'): readonly DnsRecord[] {
  return plan.dns.filter(({ name }) => name === view).flatMap(({ records }) => records)
}

function plannedSrv(
  records: readonly DnsRecord[],
  service: string,
): { readonly target: string; readonly port: number } | 'absent' {
  const found = records.find((record) => record.kind === 'srv' && record.name === service)
  return found?.kind === 'srv' ? { target: found.target, port: found.port } : 'absent'
}

function isOpen({ firewall }: LabPlan, address: string, port: number): boolean {
  return firewall.some(({ to, port: open, protocol }) => to.address === address && open === port && protocol === 'tcp')
}
