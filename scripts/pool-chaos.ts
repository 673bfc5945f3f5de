/**
 * `node scripts/pool-chaos.ts [--topology=pool] [--victims=fe1,fe2,…] [--seconds=12] [--json]`: kills each node of a pool with SIGKILL while phones call and write to each
 * other through it, brings it back, and counts what was lost. Exit status 1 when anything acknowledged was lost, a call of `pool`
 * could not be hung up, or a request was still without an answer after its timer (RFC 3261 §17: 64*T1, 32 s).
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { nodeFolder } from '../src/roles/node-folder.ts'
import { controlClient } from '../src/lab/control-client.ts'
import { labFolder } from '../src/lab/lab-folder.ts'
import type { ReadyDocument } from '../src/lab/ready-document.ts'
import { supervisorClient } from '../src/lab/supervisor-control.ts'
import { openPhone, PhoneError, type Phone } from '../src/phone/index.ts'
import type { Registration } from '../src/roles/control-api.ts'
import { systemClock } from '../src/sip/clock.ts'
import { createResolver } from '../src/sip/transport/resolver.ts'

const seconds = Number(argument('seconds') ?? 12)
const topology = argument('topology') ?? 'pool'
const victims = (argument('victims') ?? 'fe1,fe2,pool,sql,dns,pki').split(',')
/** 64*T1 and what a busy machine needs. */
const timerMs = 34_000
const pids = new Map<string, number>()
const data = mkdtempSync(join(tmpdir(), 'siplab-chaos-'))

function argument(name: string): string | undefined {
  return process.argv.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3)
}

interface Counts {
  victim: string
  calls: number
  established: number
  /** 200 to the INVITE, and later no BYE of either end reached the other. */
  callsLost: number
  messages: number
  messagesAnswered: number
  /** 200 to the sender, and the text never came. */
  messagesLost: number
  /** Ended with an error: the phone told its user. */
  refused: number
  /** Neither answer nor error within the timer. */
  hanging: number
  registrations: number
  /** Not in the store after everything was back. */
  registrationsLost: number
}

const { ready, stop } = await up()
try {
  const phones = ready.users.map(({ login, password, remote }) => phoneOf(login, password, remote))
  for (const phone of phones) await phone.signIn()
  const all: Counts[] = []
  for (const victim of victims) all.push(await round(phones, victim))
  await Promise.all(phones.map((phone) => phone.close()))
  print(all)
  // A pool has a survivor for its calls; a single director or edge has none, and its calls are only counted.
  process.exitCode = all.some(({ callsLost, messagesLost, hanging, registrationsLost }) => (topology === 'pool' ? callsLost : 0) + messagesLost + hanging + registrationsLost > 0) ? 1 : 0
} finally {
  await stop()
  rmSync(data, { recursive: true, force: true })
}
process.exit()

async function round(phones: readonly Phone[], victim: string): Promise<Counts> {
  const counts: Counts = { victim, calls: 0, established: 0, callsLost: 0, messages: 0, messagesAnswered: 0, messagesLost: 0, refused: 0, hanging: 0, registrations: 0, registrationsLost: 0 }
  const received = new Set<string>()
  for (const phone of phones) phone.onMessage = ({ text }) => received.add(text)
  const answered: string[] = []
  let over = false
  const work = phones.flatMap((phone, at) => {
    const peer = phones[(at + 1) % phones.length] ?? phone
    return [loop(() => callOnce(phone, peer, counts)), loop(() => writeOnce(phone, peer, counts, answered))]
  })
  async function loop(once: () => Promise<void>): Promise<void> {
    while (!over) await once()
  }
  await delay(seconds * 250)
  process.kill(pidOf(victim), 'SIGKILL')
  await delay(seconds * 500)
  await supervisorClient(labFolder(data)).post('/node-start', { node: victim })
  await delay(seconds * 250)
  over = true
  await Promise.all(work)
  await settled(phones)
  counts.messagesLost = answered.filter((text) => !received.has(text)).length
  const stored = new Set((await registrations()).map(({ aor }) => aor))
  counts.registrations = phones.length
  counts.registrationsLost = phones.filter(({ uri }) => !stored.has(uri)).length
  return counts
}

