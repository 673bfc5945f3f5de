import t from 'tap'
import { Condition } from '../../src/node/condition.ts'
import type { Descriptors, WriterStatus } from '../../src/node/control/control-api.ts'
import { connectionsWithin, limitIn } from '../../src/node/descriptors.ts'
import { MachineWatch } from '../../src/node/machine-watch.ts'
import type { Recorder } from '../../src/node/recorder.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Machine {
  events: WriterStatus
  log: WriterStatus
  descriptors: Descriptors | undefined
}

function watched() {
  const fine: WriterStatus = { lost: 0, waiting: 0 }
  const machine: Machine = { events: fine, log: fine, descriptors: { open: 50, limit: 1024 } }
  const told: string[] = []
  const condition = new Condition(() => '2026-11-29T00:00:00Z')
  condition.become('ready')
  const recorder: Pick<Recorder, 'record' | 'writers'> = {
    get writers() {
      return { events: machine.events, log: machine.log }
    },
    record: (event, { verdict, data } = {}) => void told.push(`${event} ${verdict?.code ?? String(data?.['place'])}`),
  }
  const watch = new MachineWatch({
    node: 'fe1',
    recorder: recorder as Recorder,
    condition,
    clock: new FakeClock(),
    descriptors: async () => machine.descriptors,
  })
  return { machine, told, condition, watch, fine }
}

for (const [place, error, code] of [
  ['events', 'ENOSPC', 'machine.disk-full'],
  ['events', 'EDQUOT', 'machine.disk-full'],
  ['events', 'EROFS', 'machine.read-only'],
  ['events', 'EIO', 'machine.io-error'],
  ['events', 'EACCES', 'machine.no-right'],
  ['log', 'EPIPE', 'machine.log-closed'],
  ['log', 'ENOSPC', 'machine.disk-full'],
] as const)
  t.test(`${error} of the ${place} is ${code} in status and events, and over when it is over`, async (t) => {
    const { machine, told, condition, watch, fine } = watched()
    await watch.look()
    machine[place] = { lost: 3, waiting: 2, error }
    await watch.look()
    await watch.look()
    t.equal(condition.state, 'degraded')
    t.match(condition.verdicts, [{ code, node: 'fe1', fix: String }])
    t.match(watch.status, { state: 'impaired', [place]: { lost: 3, error } })
    machine[place] = fine
    await watch.look()
    t.strictSame([condition.state, condition.verdicts.length, watch.status.state], ['ready', 0, 'ok'])
    t.strictSame(told, [`machine.impaired ${code}`, `machine.recovered ${place}`])
  })

t.test('a machine that fails in another way is said anew', async (t) => {
  const { machine, told, condition, watch } = watched()
  for (const error of ['ENOSPC', 'EROFS']) {
    machine.events = { lost: 0, waiting: 1, error }
    await watch.look()
  }
  t.strictSame(told, ['machine.impaired machine.disk-full', 'machine.impaired machine.read-only'])
  t.equal(condition.verdicts.length, 1)
})

t.test('what else is wrong stays when the machine recovers', async (t) => {
  const { machine, condition, watch, fine } = watched()
  condition.impair({ code: 'store.unreachable', message: '', rule: '' }, () => false)
  machine.events = { lost: 0, waiting: 1, error: 'ENOSPC' }
  await watch.look()
  machine.events = fine
  await watch.look()
  t.equal(condition.state, 'degraded')
})

t.test('descriptors', async (t) => {
  t.test('are scarce when fewer than 80 are left, or so few that they cannot be counted', async (t) => {
    const { machine, condition, watch } = watched()
    for (const [found, isScarce] of [
      [{ open: 944, limit: 1024 }, false],
      [{ open: 945, limit: 1024 }, true],
      [{ limit: 1024 }, true],
      [undefined, false],
    ] as const) {
      machine.descriptors = found
      await watch.look()
      t.equal(condition.verdicts[0]?.code, isScarce ? 'machine.descriptors' : undefined)
    }
  })

  t.test('bound accepted connections, so that 64 are left', async (t) => {
    t.equal(connectionsWithin(1024, 50, 10), 900)
    t.equal(connectionsWithin(1_048_576, 50, 10), 20_000)
    t.equal(connectionsWithin(64, 50, 10), 16)
  })

  t.test('have the soft limit of the process', async (t) => {
    const text = 'Limit     Soft Limit  Hard Limit  Units\nMax open files            256        4096        files\n'
    t.equal(limitIn(text), 256)
    t.equal(limitIn(''), undefined)
  })
})
