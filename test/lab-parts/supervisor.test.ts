/** The supervisor over a host that starts nothing: what it does is the same wherever the nodes run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { controlClient } from '../../src/lab/control-client.ts'
import { labFolder, readRecord } from '../../src/lab/lab-folder.ts'
import type { HostListener, HostedNode } from '../../src/lab/node-host.ts'
import { Supervisor } from '../../src/lab/supervisor.ts'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const plan = planLab(loadTopology('edge'))
const at = '2026-11-29T12:00:00.000Z'
const expired = verdict('cert.expired', { node: 'director', found: 'ends 2026-11-28' })

interface Told {
  /** `start fe1`, `stop fe1`, `ready fe1`, `end fe1`. */
  readonly log: string[]
  readonly listener: HostListener
  readonly supervisor: Supervisor
  readonly folder: string
  /** The node writes an event. */
  write(node: string, event: string, more?: Partial<NodeEvent>): void
  stopped(node: string): unknown
}

/** @param onStart what a node does that was started; absent: it becomes ready */
function supervised(t: Test, onStart?: (node: string, told: Told) => void): Told {
  const folder = labFolder(t.testdir())
  const log: string[] = []
  const listeners: HostListener[] = []
  let seq = 0
  const hosted = (name: string, node: HostedNode['plan']): HostedNode => ({
    plan: node,
    control: controlClient(name, nodeFolder(folder.root, name)),
    pid: 4711,
    runsSiplab: true,
    async start() {
      log.push(`start ${name}`)
      if (onStart === undefined) told.write(name, 'service.ready')
      else onStart(name, told)
    },
    async stop() {
      log.push(`stop ${name}`)
      told.listener.onEnd(name, { at, exit: 0 })
    },
  })
  const supervisor = new Supervisor({
    folder,
    record: {
      topology: 'edge',
      name: 'edge',
      network: 1,
      ports: {},
      movableClock: false,
      startedAt: at,
      stopped: {},
    },
    openHost(listener) {
      listeners.push(listener)
      return { nodes: plan.nodes.map((node) => hosted(node.name, node)), routes: {}, close: () => undefined }
    },
    news: {
      onProgress: () => undefined,
      onReady: ({ plan: { name } }) => log.push(`ready ${name}`),
      onEnd: ({ plan: { name } }) => log.push(`end ${name}`),
    },
  })
  const [listener] = listeners
  if (listener === undefined) throw new Error('the supervisor opened no host')
  const told: Told = {
    log,
    listener,
    supervisor,
    folder: folder.root,
    write: (node, event, more = {}) =>
      listener.onEvent(node, {
        seq: ++seq,
        time: at,
        node,
        event,
        level: 'info',
        message: event,
        ...more,
      } as NodeEvent),
    stopped: (node) => readRecord(folder)?.stopped[node],
  }
  supervisor.begin()
  return told
}

t.test('the supervisor of a lab', async (t) => {
  t.test('starts a node and says whether it became ready', async (t) => {
    const { supervisor } = supervised(t)
    t.equal(await supervisor.startNode('director'), true)
  })

  t.test('does not start a node twice, not even one that is just starting', async (t) => {
    const { supervisor, write } = supervised(t, () => undefined)
    const first = supervisor.startNode('director')
    await t.rejects(supervisor.startNode('director'), { code: 'node.running', message: /director already runs/ })
    write('director', 'service.ready')
    t.equal(await first, true)
  })

  t.test('records the end of a run with its first error, and forgets it when the node is back', async (t) => {
    const { supervisor, write, listener, stopped } = supervised(t)
    await supervisor.startNode('director')
    write('director', 'certificate.not-loaded', { level: 'error', verdict: expired })
    write('director', 'service.shut-down', { level: 'error', verdict: verdict('tls.alert', { node: 'director' }) })
    listener.onEnd('director', { at, exit: 1 })
    t.match(stopped('director'), { at, exit: 1, verdict: { code: 'cert.expired' } })
    await supervisor.startNode('director')
    t.equal(stopped('director'), undefined)
  })

  t.test('does not blame the end of a run on an error of the run before', async (t) => {
    const { supervisor, write, listener, stopped } = supervised(t)
    await supervisor.startNode('director')
    write('director', 'certificate.not-loaded', { level: 'error', verdict: expired })
    listener.onEnd('director', { at, exit: 1 })
    await supervisor.startNode('director')
    listener.onEnd('director', { at, signal: 'SIGKILL' })
    t.strictSame(stopped('director'), { at, signal: 'SIGKILL' })
  })

  t.test('does not blame the end of a node on the loss of its database', async (t) => {
    const { supervisor, write, listener, stopped } = supervised(t)
    await supervisor.startNode('director')
    write('director', 'store.lost', { level: 'error', verdict: expired, data: { store: 'pool' } })
    listener.onEnd('director', { at, exit: 0 })
    t.strictSame(stopped('director'), { at, exit: 0 })
  })

  t.test('names the heap of a node that V8 aborted, and nothing for another abort', async (t) => {
    for (const [says, stopped] of [
      [
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n',
        { signal: 'SIGABRT', verdict: { code: 'machine.memory', node: 'fe1', found: /heap out of memory/ } },
      ],
      ['an assertion failed\n', { signal: 'SIGABRT', verdict: undefined }],
    ] as const) {
      const told = supervised(t)
      await told.supervisor.startNode('fe1')
      const { root, log } = nodeFolder(told.folder, 'fe1')
      mkdirSync(root, { recursive: true })
      writeFileSync(log, `${says}----- Native stack trace -----\n${' 1: 0x931db0  [node]\n'.repeat(20)}`)
      told.listener.onEnd('fe1', { at, signal: 'SIGABRT' })
      t.match(told.stopped('fe1'), stopped)
    }
  })

  t.test('tells one end once, however often the host does', async (t) => {
    const { supervisor, listener, log } = supervised(t)
    await supervisor.startNode('director')
    listener.onEnd('director', { at, exit: 1 })
    listener.onEnd('director', { at, exit: 0 })
    t.strictSame(log, ['start director', 'ready director', 'end director'])
  })

  t.test('says of a node that ends while it starts that it did not become ready', async (t) => {
    const { supervisor } = supervised(t, (node, { listener }) => listener.onEnd(node, { at, exit: 1 }))
    t.equal(await supervisor.startNode('director'), false)
  })

  t.test('gives up a start that is interrupted', async (t) => {
    const { supervisor } = supervised(t, () => undefined)
    const end = new AbortController()
    const started = supervisor.startTogether([...supervisor.nodes.values()], end.signal)
    end.abort()
    await t.rejects(started, { code: 'lab.interrupted' })
  })

  t.test('refuses to stop what does not run, and to start what is not there', async (t) => {
    const { supervisor, listener } = supervised(t)
    await supervisor.startNode('director')
    listener.onEnd('director', { at, exit: 0 })
    await t.rejects(supervisor.stopNode('director'), { code: 'node.stopped' })
    await t.rejects(supervisor.startNode('nobody'), /no node nobody here; nodes: /)
  })

  t.test('ends the nodes in the reverse of the order of the plan, and tells none of that', async (t) => {
    const { supervisor, log } = supervised(t)
    await supervisor.startTogether([...supervisor.nodes.values()], new AbortController().signal)
    log.length = 0
    await supervisor.end('in-order')
    t.strictSame(log, plan.nodes.map(({ name }) => `stop ${name}`).toReversed())
  })
})
