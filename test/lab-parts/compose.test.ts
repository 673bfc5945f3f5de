/**
 * The inside of `--lab compose` without an engine: who stopped and why, requests for what only the engine can do, the
 * command line.
 */
import t, { type Test } from 'tap'
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { withoutComposeLab } from '../../src/cli/compose-lab.ts'
import type { ControlClient } from '../../src/lab/control-client.ts'
import type { ContainerRequest, ContainerRequestLine } from '../../src/lab/containers/container-host.ts'
import { superviseContainers } from '../../src/lab/containers/supervise.ts'
import { labFolder, readRecord, supervisorOf } from '../../src/lab/lab-folder.ts'
import { provisionSharedKeys } from '../../src/lab/provision.ts'
import { supervisorClient } from '../../src/lab/supervisor-control.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { sharedKey } from '../../src/node/shared-key.ts'
import { textLog } from '../../src/node/text-log.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { until } from '../support/until.ts'

const plan = planLab(loadTopology('edge-pool'), { addressing: 'containers' })

async function supervised(t: Test) {
  const data = t.testdir()
  for (const { name } of plan.nodes) mkdirSync(nodeFolder(data, name).root, { recursive: true })
  const told: string[] = []
  const end = await superviseContainers({
    plan,
    source: 'edge-pool',
    data,
    movableClock: false,
    onProgress: (line) => told.push(line),
  })
  t.teardown(end)
  const folder = labFolder(data)
  let seq = 0
  const time = '2026-11-22T12:00:00.000Z'
  const write = (node: string, event: string, level = 'info', more: object = {}): void =>
    appendFileSync(
      nodeFolder(data, node).events,
      `${JSON.stringify({ seq: ++seq, time, node, event, level, message: event, ...more })}\n`,
    )
  return {
    folder,
    told,
    write,
    client: supervisorClient(folder),
    stopped: (node: string) => readRecord(folder)?.stopped[node],
  }
}

t.test('the supervisor of a container lab', async (t) => {
  t.test('is the one that commands find', async (t) => {
    const { folder } = await supervised(t)
    t.match(
      [readRecord(folder), supervisorOf(folder)],
      [{ topology: 'edge-pool', network: 41, addressing: 'containers' }, process.pid],
    )
  })

  t.test('records what a node that shut down died of', async (t) => {
    const { write, stopped } = await supervised(t)
    write('fe1', 'service.starting')
    write('fe1', 'certificate.not-loaded', 'error', { verdict: { code: 'cert.expired', message: 'expired' } })
    write('fe1', 'service.shut-down', 'error')
    await until(() => stopped('fe1') !== undefined)
    t.match(stopped('fe1'), { exit: 1, verdict: { code: 'cert.expired' } })
  })

  t.test('records a node that was told to stop as that', async (t) => {
    const { write, stopped } = await supervised(t)
    for (const event of ['service.starting', 'service.ready', 'service.stopped']) write('fe1', event)
    await until(() => stopped('fe1') !== undefined)
    t.strictSame(stopped('fe1'), { at: '2026-11-22T12:00:00.000Z', exit: 0 })
  })

  t.test('forgets how a node ended when it is back', async (t) => {
    const { write, stopped } = await supervised(t)
    for (const event of ['service.starting', 'service.shut-down']) write('fe1', event)
    await until(() => stopped('fe1') !== undefined)
    for (const event of ['service.starting', 'service.ready']) write('fe1', event)
    await until(() => stopped('fe1') === undefined)
    t.equal(stopped('fe1'), undefined)
  })

  t.test('tells a node that was killed, because it no longer answers', async (t) => {
    const { write, stopped } = await supervised(t)
    for (const event of ['service.starting', 'service.ready']) write('fe1', event)
    await until(() => stopped('fe1') !== undefined)
    t.match(stopped('fe1'), { signal: 'unknown' })
  })

  t.test('starts a node that was killed a moment ago and that it has not missed yet', async (t) => {
    const { client, told, write, stopped } = await supervised(t)
    const requests = await attend(t, client)
    for (const event of ['service.starting', 'service.ready']) write('fe1', event)
    await until(() => told.length > 0)
    const started = client.post('/node-start', { node: 'fe1' })
    const { id } = await nextRequest(requests)
    t.match(stopped('fe1'), { signal: 'unknown' })
    await client.post('/wish-done', { id })
    for (const event of ['service.starting', 'service.ready']) write('fe1', event)
    t.strictSame(await started, { ready: true })
  })

  t.test('starts no container by itself', async (t) => {
    const { client } = await supervised(t)
    await t.rejects(
      client.post('/node-start', { node: 'fe1' }),
      /siplab cannot start from inside; use docker compose start fe1/,
    )
  })

  t.test('asks who attends to start one, and waits until it is ready', async (t) => {
    const { client, write } = await supervised(t)
    const requests = await attend(t, client)
    const started = client.post('/node-start', { node: 'fe1' })
    const request = await nextRequest(requests)
    t.match(request, { do: 'start', node: 'fe1' })
    await client.post('/wish-done', { id: request.id })
    for (const event of ['service.starting', 'service.ready']) write('fe1', event)
    t.strictSame(await started, { ready: true })
  })

  t.test('gives on what Docker said when a container cannot be started', async (t) => {
    const { client } = await supervised(t)
    const requests = await attend(t, client)
    const started = client.post('/node-start', { node: 'pool' })
    const { id } = await nextRequest(requests)
    const refused = t.rejects(started, /address already in use/)
    await client.post('/wish-done', { id, error: 'address already in use' })
    await refused
  })
})

