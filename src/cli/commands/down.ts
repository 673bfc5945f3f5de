/** `siplab down`: asks the supervisor to bring its lab down and waits until it has. */
import { setTimeout as delay } from 'node:timers/promises'
import { endStoreAccess } from '../../lab/nodes/sql/access.ts'
import { supervisorOf } from '../../lab/lab-folder.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { chooseLab } from '../lab-choice.ts'

const patienceMs = 30_000

export const downCommand: RegisterCommand = (program, { io }) => {
  common(
    program
      .command('down [NAME]')
      .summary('bring the lab down')
      .description(
        'Brings the lab down in order, the outermost node first; its data stays in its folder.\nNAME is the ' +
          'topology or lab file that siplab up was given. Without NAME: the only lab that runs here.',
      ),
    'siplab down edge',
  ).action(async (name: string | undefined, options: CommonOptions) => {
    const { folder, record, pid } = chooseLab(io, options, name)
    if (pid === undefined) {
      // One that was killed may have left a database outside its folder.
      endStoreAccess(folder.root)
      return answer(
        io,
        options,
        { lab: record.name, data: folder.root, wasRunning: false },
        () => `The lab ${record.name} in ${folder.root} was not running.\n`,
      )
    }
    process.kill(pid, 'SIGTERM')
    await untilGone(() => supervisorOf(folder) !== pid, pid)
    answer(
      io,
      options,
      { lab: record.name, data: folder.root, wasRunning: true },
      () => `The lab ${record.name} is down; its data stays in ${folder.root}.\n`,
    )
  })
}

async function untilGone(isGone: () => boolean, pid: number): Promise<void> {
  const end = performance.now() + patienceMs
  while (!isGone()) {
    if (performance.now() > end)
      throw new Error(`the supervisor, process ${pid}, did not end within ${patienceMs / 1000} s`)
    await delay(30)
  }
}
