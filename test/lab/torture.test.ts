/**
 * The 49 messages of RFC 4475 at a running front end, director and access proxy, each over its own transport where the
 * server has one: an access proxy speaks TLS only.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
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
  director: { role: director, listeners: [{ transport: udp, port: 5060 }] }
  fe1:      { role: front-end, listeners: [{ transport: udp, port: 5060 }] }
users:
  alice: { password: alice-2005, home: pool, remote: true }
`

/** An answer that needs a good reader: whatever a front end says to a stranger's request that it has understood. */
const understood = { kind: 'understood' } as const
const silence = { kind: 'silence' } as const
type Expected = typeof understood | typeof silence | { readonly kind: 'status'; readonly codes: readonly number[] }

/** A server under test: its name in the lab, in its certificate, and the root that a client trusts. */
interface Server {
  readonly node: string
  readonly host: string
  readonly trust: 'internal' | 'public'
}

const servers: readonly Server[] = [
  { node: 'fe1', host: 'pool.example.com', trust: 'internal' },
  { node: 'director', host: 'director.example.com', trust: 'internal' },
  { node: 'edge', host: 'sip.example.com', trust: 'public' },
]

// conformance: RFC 3261 §16.3 — the messages of RFC 4475 at a front end, a director and an access proxy
t.test('rfc4475 at a front end, a director and an access proxy', { skip: skipReason ?? false }, async (t) => {
  const file = join(t.testdir({}), 'torture.yaml')
  writeFileSync(file, topology)
  const lab = await withLab(t, file)
  const cases = readCases()
  t.equal(cases.length, 49)

  for (const server of servers)
    t.test(`at ${server.node}`, async (t) => {
      const seen = new Set<string>()
      for (const entry of cases) await t.test(`rfc4475 ${entry.name}`, (t) => torture(t, lab, server, entry, seen))
    })
})

/** An answer that must come is waited for, however busy the machine is. */
const patienceMs = 30_000

function waitFor(expected: readonly Expected[]): number {
  if (expected.every(({ kind }) => kind === 'silence')) return 250
  return expected.some(({ kind }) => kind === 'silence') ? 3_000 : patienceMs
}

async function torture(t: Test, lab: TestLab, server: Server, entry: Case, seen: Set<string>): Promise<void> {
  const transport = transportAt(lab, server, entry)
  const expected = expectedOf(entry, transport)
  const waitMs = waitFor(expected)
  const answer = await deliver(lab, server, transport, withFreshBranch(readBytes(entry), seen), waitMs)
  t.ok(
    expected.some((one) => fits(one, answer)),
    `over ${transport} wanted ${JSON.stringify(expected)}, found ${answer?.split('\r\n')[0] ?? 'silence'}`,
  )
  for (const header of requiredHeaders(entry, transport, answer))
    t.match(answer, new RegExp(`\\r\\n${header}:`, 'i'), `with ${header}`)
  t.match(
    await deliver(lab, server, transport, options(server.host, transport), patienceMs),
    /^SIP\/2\.0 200 /,
    'it goes on',
  )
}

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

function outcomesOf({ outcomes }: Case, transport: string): readonly Outcome[] {
  const over = transport === 'UDP' ? 'datagram' : 'stream'
  return (outcomes as readonly Outcome[]).filter(
    (outcome) => ['any', 'proxy', 'registrar'].includes(outcome.role) && (outcome.over ?? over) === over,
  )
}

/** The transport of the message where the server has it; else the one it has. */
function transportAt(lab: TestLab, { node }: Server, { transport }: Case): string {
  const has = (name: string): boolean =>
    lab.node(node).listeners.some((listener) => listener.transport === name && listener.mutual !== 'required')
  return [transport.toLowerCase(), 'tcp', 'tls'].find(has)?.toUpperCase() ?? 'TLS'
}

/**
 * A front end is a registrar and a proxy, and asks strangers who they are: to take a request as well formed is to
 * challenge it.
 */
function expectedOf(entry: Case, transport: string): readonly Expected[] {
  // A datagram ends where it ends. On a stream a message without an end is 400, or is waited for.
  const unframed = transport === 'UDP' || isFramed(entry) ? [] : [silence, { kind: 'status', codes: [400] } as const]
  if (entry.kind === 'response') return [silence]
  const outcomes = outcomesOf(entry, transport)
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
  const lenient = outcomes.every(({ level }) => level === 'may') ? [understood] : []
  return [...expected, ...lenient, ...unframed]
}

/** Its end is known on a stream: an empty line ends the head, and the body that Content-Length names is there. */
function isFramed(entry: Case): boolean {
  const [head = '', body] = readBytes(entry)
    .toString('latin1')
    .split(/\r\n\r\n(.*)/s)
  const length = /^(?:Content-Length|l)[ \t]*:\s*(\d+)\s*$/im.exec(head)?.[1]
  return length !== undefined && body !== undefined && body.length >= Number(length)
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

function requiredHeaders(entry: Case, transport: string, answer: string | undefined): readonly string[] {
  return outcomesOf(entry, transport).flatMap(({ codes = [], requireHeaders = [] }) =>
    codes.includes(statusOf(answer)) ? requireHeaders : [],
  )
}

function statusOf(answer: string | undefined): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(answer ?? '')?.[1] ?? 0)
}

/** The first final response; undefined: none came in that time. */
function deliver(
  lab: TestLab,
  server: Server,
  transport: string,
  octets: Buffer,
  waitMs: number,
): Promise<string | undefined> {
  const to = listenerOf(lab, server, transport)
  return transport === 'UDP' ? overUdp(to, octets, waitMs) : overStream(lab, server, to, octets, waitMs)
}

/** Answers come to the port in the Via where there is no rport (RFC 3261 §18.2.2): sent from an address of our own. */
async function overUdp(server: Listener, octets: Buffer, waitMs: number): Promise<string | undefined> {
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
  const text = sent.toString('latin1')
  const name = /^(?:Call-ID|i)\s*:\s*(\S+)/im.exec(text)?.[1] ?? /branch=([^\s;,]+)/i.exec(text)?.[1]
  return name === undefined || answer.includes(name)
}

function overStream(
  lab: TestLab,
  { host: servername, trust }: Server,
  { transport, address, port }: Listener,
  octets: Buffer,
  waitMs: number,
): Promise<string | undefined> {
  const ca = readFileSync(lab.ready.trust[trust] ?? '')
  return new Promise((done, reject) => {
    const socket = transport === 'tls' ? connectTls({ host: address, port, ca, servername }) : connectTcp(port, address)
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

type Listener = TestLab['ready']['nodes'][number]['listeners'][number]

function listenerOf(lab: TestLab, { node }: Server, transport: string): Listener {
  const found = lab
    .node(node)
    .listeners.find((one) => one.transport === transport.toLowerCase() && one.mutual !== 'required')
  if (found === undefined) throw new Error(`${node} has no ${transport} listener`)
  return found
}

function bound(address: string, port: number): Promise<Socket> {
  return new Promise((done, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject).bind(port, address, () => done(socket))
  })
}

function options(host: string, transport: string): Buffer {
  return Buffer.from(
    `OPTIONS sip:${host} SIP/2.0\r\n` +
      `Via: SIP/2.0/${transport} alive.test;branch=z9hG4bK${Math.random()};rport\r\nMax-Forwards: 70\r\n` +
      `From: <sip:probe@example.com>;tag=1\r\nTo: <sip:${host}>\r\n` +
      `Call-ID: ${Math.random()}@alive\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
  )
}
