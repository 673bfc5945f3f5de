/**
 * What a database that is away, slow, crowded or says no looks like from here; and that it comes back without a
 * restart.
 */
import { once } from 'node:events'
import { mkdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { openDirectory } from '../../../src/services/store/directory.ts'
import type { Directory } from '../../../src/services/store/directory.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import type { BindingRow } from '../../../src/services/store/schema.ts'
import type { StoreHealth, StoreSettings } from '../../../src/services/store/settings.ts'
import { StoreError } from '../../../src/services/store/store-error.ts'
import { type Clock, systemClock } from '../../../src/sip/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { freePort } from '../../support/free-port.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'

const clock = systemClock

/** A directory with the news of its health in order. */
async function watched(
  t: Test,
  settings: StoreSettings,
  probed: Clock = clock,
): Promise<{
  readonly directory: Directory
  readonly news: StoreHealth[]
  until(state: StoreHealth['state']): Promise<void>
}> {
  const news: StoreHealth[] = []
  let wake = (): void => undefined
  const directory = await openDirectory(settings, {
    clock: probed,
    onHealth: (health) => {
      news.push(health)
      wake()
    },
  })
  t.teardown(() => directory.close())
  return {
    directory,
    news,
    async until(state) {
      const holding = setInterval(() => undefined, 60_000) // the machine's clock lets the process end
      while (directory.health.state !== state) await new Promise<void>((resolve) => (wake = resolve))
      clearInterval(holding)
    },
  }
}

/** Asks until the answer is the wanted one: a terminated connection is lost and found again first. */
async function until(ask: () => Promise<string>, wanted: string): Promise<void> {
  while ((await ask()) !== wanted) await delay(50)
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error)
  }
}

function bindingRow(user: string): BindingRow {
  return {
    aor: `sip:${user}@lab.test`,
    binding_key: `sip:${user}@192.0.2.7`,
    contact: `sip:${user}@192.0.2.7`,
    q: 1000,
    expires: Date.now() + 3_600_000,
    call_id: 'c1',
    cseq: 1,
    path: '',
    instance: '',
    reg_id: 0,
    epid: '',
    owner: 'fe1.lab.test',
    owner_route: '',
    flow: '',
    user_agent: '',
    received: '',
  }
}

t.test('SQLite', async (t) => {
  t.test('opens without its folder, fails at once, and serves when it is there', async (t) => {
    const folder = join(t.testdir(), 'not-yet')
    const { directory, until } = await watched(t, { kind: 'sqlite', file: join(folder, 'directory.db') })
    t.equal(directory.health.state, 'down')
    t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'store.unreachable')
    await mkdir(folder)
    await until('up')
    t.equal(await directory.account('sip:alice@lab.test'), undefined)
  })

  t.test('is a file only its owner may read', async (t) => {
    const file = join(t.testdir(), 'directory.db')
    await watched(t, { kind: 'sqlite', file })
    t.equal((await stat(file)).mode & 0o777, 0o600)
  })

  t.test('a file that is no database is named', async (t) => {
    const file = join(t.testdir(), 'directory.db')
    await writeFile(file, 'this is not a database, and long enough that nobody takes it for an empty one'.repeat(20))
    const { directory } = await watched(t, { kind: 'sqlite', file })
    t.equal(directory.health.state, 'down')
    t.match(directory.health.error, { code: 'store.corrupt', message: /directory\.db.*not a database/ })
  })

  for (const [what, act] of [
    ['removed', (file: string) => rm(file)],
    ['cut off', (file: string) => truncate(file)],
    ['whose log was removed', (file: string) => rm(`${file}-wal`)],
    [
      'replaced',
      async (file: string) => {
        await writeFile(`${file}.new`, '')
        await rename(`${file}.new`, file)
      },
    ],
  ] as const)
    t.test(`a file ${what} under the store confirms no write that may be lost, and the next one is kept`, async (t) => {
      const file = join(t.testdir(), 'pool.db')
      const news: StoreHealth[] = []
      const store = await openPoolStore({ kind: 'sqlite', file }, { clock, onHealth: (health) => news.push(health) })
      t.teardown(() => store.close())
      t.equal(await codeOf(store.writeBindings({ put: [bindingRow('alice')], remove: [] })), 'no error')
      await act(file)
      t.equal(await codeOf(store.writeBindings({ put: [bindingRow('bob')], remove: [] })), 'store.unreachable')
      t.match(news.at(-1), {
        state: 'down',
        error: { message: /pool\.db.* was (?:removed|replaced|cut off) while it was open/ },
      })
      const holding = setInterval(() => undefined, 60_000)
      while (store.health.state !== 'up') await new Promise((resolve) => setTimeout(resolve, 25))
      clearInterval(holding)
      t.equal(await codeOf(store.writeBindings({ put: [bindingRow('carol')], remove: [] })), 'no error')
      const again = await openPoolStore({ kind: 'sqlite', file }, { clock })
      t.teardown(() => again.close())
      const kept: string[] = []
      for await (const rows of again.allBindings()) for (const row of rows) kept.push(row.aor)
      t.ok(kept.includes('sip:carol@lab.test'), 'what was confirmed is there')
    })

  t.test('another process that holds the lock makes it busy, not broken', async (t) => {
    const file = join(t.testdir(), 'pool.db')
    // SQLite waits for the lock by the machine's clock. The store's own limit, a second later, must not be first.
    const stopped = new FakeClock()
    const store = await openPoolStore({ kind: 'sqlite', file, statementTimeoutMs: 200 }, { clock: stopped })
    t.teardown(() => store.close())
    const other = new DatabaseSync(file)
    t.teardown(() => other.close())
    other.exec('begin immediate')
    t.match(await codeOf(store.removeUser('sip:alice@lab.test')), /^store\.(busy|slow)$/)
    t.equal(store.health.state, 'impaired')
    other.exec('rollback')
    t.equal(await codeOf(store.removeUser('sip:alice@lab.test')), 'no error')
    t.equal(store.health.state, 'up')
  })
})

