import t from 'tap'
import { cacheDirectory } from '../../src/services/directory-cache.ts'
import type { Account } from '../../src/services/store/directory.ts'
import { StoreError } from '../../src/services/store/store-error.ts'
import { FakeClock } from '../support/fake-clock.ts'

const alice: Account = {
  aor: 'sip:alice@lab.test',
  login: 'alice',
  displayName: 'Alice',
  homePool: 'pool.lab.test',
  remote: true,
  enabled: true,
}

function cached(limit?: number) {
  const clock = new FakeClock()
  let asked = 0
  let error: StoreError | undefined
  const directory = {
    async account(aor: string) {
      asked++
      if (error !== undefined) throw error
      return aor === alice.aor ? alice : undefined
    },
    credential: async () => undefined,
  }
  return {
    clock,
    cache: cacheDirectory(directory, { clock, ...(limit === undefined ? {} : { limit }) }),
    asked: () => asked,
    lose: () => (error = new StoreError('store.unreachable', 'gone')),
  }
}

t.test('asks once and then answers at once', async (t) => {
  const { cache, asked } = cached()
  await cache.account(alice.aor)
  t.equal(cache.account(alice.aor), alice, 'not a promise')
  t.equal(asked(), 1)
})

t.test('remembers that there is none, too', async (t) => {
  const { cache, asked } = cached()
  await cache.account('sip:nobody@lab.test')
  t.equal(cache.account('sip:nobody@lab.test'), undefined)
  t.equal(asked(), 1)
})

t.test('questions of one moment share one query', async (t) => {
  const { cache, asked } = cached()
  await Promise.all([cache.account(alice.aor), cache.account(alice.aor)])
  t.equal(asked(), 1)
})

t.test('asks again when the answer is old', async (t) => {
  const { cache, clock, asked } = cached()
  await cache.account(alice.aor)
  clock.advance(5000)
  await cache.account(alice.aor)
  t.equal(asked(), 2)
})

t.test('answers from what is known while the directory is away', async (t) => {
  const { cache, clock, lose } = cached()
  await cache.account(alice.aor)
  clock.advance(5000)
  lose()
  t.equal(await cache.account(alice.aor), alice)
  await t.rejects(async () => cache.account('sip:bob@lab.test'), { code: 'store.unreachable' })
})

t.test('keeps no answer about a name of invented length', async (t) => {
  const { cache, asked } = cached()
  const long = `sip:${'x'.repeat(60_000)}@lab.test`
  await cache.account(long)
  await cache.account(long)
  t.equal(asked(), 2)
})

t.test('keeps no more than its limit', async (t) => {
  const { cache, asked } = cached(10)
  for (let user = 0; user < 100; user++) await cache.account(`sip:u${user}@lab.test`)
  await cache.account('sip:u0@lab.test')
  t.equal(asked(), 101)
})

t.test('who asks for invented names drives out no user that is known', async (t) => {
  const { cache, clock, lose } = cached(10)
  await cache.account(alice.aor)
  for (let user = 0; user < 100; user++) await cache.account(`sip:u${user}@lab.test`)
  clock.advance(5000)
  lose()
  t.equal(await cache.account(alice.aor), alice)
})

t.test('a user that was removed is not answered from memory, and one that came is', async (t) => {
  const clock = new FakeClock()
  let present: Account | undefined = alice
  const cache = cacheDirectory({ account: async () => present, credential: async () => undefined }, { clock })
  for (const now of [alice, undefined, alice]) {
    present = now
    clock.advance(5000)
    await cache.account(alice.aor)
    t.equal(cache.account(alice.aor), now)
  }
})
