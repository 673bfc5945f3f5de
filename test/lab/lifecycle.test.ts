import { fork, type ChildProcess } from 'node:child_process'
import { on } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { ReadyDocument } from '../../src/lab/ready-document.ts'
import { siplab } from '../support/command.ts'
import { isAlive } from '../support/is-alive.ts'
import { upDetached, withLab } from '../support/lab.ts'
import { until } from '../support/until.ts'

function folder(t: Test): string {
  const made = mkdtempSync(join(tmpdir(), 'siplab-life-'))
  t.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

t.test(
  'a detached lab goes on until down, below .siplab of the working folder, whatever the length of its path',
  async (t) => {
    const cwd = join(folder(t), 'a'.repeat(60), 'b'.repeat(60))
    mkdirSync(cwd, { recursive: true })
    const up = await upDetached(t, ['standard', '--json'], cwd)
    t.match(up, { status: 0 }, up.stderr)
    const ready = JSON.parse(up.stdout) as ReadyDocument
    t.equal(ready.data, join(cwd, '.siplab', 'standard'))
    t.ok(
      existsSync(join(ready.data, 'nodes', 'se', 'control.sock.path')),
      'a socket path too long for the system is replaced by a short one',
    )
    t.match(await siplab(['status'], { cwd }), { status: 0, stdout: /se +standard-edition +ready/ })
    t.match(await siplab(['users', 'add', 'erna', '--password', 'secret'], { cwd }), {
      status: 0,
      stdout: /the home server of sip:erna@lab\.test is se\.lab\.test/,
    })
    t.match(await siplab(['users', 'list'], { cwd }), { stdout: /sip:erna@lab\.test/ })
    t.match(await siplab(['users', 'remove', 'erna'], { cwd }), { status: 0 })
    t.match(await siplab(['users', 'remove', 'erna'], { cwd }), { status: 1 })
    t.match(await siplab(['down'], { cwd }), { status: 0, stdout: /is down/ })
    t.strictSame(ready.nodes.flatMap(({ pid }) => pid ?? []).filter(isAlive), [])
  },
)

t.test('nodes never outlive a supervisor that was killed; its lock and its network are taken over', async (t) => {
  const data = join(folder(t), 'lab')
  // One that no other test takes while this lab is down.
  const up = await upDetached(t, ['standard', '--json', '--data', data, '--network', '251'])
  t.equal(up.status, 0, up.stderr)
  const ready = JSON.parse(up.stdout) as ReadyDocument
  const status = JSON.parse((await siplab(['status', '--json', '--data', data])).stdout) as { readonly pid: number }
  process.kill(status.pid, 'SIGKILL')
  const pids = ready.nodes.flatMap(({ pid }) => pid ?? [])
  await t.resolves(
    until(() => !pids.some(isAlive)),
    'every node has ended',
  )
  t.match(await siplab(['status', '--data', data]), { status: 1, stdout: /down/ })
  const again = await upDetached(t, ['standard', '--json', '--data', data])
  t.match(again, { status: 0 })
  t.equal((JSON.parse(again.stdout) as ReadyDocument).dns.internal.address, ready.dns.internal.address, 'same network')
  t.match(await siplab(['down', '--data', data]), { status: 0 })
})

t.test('a lab whose folder is removed ends by itself, and the next up in that folder stands alone', async (t) => {
  const data = join(folder(t), 'lab')
  const up = await upDetached(t, ['standard', '--json', '--data', data])
  t.equal(up.status, 0, up.stderr)
  const { pid } = JSON.parse((await siplab(['status', '--json', '--data', data])).stdout) as { readonly pid: number }
  const pids = [pid, ...(JSON.parse(up.stdout) as ReadyDocument).nodes.flatMap((node) => node.pid ?? [])]
  // Its nodes may write while it goes.
  rmSync(data, { recursive: true, force: true, maxRetries: 20 })
  t.match(await siplab(['down', '--data', data]), { status: 1, stderr: /its folder was removed/ })
  const again = await upDetached(t, ['standard', '--json', '--data', data])
  t.match(again, { status: 0 }, again.stderr)
  await t.resolves(
    until(() => !pids.some(isAlive)),
    'every process of the lab before has ended',
  )
  t.match(await siplab(['status', '--data', data]), { status: 0, stdout: /se +standard-edition +ready/ })
  rmSync(join(data, 'lab.json'))
  const others = (JSON.parse(again.stdout) as ReadyDocument).nodes.flatMap((node) => node.pid ?? [])
  await t.resolves(
    until(() => !others.some(isAlive)),
    'a lab without its record ends too',
  )
})

/** Ids of the processes that test/fixtures/holds-labs.ts tells of; tap sends messages of its own. */
async function heldBy(holder: ChildProcess): Promise<readonly number[]> {
  for await (const [message] of on(holder, 'message', { close: ['exit'] }) as AsyncIterable<[{ pids?: number[] }]>)
    if (message.pids !== undefined) return message.pids
  throw new Error('its process ended before the labs were up')
}

t.test('a lab does not outlive the process of its test, which was killed', async (t) => {
  const holder = fork(join(import.meta.dirname, '..', 'fixtures', 'holds-labs.ts'), {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  t.teardown(() => holder.kill('SIGKILL'))
  const pids = await heldBy(holder)
  t.strictSame(
    pids.filter((pid) => !isAlive(pid)),
    [],
    'two labs run: one of withLab, one detached',
  )
  holder.kill('SIGKILL')
  await t.resolves(
    until(() => !pids.some(isAlive)),
    'every process of both labs has ended',
  )
})

t.test('a fault that the lab before left on is told by the next up, and taken off then', async (t) => {
  const data = join(folder(t), 'lab')
  const lab = (...args: readonly string[]) => siplab([...args, '--data', data])
  await upDetached(t, ['standard', '--data', data])
  await lab('break', 'directory', 'down')
  await lab('down')
  const up = await upDetached(t, ['standard', '--json', '--data', data])
  t.match(JSON.parse(up.stdout), { event: 'degraded', verdicts: [{ node: 'se', code: 'directory.unreachable' }] })
  t.match(await lab('heal', 'directory'), { status: 0 })
  t.match(await lab('status'), { status: 0, stdout: /se +standard-edition +ready/ })
  t.match(await lab('down'), { status: 0 })
})

t.test('two labs at once stand in two networks', async (t) => {
  const [first, second] = await Promise.all([withLab(t, 'standard'), withLab(t, 'standard')])
  t.not(first.ready.dns.internal.address, second.ready.dns.internal.address)
})

t.test('--fresh empties the folder of a lab and no other', async (t) => {
  const data = folder(t)
  const other = join(data, 'other')
  mkdirSync(join(other, 'precious'), { recursive: true })
  t.match(await siplab(['up', 'standard', '--fresh', '--data', other]), { status: 2, stderr: /holds other files/ })
  t.strictSame(readdirSync(other), ['precious'])
})
