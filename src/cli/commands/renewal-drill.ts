/** `siplab certs drill leaf|issuing|root`: renews in stages on the running lab and says who loses whom when. */
import { Argument, Option } from 'commander'
import type { Command } from 'commander'
import { runDrill } from '../../lab/renewal/renewal.ts'
import type { DrillReport, StageReport } from '../../lab/renewal/renewal.ts'
import { drillStages } from '../../lab/renewal/renewal-stages.ts'
import type { DrillOrder, DrillSubject } from '../../lab/renewal/renewal-stages.ts'
import { supervisorClient } from '../../lab/supervisor-control.ts'
import { answer, common } from '../command.ts'
import type { CommandContext, CommonOptions } from '../command.ts'
import { paint } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseNode, chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'

interface DrillOptions extends CommonOptions {
  readonly order: DrillOrder
  readonly node?: string
}

export function drillCommand(certs: Command, { io, finish }: CommandContext): void {
  const command = certs
    .command('drill')
    .addArgument(new Argument('<SUBJECT>', 'what to renew').choices(['leaf', 'issuing', 'root']))
    .summary('renew a leaf or a CA in stages, and show lost links')
    .description(
      'Renews a leaf, the issuing CA or the root CA of the running lab in stages, and shows which links are lost.\n' +
        'Exit status 0: every link is up at the end. The right order lost no link, the wrong order at least one.',
    )
    .addOption(
      new Option('--order <ORDER>', 'renew in the right order, which loses no link, or in the common wrong one')
        .choices(['right', 'wrong'])
        .default('right'),
    )
    .option('--node <NAME>', 'leaf: renew the certificate of this node (default: the first home server)')
  common(command, 'siplab certs drill root --order wrong').action(
    async (subject: DrillSubject, options: DrillOptions) => {
      const lab = chooseRunningLab(io, options)
      const plan = planOf(lab)
      const access = {
        root: lab.folder.root,
        plan,
        clientOf: (node: string) => clientOf(lab, node),
        supervisor: () => supervisorClient(lab.folder),
      }
      const stages = drillStages(
        access,
        subject,
        options.order,
        options.node === undefined ? undefined : chooseNode(plan, options.node),
      )
      const report = await runDrill(access, stages, (stage) =>
        options.json === true ? undefined : io.out(stageText(io, stage)),
      )
      const asPromised = report.whole && (options.order === 'right') === (report.lost.length === 0)
      answer(io, options, { subject, order: options.order, asPromised, ...report }, () => sumText(report))
      if (!asPromised) finish(1)
    },
  )
}

function stageText(io: Io, { title, keeps, lost, regained, refused }: StageReport): string {
  const lines = [
    ...keeps.map(({ link, shown, now }) => `live  ${link} keeps ${shown}; a new handshake shows ${now}`),
    ...refused.map((line) => `kept  ${line}`),
    ...lost.map(({ link, verdict }) =>
      paint(
        io.colours.out,
        'red',
        `lost  ${link}: ` +
          `${verdict === undefined ? 'no reason known' : `${verdict.code}, seen by ${verdict.node ?? 'one end'}`}`,
      ),
    ),
    ...regained.map((link) => paint(io.colours.out, 'green', `back  ${link}`)),
  ]
  const quiet = lost.length === 0 && regained.length === 0 ? ['no user is lost'] : []
  return `${paint(io.colours.out, 'bold', title)}\n${[...lines, ...quiet].map((line) => `  ${line}\n`).join('')}`
}

function sumText({ lost, whole }: DrillReport): string {
  const during = lost.length === 0 ? 'No link was lost.' : `Lost for a time: ${lost.join(', ')}.`
  return `\n${during} ${whole ? 'Every link is up at the end.' : 'Not every link is up at the end.'}\n`
}
