/** Two primaries of one history behind one address, as after a fail-over that the old primary was not told of. */
import pg from 'pg'
import t from 'tap'
import { storeVerdict } from '../../../src/node/store-verdict.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import { StoreError } from '../../../src/services/store/store-error.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'
import { switchboard } from '../../support/switchboard.ts'

const missing = await postgresqlMissing()

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
}

async function rows(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: found } = await client.query(`select 1 from pg_tables where schemaname = 'pool'`)
  await client.end()
  return found.length
}

t.test('two primaries behind one address', { skip: missing ?? false }, async (t) => {
  const [old, promoted] = await Promise.all([startPostgresql(), startPostgresql()])
  t.teardown(() => Promise.all([old.close(), promoted.close()]))
  await promoted.promote()
  const balancer = await switchboard(promoted.port)
  t.teardown(() => balancer.close())
  const url = old.url.replace(String(old.port), String(balancer.port))
  const store = await openPoolStore({ kind: 'postgresql', url, connections: 1 }, { clock: systemClock })
  t.teardown(() => store.close())

  await t.test('the primary of a new timeline is used as any', async (t) => {
    t.equal(await codeOf(store.removeExpired(0)), 'no error')
    t.equal(store.health.state, 'up')
  })

  await t.test('an older one that takes writes is store.split, and nothing is written there', async (t) => {
    balancer.lead(old.port)
    balancer.drop()
    const codes: string[] = []
    // A dropped connection is an outage first; the probe after it meets the older server.
    while (codes.at(-1) !== 'store.split' && codes.length < 4000) {
      await new Promise<void>((resolve) => systemClock.after(25, resolve))
      codes.push(await codeOf(store.removeExpired(0)))
    }
    t.equal(codes.at(-1), 'store.split')
    t.notMatch(codes, ['no error'])
    t.equal(await rows(old.url), 0, 'not even the tables were made')
    const { code, fix } = storeVerdict('pool', store.health, 'fe1')
    t.match({ code, fix }, { code: 'store.split', fix: /older timeline/ })
  })

  await t.test('is over when the address leads to the newer one alone', async (t) => {
    balancer.lead(promoted.port)
    const codes: string[] = []
    while (codes.at(-1) !== 'no error' && codes.length < 4000) {
      await new Promise<void>((resolve) => systemClock.after(25, resolve))
      codes.push(await codeOf(store.removeExpired(0)))
    }
    t.equal(codes.at(-1), 'no error')
  })
})
