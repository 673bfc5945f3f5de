/** One suite for the three location services, then what is particular to each. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { memoryLocation, singleWriterLocation } from '../../../src/services/location/location.ts'
import { sharedLocation } from '../../../src/services/location/shared-location.ts'
import type { LocationService } from '../../../src/services/location/location.ts'
import type { Change, ContactChange } from '../../../src/services/location/rules.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import type { PoolStore } from '../../../src/services/store/pool-store.ts'
import { StoreError } from '../../../src/services/store/store-error.ts'
import { parseUri } from '../../../src/sip/message/index.ts'
import type { FlowId } from '../../../src/sip/transport/flow.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'

const aor = 'sip:alice@lab.test'

function contact(text: string, change: Partial<ContactChange['binding']> = {}): ContactChange {
  return {
    uri: parseUri(text),
    binding: {
      contact: text,
      q: 1000,
      expires: Number.MAX_SAFE_INTEGER,
      path: [],
      instance: undefined,
      regId: undefined,
      epid: undefined,
      owner: 'fe1.lab.test',
      ownerRoute: undefined,
      flowBound: false,
      flow: undefined,
      userAgent: 'test',
      received: '192.0.2.7:5061',
      ...change,
    },
  }
}

function change(parts: Partial<Change> = {}): Change {
  return {
    aor,
    callId: 'call-1',
    cseq: 1,
    wall: 0,
    all: false,
    contacts: [contact('sip:alice@192.0.2.7')],
    limit: 10,
    ...parts,
  }
}

async function contactsOf(location: LocationService): Promise<readonly string[]> {
  return (await location.lookup(aor)).map((binding) => binding.contact).sort()
}

async function fileStore(t: Test, file: string): Promise<PoolStore> {
  const store = await openPoolStore({ kind: 'sqlite', file }, { clock: systemClock })
  t.teardown(() => store.close())
  return store
}

async function singleWriter(t: Test, store: PoolStore): Promise<LocationService> {
  const location = await new Promise<LocationService>((resolve, reject) => {
    const opened = singleWriterLocation({
      clock: systemClock,
      store,
      onLoaded: (result) => (result instanceof StoreError ? reject(result) : setImmediate(() => resolve(opened))),
    })
  })
  t.teardown(() => location.close())
  return location
}

function suite(t: Test, open: (t: Test) => Promise<LocationService>): void {
  t.test('gives back what was registered', async (t) => {
    const location = await open(t)
    const full = contact('sip:alice@192.0.2.7', {
      q: 300,
      path: ['<sip:a;lr>', '<sip:b;lr>'],
      instance: 'urn:uuid:1',
      regId: 7,
      epid: '9e33',
      ownerRoute: '<sip:t@fe1.lab.test;lr>',
      flowBound: true,
      flow: 17 as FlowId,
      expires: 4_000_000_000_000,
    })
    t.match(await location.register(change({ contacts: [full], cseq: 4_294_967_295 })), {
      kind: 'done',
      bindings: [{ aor }],
    })
    t.match(await location.lookup(aor), [{ ...full.binding, aor, callId: 'call-1', cseq: 4_294_967_295 }])
  })

  t.test('says whether every binding existed before', async (t) => {
    const location = await open(t)
    const both = [contact('sip:a@192.0.2.1'), contact('sip:b@192.0.2.2')]
    t.match(await location.register(change({ contacts: both.slice(0, 1), cseq: 1 })), { refreshed: 'no' })
    t.match(await location.register(change({ contacts: both.slice(0, 1), cseq: 2 })), { refreshed: 'same' })
    t.match(await location.register(change({ contacts: both, cseq: 3 })), { refreshed: 'no' })
    t.match(await location.register(change({ contacts: both, cseq: 4 })), { refreshed: 'same' })
  })

  t.test('adds, refreshes and removes', async (t) => {
    const location = await open(t)
    await location.register(change({ contacts: [contact('sip:a@192.0.2.1'), contact('sip:b@192.0.2.2')] }))
    await location.register(
      change({ cseq: 2, contacts: [contact('sip:a@192.0.2.1', { expires: 0 }), contact('sip:c@192.0.2.3')] }),
    )
    t.same(await contactsOf(location), ['sip:b@192.0.2.2', 'sip:c@192.0.2.3'])
    await location.register(change({ cseq: 3, contacts: [], all: true }))
    t.same(await contactsOf(location), [])
  })

  t.test('refuses an older request and changes nothing', async (t) => {
    const location = await open(t)
    await location.register(change({ cseq: 2 }))
    t.match(
      await location.register(
        change({ cseq: 2, contacts: [contact('sip:alice@192.0.2.7'), contact('sip:x@192.0.2.9')] }),
      ),
      { kind: 'out-of-order' },
    )
    t.same(await contactsOf(location), ['sip:alice@192.0.2.7'])
  })

  // conformance: RFC 3261 §10.3 — a REGISTER whose answer was lost is answered again, another with its CSeq is not
  t.test('the same request once more moves its binding to the new connection', async (t) => {
    const location = await open(t)
    const wall = systemClock.wall()
    const expires = wall + 3_600_000
    const sent = (later: number, parts: Partial<ContactChange['binding']> = {}, uri = 'sip:alice@192.0.2.7') =>
      change({ cseq: 2, wall: wall + later, contacts: [contact(uri, { expires: expires + later, ...parts })] })
    await location.register(sent(0, { flowBound: true, flow: 1 as FlowId }))
    const moved = { flowBound: true, flow: 2 as FlowId, received: '192.0.2.7:5099' }
    t.match(await location.register(sent(4000, moved)), { kind: 'done', bindings: [moved] })
    t.match(await location.lookup(aor), [{ cseq: 2, ...moved }])
    const others = [
      sent(4000, { ...moved, q: 500 }),
      sent(4000, moved, 'sip:alice@192.0.2.7;x=1'),
      sent(4000, { ...moved, expires: expires - 1 }),
      sent(40_000, moved),
      sent(4000, { ...moved, expires: wall }),
      change({ cseq: 2, all: true, contacts: [] }),
      { ...sent(4000, moved), cseq: 1 },
    ]
    for (const other of others) t.match(await location.register(other), { kind: 'out-of-order' })
    t.match(await location.lookup(aor), [{ cseq: 2, ...moved }], 'nothing is changed by another request')
  })

  t.test('two REGISTERs of one turn see each other', async (t) => {
    const location = await open(t)
    const outcomes = await Promise.all([location.register(change({ cseq: 2 })), location.register(change({ cseq: 1 }))])
    t.match(
      outcomes.map((outcome) => outcome.kind),
      ['done', 'out-of-order'],
    )
  })

  t.test('forgets what was bound to a flow, and keeps what moved to another', async (t) => {
    const location = await open(t)
    await location.register(
      change({
        contacts: [
          contact('sip:a@192.0.2.1', { flowBound: true, flow: 1 as FlowId }),
          contact('sip:b@192.0.2.2', { flowBound: true, flow: 2 as FlowId }),
        ],
      }),
    )
    t.same([location.holds(1 as FlowId), location.holds(3 as FlowId)], [true, false])
    t.same(await location.removeFlow(1 as FlowId), [aor])
    t.same(await contactsOf(location), ['sip:b@192.0.2.2'])
    t.same([location.holds(1 as FlowId), await location.removeFlow(1 as FlowId)], [false, []])
  })

  t.test('holds no flow whose last binding was removed', async (t) => {
    const location = await open(t)
    const phone = { flowBound: true, flow: 1 as FlowId }
    await location.register(change({ contacts: [contact('sip:a@192.0.2.1', phone)] }))
    await location.register(change({ cseq: 2, contacts: [contact('sip:a@192.0.2.1', { ...phone, expires: 0 })] }))
    t.same([location.holds(1 as FlowId), await location.removeFlow(1 as FlowId)], [false, []])
  })

  t.test('keeps nothing of a registration whose flow closed while it was written', async (t) => {
    const location = await open(t)
    const contacts = [contact('sip:a@192.0.2.1', { flowBound: true, flow: 1 as FlowId })]
    const registered = location.register(change({ contacts }))
    t.same(await location.removeFlow(1 as FlowId), [aor])
    t.match(await registered, { kind: 'done' })
    t.same(await contactsOf(location), [])
  })

  t.test('forgets a user that was removed', async (t) => {
    const location = await open(t)
    await location.register(change())
    await location.removeUser(aor)
    t.same(await contactsOf(location), [])
  })

  t.test('lists every binding', async (t) => {
    const location = await open(t)
    await location.register(change())
    await location.register(change({ aor: 'sip:bob@lab.test' }))
    const seen: string[] = []
    for await (const binding of location.all()) seen.push(binding.aor)
    t.same(seen.sort(), [aor, 'sip:bob@lab.test'])
  })
}

t.test('in memory', async (t) => {
  suite(t, async (t) => {
    const location = memoryLocation({ clock: systemClock })
    t.teardown(() => location.close())
    return location
  })

  t.test('lets bindings run out, a day of them, by looking at what is due only', async (t) => {
    const clock = new FakeClock()
    const location = memoryLocation({ clock })
    t.teardown(() => location.close())
    for (let index = 0; index < 500; index++) {
      location.register(
        change({
          aor: `sip:u${index}@lab.test`,
          wall: clock.wall(),
          contacts: [contact('sip:u@192.0.2.7', { expires: clock.wall() + (index + 1) * 100_000 })],
        }),
      )
    }
    clock.advance(250 * 100_000 + 1100)
    t.equal(location.size, 250)
    clock.advance(250 * 100_000)
    t.equal(location.size, 0)
  })
})

t.test('one writer before SQLite', async (t) => {
  const folder = t.testdir()
  let files = 0
  suite(t, async (t) => singleWriter(t, await fileStore(t, join(folder, `single-${++files}.db`))))

  t.test('after a restart the record, the CSeq order and the time left are there; the flow is not', async (t) => {
    const file = join(folder, 'restart.db')
    const first = await openPoolStore({ kind: 'sqlite', file }, { clock: systemClock })
    const before = await singleWriter(t, first)
    const expires = systemClock.wall() + 600_000
    await before.register(
      change({
        cseq: 5,
        wall: systemClock.wall(),
        contacts: [
          contact('sip:a@192.0.2.1', { expires, flowBound: true, flow: 17 as FlowId }),
          contact('sip:b@192.0.2.2', { expires }),
        ],
      }),
    )
    before.close()
    await before.removeFlow(17 as FlowId) // the transport closes its flows as the process ends
    await first.close()
    const after = await singleWriter(t, await fileStore(t, file))
    t.match(await after.lookup(aor), [
      { contact: 'sip:a@192.0.2.1', expires, cseq: 5, flowBound: true, flow: undefined },
      { contact: 'sip:b@192.0.2.2', expires, flowBound: false },
    ])
    t.match(
      await after.register(change({ cseq: 5, wall: systemClock.wall(), contacts: [contact('sip:b@192.0.2.2')] })),
      { kind: 'out-of-order' },
    )
  })

  t.test('has no more than the store after a write that failed', async (t) => {
    const location = await singleWriter(t, failing(await fileStore(t, join(folder, 'undone.db')), 1))
    await location.register(change())
    for (const parts of [
      { cseq: 2, contacts: [contact('sip:other@192.0.2.8')] },
      { cseq: 3, contacts: [contact('sip:alice@192.0.2.7', { expires: 0 })] },
      { cseq: 4, contacts: [], all: true },
    ])
      await t.rejects(Promise.resolve(location.register(change(parts))), { code: 'store.unreachable' })
    t.match(await location.lookup(aor), [{ contact: 'sip:alice@192.0.2.7', cseq: 1 }])
    t.match(await location.register(change({ cseq: 5, contacts: [] })), {
      kind: 'done',
      bindings: [{ contact: 'sip:alice@192.0.2.7' }],
    })
  })

  t.test('of two writes of one turn keeps the one that the store took', async (t) => {
    const location = await singleWriter(t, failing(await fileStore(t, join(folder, 'half.db')), 1))
    const [first, second] = await Promise.allSettled([
      location.register(change({ contacts: [contact('sip:a@192.0.2.1')] })),
      location.register(change({ cseq: 2, contacts: [contact('sip:b@192.0.2.2')] })),
    ])
    t.strictSame([first.status, second.status], ['fulfilled', 'rejected'])
    t.same(await contactsOf(location), ['sip:a@192.0.2.1'])
  })

  t.test('does not list what is being written', async (t) => {
    const location = await singleWriter(t, await fileStore(t, join(folder, 'asked.db')))
    const writing = location.register(change())
    t.match(await location.register(change({ cseq: 2, contacts: [] })), { kind: 'done', bindings: [] })
    await writing
    t.match(await location.register(change({ cseq: 3, contacts: [] })), { bindings: [{ cseq: 1 }] })
  })

  t.test('writes what it acknowledged into the file that takes the place of one that was removed', async (t) => {
    const file = join(folder, 'removed.db')
    const store = await fileStore(t, file)
    const location = await singleWriter(t, store)
    await location.register(change())
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    const bob = 'sip:bob@lab.test'
    await t.rejects(Promise.resolve(location.register(change({ aor: bob }))), { code: 'store.unreachable' })
    await until(async () => {
      const rows = await store.bindingsOf(aor).catch(() => [])
      return rows.length === 1
    })
    t.same(await store.bindingsOf(bob), [], 'and not what it refused')
  })

  t.test('knows nothing while the store is away at the start, and everything when it comes', async (t) => {
    const store = await openPoolStore(
      { kind: 'sqlite', file: join(folder, 'absent', 'pool.db') },
      { clock: systemClock },
    )
    t.teardown(() => store.close())
    const location = singleWriterLocation({ clock: systemClock, store })
    t.teardown(() => location.close())
    t.throws(() => location.lookup(aor), { code: 'store.unreachable' })
    t.throws(() => location.register(change()), { code: 'store.unreachable' })
  })

  t.test('lets a REGISTER and a call wait while the bindings are read', async (t) => {
    const store = await fileStore(t, join(folder, 'read.db'))
    const reading = Promise.withResolvers<void>()
    async function* held(): ReturnType<PoolStore['allBindings']> {
      await reading.promise
      yield* store.allBindings()
    }
    const location = singleWriterLocation({
      clock: systemClock,
      store: { ...store, health: store.health, allBindings: held },
    })
    t.teardown(() => location.close())
    const registered = location.register(change())
    const found = location.lookup('sip:bob@lab.test')
    reading.resolve()
    t.match(await registered, { kind: 'done', bindings: [{ contact: 'sip:alice@192.0.2.7' }] })
    t.same(await found, [])
  })
})

t.test('several writers on SQLite', async (t) => {
  const folder = t.testdir()
  let files = 0
  suite(t, async (t) => shared(t, await fileStore(t, join(folder, `shared-${++files}.db`))))

  t.test('what one front end registered, the other finds, without its flow', async (t) => {
    const store = await fileStore(t, join(folder, 'both.db'))
    const [one, two] = [shared(t, store), shared(t, store)]
    await one.register(
      change({
        contacts: [
          contact('sip:a@192.0.2.1', { flowBound: true, flow: 1 as FlowId, ownerRoute: '<sip:t@fe1.lab.test;lr>' }),
        ],
      }),
    )
    t.match(await two.lookup(aor), [{ flowBound: true, flow: undefined, ownerRoute: '<sip:t@fe1.lab.test;lr>' }])
    await two.removeFlow(1 as FlowId)
    t.equal((await one.lookup(aor)).length, 1, 'a flow of the same number elsewhere is another flow')
  })

  t.test('go on with what they saw last while the store is away, and acknowledge nothing', async (t) => {
    const location = shared(t, failing(await fileStore(t, join(t.testdir({}), 'pool.db')), 1))
    await location.register(change())
    t.same(await contactsOf(location), ['sip:alice@192.0.2.7'])
    await t.rejects(Promise.resolve(location.register(change({ cseq: 2 }))), { code: 'store.unreachable' })
    await t.rejects(Promise.resolve(location.lookup('sip:carol@lab.test')), { code: 'store.unreachable' })
  })
})

/** A store that is away after so many writes. */
function failing(store: PoolStore, writes: number): PoolStore {
  let left = writes
  const refuse = <Result>(work: () => Promise<Result>): Promise<Result> =>
    left > 0 ? work() : Promise.reject(new StoreError('store.unreachable', 'away'))
  return {
    ...store,
    health: store.health,
    bindingsOf: (aor) => refuse(() => store.bindingsOf(aor)),
    writeBindings(write) {
      const written = refuse(() => store.writeBindings(write))
      left -= 1
      return written
    },
  }
}

function shared(t: Test, store: PoolStore): LocationService {
  const location = sharedLocation({ clock: systemClock, store })
  t.teardown(() => location.close())
  return location
}

const missing = await postgresqlMissing()
t.test('several writers on PostgreSQL', { skip: missing ?? false }, async (t) => {
  const server = await startPostgresql()
  t.teardown(() => server.close())
  suite(t, async (t) => {
    const store = await openPoolStore({ kind: 'postgresql', url: server.url }, { clock: systemClock })
    t.teardown(() => store.close())
    await store.removeExpired(Number.MAX_SAFE_INTEGER)
    return shared(t, store)
  })
})