/** As a siplab outside does; the first line says that it is heard. */
async function attend(t: Test, client: ControlClient): Promise<AsyncGenerator<ContainerRequestLine>> {
  const end = new AbortController()
  t.teardown(() => end.abort())
  const lines = client.lines<ContainerRequestLine>('/wishes', end.signal)
  await lines.next()
  return lines
}

async function nextRequest(lines: AsyncGenerator<ContainerRequestLine>): Promise<ContainerRequest> {
  const { value } = (await lines.next()) as { readonly value: ContainerRequestLine }
  if (value.kind !== 'wish') throw new Error(`wanted a request, found ${value.kind}`)
  return value.wish
}

t.test('the key of an organisation', async (t) => {
  t.test('is the same in the folder of each of its servers, and readable by them alone', async (t) => {
    const data = t.testdir()
    for (const { name } of plan.nodes) mkdirSync(nodeFolder(data, name).root, { recursive: true })
    provisionSharedKeys(plan, data)
    const [fe1, fe2] = ['fe1', 'fe2'].map((name) => nodeFolder(data, name))
    if (fe1 === undefined || fe2 === undefined) return t.fail('two folders')
    t.ok(sharedKey(data, 'lab.test', fe1).equals(sharedKey(data, 'lab.test', fe2)))
    t.equal(statSync(fe1.organisationKey).mode & 0o777, 0o600)
    t.notOk(existsSync(join(data, 'keys')))
  })

  t.test('stays when it is provided for again', async (t) => {
    const data = t.testdir()
    for (const { name } of plan.nodes) mkdirSync(nodeFolder(data, name).root, { recursive: true })
    provisionSharedKeys(plan, data)
    const before = readFileSync(nodeFolder(data, 'edge').organisationKey)
    provisionSharedKeys(plan, data)
    t.ok(before.equals(readFileSync(nodeFolder(data, 'edge').organisationKey)))
  })
})

t.test('the command line for the container lab', async (t) => {
  t.test('goes inside without the option', async (t) => {
    t.strictSame(withoutComposeLab(['break', 'fe1', 'expired', '--lab', 'compose', '--json']), [
      'break',
      'fe1',
      'expired',
      '--json',
    ])
  })

  t.test('stays here for a lab on this machine, for help and for scenarios', async (t) => {
    for (const args of [
      ['status'],
      ['status', '--lab', 'local'],
      ['status', '--lab=compose', '--help'],
      ['scenario', 'run', '--lab', 'compose'],
    ])
      t.equal(withoutComposeLab(args), undefined, args.join(' '))
  })
})

t.test('the log for people is one line an event', async (t) => {
  const lines: string[] = []
  textLog({ write: (text) => void lines.push(text), dropped: 0, waiting: 0, error: undefined }).write(
    '{"level":"warn","time":"2026-11-22T12:00:00.123Z","node":"edge","event":"link.down","msg":"The link is ' +
      'down","verdict":"link.cut","fix":"siplab heal"}',
  )
  t.strictSame(lines, ['12:00:00.123 warn  link.down              The link is down  link.cut; siplab heal\n'])
})