t.test('an address where nobody listens is unreachable', async (t) => {
  const { directory } = await watched(t, {
    kind: 'postgresql',
    url: `postgresql://siplab:hidden@127.0.0.1:${await freePort()}/siplab`,
  })
  t.match(directory.health, { state: 'down', error: { code: 'store.unreachable' } })
  t.notMatch(directory.health.error?.message, /hidden/, 'the password is not in the message')
})

t.test('an address that takes the connection and says nothing is unreachable in time', async (t) => {
  const server = createServer((socket) => void t.teardown(() => socket.destroy())).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { directory } = await watched(t, {
    kind: 'postgresql',
    url: `postgresql://siplab@127.0.0.1:${port}/siplab`,
    connectTimeoutMs: 200,
  })
  t.match(directory.health, { state: 'down', error: { code: 'store.unreachable' } })
})

const missing = await postgresqlMissing()
t.test('PostgreSQL', { skip: missing ?? false }, async (t) => {
  const server = await startPostgresql({ max_connections: '12' })
  t.teardown(() => server.close())
  const settings = { kind: 'postgresql', url: server.url } as const

  async function admin(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(sql)
    await client.end()
  }

  t.test('lost while running, back again', async (t) => {
    const { directory, news, until } = await watched(t, settings)
    await server.kill()
    await until('down')
    t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'store.unreachable')
    await server.start()
    await until('up')
    t.equal(await directory.account('sip:alice@lab.test'), undefined)
    t.same(
      news.map((health) => health.state),
      ['up', 'down', 'up'],
    )
  })

  t.test('an empty database that takes the place of the lost one gets its tables', async (t) => {
    await admin('create database ours')
    const { directory, until } = await watched(t, { kind: 'postgresql', url: server.url.replace(/postgres$/, 'ours') })
    await admin(
      'alter database ours allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where ' +
        "datname = 'ours'",
    )
    await until('down')
    await admin('alter database ours rename to lost')
    await admin('create database ours')
    await until('up')
    t.same(await directory.accounts(), [])
  })

  t.test('without permission on a table: impaired until the right is back', async (t) => {
    await watched(t, settings)
    await admin(
      'create role reader login; grant usage on schema directory to reader; grant select on ' +
        'directory.schema_version, directory.accounts to reader',
    )
    const { directory } = await watched(t, { kind: 'postgresql', url: server.url.replace('postgres@', 'reader@') })
    t.equal(directory.health.state, 'up')
    t.equal(await codeOf(directory.credential('alice', 'digest-md5', 'x')), 'store.permission-denied')
    t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'no error')
    t.match(directory.health, { state: 'impaired', error: { code: 'store.permission-denied' } })
    await admin('grant select on directory.credentials to reader')
    t.equal(await codeOf(directory.credential('alice', 'digest-md5', 'x')), 'no error')
    t.equal(directory.health.state, 'up')
  })

  t.test(
    'as a standby it serves reads, names its refusal of writes, and takes them again on a new connection',
    async (t) => {
      // Probes come when the test says so: one of an impaired store throws the connection away that refuses writes.
      const probing = new FakeClock()
      const { directory } = await watched(t, settings, probing)
      const database = new URL(server.url).pathname.slice(1)
      await admin(`alter database ${database} set default_transaction_read_only = on`)
      await admin(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'siplab'`)
      const lists = { domains: ['lab.test'], trustedServers: [], edges: [] }
      await until(() => (probing.advance(1000), codeOf(directory.putLists(lists))), 'store.read-only')
      t.match(directory.health, { state: 'impaired', error: { code: 'store.read-only' } })
      t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'no error')
      await admin(`begin read write; alter database ${database} reset default_transaction_read_only; commit`)
      t.equal(await codeOf(directory.putLists(lists)), 'store.read-only', 'a connection keeps what it began with')
      t.equal(await codeOf(directory.putLists(lists)), 'no error', 'the connection that refused was thrown away')
      t.equal(directory.health.state, 'up')
    },
  )

  t.test(
    'a pool store that comes back as a standby is impaired before anybody writes, until it takes writes',
    async (t) => {
      const waiting: (() => void)[] = []
      const store = await openPoolStore(settings, { clock, onHealth: () => waiting.shift()?.() })
      t.teardown(() => store.close())
      const database = new URL(server.url).pathname.slice(1)
      const change = async (command: string): Promise<void> => {
        await admin(`begin read write; ${command}; commit`)
        await admin(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'siplab'`)
      }
      const becomes = async (state: StoreHealth['state']): Promise<void> => {
        while (store.health.state !== state) await new Promise<void>((resolve) => waiting.push(resolve))
      }
      const holding = setInterval(() => undefined, 60_000) // the machine's clock lets the process end
      await store.bindingsOf('sip:alice@lab.test')
      await change(`alter database ${database} set default_transaction_read_only = on`)
      await becomes('impaired')
      t.match(store.health, { error: { code: 'store.read-only' } })
      await change(`alter database ${database} reset default_transaction_read_only`)
      await becomes('up')
      t.equal(await codeOf(store.removeExpired(0)), 'no error')
      clearInterval(holding)
    },
  )

  t.test('an account the server does not know is refused', async (t) => {
    const { directory } = await watched(t, { kind: 'postgresql', url: server.url.replace('postgres@', 'nobody@') })
    t.match(directory.health, { state: 'down', error: { code: 'store.permission-denied' } })
  })

  t.test('a statement that waits for another is slow', async (t) => {
    await watched(t, settings)
    const { directory } = await watched(t, { ...settings, statementTimeoutMs: 2000 })
    const other = new pg.Client({ connectionString: server.url })
    await other.connect()
    await other.query('begin; lock table directory.accounts in access exclusive mode')
    t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'store.slow')
    t.equal(directory.health.state, 'impaired')
    await other.query('rollback')
    await other.end()
    t.equal(await codeOf(directory.account('sip:alice@lab.test')), 'no error')
  })

  t.test('no connection left is told apart', async (t) => {
    await watched(t, settings)
    await admin('create role guest login connection limit 0')
    const { directory, until } = await watched(t, {
      kind: 'postgresql',
      url: server.url.replace('postgres@', 'guest@'),
    })
    t.match(directory.health, { state: 'down', error: { code: 'store.too-many-connections' } })
    await admin(
      'grant usage on schema directory to guest; grant select on all tables in schema directory to guest; alter ' +
        'role guest connection limit 5',
    )
    await until('up')
  })

  t.test('its own pool in use is slow, not lost', async (t) => {
    await watched(t, settings)
    const { directory, until } = await watched(t, {
      ...settings,
      connections: 1,
      connectTimeoutMs: 300,
      statementTimeoutMs: 2000,
    })
    // A busy machine may not have let it in within the time it has.
    await until('up')
    const other = new pg.Client({ connectionString: server.url })
    await other.connect()
    await other.query('begin; lock table directory.accounts in access exclusive mode')
    const codes = await Promise.all([codeOf(directory.account('a')), codeOf(directory.account('b'))])
    await other.query('rollback')
    await other.end()
    t.same(codes, ['store.slow', 'store.slow'])
    t.not(directory.health.state, 'down')
  })
})