/** INVITE, a quarter of a second, BYE; what was answered with 200 must end with 200. */
async function callOnce(from: Phone, to: Phone, counts: Counts): Promise<void> {
  counts.calls++
  const call = from.call(to.uri)
  const outcome = await timed(call.established, counts)
  if (outcome !== 'done') {
    await delay(100)
    return
  }
  counts.established++
  await delay(250)
  for (const until = performance.now() + timerMs; performance.now() < until; await delay(200)) {
    if ((await timed(call.hangUp(), counts)) === 'done') return
    if (call.state === 'ended') break
  }
  // A BYE that met the moment of the loss: sip.js has ended the dialog. The other end must hear of it, or nobody does.
  const far = to.calls.find(({ id }) => id === call.id)
  if (far === undefined) return
  await settled([from, to])
  // 481: it arrived, and that phone had ended the call already.
  await far.hangUp().catch((error: unknown) => {
    if (!(error instanceof PhoneError) || error.status !== 481) counts.callsLost++
  })
}

async function writeOnce(from: Phone, to: Phone, counts: Counts, answered: string[]): Promise<void> {
  counts.messages++
  const text = `${counts.victim} ${from.uri} ${counts.messages}`
  if ((await timed(from.message(to.uri, text), counts)) === 'done') {
    counts.messagesAnswered++
    answered.push(text)
  }
  await delay(50)
}

async function timed(work: Promise<unknown>, counts: Counts): Promise<'done' | 'refused' | 'hanging'> {
  const outcome = await Promise.race([work.then(() => 'done' as const, () => 'refused' as const), delay(timerMs, 'hanging' as const, { ref: false })])
  if (outcome === 'refused') counts.refused++
  if (outcome === 'hanging') counts.hanging++
  return outcome
}

async function settled(phones: readonly Phone[]): Promise<void> {
  for (const until = performance.now() + timerMs; performance.now() < until; await delay(100)) if (phones.every(({ signedIn }) => signedIn)) return
}

async function registrations(): Promise<readonly Registration[]> {
  return controlClient('fe1', nodeFolder(data, 'fe1')).get<readonly Registration[]>('/registrations')
}

function pidOf(node: string): number {
  const pid = pids.get(node)
  if (pid === undefined) throw new Error(`no process of ${node}`)
  return pid
}

/** Remote users come through the edge where there is one, the others through the pool. */
function phoneOf(user: string, password: string, remote: boolean): Phone {
  const edge = remote ? ready.nodes.find(({ role }) => role === 'access-proxy') : undefined
  const server = edge ?? ready.nodes.find(({ name }) => name === 'pool')
  const listener = server?.listeners.find(({ face, transport, mutual }) => transport === 'tls' && mutual !== 'required' && face === (edge === undefined ? 'internal' : 'external'))
  const root = edge === undefined ? ready.trust.internal : ready.trust.public
  if (server === undefined || listener === undefined || root === undefined) throw new Error(`there is no TLS listener for ${user}`)
  const { address, port } = ready.dns.internal
  return openPhone({
    user, password, domain: ready.domain, autoAnswer: true, answerMs: timerMs, ringMs: timerMs,
    target: { host: edge === undefined ? server.fqdn : `sip.${ready.domain}`, address: listener.address, port: listener.port, transport: 'tls' },
    ca: [readFileSync(root, 'utf8')],
    resolver: createResolver({ clock: systemClock, servers: [`${address}:${port}`] }),
  })
}



async function up(): Promise<{ readonly ready: ReadyDocument; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/cli/siplab.mjs'), 'up', topology, '--json', '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const first = Promise.withResolvers<ReadyDocument>()
  const ended = new Promise<void>((done) => child.once('exit', (status) => {
    first.reject(new Error(`siplab up ${topology} ended with ${status}`))
    done()
  }))

  createInterface(child.stdout).on('line', (line) => {
    const news = JSON.parse(line) as ReadyDocument | { readonly event: string; readonly node?: string; readonly pid?: number }
    if ('nodes' in news) {
      for (const { name, pid } of news.nodes) if (pid !== undefined) pids.set(name, pid)
      first.resolve(news)
    } else if (news.event === 'node-ready' && 'pid' in news && news.node !== undefined && news.pid !== undefined) pids.set(news.node, news.pid)
  })
  return {
    ready: await first.promise,
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

function print(all: readonly Counts[]): void {
  if (process.argv.includes('--json')) return console.log(JSON.stringify(all, undefined, 2))
  console.table(all)
}
