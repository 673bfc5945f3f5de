/**
 * `node scripts/pool-chaos.ts [--topology=pool] [--victims=fe1,fe2,…] [--how=kill] [--seconds=12] [--json]`: kills each
 * node of a pool with SIGKILL (`--how=stop`: ends it in order) while phones call and write to each other through it,
 * brings it back, and counts what was lost. Exit status 1 when anything acknowledged was lost, a call could be hung up
 * by neither end, or a request was still without an answer after its timer (RFC 3261 §17: 64*T1, 32 s).
 *
 * Where the victim has a twin, calls must be hung up while it is away. A director, an edge and a balancer have none:
 * then the second BYE, that of the other end, waits until it is back and the phones reach each other again. A call
 * whose two BYEs both met the loss of their own phone's connection counts as `cutOff`, not as lost.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { openPhone, type Phone } from '../src/phone/index.ts'
import { systemClock } from '../src/sip/clock.ts'
import { createResolver } from '../src/sip/transport/dial/resolver.ts'
import { chaosLab } from './chaos-lab.ts'
import {
  callOnce,
  type Counts,
  holdCalls,
  lost,
  noCounts,
  pairsOf,
  served,
  signedIn,
  timerMs,
  until,
  writeOnce,
} from './chaos-traffic.ts'

const seconds = Number(argument('seconds') ?? 12)
const topology = argument('topology') ?? 'pool'
const victims = (argument('victims') ?? 'fe1,fe2,pool,sql,dns,pki').split(',')
const how = argument('how') ?? 'kill'
/** Nodes of which a lab has one. */
const withoutTwin = new Set(['director', 'edge', 'pool'])

function argument(name: string): string | undefined {
  return process.argv.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3)
}

const lab = await chaosLab(topology)
const { ready } = lab
try {
  const phones = ready.users.map(({ login, password, remote }) => phoneOf(login, password, remote))
  // The balancer looks at its front ends once a second: one that has just come up may not be in use yet.
  for (const phone of phones)
    await until(`${phone.uri} signs in`, () =>
      phone.signIn().then(
        () => true,
        () => false,
      ),
    )
  const all: Counts[] = []
  for (const victim of victims) all.push(await round(phones, victim))
  await Promise.all(phones.map((phone) => phone.close()))
  print(all)
  process.exitCode = all.some((counts) => lost(counts) > 0) ? 1 : 0
} finally {
  await lab.end()
}
process.exit()

async function round(phones: readonly Phone[], victim: string): Promise<Counts> {
  const counts = noCounts(victim)
  const pairs = pairsOf(phones)
  const received = new Set<string>()
  for (const phone of phones) phone.onMessage = ({ text }) => received.add(text)
  const answered: string[] = []
  const back = Promise.withResolvers<void>()
  let over = false
  async function loop(once: () => Promise<void>): Promise<void> {
    while (!over) await once()
  }
  const hangUpHeld = await holdCalls(pairs, counts)
  const work = pairs.flatMap((pair) => {
    const whenBack = (): Promise<unknown> => (withoutTwin.has(victim) ? back.promise : served([pair]))
    return [loop(() => callOnce(pair, counts, whenBack)), loop(() => writeOnce(pair, counts, answered))]
  })
  await delay(seconds * 250)
  await end(victim)
  await delay(seconds * 500)
  await lab.start(victim)
  await served(pairs)
  back.resolve()
  await hangUpHeld()
  await delay(seconds * 250)
  over = true
  await Promise.all(work)
  await signedIn(phones)
  counts.messagesLost = answered.filter((text) => !received.has(text)).length
  const stored = new Set((await lab.registrations()).map(({ aor }) => aor))
  counts.registrations = phones.length
  counts.registrationsLost = phones.filter(({ uri }) => !stored.has(uri)).length
  return counts
}

async function end(victim: string): Promise<void> {
  if (how === 'stop') await lab.stop(victim)
  else lab.kill(victim)
}

/** Remote users come through the edge where there is one, the others through the pool. */
function phoneOf(user: string, password: string, remote: boolean): Phone {
  const edge = remote ? ready.nodes.find(({ role }) => role === 'access-proxy') : undefined
  const server = edge ?? ready.nodes.find(({ name }) => name === 'pool')
  const listener = server?.listeners.find(
    ({ face, transport, mutual }) =>
      transport === 'tls' && mutual !== 'required' && face === (edge === undefined ? 'internal' : 'external'),
  )
  const root = edge === undefined ? ready.trust.internal : ready.trust.public
  if (server === undefined || listener === undefined || root === undefined)
    throw new Error(`there is no TLS listener for ${user}`)
  const { address, port } = ready.dns.internal
  return openPhone({
    user,
    password,
    domain: ready.domain,
    autoAnswer: true,
    answerMs: timerMs,
    ringMs: timerMs,
    target: {
      host: edge === undefined ? server.fqdn : `sip.${ready.domain}`,
      address: listener.address,
      port: listener.port,
      transport: 'tls',
    },
    ca: [readFileSync(root, 'utf8')],
    resolver: createResolver({ clock: systemClock, servers: [`${address}:${port}`] }),
  })
}

function print(all: readonly Counts[]): void {
  if (process.argv.includes('--json')) return console.log(JSON.stringify(all, undefined, 2))
  console.table(all)
}
