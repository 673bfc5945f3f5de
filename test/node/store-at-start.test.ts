/** A front end that starts while its database cannot be used (docs/decisions/0020). Real PostgreSQL, real sockets. */
import { rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pg from 'pg'
import t, { type Test } from 'tap'
import { startServer, type RunningServer } from '../../src/node/node.ts'
import type { ServiceOptions } from '../../src/node/service.ts'
import type { NodeStatus } from '../../src/node/control/control-api.ts'
import { addUser, defaultRealm } from '../../src/services/accounts.ts'
import { administrator, type Administrator } from '../../src/services/store/administration.ts'
import { openDirectory } from '../../src/services/store/directory.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { loadProfile, loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { Listener, NodePlan } from '../../src/topology/plan-types.ts'
import type { SipResponse } from '../../src/sip/message/types.ts'
import { postgresqlMissing, startPostgresql, type PrivatePostgresql } from '../support/postgresql.ts'
import { rawPeer, type RawPeer } from '../support/raw-peer.ts'

const account = 'siplab'
const databases = { store: 'siplab', directory: 'directory' } as const
const schemas = { store: 'pool_store', directory: 'directory' } as const

const lab = planLab(loadTopology('enterprise', new URL('../../config/', import.meta.url).pathname))
const enterprise = nodePlan(lab, 'fe1')
const silent = new Writable({ write: (_chunk, _encoding, done) => done() })

function url(server: PrivatePostgresql, user: string, database: string): string {
  return `postgresql://${user}@127.0.0.1:${server.port}/${database}`
}

/** The front end of `enterprise`, on a port of its own. */
async function start(t: Test, server: PrivatePostgresql): Promise<RunningServer> {
  return run(t, {
    dataDir: t.testdir(),
    sqlUrl: url(server, account, databases.store),
    directoryUrl: url(server, account, databases.directory),
  })
}

async function run(
  t: Test,
  options: Pick<ServiceOptions, 'dataDir' | 'sqlUrl' | 'directoryUrl'>,
  plan: NodePlan = enterprise,
): Promise<RunningServer> {
  const listeners: readonly Listener[] = [{ face: 'internal', transport: 'tcp', address: '127.0.0.1', port: 0 }]
  const running = await startServer({
    lab,
    plan: { ...plan, listeners },
    logLevel: 'silent',
    logDestination: silent,
    ...options,
  })
  t.teardown(() => running.stop())
  return running
}

function phone(t: Test, { service }: RunningServer): Promise<RawPeer> {
  const [listener] = service.status.listeners
  if (listener === undefined) throw new Error('it does not listen')
  return rawPeer(t, { transport: 'tcp', address: listener.address, port: listener.port })
}

function register(peer: RawPeer): Promise<SipResponse> {
  return peer.prove(
    {
      method: 'REGISTER',
      uri: 'sip:lab.test',
      from: 'sip:alice@lab.test',
      to: 'sip:alice@lab.test',
      contact: peer.contact,
    },
    'alice',
    'secret',
  )
}

function invite(peer: RawPeer): Promise<SipResponse> {
  return peer.prove(
    { method: 'INVITE', uri: 'sip:bob@lab.test', from: 'sip:alice@lab.test', contact: peer.contact },
    'alice',
    'secret',
  )
}

async function until(running: RunningServer, holds: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  for (
    const end = performance.now() + 60_000;
    performance.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 50))
  )
    if (holds(running.service.status)) return running.service.status
  throw new Error(
    `it stays ${running.service.status.state}: ${running.service.status.verdicts.map(({ code }) => code).join(', ')}`,
  )
}

function eventsOf({ service }: RunningServer): readonly string[] {
  return service.recorder.events
    .after(0)
    .filter(({ event }) => /^(service|store|configuration)\./.test(event))
    .map(({ event, data }) => (data?.['store'] === undefined ? event : `${event} ${data['store']}`))
}

