/**
 * A machine that fails under a running node: its store file is removed or replaced, its disk is full, reports errors or
 * is read-only, descriptors run out, nobody reads the log. The node answers what it can, says so in `siplab status` and
 * as events, acknowledges no binding that it did not keep, and recovers when the machine does.
 *
 * `unshare --user --map-root-user --mount node test/alone/machine.test.ts`: file systems are mounted.
 */
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { strangerAt, type User, userAt } from '../support/attack.ts'
import { siplabBin } from '../support/command.ts'
import { type TestLab, withLab } from '../support/lab.ts'
import {
  contactsOf,
  eventsOf,
  fillUp,
  mountReadOnly,
  noOwnMounts,
  ownFileSystem,
  signIn,
  statusOf,
} from '../support/machine.ts'
import { ownFolder } from '../support/own-folder.ts'
import { until } from '../support/until.ts'

const unable = noOwnMounts()
if (unable !== undefined) t.bailout(unable)

/** The one node that keeps bindings. */
const node = 'se'

interface Scene {
  readonly lab: TestLab
  readonly data: string
  alice: User
  bob: User
  /** Both again, by new connections. */
  signInAgain(): Promise<void>
}

/** A lab on a disk of its own, two users signed in. */
async function scene(t: Test, options: Parameters<typeof withLab>[2] = {}): Promise<Scene & { readonly disk: string }> {
  const disk = ownFileSystem(t, 24)
  const data = join(disk, 'lab')
  mkdirSync(data)
  const lab = await withLab(t, 'standard', { ...options, data })
  const users = () => Promise.all(['alice', 'bob'].map((login) => userAt(t, lab, login, node, 'tcp')))
  const [alice, bob] = await users()
  if (alice === undefined || bob === undefined) throw new Error('two users are wanted')
  const at = {
    lab,
    data,
    disk,
    alice,
    bob,
    signInAgain: async () => void ([at.alice = alice, at.bob = bob] = await users()),
  }
  return at
}

/** What needs no disk goes on: a message between two who are signed in. */
async function writes(t: Test, { alice, bob }: Scene, when: string): Promise<void> {
  const message = { method: 'MESSAGE', uri: bob.uri, from: alice.uri, body: when }
  const { status } = await alice.prove(message, alice.login, alice.password)
  t.equal(status, 200, `a message arrives ${when}`)
}

async function says(t: Test, { lab, data }: Scene, code: string): Promise<void> {
  await until(async () => (await statusOf(data, node)).verdicts.some((verdict) => verdict.code === code))
  const { state, verdicts } = await statusOf(data, node)
  t.equal(state, 'degraded')
  t.match(
    verdicts.find((verdict) => verdict.code === code),
    { code, node, fix: /./, found: /./ },
  )
  t.match((await lab.run('status')).stdout, new RegExp(`${node} +\\S+ +degraded`))
}

async function recovers(t: Test, { data }: Scene): Promise<void> {
  await until(async () => (await statusOf(data, node)).state === 'ready')
  t.match(await statusOf(data, node), { verdicts: [], machine: { state: 'ok' } })
}

/** A binding that is acknowledged is there after the node was killed. The users have new connections then. */
async function keeps(t: Test, at: Scene): Promise<void> {
  await until(async () => (await signIn(at.alice)).status === 200)
  const { status, contact } = await signIn(at.alice)
  t.equal(status, 200, 'a sign-in succeeds again')
  await at.lab.kill(node)
  t.match(await at.lab.run('node', 'start', node), { status: 0 })
  const found = await contactsOf(at.data, node, at.alice.uri)
  t.ok(found.includes(contact), 'and the node still has it after it was killed')
  await at.signInAgain()
}

