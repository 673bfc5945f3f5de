/**
 * What a process keeps of connections that are gone: `node bench/connections.ts --count 3000 --minutes 15`. A lab
 * `edge` of its own; TLS connections come to the outside face of the access proxy from five addresses and go; then its
 * memory is read twice a minute. Exit status 1 when it ends more than 20 % above the value before (V8 gives memory back
 * ten minutes after it was busy: docs/decisions/0051).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { parseArgs } from 'node:util'
import { bringUpQuietly } from '../scripts/script-lab.ts'
import { machine } from './support/rounds.ts'

interface Sample {
  readonly when: string
  readonly residentMb: number
  /** Of V8: taken from the system, and in use. */
  readonly heapMb: number
  readonly heapUsedMb: number
  /** Octets of Buffers, beside the heap. */
  readonly externalMb: number
  readonly flows: number
}

const bar = 1.2
const sources = [1, 2, 3, 4, 5].map((host) => `127.0.212.${host}`)
const atOnce = 50
const settleMs = 5_000

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '3000' },
    minutes: { type: 'string', default: '15' },
    storms: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const count = number('count', values.count)
const minutes = number('minutes', values.minutes)
const storms = number('storms', values.storms)

function number(option: string, text: string): number {
  const found = Number(text)
  if (!(found > 0)) throw new RangeError(`--${option}: wanted a number above 0, found ${text}`)
  return found
}

const folder = mkdtempSync(join(tmpdir(), 'siplab-connections-'))
const lab = await bringUpQuietly('edge', folder, undefined)
try {
  const samples: Sample[] = []
  const take = async (when: string): Promise<void> => void samples.push(await sample(when))
  // What is loaded and compiled with the first connections is no matter of their number.
  await storm(100)
  await delay(settleMs)
  await take('before')
  for (let round = 1; round <= storms; round++) await storm(count, () => take(`${count} open`))
  await delay(settleMs)
  await take('all gone')
  const end = performance.now() + minutes * 60_000
  while (performance.now() < end) {
    await delay(Math.min(30_000, Math.max(0, end - performance.now())))
    await take(`after ${Math.round((minutes - (end - performance.now()) / 60_000) * 10) / 10} min`)
  }
  print(samples)
} finally {
  await lab.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function sample(when: string): Promise<Sample> {
  const metrics = await lab.access.clientOf('edge').get<Readonly<Record<string, number>>>('/metrics')
  const mb = (name: string): number => Math.round((metrics[name] ?? Number.NaN) / 1e5) / 10
  return {
    when,
    residentMb: mb('residentBytes'),
    heapMb: mb('heapBytes'),
    heapUsedMb: mb('heapUsedBytes'),
    externalMb: mb('externalBytes'),
    flows: metrics['flows'] ?? Number.NaN,
  }
}

async function storm(connections: number, whenOpen?: () => Promise<void>): Promise<void> {
  const open: TLSSocket[] = []
  for (let from = 0; from < connections; from += atOnce)
    open.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(atOnce, connections - from) }, (_, at) => handshake(from + at)),
      )),
    )
  await whenOpen?.()
  await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve).end())))
}

function handshake(at: number): Promise<TLSSocket> {
  const edge = lab.access.plan.nodes.find(({ role }) => role === 'access-proxy')
  const listener = edge?.listeners.find((each) => each.face === 'external' && each.port === 10_443)
  if (listener === undefined) throw new Error('the access proxy has no listener on 10443')
  const { address, port } = listener
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      {
        socket: connectTcp({ host: address, port, localAddress: sources[at % sources.length] ?? '' }),
        servername: 'sip.lab.test',
        // The certificate is of the lab, and it is the memory that counts.
        rejectUnauthorized: false,
      },
      () => resolve(socket.resume()),
    )
    socket.once('error', reject)
  })
}

function print(samples: readonly Sample[]): void {
  const before = samples[0]?.residentMb ?? Number.NaN
  const last = samples.at(-1)?.residentMb ?? Number.NaN
  const ratio = last / before
  if (values.json) console.log(JSON.stringify({ machine: machine(), count, storms, minutes, ratio, samples }))
  else {
    console.log(Object.values(machine()).join(', '))
    console.table(samples)
    console.log(`${minutes} minutes after ${count} connections: ${ratio.toFixed(2)} of the ${before} MB before`)
  }
  if (!(ratio <= bar)) process.exitCode = 1
}
