/** What `siplab up` prints once the lab is up. */
import t from 'tap'
import { readyText } from '../../src/cli/ready-text.ts'
import type { ReadyDocument } from '../../src/lab/ready-document.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

const io = { colours: { out: false, err: false } } as unknown as Parameters<typeof readyText>[0]
const dns = { address: '127.0.41.2', port: 10053 }
const ready: ReadyDocument = {
  event: 'ready',
  topology: 'edge',
  domain: 'lab.test',
  profile: 'lcs2005',
  data: '/tmp/edge',
  nodes: [],
  dns: { internal: dns, external: dns },
  trust: {},
  users: [],
}

t.test('a lab in the background does not answer to Ctrl-C', async (t) => {
  const text = readyText(io, ready, planLab(loadTopology('edge')), 'background')
  t.match([/Ctrl-C/.test(text), /siplab down brings it down/.test(text)], [false, true])
})

t.test('a lab in the terminal ends with Ctrl-C', async (t) => {
  t.match(readyText(io, ready, planLab(loadTopology('edge'))), /Ctrl-C brings the lab down/)
})