/** What users and neighbours meet meanwhile, and that nobody has to do anything afterwards. */
async function awayAtStart(
  t: Test,
  server: PrivatePostgresql,
  codes: readonly string[],
  heal: () => Promise<unknown>,
): Promise<RunningServer> {
  const running = await start(t, server)
  t.match(running.service.status, { state: 'degraded' })
  t.same(running.service.status.verdicts.map(({ code }) => code).toSorted(), codes)
  const peer = await phone(t, running)
  t.equal(
    (await peer.ask({ method: 'OPTIONS', uri: 'sip:pool.lab.test', from: 'sip:check@lab.test' })).status,
    200,
    'OPTIONS is answered',
  )
  for (const answer of [await register(peer), await invite(peer)]) {
    t.equal(answer.status, 504)
    t.equal(answer.header('Retry-After'), '30')
    t.match(answer.header('ms-diagnostics'), /^1007;.*source="fe1\.lab\.test"/)
  }
  await heal()
  await until(running, ({ state }) => state === 'ready')
  return running
}

t.test('a front end whose store is a file that cannot be opened', async (t) => {
  const file = 'pool-pool.lab.test.sqlite'

  t.test('ends under the rules of 2005, with the chain of events', async (t) => {
    const running = await run(t, { dataDir: t.testdir({ [file]: {} }) })
    t.equal(await running.ended, 1)
    t.match(running.service.status, { state: 'stopped', verdicts: [{ code: 'store.unreachable' }] })
    t.same(eventsOf(running), [
      'service.starting',
      'configuration.not-retrieved',
      'service.stack-failed',
      'service.shut-down',
    ])
  })

  t.test('waits for it under modern rules', async (t) => {
    const dataDir = t.testdir({ [file]: {} })
    const running = await run(t, { dataDir }, { ...enterprise, profile: loadProfile('modern') })
    t.match(running.service.status, { state: 'degraded', verdicts: [{ code: 'store.unreachable' }] })
    rmdirSync(join(dataDir, file))
    await until(running, ({ state }) => state === 'ready')
    t.same(eventsOf(running), [
      'service.starting',
      'store.lost pool',
      'configuration.not-retrieved pool',
      'service.ready',
      'store.back pool',
    ])
  })
})

t.test('whenDatabaseIsAway, of a lab whose store is a file', async (t) => {
  const file = 'pool-pool.lab.test.sqlite'

  t.test('wait: a server of 2005 starts without it', async (t) => {
    const plan: NodePlan = { ...enterprise, whenDatabaseIsAway: 'wait' }
    const running = await run(t, { dataDir: t.testdir({ [file]: {} }) }, plan)
    t.match(running.service.status, { state: 'degraded', verdicts: [{ code: 'store.unreachable', fix: /decide: / }] })
  })

  t.test('die: a server of today ends as well', async (t) => {
    const plan: NodePlan = { ...enterprise, profile: loadProfile('modern'), whenDatabaseIsAway: 'die' }
    const running = await run(t, { dataDir: t.testdir({ [file]: {} }) }, plan)
    t.equal(await running.ended, 1)
  })
})

