/**
 * What a pool gains by front ends: a lab with each number of them behind HAProxy and one PostgreSQL; OPTIONS as fast as
 * they are answered, then calls of two phones each. CPU is that of the processes of the front ends, and of the
 * database; a transaction of the database is one statement, for a call writes nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { launcher } from '../src/cli/package.ts'
import { bringUpCrowded, type CrowdedLab } from '../src/endurance/crowded-lab.ts'
import { configFolder, loadTopology } from '../src/topology/load.ts'
import { cpuSeconds } from './proxy/cpu.ts'
import { LightPhone } from './support/light-phone.ts'
import { machine } from './support/rounds.ts'

const help = `node bench/front-ends.ts [--fronts 1,2,4] [--seconds 10] [--calls 500] [--phones 16] [--json]

  --fronts N,N,…  numbers of front ends, a lab each
  --seconds S     how long OPTIONS are sent
  --calls N       calls after that
  --phones N      TLS connections through the balancer; an even number
  --json          one document

Takes about 60 s + S + the calls for each number. Needs PostgreSQL and HAProxy. Exit status 1: a call or an OPTIONS was
not answered with 200.`

/** PostgreSQL writes its counters down when a connection has been idle for this long. */
const countersMs = 11_000
/** OPTIONS of one phone that wait for an answer. */
const window = 8

interface Row {
  readonly fronts: number
  readonly optionsPerSecond: number
  /** Of all front ends, for one OPTIONS. */
  readonly optionsCpuMicroseconds: number
  readonly callsPerSecond: number
  /** Of all front ends, for INVITE with its challenge, 200, ACK and BYE. */
  readonly callCpuMilliseconds: number
  readonly callSqlCpuMilliseconds: number
  readonly callSqlStatements: number
  /** Answered otherwise than with 200, or not. */
  readonly failed: number
}

