/** The 49 messages of RFC 4475 at a running front end, each over its own transport. */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { readBytes, readCases, skipReason, type Case } from '../sip/message/conformance.ts'
import { withLab, type TestLab } from '../support/lab.ts'

/** The domain that most of the messages are for, so that they are about users of ours. */
const topology = `
name: torture
about: The default lab, for example.com, with UDP at the front end.
profile: lcs2005
domain: example.com
hosts:
  edge:     { role: access-proxy, nextHop: director }
  director: { role: director }
  fe1:      { role: front-end, listeners: [{ transport: udp, port: 5060 }] }
users:
  alice: { password: alice-2005, home: pool, remote: true }
`

/** An answer that needs a good reader: whatever a front end says to a stranger's request that it has understood. */
const understood = { kind: 'understood' } as const
const silence = { kind: 'silence' } as const
type Expected = typeof understood | typeof silence | { readonly kind: 'status'; readonly codes: readonly number[] }

t.test('rfc4475 at a front end', { skip: skipReason ?? false }, async (t) => {
  const file = join(t.testdir({}), 'torture.yaml')
  writeFileSync(file, topology)
  const lab = await withLab(t, file)
  const cases = readCases()
  t.equal(cases.length, 49)
  const seen = new Set<string>()

  for (const entry of cases) {
    t.test(`rfc4475 ${entry.name} over ${entry.transport}`, async (t) => {
      const expected = expectedOf(entry)
      const waitMs = expected.every(({ kind }) => kind === 'silence') ? 250 : 3_000
      const answer = await deliver(lab, entry, withFreshBranch(readBytes(entry), seen), waitMs)
      t.ok(
        expected.some((one) => fits(one, answer)),
        `wanted ${JSON.stringify(expected)}, found ${answer === undefined ? 'silence' : answer.split('\r\n')[0]}`,
      )
      for (const header of requiredHeaders(entry, answer))
        t.match(answer, new RegExp(`\\r\\n${header}:`, 'i'), `with ${header}`)
      t.match(await overUdp(lab, Buffer.from(options(lab)), 3_000), /^SIP\/2\.0 200 /, 'the front end goes on')
    })
  }
})

/**
 * Some messages share a branch and would be taken for repetitions of each other: the later ones get another. The rest
 * stays bit for bit.
 */
function withFreshBranch(octets: Buffer, seen: Set<string>): Buffer {
  const text = octets.toString('latin1')
  const branch = /branch=(z9hG4bK[^\s;,]*)/.exec(text)?.[1]
  if (branch === undefined) return octets
  const fresh = seen.has(branch) ? `${branch}${seen.size}` : branch
  seen.add(fresh)
  return fresh === branch ? octets : Buffer.from(text.replace(branch, fresh), 'latin1')
}

interface Outcome {
  readonly role: string
  readonly action: string
  readonly level: string
  readonly codes?: readonly number[]
  readonly over?: 'datagram' | 'stream'
  readonly mayRespond?: readonly number[]
  readonly requireHeaders?: readonly string[]
}

function outcomesOf({ outcomes, transport }: Case): readonly Outcome[] {
  const over = transport === 'UDP' ? 'datagram' : 'stream'
  return (outcomes as readonly Outcome[]).filter(
    (outcome) => ['any', 'proxy', 'registrar'].includes(outcome.role) && (outcome.over ?? over) === over,
  )
}

/**
 * A front end is a registrar and a proxy, and asks strangers who they are: to take a request as well formed is to
 * challenge it.
 */
function expectedOf(entry: Case): readonly Expected[] {
  if (entry.kind === 'response') return [silence]
  const outcomes = outcomesOf(entry)
  const expected = outcomes.flatMap(({ action, codes = [], mayRespond = [] }): readonly Expected[] => {
    switch (action) {
      case 'respond':
        return [{ kind: 'status', codes }]
      case 'forward-or-respond':
        return [{ kind: 'status', codes }, understood]
      case 'close':
      case 'wait-then-close':
        return [silence, { kind: 'status', codes: mayRespond }]
      case 'drop':
        return [silence]
      default:
        return [understood]
    }
  })
  // A fault that may be answered may also be read over.
  return outcomes.every(({ level }) => level === 'may') ? [...expected, understood] : expected
}