/** The file has an event a moment after the node shows it in its state. */
async function told(t: Test, { data }: Scene, code: string, [begin, end]: readonly [string, string]): Promise<void> {
  const found = (): NodeEvent | undefined =>
    eventsOf(data, node).find(({ event, verdict }) => event === begin && verdict?.code === code)
  await until(() => {
    const since = found()?.seq ?? Number.POSITIVE_INFINITY
    return eventsOf(data, node).some(({ event, seq }) => event === end && seq > since)
  })
  t.match(found(), { verdict: { code, fix: /./ } }, `the event ${begin} has the verdict ${code}, and ${end} follows`)
}

t.test('the store file', async (t) => {
  const at = await scene(t)
  const file = join(at.data, poolFile(at.data))

  for (const [how, act] of [
    ['removed', () => remove(file)],
    ['replaced', () => replace(file)],
  ] as const)
    t.test(`${how} under a running node`, async (t) => {
      act()
      const { status } = await signIn(at.alice)
      t.not(status, 200, `a REGISTER gets ${status}`)
      await writes(t, at, 'while the store is away')
      await keeps(t, at)
      await recovers(t, at)
      await told(t, at, 'store.unreachable', ['store.lost', 'store.back'])
    })
})

function poolFile(data: string): string {
  const found = readdirSync(data).find((name) => /^pool-.*\.sqlite$/.test(name))
  if (found === undefined) throw new Error(`no pool store in ${data}: ${readdirSync(data).join(', ')}`)
  return found
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
}

function replace(file: string): void {
  copyFileSync(file, `${file}.copy`)
  renameSync(`${file}.copy`, file)
}

t.test('a full disk', async (t) => {
  const at = await scene(t)
  const makeRoom = fillUp(at.disk)
  const answers = new Set<number>()
  for (let attempt = 0; attempt < 20; attempt++) answers.add((await signIn(at.alice)).status)
  t.strictSame([...answers], [504], 'no REGISTER is acknowledged, each is answered')
  await writes(t, at, 'on a full disk')
  await says(t, at, 'store.full')
  await says(t, at, 'machine.disk-full')
  makeRoom()
  await recovers(t, at)
  await keeps(t, at)
  await told(t, at, 'store.full', ['store.lost', 'store.back'])
  await told(t, at, 'machine.disk-full', ['machine.impaired', 'machine.recovered'])
  const numbers = eventsOf(at.data, node).map(({ seq }) => seq)
  t.strictSame(
    numbers,
    numbers.map((_, index) => index + (numbers[0] ?? 0)),
    'and no event is missing in the file',
  )
})

t.test('a disk that reports errors', async (t) => {
  const folder = ownFolder(t)
  const library = join(folder, 'failing-disk.so')
  const source = join(import.meta.dirname, '../support/failing-disk.c')
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
  const switched = join(folder, 'on')
  const at = await scene(t, { environment: { LD_PRELOAD: library, FAILING_DISK: switched } })

  for (const [number, ofStore, ofLog] of [
    [5, 'store.io-error', 'machine.io-error'],
    [30, 'store.io-error', 'machine.read-only'],
  ] as const)
    t.test(`each write ends with ${number === 5 ? 'EIO' : 'EROFS'}`, async (t) => {
      writeFileSync(switched, String(number))
      t.not((await signIn(at.alice)).status, 200)
      await writes(t, at, 'while the disk fails')
      await says(t, at, ofStore)
      await says(t, at, ofLog)
      rmSync(switched)
      await recovers(t, at)
      await keeps(t, at)
      await told(t, at, ofStore, ['store.lost', 'store.back'])
      await told(t, at, ofLog, ['machine.impaired', 'machine.recovered'])
    })
})

t.test('a file system that is mounted read-only', async (t) => {
  const at = await scene(t)
  const makeWritable = mountReadOnly(at.data)
  await writes(t, at, 'over a read-only mount')
  const restart = await at.lab.run('node', 'restart', node, '--json')
  t.not(restart.status, 0)
  t.match(restart.stdout + restart.stderr, /read-only/, 'a node that cannot start there says why')
  makeWritable()
  await at.lab.run('node', 'start', node)
  await recovers(t, at)
})

