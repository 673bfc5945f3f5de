/** `siplab clock NODE +31d`: moves the calendar of one node, or of all, while it runs. */
import { checkShift, setClock } from '../../lab/clock.ts'
import { LabError } from '../../lab/lab-error.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { chooseLab, chooseNode, planOf } from '../lab-choice.ts'

export const clockCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('clock <NODE> <SHIFT>')
    .summary('move the clock of a node')
    .description(
      'Sets the clock of a node, or of all, ahead of (+31d) or behind (-2h) the real time; +0 sets it ' +
        'right.\nThe lab must have been brought up with --movable-clock.',
    )
    .allowUnknownOption()
  common(command, 'siplab clock director +31d').action((name: string, text: string, options: CommonOptions) => {
    const lab = chooseLab(io, options)
    const plan = planOf(lab)
    const shift = checkShift(text)
    if (!lab.record.movableClock)
      throw new LabError(
        'not-so',
        'clock.fixed',
        `the lab ${lab.record.name} was brought up without --movable-clock; siplab down, then siplab up ` +
          `${lab.record.name} --movable-clock`,
      )
    const nodes = name === 'all' ? plan.nodes.map((node) => node.name) : [chooseNode(plan, name).name]
    for (const node of nodes) setClock(nodeFolder(lab.folder.root, node).root, shift)
    answer(io, options, { nodes, shift }, () => `the clock of ${nodes.join(', ')} is set to the real time ${shift}\n`)
  })
}