function fits(expected: Expected, answer: string | undefined): boolean {
  switch (expected.kind) {
    case 'silence':
      return answer === undefined
    case 'status':
      return expected.codes.includes(statusOf(answer))
    case 'understood':
      return [200, 401, 403, 404, 480, 483].includes(statusOf(answer))
    default:
      return expected satisfies never
  }
}

function requiredHeaders(entry: Case, answer: string | undefined): readonly string[] {
  return outcomesOf(entry).flatMap(({ codes = [], requireHeaders = [] }) =>
    codes.includes(statusOf(answer)) ? requireHeaders : [],
  )
}

function statusOf(answer: string | undefined): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(answer ?? '')?.[1] ?? 0)
}

/** The first final response; undefined: none came in that time. */
function deliver(lab: TestLab, { transport }: Case, octets: Buffer, waitMs: number): Promise<string | undefined> {
  return transport === 'UDP' ? overUdp(lab, octets, waitMs) : overStream(lab, transport, octets, waitMs)
}

/** Answers come to the port in the Via where there is no rport (RFC 3261 §18.2.2): sent from an address of our own. */
async function overUdp(lab: TestLab, octets: Buffer, waitMs: number): Promise<string | undefined> {
  const server = listenerOf(lab, 'udp')
  const own = server.address.replace(/\d+$/, '250')
  const named = Number(
    /^(?:Via|v)\s*:\s*SIP\s*\/\s*2\.0\s*\/\s*UDP\s+[^\s:;]+\s*:\s*(\d+)/im.exec(octets.toString('latin1'))?.[1] ?? 5060,
  )
  const sockets = await Promise.all([...new Set([5060, named])].map((port) => bound(own, port)))
  return await new Promise((done) => {
    const finish = (answer: string | undefined): void => {
      clearTimeout(late)
      for (const socket of sockets) socket.close()
      done(answer)
    }
    const late = setTimeout(() => finish(undefined), waitMs)
    for (const socket of sockets) {
      socket.on('message', (message) => {
        const text = message.toString('latin1')
        if (statusOf(text) >= 200 && isAbout(text, octets)) finish(text)
      })
    }
    sockets[0]?.send(octets, server.port, server.address)
  })
}

/** A refused INVITE is answered again until its ACK comes, which here never does: those answers are not for us. */
function isAbout(answer: string, sent: Buffer): boolean {
  const callId = /^(?:Call-ID|i)\s*:\s*(\S+)/im.exec(sent.toString('latin1'))?.[1]
  return callId === undefined || answer.includes(callId)
}

function overStream(lab: TestLab, transport: string, octets: Buffer, waitMs: number): Promise<string | undefined> {
  const { address, port } = listenerOf(lab, transport === 'TLS' ? 'tls' : 'tcp')
  const ca = readFileSync(lab.ready.trust.internal ?? '')
  return new Promise((done, reject) => {
    const socket =
      transport === 'TLS'
        ? connectTls({ host: address, port, ca, servername: 'pool.example.com' })
        : connectTcp(port, address)
    let text = ''
    const finish = (answer: string | undefined): void => {
      clearTimeout(late)
      socket.destroy()
      done(answer)
    }
    const late = setTimeout(() => finish(undefined), waitMs)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (statusOf(text) >= 200) finish(text)
    })
    socket.once('error', reject).once('close', () => finish(undefined))
    socket.write(octets)
  })
}

function listenerOf(lab: TestLab, transport: string): { readonly address: string; readonly port: number } {
  const found = lab.node('fe1').listeners.find((listener) => listener.transport === transport)
  if (found === undefined) throw new Error(`fe1 has no ${transport} listener`)
  return found
}

function bound(address: string, port: number): Promise<Socket> {
  return new Promise((done, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject).bind(port, address, () => done(socket))
  })
}

function options({ ready }: TestLab): string {
  return (
    `OPTIONS sip:fe1.${ready.domain} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP alive.test;branch=z9hG4bK${Math.random()};rport\r\nMax-Forwards: 70\r\n` +
    `From: <sip:probe@${ready.domain}>;tag=1\r\nTo: <sip:fe1.${ready.domain}>\r\n` +
    `Call-ID: ${Math.random()}@alive\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`
  )
}
