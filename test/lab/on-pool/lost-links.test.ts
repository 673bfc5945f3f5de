/**
 * How soon a front end knows that the other one is gone, with real processes: one that dies, one that only falls
 * silent.
 */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { controlClient } from '../../../src/lab/control-client.ts'
import type { LinkState, NodeStatus } from '../../../src/node/control/control-api.ts'
import { nodeFolder } from '../../../src/node/control/node-folder.ts'
import { guardMs } from '../../support/guard.ts'
import { sharedLab } from '../../support/lab.ts'

/**
 * Less than until the next OPTIONS (10 s) or the next dial (5 s), and more than a busy machine needs.
 * test/node/links.test.ts shows the very moment, by a clock of its own.
 */
const promptlyMs = 4_500

t.test('the link to a front end', async (t) => {
  const lab = await sharedLab('pool')
  const fe1 = controlClient('fe1', nodeFolder(lab.data, 'fe1'))
  const pidOf = async (node: string): Promise<number> =>
    (await controlClient(node, nodeFolder(lab.data, node)).get<NodeStatus>('/status')).pid

  async function seen(wanted: LinkState['state'], withinMs: number): Promise<LinkState> {
    for (const until = performance.now() + withinMs; performance.now() < until; await delay(20)) {
      const [link] = (await fe1.get<NodeStatus>('/status')).links
      if (link?.state === wanted) return link
    }
    throw new Error(`the link was not ${wanted} within ${withinMs} ms`)
  }

  t.test('that dies is down long before the next OPTIONS', async (t) => {
    await seen('up', guardMs)
    process.kill(await pidOf('fe2'), 'SIGKILL')
    t.match(await seen('down', promptlyMs), { verdict: { code: 'link.refused', link: 'fe1->fe2' } })
  })

  t.test('that is back is up as soon as it dials us itself', async (t) => {
    t.equal((await lab.run('node', 'start', 'fe2')).status, 0)
    t.match(await seen('up', promptlyMs), { peer: 'fe2.lab.test' })
  })

  t.test('that keeps its connections and says nothing is down five seconds after the next OPTIONS', async (t) => {
    const pid = await pidOf('fe2')
    process.kill(pid, 'SIGSTOP')
    t.teardown(() => process.kill(pid, 'SIGCONT'))
    const began = performance.now()
    const [link] = await fe1.post<readonly LinkState[]>('/probe', { peer: 'fe2.lab.test' })
    t.match(link, { state: 'down', verdict: { code: 'link.timeout', found: /no answer to OPTIONS within 5 s/ } })
    t.ok(performance.now() - began < 9_500, `${Math.round(performance.now() - began)} ms`)
  })

  t.test('that goes on is up again', async (t) => {
    t.match(await seen('up', guardMs), { peer: 'fe2.lab.test' })
  })
})
