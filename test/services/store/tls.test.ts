/** TLS to PostgreSQL: taken only when chain and name are right. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { openDirectory } from '../../../src/services/store/directory.ts'
import type { StoreHealth, StoreTls } from '../../../src/services/store/settings.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { testCa } from '../../support/openssl-certificates.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'

const missing = await postgresqlMissing()

t.test('TLS to PostgreSQL', { skip: missing ?? false }, async (t) => {
  const ca = testCa(t.testdir())
  const leaf = ca.leaf('sql.lab.test')
  const server = await startPostgresql({}, leaf)
  t.teardown(() => server.close())

  async function healthWith(t: Test, tls: StoreTls): Promise<StoreHealth> {
    const directory = await openDirectory({ kind: 'postgresql', url: server.url, tls }, { clock: systemClock })
    t.teardown(() => directory.close())
    return directory.health
  }

  t.test('is up with the right root and name', async (t) => {
    t.match(await healthWith(t, { ca: [ca.root], serverName: 'sql.lab.test' }), { state: 'up' })
  })

  t.test('refuses another name', async (t) => {
    t.match(await healthWith(t, { ca: [ca.root], serverName: 'db.lab.test' }), {
      state: 'down',
      error: { code: 'store.unreachable', message: /db\.lab\.test/ },
    })
  })

  t.test('refuses the address of the URL when the certificate does not carry it', async (t) => {
    t.match(await healthWith(t, { ca: [ca.root] }), { state: 'down', error: { message: /127\.0\.0\.1/ } })
  })

  t.test('refuses a root it does not know', async (t) => {
    const other = testCa(join(t.testdir()), 'another root')
    t.match(await healthWith(t, { ca: [other.root], serverName: 'sql.lab.test' }), {
      state: 'down',
      error: { code: 'store.unreachable' },
    })
  })

  t.test('a server without TLS is refused, never spoken to in the clear', async (t) => {
    const plain = await startPostgresql()
    t.teardown(() => plain.close())
    const directory = await openDirectory(
      { kind: 'postgresql', url: plain.url, tls: { ca: [ca.root], serverName: 'sql.lab.test' } },
      { clock: systemClock },
    )
    t.teardown(() => directory.close())
    t.match(directory.health, { state: 'down', error: { code: 'store.unreachable', message: /SSL/ } })
  })
})