const { values } = parseArgs({
  options: {
    fronts: { type: 'string', default: '1,2,4' },
    seconds: { type: 'string', default: '10' },
    calls: { type: 'string', default: '500' },
    phones: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const rows: Row[] = []
for (const text of values.fronts.split(',')) rows.push(await measure(count('fronts', text)))
if (values.json) console.log(JSON.stringify({ machine: machine(), rows }))
else {
  console.log(Object.values(machine()).join(', '))
  console.table(rows)
}
process.exit(rows.some(({ failed }) => failed > 0) ? 1 : 0)

function count(name: string, text: string): number {
  const found = Number(text)
  if (Number.isInteger(found) && found > 0) return found
  throw new RangeError(`--${name}: wanted a count above 0, found ${text}`)
}

async function measure(fronts: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-fronts-'))
  const file = join(folder, 'fronts.yaml')
  writeFileSync(file, topologyOf(fronts))
  const phones = count('phones', values.phones)
  const lab = await bringUpCrowded(
    {
      topology: loadTopology(file, configFolder()),
      source: file,
      data: join(folder, 'lab'),
      users: phones,
      movableClock: false,
      launcher,
      environment: process.env,
      onProgress: () => undefined,
    },
    new AbortController().signal,
  )
  try {
    return await work(lab, fronts)
  } finally {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function topologyOf(fronts: number): string {
  const names = Array.from({ length: fronts }, (_, at) => `  fe${at + 1}: { role: front-end }`)
  return [
    'name: fronts',
    `about: ${fronts} front ends behind a load balancer share one SQL back end.`,
    'profile: ocs2007',
    'domain: lab.test',
    'store: postgres',
    'hosts:',
    '  pool: { role: load-balancer }',
    ...names,
    '  sql: { role: sql }',
    'users:',
    '  alice: { password: alice-2005, home: pool }',
    '',
  ].join('\n')
}

async function work(lab: CrowdedLab, fronts: number): Promise<Row> {
  const phones = await Promise.all(lab.users.map((user) => phoneOf(lab, user)))
  let failed = 0
  for (const phone of phones) if ((await phone.signIn()) !== 200) failed++
  const cpu = (wanted: RegExp): number =>
    [...lab.pids].reduce((sum, [name, pid]) => (wanted.test(name) ? sum + cpuSeconds(pid) : sum), 0)
  const options = await sendOptions(phones, () => cpu(/^fe\d+$/))
  const idle = await statementsIn(lab, () => delay(5000))
  let [seconds, frontCpu, sqlCpu] = [0, 0, 0]
  const statements = await statementsIn(lab, async () => {
    const [began, front, sql] = [performance.now(), cpu(/^fe\d+$/), cpu(/^sql$/)]
    failed += await placeCalls(phones)
    seconds = (performance.now() - began) / 1000
    frontCpu = cpu(/^fe\d+$/) - front
    sqlCpu = cpu(/^sql$/) - sql
  })
  // The nodes ask the database once a second whether it is there: that is not the calls'.
  const asked = statements.statements - (idle.statements / idle.seconds) * statements.seconds
  const calls = count('calls', values.calls)
  for (const phone of phones) phone.close()
  return {
    fronts,
    optionsPerSecond: rounded(options.answered / options.seconds),
    optionsCpuMicroseconds: rounded((options.cpu * 1e6) / options.answered),
    callsPerSecond: rounded(calls / seconds),
    callCpuMilliseconds: rounded((frontCpu * 1000) / calls),
    callSqlCpuMilliseconds: rounded((sqlCpu * 1000) / calls),
    callSqlStatements: rounded(asked / calls),
    failed: failed + options.failed,
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

async function phoneOf({ ready }: CrowdedLab, { login, password }: CrowdedLab['users'][number]): Promise<LightPhone> {
  const pool = ready.nodes.find(({ name }) => name === 'pool')
  const listener = pool?.listeners.find(({ transport, mutual }) => transport === 'tls' && mutual !== 'required')
  if (pool === undefined || listener === undefined) throw new Error('the balancer has no TLS listener for phones')
  const phone = new LightPhone({ login, password, domain: ready.domain })
  const { address, port } = listener
  await phone.connect({ address, port, transport: 'tls', serverName: pool.fqdn })
  return phone
}

async function sendOptions(
  phones: readonly LightPhone[],
  cpu: () => number,
): Promise<{ readonly answered: number; readonly failed: number; readonly seconds: number; readonly cpu: number }> {
  let [answered, failed] = [0, 0]
  const [began, before] = [performance.now(), cpu()]
  const end = began + count('seconds', values.seconds) * 1000
  const one = async (phone: LightPhone): Promise<void> => {
    while (performance.now() < end) {
      if ((await phone.options('sip:pool.lab.test')) === 200) answered++
      else failed++
    }
  }
  await Promise.all(phones.flatMap((phone) => Array.from({ length: window }, () => one(phone))))
  return { answered, failed, seconds: (performance.now() - began) / 1000, cpu: cpu() - before }
}

/** Each phone of the first half calls its own of the second, one call after the other. @returns how many failed */
async function placeCalls(phones: readonly LightPhone[]): Promise<number> {
  const half = phones.length >> 1
  let left = count('calls', values.calls)
  let failed = 0
  await Promise.all(
    phones.slice(0, half).map(async (from, at) => {
      const to = phones[at + half]
      while (to !== undefined && left-- > 0) if ((await from.call(to.uri)) !== 200) failed++
    }),
  )
  return failed
}

async function statementsIn(
  { access }: CrowdedLab,
  during: () => Promise<unknown>,
): Promise<{ readonly statements: number; readonly seconds: number }> {
  const [store] = Object.values(
    JSON.parse(readFileSync(join(access.root, 'store.json'), 'utf8')) as Record<string, { readonly storeUrl: string }>,
  )
  const client = new pg.Client({ connectionString: store?.storeUrl })
  await client.connect()
  const counted = async (): Promise<number> => {
    await delay(countersMs)
    const { rows: found } = await client.query<{ readonly count: string }>(
      'select sum(xact_commit + xact_rollback)::text as count from pg_stat_database where datname is not null',
    )
    return Number(found[0]?.count)
  }
  try {
    const before = await counted()
    const began = performance.now()
    await during()
    const statements = (await counted()) - before
    return { statements, seconds: (performance.now() - began) / 1000 }
  } finally {
    await client.end()
  }
}
