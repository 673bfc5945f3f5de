/**
 * What silent connections take from others: `node bench/admission.ts --silent 3000 --handshakes 100`. A lab `edge` of
 * its own; silent ones from five addresses at the outside face of the access proxy, then TLS handshakes, one after the
 * other, from a sixth. Three kinds of silence: nothing sent, one octet, a whole ClientHello. Exit status 1 when the
 * 95th percentile beside them is 1 s or more, or more than twice that without them; those that sent a ClientHello cost
 * the server an answer each, and only the second counts.
 *
 * The cost of a handshake, by alternating pairs against another checkout:
 * `node bench/proxy.ts --rows handshake --against DIR --pairs 8`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import { bringUpQuietly } from '../scripts/script-lab.ts'
import { machine } from './support/rounds.ts'

/** Of the lab, which finds one that is free. */
interface Target {
  readonly address: string
  readonly port: number
  readonly serverName: string
}

type Silence = 'nothing' | 'one octet' | 'a ClientHello'

interface Row {
  readonly silence: Silence
  /** Silent connections that were open when the first handshake began, and when the last one ended. */
  readonly open: number
  readonly left: number
  /** Milliseconds: just before the silent ones came, and beside them. */
  readonly alone: Times
  readonly beside: Times
}

interface Times {
  readonly median: number
  readonly p95: number
  readonly worst: number
  readonly failed: number
}

const sources = [1, 2, 3, 4, 5].map((host) => `127.0.211.${host}`)
const sixth = '127.0.211.6'
const barMs = 1_000
const barRatio = 2
const handshakeWithinMs = 15_000

const { values } = parseArgs({
  options: {
    silent: { type: 'string', default: '3000' },
    handshakes: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})
const silent = count('silent', values.silent)
const handshakes = count('handshakes', values.handshakes)

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`--${option}: wanted a count, found ${text}`)
  return Number(text)
}

const folder = mkdtempSync(join(tmpdir(), 'siplab-admission-'))
const lab = await bringUpQuietly('edge', folder, undefined)
try {
  const target = outside()
  const hello = await recordedHello(target.serverName)
  await measure(target, 20)
  const rows: Row[] = []
  for (const [silence, octets] of [
    ['nothing', Buffer.alloc(0)],
    ['one octet', Buffer.from([0x16])],
    ['a ClientHello', hello],
  ] as const)
    rows.push(await beside(target, silence, octets))
  print(rows)
} finally {
  await lab.stop()
  rmSync(folder, { recursive: true, force: true })
}

function outside(): Target {
  const edge = lab.access.plan.nodes.find(({ role }) => role === 'access-proxy')
  const listener = edge?.listeners.find(
    (each) => each.face === 'external' && each.transport === 'tls' && each.port === 10_443,
  )
  if (listener === undefined) throw new Error('the access proxy has no TLS listener on 10443')
  return { address: listener.address, port: listener.port, serverName: 'sip.lab.test' }
}

/** What our own client says first: a server that reads it and nothing else has it whole. */
function recordedHello(serverName: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) =>
      socket.once('data', (octets) => {
        socket.destroy()
        server.close()
        resolve(octets)
      }),
    )
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address()
      if (bound === null || typeof bound === 'string') return reject(new TypeError('no port'))
      connectTls({ host: '127.0.0.1', port: bound.port, servername: serverName }).on('error', () => undefined)
    })
  })
}

async function beside(target: Target, silence: Silence, octets: Buffer): Promise<Row> {
  const alone = await measure(target, handshakes)
  const crowd = Array.from({ length: silent }, (_, at) => quiet(target, sources[at % sources.length] ?? sixth, octets))
  // The system has accepted them; the service may not have looked at them yet.
  await Promise.all(crowd.map((socket) => ended(socket, 'connect')))
  const open = crowd.filter(isOpen).length
  const found = await measure(target, handshakes)
  const row = { silence, open, left: crowd.filter(isOpen).length, alone, beside: found }
  for (const socket of crowd) socket.destroy()
  return row
}

function isOpen({ destroyed }: Socket): boolean {
  return !destroyed
}

function quiet({ address, port }: Target, localAddress: string, octets: Buffer): Socket {
  const socket = connectTcp({ host: address, port, localAddress })
  socket.on('error', () => undefined).once('connect', () => socket.write(octets))
  return socket.resume()
}

function ended(socket: Socket, event: 'connect'): Promise<void> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve())
    socket.once('close', () => resolve())
  })
}

/** One after the other: what a phone waits for. */
async function measure(target: Target, times: number): Promise<Times> {
  const took: number[] = []
  for (let at = 0; at < times; at++) took.push((await handshake(target)) ?? Number.NaN)
  const sorted = took.filter(Number.isFinite).toSorted((a, b) => a - b)
  const part = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { median: part(0.5), p95: part(0.95), worst: part(1), failed: times - sorted.length }
}

/** Milliseconds from the SYN to the end of the handshake; undefined: there was none in time. */
function handshake({ address, port, serverName }: Target): Promise<number | undefined> {
  const began = performance.now()
  return new Promise((resolve) => {
    // The certificate is of the lab, and it is the time that counts.
    const secure = { socket: connectTcp({ host: address, port, localAddress: sixth }), servername: serverName }
    const socket = connectTls({ ...secure, rejectUnauthorized: false }, () => end(performance.now() - began))
    const late = setTimeout(() => end(undefined), handshakeWithinMs)
    socket.on('error', () => end(undefined))
    function end(ms: number | undefined): void {
      clearTimeout(late)
      socket.destroy()
      resolve(ms)
    }
  })
}

/** Below a second; beside the silent at most twice what it is without them. */
function isInTime({ silence, alone, beside: crowded }: Row): boolean {
  const isSilent = silence !== 'a ClientHello'
  return crowded.failed === 0 && crowded.p95 < barMs && (!isSilent || crowded.p95 <= barRatio * alone.p95)
}

function print(rows: readonly Row[]): void {
  const late = rows.filter((row) => !isInTime(row))
  if (values.json) console.log(JSON.stringify({ machine: machine(), silent, handshakes, rows }))
  else {
    console.log(Object.values(machine()).join(', '))
    console.table(rows.map(flat))
    const silences = late.map(({ silence }) => silence).join(', ')
    console.log(late.length === 0 ? 'every 95th percentile is in time' : `too late beside those that send ${silences}`)
  }
  if (late.length > 0) process.exitCode = 1
}

function flat({ silence, open, left, alone, beside: found }: Row): Readonly<Record<string, string | number>> {
  const tenth = (ms: number): number => Math.round(ms * 10) / 10
  return {
    silence,
    open,
    left,
    'median alone': tenth(alone.median),
    median: tenth(found.median),
    'p95 alone': tenth(alone.p95),
    p95: tenth(found.p95),
    worst: tenth(found.worst),
    failed: found.failed,
  }
}
