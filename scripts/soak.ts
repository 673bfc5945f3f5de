/**
 * `node scripts/soak.ts [--minutes=18] [--at-once=1] [--json]`: a sign-in, three messages and a call, again and again,
 * through a lab `edge`, and the memory of its servers ten times a minute. It grows between two full collections of V8
 * and comes back with them; what counts is how far (docs/performance.md). Exit status 1 when a sign-in, a message or a
 * call fails.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { controlClient } from '../src/lab/control-client.ts'
import { nodeFolder } from '../src/node/control/node-folder.ts'
import { chaosLab } from './chaos-lab.ts'
import { callOnce, phoneOf, signInAnew } from './edge-phones.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '18' },
    'at-once': { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new RangeError(`--minutes: wanted a number above 0, found ${values.minutes}`)

const atOnce = Number(values['at-once'])
if (!(atOnce >= 1)) throw new RangeError(`--at-once: wanted a count, found ${values['at-once']}`)

interface Sample {
  readonly residentMb: number
  readonly heapMb: number
}

const servers = ['edge', 'director', 'fe1'] as const
const samples: Record<(typeof servers)[number], Sample[]> = { edge: [], director: [], fe1: [] }
const lab = await chaosLab('edge')
const { ready } = lab
const end = performance.now() + minutes * 60_000
let rounds = 0
let failed = 0

try {
  const phones = ready.users.map((account) => phoneOf(ready, account, true))
  for (const phone of phones) await phone.signIn()
  await Promise.all([watch(), ...Array.from({ length: atOnce }, work)])
  await Promise.all(phones.map((phone) => phone.close()))
  print()

  async function work(): Promise<void> {
    while (performance.now() < end) {
      const at = rounds++ % phones.length
      const [account, from, to] = [ready.users[at], phones[at], phones[(at + 1) % phones.length]]
      if (account === undefined || from === undefined || to === undefined) throw new Error('a lab with users is wanted')
      await counted(signInAnew(ready, account))
      for (let message = 0; message < 3; message++) await counted(from.message(to.uri, `soak ${rounds}`))
      await counted(callOnce(from, to))
    }
  }
} finally {
  await lab.end()
}
process.exit()

async function counted(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    failed += 1
    console.error(error instanceof Error ? error.message : String(error))
  }
}

async function watch(): Promise<void> {
  while (performance.now() < end) {
    await delay(6_000)
    for (const server of servers) {
      const client = controlClient(server, nodeFolder(lab.data, server))
      const { residentBytes = Number.NaN, heapBytes = Number.NaN } =
        await client.get<Readonly<Record<string, number>>>('/metrics')
      samples[server].push({ residentMb: Math.round(residentBytes / 1e6), heapMb: Math.round(heapBytes / 1e6) })
    }
  }
}

/** The first third is the start of the processes. */
function print(): void {
  const rows = servers.map((server) => {
    const later = samples[server].slice(Math.floor(samples[server].length / 3))
    const span = (of: (sample: Sample) => number): string =>
      `${Math.min(...later.map(of))} to ${Math.max(...later.map(of))}`
    return { server, 'resident, MB': span(({ residentMb }) => residentMb), 'heap, MB': span(({ heapMb }) => heapMb) }
  })
  if (values.json) console.log(JSON.stringify({ minutes, rounds, failed, samples }))
  else {
    console.table(rows)
    console.log(`${rounds} rounds in ${minutes} minutes, ${failed} failures`)
  }
  if (failed > 0) process.exitCode = 1
}
