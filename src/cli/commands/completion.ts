/** `siplab completion SHELL`: what Tab offers, made from the commands themselves, so that it is never out of date. */
import { Argument } from 'commander'
import { faultList } from '../../faults/list.ts'
import { scenarioNames } from '../../lab/scenario/load.ts'
import { loadTopology, topologyNames } from '../../topology/load.ts'
import { planLab } from '../../topology/plan.ts'
import type { RegisterCommand } from '../command.ts'
import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { completionTree } from '../completion/tree.ts'
import { zshCompletion } from '../completion/zsh.ts'

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

export const completionCommand: RegisterCommand = (program, { io }) => {
  program
    .command('completion')
    .summary('print a script for Tab completion in a shell')
    .description(
      'Prints a script that lets the Tab key complete commands, options, topologies, nodes, faults and scenarios.\n' +
        'bash: source <(siplab completion bash)\nzsh: source <(siplab completion zsh)\n' +
        'fish: siplab completion fish | source',
    )
    .addArgument(new Argument('<SHELL>', 'shell that runs the script').choices(Object.keys(shells)))
    .addHelpText('after', '\nExample:\n  source <(siplab completion bash)')
    .action((shell: keyof typeof shells) => io.out(shells[shell](completionTree(program, knownValues()))))
}

/** Nodes are those of the shipped topologies: a running lab is not asked at each Tab. */
function knownValues(): ReadonlyMap<string, readonly string[]> {
  const topologies = topologyNames()
  const nodes = [...new Set(topologies.flatMap((name) => planLab(loadTopology(name)).nodes.map((node) => node.name)))]
  return new Map([
    ['TOPOLOGY', topologies],
    ['down NAME', topologies],
    ['NODE', nodes],
    ['NODE-OR-SERIAL', nodes],
    ['TARGET', nodes],
    ['node start NAME', nodes],
    ['node stop NAME', nodes],
    ['node restart NAME', nodes],
    ['FAULT', faultList.map(({ name }) => name)],
    ['scenario run NAME', scenarioNames()],
  ])
}
