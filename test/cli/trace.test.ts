import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type HepSender, openHepSender, readHepTarget } from '../../src/cli/trace/hep-sender.ts'
import { followByHep } from '../../src/cli/trace/live-hep.ts'
import { readTrace, type TraceSource } from '../../src/cli/trace/read.ts'
import { hepSink, sinkOf, type TraceFormat, traceFormats } from '../../src/cli/trace/sinks.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { readKept, wireEnvironment } from '../../src/cli/wire-options.ts'
import { LabError } from '../../src/lab/lab-error.ts'
import type { TraceEntry, TraceLine } from '../../src/node/control/control-api.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { testIo } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { ownFolder } from '../support/own-folder.ts'

const folder = ownFolder(t)
const parties = [{ name: 'fe1', addresses: ['127.0.41.11'] }]
const certificate = { subject: 'CN=edge', issuer: 'CN=lab', serial: '4a3f', notAfter: '2026-03-01T00:00:00.000Z' }
const refused: TraceEntry = {
  time: '2026-03-01T12:00:00.000Z',
  node: 'fe1',
  kind: 'handshake',
  direction: 'in',
  local: '127.0.41.11:5061',
  remote: '127.0.0.1:40312',
  handshake: {
    result: 'refused',
    side: 'accepted',
    face: 'internal',
    peer: certificate,
    alert: { number: 48, name: 'unknown_ca' },
    verdict: 'cert.expired',
    message: 'It has \u001b[31mexpired',
  },
}
const message: TraceEntry = {
  time: '2026-03-01T12:00:01.000Z',
  node: 'fe1',
  kind: 'message',
  direction: 'in',
  transport: 'tls',
  local: '127.0.41.11:5061',
  remote: '127.0.0.1:40312',
  text: 'OPTIONS sip:a SIP/2.0\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\n\r\n',
}

t.test('a failed handshake stands in every format, with certificate and alert', async (t) => {
  for (const format of traceFormats)
    t.test(format, async (t) => {
      const text = await written(format, [refused, message])
      t.match(text, /cert\.expired/)
      t.match(text, /CN=edge/)
      t.match(text, /4a3f/)
      t.match(text, /2026-03-01T00:00:00\.000Z/)
      t.match(text, /unknown_ca/)
      t.match(text, /OPTIONS/)
      if (format === 'text' || format === 'ladder') t.notMatch(text, /\u001b/)
    })
})

t.test('HEP goes to a collector, one packet for each message and handshake', async (t) => {
  const collector = createSocket('udp4')
  const packets: Buffer[] = []
  const two = Promise.withResolvers<void>()
  collector.on('message', (packet) => {
    if (packets.push(packet) === 2) two.resolve()
  })
  await new Promise<void>((resolve) => collector.bind(0, '127.0.0.1', () => resolve()))
  t.teardown(() => collector.close())
  const { io, said } = testIo('/')
  const { port } = collector.address()
  const sink = hepSink(await openHepSender({ host: '127.0.0.1', port }), { io, lab: 'edge', parties }, 41)
  await sink.entry(refused)
  await sink.entry(message)
  await two.promise
  await sink.end()
  t.match(
    packets.map((packet) => packet.toString('latin1')),
    [/^HEP3[^]*cert\.expired/, /^HEP3[^]*OPTIONS sip:a/],
  )
  t.equal(said(), `2 HEP packets were sent to 127.0.0.1:${port}\n`)
})

t.test('up --hep follows every server of the lab, and its next process when it comes back', async (t) => {
  const { io, said } = testIo('/')
  const plan = planLab(loadTopology('edge'))
  const sent: string[] = []
  const three = Promise.withResolvers<void>()
  const asked: string[] = []
  const sender: HepSender = {
    send: async (packet) => {
      if (sent.push(packet.toString('latin1')) === 3) three.resolve()
    },
    end: async () => `${sent.length} HEP packets were sent to a test`,
  }
  const runs = new Map([
    ['edge', [[message], [{ ...message, text: 'INVITE sip:b SIP/2.0\r\nCall-ID: c2\r\nCSeq: 1 INVITE\r\n\r\n' }]]],
    ['fe1', [[refused]]],
  ])
  const hep = followByHep(io, sender, plan, (node) => ({
    lines: async function* <T>(path: string, signal?: AbortSignal) {
      asked.push(`${node} ${path}`)
      const run = runs.get(node)?.shift()
      if (run === undefined) {
        if (node === 'director') throw new LabError('not-so', 'node.unreachable', 'gone')
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      }
      for (const entry of run ?? []) yield entry as T
    },
  }))
  await three.promise
  await hep.end()
  for (const part of [/INVITE sip:b/, /OPTIONS sip:a/, /cert\.expired/])
    t.ok(
      sent.some((each) => part.test(each)),
      `${part}`,
    )
  t.ok(asked.includes('director /trace?since=3600&follow=1'))
  t.notOk(asked.some((each) => /^(?:dns|pki) /.test(each)))
  t.equal(said(), '3 HEP packets were sent to a test\n')
})

