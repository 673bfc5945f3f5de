/** `siplab faults list`, `break TARGET FAULT`, `heal TARGET`: named faults on a link or the DNS of the running lab. */
import { breakTarget, healTarget, labFaults, readTarget } from '../../lab/faults.ts'
import type { FaultOptions } from '../../lab/faults.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { table } from '../io.ts'
import { chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'

interface BreakOptions extends CommonOptions {
  readonly amount?: string
  readonly name?: string
  readonly to?: string
}

export const faultsCommand: RegisterCommand = (program, { io }) => {
  const faults = program.command('faults').summary('list what can be broken').description('Named faults that break and heal put on and take off.')
  common(faults.command('list', { isDefault: true }).description('Lists every fault with what it does.'), 'siplab faults list').action((options: CommonOptions) => {
    const rows = labFaults.map(({ name, target, story, amount }) => [name, target, amount === undefined ? '' : `${amount.usual} ${amount.unit}`, story])
    answer(io, options, labFaults, () => table(['FAULT', 'TARGET', 'USUAL AMOUNT', 'STORY'], rows))
  })
}

export const breakCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('break <TARGET> <FAULT>')
    .summary('put a fault on a link or the DNS')
    .description('Puts a fault on a link (A->B, A is the node that dials) or on the DNS of the running lab.')
    .option('--amount <N>', 'delay: ms for each message; slow: octets a second; reset: after so many octets')
    .option('--name <FQDN>', 'dns: only this name')
    .option('--to <FQDN>', 'dns wrong-target: where SRV records lead')
  common(command, "siplab break 'director->fe1' delay --amount 300").action(async (targetText: string, fault: string, options: BreakOptions) => {
    const lab = chooseRunningLab(io, options)
    const target = readTarget(planOf(lab), targetText)
    const { story } = await breakTarget(target, fault, faultOptions(options), (node) => clientOf(lab, node))
    answer(io, options, { target: targetText, fault }, () => `${targetText}: ${fault}. ${story}\nsiplab heal '${targetText}' takes it off.\n`)
  })
}

export const healCommand: RegisterCommand = (program, { io }) => {
  common(program.command('heal <TARGET>').summary('take a fault off').description('Takes every fault off a link or the DNS of the running lab.'), "siplab heal 'director->fe1'").action(async (targetText: string, options: CommonOptions) => {
    const lab = chooseRunningLab(io, options)
    await healTarget(readTarget(planOf(lab), targetText), (node) => clientOf(lab, node))
    answer(io, options, { target: targetText, healed: true }, () => `${targetText} is healed\n`)
  })
}

function faultOptions({ amount, name, to }: BreakOptions): FaultOptions {
  if (amount !== undefined && !/^\d{1,9}$/.test(amount)) throw new UsageError(`--amount: wanted a whole number, found ${JSON.stringify(amount)}`)
  return { ...(amount === undefined ? {} : { amount: Number(amount) }), ...(name === undefined ? {} : { name }), ...(to === undefined ? {} : { target: to }) }
}