t.test('descriptors', async (t) => {
  const at = await scene(t, { before: 'ulimit -n 200' })
  const crowd = await connectionsFrom(t, at.lab, 400)
  await says(t, at, 'machine.descriptors')
  await writes(t, at, 'while descriptors are scarce')
  t.equal((await signIn(at.alice)).status, 200, 'and who is connected signs in')
  end(crowd)
  await recovers(t, at)
  const late = await userAt(t, at.lab, 'carol', node, 'tcp')
  t.equal((await signIn(late)).status, 200, 'then others do, too')
  await told(t, at, 'machine.descriptors', ['machine.impaired', 'machine.recovered'])
})

function end(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}

/** Silent ones, from eight addresses. */
async function connectionsFrom(t: Test, lab: TestLab, count: number): Promise<readonly Socket[]> {
  const listener = lab.node(node).listeners.find(({ transport }) => transport === 'tcp')
  if (listener === undefined) throw new Error('no TCP listener')
  const { address, port } = listener
  const all = Array.from({ length: count }, (_, at) =>
    connect({ host: address, port, localAddress: `127.0.200.${1 + (at % 8)}` }).on('error', () => undefined),
  )
  t.teardown(() => end(all))
  await Promise.all(
    all.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
  )
  return all
}

for (const [how, reader] of [
  ['closed', ['sh', '-c', 'exec 0<&-; exec sleep 600']],
  ['full, since nothing reads it', ['sleep', '600']],
] as const)
  t.test(`a log pipe that is ${how}`, async (t) => {
    const { lab, data } = await scene(t)
    const { network } = JSON.parse((await lab.run('status', '--json')).stdout) as { readonly network: number }
    t.match(await lab.run('node', 'stop', node), { status: 0 })
    const sleeper = spawn(reader[0], reader.slice(1), { stdio: ['pipe', 'ignore', 'ignore'] })
    const own = spawn(
      process.execPath,
      [
        siplabBin,
        'node',
        'start',
        node,
        '--topology',
        'standard',
        '--data',
        data,
        '--network',
        String(network),
        '--log',
        'debug',
      ],
      { stdio: ['ignore', 'ignore', sleeper.stdin] },
    )
    const ended = new Promise((resolve) => own.once('exit', (status, signal) => resolve(status ?? signal)))
    t.teardown(() => {
      for (const child of [own, sleeper]) child.kill('SIGKILL')
    })
    // It may learn before it is ready, or a moment after, that its log has no reader.
    await until(() =>
      statusOf(data, node).then(
        ({ state }) => state === 'ready' || state === 'degraded',
        () => false,
      ),
    )
    const stranger = await strangerAt(t, lab, node, 'tcp')
    const options = { method: 'OPTIONS', uri: 'sip:nobody@lab.test', from: 'sip:x@lab.test' }
    let answers = 0
    for (let request = 0; request < 1000; request++) if ((await stranger.ask(options)).status > 0) answers++
    t.equal(answers, 1000, 'each request is answered')
    const alice = await userAt(t, lab, 'alice', node, 'tcp')
    t.equal((await signIn(alice)).status, 200)
    if (how === 'closed') {
      await until(async () => (await statusOf(data, node)).verdicts[0]?.code === 'machine.log-closed')
      t.ok(((await statusOf(data, node)).machine.log?.lost ?? 0) > 0, 'lines that were lost are counted')
      await until(() => eventsOf(data, node).some(({ event }) => event === 'machine.impaired'))
      t.match(
        eventsOf(data, node).find(({ event }) => event === 'machine.impaired'),
        { verdict: { code: 'machine.log-closed', fix: /./ } },
      )
    } else t.ok(((await statusOf(data, node)).machine.log?.waiting ?? 0) > 0, 'lines wait')
    own.kill('SIGTERM')
    t.equal(await ended, 0, 'and the node ends when it is told to')
  })