t.test('a collector that is not there is told of', async (t) => {
  const sender = await openHepSender({ host: '127.0.0.1', port: await freePort() })
  await sender.send(Buffer.from('HEP3'))
  t.match(await sender.end(), /the system reports ECONNREFUSED 1 times: see whether a collector listens there/)
})

t.test('the target of HEP', async (t) => {
  t.strictSame(readHepTarget('[::1]:9060'), { host: '::1', port: 9060 })
  for (const wrong of ['homer', 'homer:0', 'homer:70000', 'a b:1', '::1:9060', ''])
    t.throws(() => readHepTarget(wrong), { name: 'UsageError', message: /wanted HOST:PORT such as/ }, wrong)
})

t.test('reading several nodes', async (t) => {
  const at = (node: string, second: number): TraceEntry => ({
    ...message,
    node,
    time: `2026-03-01T12:00:0${second}.000Z`,
  })

  t.test('gives what was kept in the order of time, then what passes', async (t) => {
    const sources = [
      running('/trace?since=300&follow=1', [at('a', 1), at('a', 5), { kind: 'live' }, at('a', 6)]),
      running('/trace?since=300&follow=1', [at('b', 2), { kind: 'live' }]),
    ]
    t.strictSame(await seconds(sources, { sinceSeconds: 300, follows: true }), ['a1', 'b2', 'a5', 'a6'])
  })

  t.test('ends with what was kept when nothing is followed', async (t) => {
    const sources = [running('/trace?since=300', [at('a', 3)]), running('/trace?since=300', [])]
    t.strictSame(await seconds(sources, { sinceSeconds: 300, follows: false }), ['a3'])
  })

  t.test('takes a node that has stopped by its events', async (t) => {
    const old = '2000-01-01T00:00:00.000Z'
    const entries = [new Date().toISOString(), old].map((time) => ({ ...at('s', 1), time }))
    const sources: readonly TraceSource[] = [{ kind: 'stopped', entries }]
    t.equal((await seconds(sources, { sinceSeconds: 60, follows: false })).length, 1)
    t.equal((await seconds(sources, { follows: true })).length, 0)
  })
})

t.test('what the nodes keep', async (t) => {
  t.test('a key log belongs to its owner, also one that others could read before', async (t) => {
    const { io, said } = testIo(folder, { NODE_OPTIONS: '--max-semi-space-size=16' })
    writeFileSync(join(folder, 'a "key" log'), 'old\n')
    chmodSync(join(folder, 'a "key" log'), 0o644)
    const environment = wireEnvironment(io, { keyLog: 'a "key" log' })
    t.equal(statSync(join(folder, 'a "key" log')).mode & 0o777, 0o600)
    t.equal(readFileSync(join(folder, 'a "key" log'), 'utf8'), 'old\n')
    t.equal(environment['NODE_OPTIONS'], `--max-semi-space-size=16 --tls-keylog="${join(folder, 'a \\"key\\" log')}"`)
    t.match(said(), /^warning: every node writes its TLS secrets to .*\/a "key" log; anyone who has/)
  })

  t.test('no key log is written through a link, into a folder or where nobody may', async (t) => {
    const { io } = testIo(folder)
    symlinkSync('/dev/null', join(folder, 'link'))
    mkdirSync(join(folder, 'dir'))
    for (const keyLog of ['link', 'dir', 'none/k']) t.throws(() => wireEnvironment(io, { keyLog }), UsageError, keyLog)
  })

  t.test('without a wish nothing changes', async (t) => {
    const { io, said } = testIo(folder, { A: 'b' })
    t.strictSame(wireEnvironment(io, {}), { A: 'b' })
    t.equal(said(), '')
    t.equal(readKept(io), undefined)
  })

  t.test('a number of messages is handed on, and read', async (t) => {
    const { io } = testIo(folder)
    t.equal(readKept({ environment: wireEnvironment(io, { keep: '50' }) }), 50)
    for (const keep of ['-1', '20001', 'many', '1.5'])
      t.throws(() => wireEnvironment(io, { keep }), /--keep: wanted a number from 0 to 20000/)
  })
})

async function written(format: TraceFormat, entries: readonly TraceEntry[]): Promise<string> {
  const { io, out } = testIo('/')
  const sink = sinkOf(format, { io, lab: 'edge', parties })
  await sink.begin()
  for (const entry of entries) await sink.entry(entry)
  await sink.end()
  return out()
}

function running(wanted: string, lines: readonly TraceLine[]): TraceSource {
  return {
    kind: 'running',
    client: {
      async *lines<T>(path: string) {
        if (path !== wanted) throw new Error(`asked for ${path}`)
        for (const line of lines) yield line as T
      },
    },
  }
}

async function seconds(
  sources: readonly TraceSource[],
  how: { readonly sinceSeconds?: number; readonly follows: boolean },
): Promise<readonly string[]> {
  const seen: string[] = []
  await readTrace(sources, how, new AbortController().signal, async ({ node, time }) => {
    seen.push(`${node}${time.slice(18, 19)}`)
  })
  return seen
}