const missing = await postgresqlMissing()
t.test(
  'a front end under the rules of 2005 whose database server cannot be used at start',
  { skip: missing ?? false },
  async (t) => {
    const server = await startPostgresql()
    t.teardown(() => server.close())
    const admin = await administrator(server.url)
    await admin.putAccount(account, 'unused')
    for (const database of Object.values(databases)) await admin.putDatabase(database, account)

    async function inside(
      database: keyof typeof databases,
      work: (admin: Administrator) => Promise<void>,
    ): Promise<void> {
      const one = await administrator(url(server, 'postgres', databases[database]))
      await work(one).finally(() => one.close())
    }

    t.test('die: no server ends the start, with the chain of events', async (t) => {
      const url = 'postgresql://siplab@127.0.0.1:1/siplab'
      const options = { dataDir: t.testdir(), sqlUrl: url, directoryUrl: url }
      const running = await run(t, options, { ...enterprise, whenDatabaseIsAway: 'die' })
      t.equal(await running.ended, 1)
      t.match(eventsOf(running).at(-1), 'service.shut-down')
    })

    t.test('no server: it makes its tables when there is one', async (t) => {
      await admin.close()
      await server.kill()
      const running = await awayAtStart(t, server, ['directory.unreachable', 'store.unreachable'], () => server.start())
      t.same(eventsOf(running).toSorted(), [
        ...['directory', 'pool'].map((store) => `configuration.not-retrieved ${store}`),
        'service.ready',
        'service.starting',
        ...['back directory', 'back pool', 'lost directory', 'lost pool'].map((news) => `store.${news}`),
      ])
      const directory = await openDirectory(
        { kind: 'postgresql', url: url(server, account, databases.directory) },
        { clock: systemClock },
      )
      for (const login of ['alice', 'bob'])
        await addUser(
          directory,
          { uri: `sip:${login}@lab.test`, login, password: 'secret', home: 'pool.lab.test', remote: false },
          defaultRealm,
        )
      await directory.close()
      t.equal((await register(await phone(t, running))).status, 200)
    })

    for (const database of ['store', 'directory'] as const) {
      const from = url(server, 'postgres', 'postgres')
      async function asAdministrator(work: (admin: Administrator) => Promise<void>): Promise<void> {
        const one = await administrator(from)
        await work(one).finally(() => one.close())
      }
      const faults: readonly (readonly [code: string, on: () => Promise<void>, off: () => Promise<void>])[] = [
        [
          'unreachable',
          () => asAdministrator((one) => one.open(databases[database], false)),
          () => asAdministrator((one) => one.open(databases[database], true)),
        ],
        [
          'connections',
          () => asAdministrator((one) => one.limitConnections(databases[database], 0)),
          () => asAdministrator((one) => one.limitConnections(databases[database], undefined)),
        ],
        [
          'permission',
          () => inside(database, (one) => one.allow(account, schemas[database], false)),
          () => inside(database, (one) => one.allow(account, schemas[database], true)),
        ],
      ]
      for (const [trouble, on, off] of faults) {
        t.test(`${database}.${trouble}: the other database is not to blame, and service comes back`, async (t) => {
          await on()
          const running = await awayAtStart(t, server, [`${database}.${trouble}`], off)
          t.equal((await register(await phone(t, running))).status, 200)
        })
      }
    }

    t.test('one table without permission is known before anybody asks for it', async (t) => {
      const client = new pg.Client({ connectionString: url(server, 'postgres', databases.store) })
      await client.connect()
      t.teardown(() => client.end())
      await client.query(`revoke select on pool_store.bindings from ${account}`)
      const running = await start(t, server)
      t.match(running.service.status, {
        state: 'degraded',
        verdicts: [{ code: 'store.permission', found: /table bindings/ }],
      })
      await client.query(`grant select on pool_store.bindings to ${account}`)
      await until(running, ({ registrations }) => registrations > 0)
      t.same(await running.service.askStores(), [], 'what failed is asked again')
      t.match(running.service.status, { state: 'ready' })
    })

    t.test('slow: the start waits for one statement at most', async (t) => {
      const holding = await Promise.all(
        (['store', 'directory'] as const).map(async (database) => {
          const one = await administrator(url(server, 'postgres', databases[database]))
          const release = await one.hold(schemas[database])
          return async () => {
            await release()
            await one.close()
          }
        }),
      )
      const began = performance.now()
      const running = await awayAtStart(t, server, ['directory.slow', 'store.slow'], () =>
        Promise.all(holding.map((release) => release())),
      )
      t.ok(performance.now() - began < 14_000)
      t.equal((await register(await phone(t, running))).status, 200)
    })
  },
)
