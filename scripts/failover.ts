/**
 * `node scripts/failover.ts [--users 200] [--json]`: two front ends register users in a PostgreSQL under Patroni while
 * the machine of its primary is lost. Every 200 to a REGISTER is looked up in the new primary; the time without service
 * is measured. A front end that was led to a standby says `store.read-only`. Then the old primary comes back alone and
 * takes writes; a front end whose address led to the new one is led there, says `store.split` and writes nothing. Exit
 * status 1 when a registration is lost, or a verdict is another one.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { storeVerdict } from '../src/node/store-verdict.ts'
import { sharedLocation } from '../src/services/location/shared-location.ts'
import { registrar } from '../src/services/registrar/registrar.ts'
import { openPoolStore, type PoolStore } from '../src/services/store/pool-store.ts'
import { systemClock } from '../src/sip/clock.ts'
import type { Policy } from '../src/sip/routing/decision.ts'
import { type Cluster, missingProgram, openCluster } from './failover/cluster.ts'
import { type Split, split } from './failover/split.ts'
import { Traffic } from './failover/traffic.ts'

const { values } = parseArgs({
  options: { users: { type: 'string', default: '200' }, json: { type: 'boolean', default: false } },
})
const users = Number(values.users)
const beforeMs = 5000
const afterMs = 5000
/** Requests under way at a time, of both front ends together. */
const atOnce = 8

interface Report {
  readonly asked: number
  readonly acknowledged: number
  readonly refused: number
  /** Acknowledged, and the new primary has no binding of it, or an older one. */
  readonly lost: number
  /** From the last 200 before the loss of the primary to the first one after it. */
  readonly withoutServiceMs: number
  /** What a front end says that is led to a standby. */
  readonly standbyVerdict: string
  /** What it says when two servers take writes, and what to do. */
  readonly splitVerdict: Split['verdict']
  readonly splitRemedy: Split['remedy']
  readonly writtenToOld: Split['writtenToOld']
}

const missing = missingProgram()
if (missing !== undefined) {
  console.log(`failover: ${missing}`)
  process.exit(75)
}
const cluster = await openCluster()
try {
  const report = await measure(cluster)
  if (values.json) console.log(JSON.stringify(report))
  else console.table(report)
  process.exitCode = isAsWanted(report) ? 0 : 1
} finally {
  await cluster.end()
}
process.exit()

function isAsWanted({ lost, standbyVerdict, splitVerdict, writtenToOld }: Report): boolean {
  return lost === 0 && standbyVerdict === 'store.read-only' && splitVerdict === 'store.split' && writtenToOld === 0
}

async function measure(on: Cluster): Promise<Report> {
  const stores = [await openStore(on.url), await openStore(on.url)]
  const standbyVerdict = await verdictOnStandby(on)
  const traffic = new Traffic(stores.map(frontEnd), users)
  const work = Promise.all(Array.from({ length: atOnce }, () => traffic.run()))
  await delay(beforeMs)
  const old = await on.primary()
  if (old === undefined) throw new Error('the cluster has no primary')
  const lostAt = performance.now()
  on.lose(old)
  const withoutServiceMs = await traffic.outage(lostAt)
  await delay(afterMs)
  traffic.over = true
  await work
  for (const store of stores) await store.close()
  const next = await on.primary()
  if (next === undefined || next === old) throw new Error('no other member became primary')
  const lost = await traffic.lostIn(await openStore(on.urlOf(next)))
  const { asked, acknowledged, refused } = traffic
  const { verdict, remedy, writtenToOld } = await split(on, old, next)
  return {
    ...{ asked, acknowledged, refused, lost, withoutServiceMs: Math.round(withoutServiceMs), standbyVerdict },
    ...{ splitVerdict: verdict, splitRemedy: remedy, writtenToOld },
  }
}

function openStore(url: string): Promise<PoolStore> {
  return openPoolStore({ kind: 'postgresql', url }, { clock: systemClock })
}

function frontEnd(store: PoolStore, at: number): Policy {
  return registrar({
    location: sharedLocation({ clock: systemClock, store }),
    accounts: undefined,
    domains: ['lab.test'],
    clock: systemClock,
    self: `fe${at + 1}.lab.test`,
  })
}

/** Opened at the primary's tables, then led to the standby: every read is answered, the first write is refused. */
async function verdictOnStandby(on: Cluster): Promise<string> {
  const primary = await on.primary()
  const standby = on.members.find((member) => member !== primary)
  if (standby === undefined) throw new Error('the cluster has no standby')
  const store = await openStore(on.urlOf(standby))
  try {
    await store.removeExpired(0)
    return 'none: the standby took a write'
  } catch {
    return storeVerdict('pool', store.health, 'fe1').code
  } finally {
    await store.close()
  }
}
