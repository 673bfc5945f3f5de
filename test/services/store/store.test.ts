/** One suite for both databases: the same calls, the same answers. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import type { Test } from 'tap'
import { addUser, disableUser, enableUser, listUsers, removeUser } from '../../../src/services/accounts.ts'
import { openDirectory } from '../../../src/services/store/directory.ts'
import type { Directory } from '../../../src/services/store/directory.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import type { PoolStore } from '../../../src/services/store/pool-store.ts'
import type { BindingRow } from '../../../src/services/store/schema.ts'
import type { StoreSettings } from '../../../src/services/store/settings.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'

const clock = systemClock
const alice = { uri: 'sip:alice@lab.test', login: 'alice', password: 'secret', home: 'pool.lab.test', remote: true }

function row(change: Partial<BindingRow> = {}): BindingRow {
  return {
    aor: 'sip:alice@lab.test',
    binding_key: 'sip:alice@192.0.2.7',
    contact: 'sip:alice@192.0.2.7',
    q: 1000,
    expires: 2_000_000_000_000,
    call_id: 'call-1',
    cseq: 1,
    path: '',
    instance: '',
    reg_id: 0,
    epid: '',
    owner: 'fe1.lab.test',
    owner_route: '',
    flow: '',
    user_agent: 'test',
    received: '192.0.2.7:5061',
    ...change,
  }
}

interface Place {
  readonly directory: StoreSettings
  readonly pool: StoreSettings
}

function suite(t: Test, place: Place): void {
  async function directory(t: Test): Promise<Directory> {
    const opened = await openDirectory(place.directory, { clock })
    t.teardown(() => opened.close())
    for (const account of await opened.accounts()) await opened.removeAccount(account.aor)
    return opened
  }

  async function pool(t: Test): Promise<PoolStore> {
    const opened = await openPoolStore(place.pool, { clock })
    t.teardown(() => opened.close())
    await opened.removeExpired(Number.MAX_SAFE_INTEGER)
    return opened
  }

  t.test('directory', async (t) => {
    t.test('keeps an account, its switches, and hashes of its password under both names', async (t) => {
      const opened = await directory(t)
      await addUser(opened, alice)
      t.same(await listUsers(opened), [
        {
          aor: 'sip:alice@lab.test',
          login: 'alice',
          displayName: 'alice',
          homePool: 'pool.lab.test',
          remote: true,
          enabled: true,
        },
      ])
      // printf 'alice:SIP Communications Service:secret' | md5sum
      t.match(await opened.credential('alice', 'digest-md5', 'SIP Communications Service'), {
        aor: 'sip:alice@lab.test',
        hash: '0956bcfe07e5d63ed1ec40eaed54bf81',
      })
      t.match(await opened.credential('alice@lab.test', 'digest-sha-256', 'SIP Communications Service'), {
        aor: 'sip:alice@lab.test',
        hash: /^[0-9a-f]{64}$/,
      })
      t.equal(await opened.credential('alice', 'digest-md5', 'elsewhere'), undefined)
    })

    t.test('keeps whether a user takes anonymous calls, and that nothing was said of it', async (t) => {
      const opened = await directory(t)
      const found: (boolean | undefined)[] = []
      for (const anonymousCalls of [true, false, undefined]) {
        await addUser(opened, { ...alice, anonymousCalls })
        found.push((await opened.account('sip:alice@lab.test'))?.anonymousCalls)
      }
      t.same(found, [true, false, undefined])
    })

    t.test('a user added again has the new password only', async (t) => {
      const opened = await directory(t)
      await addUser(opened, alice)
      const before = await opened.credential('alice', 'digest-md5', 'SIP Communications Service')
      await addUser(opened, { ...alice, password: 'other', remote: false })
      t.not((await opened.credential('alice', 'digest-md5', 'SIP Communications Service'))?.hash, before?.hash)
      t.match(await opened.account('sip:alice@lab.test'), { remote: false })
    })

    t.test('a removed user is gone with its credentials and its bindings', async (t) => {
      const opened = await directory(t)
      await addUser(opened, alice)
      const store = await pool(t)
      await store.writeBindings({ put: [row(), row({ aor: 'sip:bob@lab.test' })], remove: [] })
      t.equal(await removeUser(opened, store, 'sip:alice@lab.test'), true)
      t.equal(await removeUser(opened, store, 'sip:alice@lab.test'), false)
      t.same(
        [await store.bindingsOf('sip:alice@lab.test'), (await store.bindingsOf('sip:bob@lab.test')).length],
        [[], 1],
      )
      t.equal(await opened.account('sip:alice@lab.test'), undefined)
      t.equal(await opened.credential('alice', 'digest-md5', 'SIP Communications Service'), undefined)
    })

    t.test('disables a user: bindings go, credentials stay, and it can be enabled again', async (t) => {
      const [opened, store] = [await directory(t), await pool(t)]
      await addUser(opened, alice)
      await store.writeBindings({ put: [row(), row({ aor: 'sip:bob@lab.test' })], remove: [] })
      t.match(await disableUser(opened, store, 'sip:Alice@LAB.test'), undefined, 'the user part has its case')
      t.match(await disableUser(opened, store, 'sip:alice@LAB.test'), { aor: 'sip:alice@lab.test', enabled: false })
      t.same(
        [await store.bindingsOf('sip:alice@lab.test'), (await store.bindingsOf('sip:bob@lab.test')).length],
        [[], 1],
      )
      t.match(await opened.account('sip:alice@lab.test'), { enabled: false, remote: true, homePool: 'pool.lab.test' })
      t.same(await opened.search({ names: ['alice'], addresses: [] }, 10), [], 'a search does not find it')
      t.match(await enableUser(opened, 'sip:alice@lab.test'), { enabled: true })
      t.match(await opened.credential('alice', 'digest-md5', 'SIP Communications Service'), {
        aor: 'sip:alice@lab.test',
      })
      t.equal(await enableUser(opened, 'sip:nobody@lab.test'), undefined)
    })

    t.test('finds users by each character of a name, and knows no wildcard', async (t) => {
      const opened = await directory(t)
      for (const [user, displayName] of [
        ['a_b', 'Una 100% Roe'],
        ['axb', 'Unal!'],
      ] as const)
        await addUser(opened, { ...alice, uri: `sip:${user}@lab.test`, login: user, displayName })
      const found = async (names: readonly string[], addresses: readonly string[] = []): Promise<readonly string[]> =>
        (await opened.search({ names, addresses }, 10)).map(({ login }) => login)
      t.same(
        [
          await found(['una 1']),
          await found(['roe', '%']),
          await found(['!']),
          await found(['_']),
          await found([], ['a_b']),
          await found(["' or 1=1 --"]),
          await found(['\\']),
        ],
        [['a_b'], ['a_b'], ['axb'], [], ['a_b'], [], []],
      )
    })

    t.test('takes lists and users twice with the same outcome', async (t) => {
      const opened = await directory(t)
      const lists = {
        domains: ['lab.test'],
        trustedServers: [{ fqdn: 'director.lab.test', version: 2 }],
        edges: ['edge.lab.test'],
      }
      for (const _time of [1, 2]) {
        await opened.putLists(lists)
        await addUser(opened, alice)
      }
      t.same(
        [await opened.domains(), await opened.trustedServers(), await opened.edges(), (await opened.accounts()).length],
        [['lab.test'], [{ fqdn: 'director.lab.test', version: 2 }], ['edge.lab.test'], 1],
      )
    })
  })

  t.test('pool store', async (t) => {
    t.test('gives back what was written, number for number', async (t) => {
      const opened = await pool(t)
      const written = row({
        cseq: 4_294_967_295,
        path: '<sip:a;lr>\n<sip:b;lr>',
        contact: "sip:%00'\u00e9@h",
        flow: 'x:1',
      })
      await opened.writeBindings({ put: [written], remove: [] })
      t.same(await opened.bindingsOf('sip:alice@lab.test'), [written])
    })

    t.test('an older CSeq of the same Call-ID is refused, also in one commit with others', async (t) => {
      const opened = await pool(t)
      await opened.writeBindings({ put: [row({ cseq: 5 })], remove: [] })
      const [older, other] = await Promise.all([
        opened.writeBindings({ put: [row({ cseq: 5, q: 1 })], remove: [] }),
        opened.writeBindings({ put: [row({ aor: 'sip:bob@lab.test' })], remove: [] }),
      ])
      t.equal(older.refused.length, 1)
      t.equal(other.refused.length, 0)
      t.match(await opened.bindingsOf('sip:alice@lab.test'), [{ cseq: 5, q: 1000 }])
    })

    t.test('a removal by flow leaves a binding that moved to another', async (t) => {
      const opened = await pool(t)
      await opened.writeBindings({ put: [row({ flow: 'fe2:1' })], remove: [] })
      await opened.writeBindings({
        put: [],
        remove: [{ aor: 'sip:alice@lab.test', key: 'sip:alice@192.0.2.7', flow: 'fe1:9' }],
      })
      t.equal((await opened.bindingsOf('sip:alice@lab.test')).length, 1)
      await opened.writeBindings({
        put: [],
        remove: [{ aor: 'sip:alice@lab.test', key: 'sip:alice@192.0.2.7', flow: 'fe2:1' }],
      })
      t.equal((await opened.bindingsOf('sip:alice@lab.test')).length, 0)
    })

    t.test('also when the move and the end of the old flow share a commit', async (t) => {
      const opened = await pool(t)
      await opened.writeBindings({ put: [row({ flow: 'fe1:1' })], remove: [] })
      await Promise.all([
        opened.writeBindings({ put: [row({ cseq: 2, flow: 'fe1:2' })], remove: [] }),
        opened.writeBindings({
          put: [],
          remove: [{ aor: 'sip:alice@lab.test', key: 'sip:alice@192.0.2.7', flow: 'fe1:1' }],
        }),
      ])
      t.match(await opened.bindingsOf('sip:alice@lab.test'), [{ flow: 'fe1:2' }])
    })

    t.test('of several writes to one binding in one turn the last counts', async (t) => {
      const opened = await pool(t)
      await Promise.all([1, 2, 3].map((cseq) => opened.writeBindings({ put: [row({ cseq })], remove: [] })))
      t.match(await opened.bindingsOf('sip:alice@lab.test'), [{ cseq: 3 }])
    })

    t.test('pages through more bindings than one page holds', async (t) => {
      const opened = await pool(t)
      await opened.writeBindings({
        put: Array.from({ length: 4321 }, (_, index) =>
          row({ aor: `sip:u${index % 2000}@lab.test`, binding_key: `k${index}` }),
        ),
        remove: [],
      })
      const seen = new Set<string>()
      for await (const rows of opened.allBindings()) for (const one of rows) seen.add(`${one.aor} ${one.binding_key}`)
      t.equal(seen.size, 4321)
    })

    t.test('removes what ran out', async (t) => {
      const opened = await pool(t)
      await opened.writeBindings({ put: [row({ expires: 10 }), row({ binding_key: 'later' })], remove: [] })
      t.equal(await opened.removeExpired(10), 1)
    })

    t.test('removes subscriptions that ran out, and keeps the others', async (t) => {
      const opened = await pool(t)
      const subscription = {
        event: 'presence',
        resource: 'sip:bob@lab.test',
        watcher: alice.uri,
        owner: 'fe1',
        state: '{}',
      }
      await opened.presence.putSubscriptions([
        { ...subscription, dialog: 'over', expires: 10 },
        { ...subscription, dialog: 'later', expires: 11 },
      ])
      t.equal(await opened.removeExpired(10), 1)
      t.match(await opened.presence.subscriptionsOf({ watcher: alice.uri }, 0), [{ dialog: 'later' }])
    })

    t.test('replaces the state of a subscription only when it is the one that was read', async (t) => {
      const { presence } = await pool(t)
      const state = async (): Promise<unknown> => (await presence.subscriptionsOf({ watcher: 'w' }, 0))[0]?.state
      const common = { event: 'presence', resource: alice.uri, watcher: 'w', owner: 'fe1.lab.test' }
      await presence.putSubscriptions([{ ...common, dialog: 'versions', expires: 100, state: 'a' }])
      t.same(
        await Promise.all([
          presence.replaceState('versions', 'a', 'b'),
          presence.replaceState('versions', 'c', 'd'),
          presence.replaceState('gone', 'a', 'b'),
        ]),
        [true, false, false],
      )
      t.equal(await state(), 'b')
      const both = await Promise.all(['c', 'd'].map((after) => presence.replaceState('versions', 'b', after)))
      t.same(both.sort(), [false, true], 'of two at once one wins')
      await presence.removeExpired(1000)
    })

    t.test('what was written is there when it is opened again', async (t) => {
      const first = await openPoolStore(place.pool, { clock })
      await first.writeBindings({ put: [row({ aor: 'sip:kept@lab.test' })], remove: [] })
      await first.close()
      t.same(await (await again(t)).bindingsOf('sip:kept@lab.test'), [row({ aor: 'sip:kept@lab.test' })])
    })

    async function again(t: Test): Promise<PoolStore> {
      const opened = await openPoolStore(place.pool, { clock })
      t.teardown(() => opened.close())
      return opened
    }

    t.test('two can open it at the same moment', async (t) => {
      const both = await Promise.all([again(t), again(t)])
      t.same(
        both.map((one) => one.health.state),
        ['up', 'up'],
      )
    })
  })
}

t.test('SQLite', async (t) => {
  const folder = t.testdir()
  suite(t, {
    directory: { kind: 'sqlite', file: join(folder, 'directory.db') },
    pool: { kind: 'sqlite', file: join(folder, 'pool.db') },
  })
})

t.test('SQLite finds a name by small letters, those beyond ASCII too', async (t) => {
  const opened = await openDirectory({ kind: 'sqlite', file: join(t.testdir(), 'directory.db') }, { clock })
  t.teardown(() => opened.close())
  await addUser(opened, { ...alice, displayName: 'Ärztin Öz' })
  t.match(await opened.search({ names: ['ärz', 'öz'], addresses: [] }, 10), [{ login: 'alice' }])
})

t.test('a directory of an earlier version gets its new columns, and keeps its accounts', async (t) => {
  const file = join(t.testdir(), 'directory.db')
  const old = new DatabaseSync(file)
  old.exec(
    `create table accounts (aor text primary key, login text not null, display_name text not null,
       home_pool text not null, remote integer not null, enabled integer not null);
     create table credentials (username text not null, scheme text not null, realm text not null, aor text not null,
       hash text not null, primary key (username, scheme, realm));
     insert into accounts values ('sip:alice@lab.test', 'alice', 'alice', 'pool.lab.test', 1, 1);
     create table schema_version (version integer primary key);
     insert into schema_version values (1);`,
  )
  old.close()
  for (const _ of ['first', 'again']) {
    const opened = await openDirectory({ kind: 'sqlite', file }, { clock })
    const account = await opened.account('sip:alice@lab.test')
    t.match(account, { login: 'alice', remote: true })
    t.equal(account?.anonymousCalls, undefined)
    await opened.close()
  }
})

const missing = await postgresqlMissing()
t.test('PostgreSQL', { skip: missing ?? false }, async (t) => {
  const server = await startPostgresql()
  t.teardown(() => server.close())
  suite(t, { directory: { kind: 'postgresql', url: server.url }, pool: { kind: 'postgresql', url: server.url } })
})
