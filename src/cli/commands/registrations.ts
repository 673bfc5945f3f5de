/** `siplab registrations`: the live bindings of every home of the running lab, with node and flow. */
import type { Registration } from '../../node/control/control-api.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { table } from '../io.ts'
import { chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'

export const registrationsCommand: RegisterCommand = (program, { io }) => {
  common(
    program
      .command('registrations')
      .summary('show who is signed in')
      .description('Shows the live bindings: who is signed in where, over which flow, and for how long.'),
    'siplab registrations',
  ).action(async (options: CommonOptions) => {
    const lab = chooseRunningLab(io, options)
    const homes = planOf(lab).nodes.filter(
      ({ name, settings }) => 'home' in settings && lab.record.stopped[name] === undefined,
    )
    const all = (
      await Promise.all(homes.map(({ name }) => clientOf(lab, name).get<readonly Registration[]>('/registrations')))
    ).flat()
    const registrations = unique(all)
    const rows = registrations.map(({ aor, contact, node, flow, expiresSeconds, userAgent }) => [
      aor,
      node,
      `${expiresSeconds} s`,
      flow ?? 'gone',
      userAgent ?? '',
      contact,
    ])
    answer(io, options, registrations, () =>
      rows.length === 0
        ? 'No one is signed in.\n'
        : table(['USER', 'NODE', 'EXPIRES', 'FLOW', 'USER AGENT', 'CONTACT'], rows),
    )
  })
}

/** Front ends of one pool share their store: each shows every binding; the one that holds the flow counts. */
function unique(all: readonly Registration[]): readonly Registration[] {
  const byBinding = Map.groupBy(all, ({ aor, contact, node }) => `${aor} ${contact} ${node}`)
  return [...byBinding.values()].flatMap((same) => same.find(({ flow }) => flow !== undefined) ?? same.slice(0, 1))
}
