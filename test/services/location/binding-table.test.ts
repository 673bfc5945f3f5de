import { fc } from '../../support/property.ts'
import t from 'tap'
import { BindingTable } from '../../../src/services/location/memory/binding-table.ts'
import type { Binding } from '../../../src/services/location/binding.ts'
import type { FlowId } from '../../../src/sip/transport/flow.ts'

const binding = fc.record<Binding>({
  aor: fc.integer({ min: 0, max: 40 }).map((user) => `sip:u${user}@lab.test`),
  key: fc.constantFrom('sip:a@192.0.2.1', 'urn:uuid:1;reg-id=1', 'sip:b@192.0.2.2'),
  contact: fc.constantFrom('sip:a@192.0.2.1', 'sip:b@192.0.2.2;transport=tls', `sip:${'long'.repeat(40)}@192.0.2.3`),
  q: fc.integer({ min: 0, max: 1000 }),
  expires: fc.integer({ min: 1, max: 40_000_000 }),
  callId: fc.constantFrom('c1', 'c2-longer@host'),
  cseq: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  path: fc.constantFrom([], ['<sip:p1;lr>'], ['<sip:p1;lr>', '<sip:p2;lr>']),
  instance: fc.constantFrom(undefined, 'urn:uuid:1'),
  regId: fc.constantFrom(undefined, 1, 2 ** 31 - 1),
  epid: fc.constantFrom(undefined, '9e33'),
  owner: fc.constantFrom('fe1.lab.test', 'fe2.lab.test'),
  ownerRoute: fc.constantFrom(undefined, '<sip:t@fe1.lab.test;lr>'),
  flowBound: fc.boolean(),
  flow: fc.constantFrom(undefined, 0 as FlowId, 5_000_000_000 as FlowId),
  userAgent: fc.constantFrom('', 'phone/1.0'),
  received: fc.constantFrom('192.0.2.7:5061'),
})

type Step =
  | { readonly kind: 'put'; readonly binding: Binding }
  | { readonly kind: 'remove'; readonly aor: string; readonly key: string }
  | { readonly kind: 'pass'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), binding }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      aor: binding.map((one) => one.aor),
      key: binding.map((one) => one.key),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 12_000_000 }) }),
  },
)

t.test('the table holds what a plain map would', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new BindingTable()
      const model = new Map<string, Binding>()
      let wall = 0
      for (const one of steps) {
        if (one.kind === 'put') {
          table.put(one.binding)
          model.set(`${one.binding.aor} ${one.binding.key}`, one.binding)
        } else if (one.kind === 'remove') {
          if (table.remove(one.aor, one.key) !== model.delete(`${one.aor} ${one.key}`)) return false
        } else {
          wall += one.ms
          table.expire(wall)
          for (const [key, held] of model) if (held.expires <= wall) model.delete(key)
        }
      }
      const order = (a: Binding, b: Binding): number => (`${a.aor} ${a.key}` < `${b.aor} ${b.key}` ? -1 : 1)
      const found = Array.from({ length: 41 }, (_, user) => table.get(`sip:u${user}@lab.test`))
        .flat()
        .sort(order)
      for (const flow of [0, 5_000_000_000] as FlowId[]) {
        const onIt = [...model.values()].filter((held) => held.flow === flow).sort(order)
        if (table.hasFlow(flow) !== onIt.length > 0) return false
        if (JSON.stringify(table.onFlow(flow).sort(order)) !== JSON.stringify(onIt)) return false
      }
      return table.size === model.size && JSON.stringify(found) === JSON.stringify([...model.values()].sort(order))
    }),
    { numRuns: 80 },
  )
  t.pass('150 random histories')
})

t.test('ten thousand users grow the table without losing one', async (t) => {
  const table = new BindingTable()
  const [sample] = fc.sample(binding, { numRuns: 1, seed: 1 })
  if (sample === undefined) throw new Error('no sample')
  for (let user = 0; user < 10_000; user++) table.put({ ...sample, aor: `sip:u${user}@lab.test`, cseq: user })
  t.ok(
    Array.from({ length: 10_000 }, (_, user) => table.get(`sip:u${user}@lab.test`)).every(
      ([only], user) => only?.cseq === user,
    ),
  )
})

t.test(
  'a binding that was read stays as it was when its record is refreshed, replaced, removed or reused',
  async (t) => {
    for (const sample of fc.sample(binding, { numRuns: 50, seed: 2 })) {
      const table = new BindingTable()
      table.put(sample)
      const [read] = table.get(sample.aor)
      table.put({ ...sample, expires: sample.expires + 1, q: 1, cseq: 7, flow: 9 as FlowId, userAgent: 'other/2' })
      table.put({ ...sample, contact: 'sip:c@192.0.2.9', callId: 'c3', path: ['<sip:p3;lr>'], instance: 'urn:uuid:2' })
      table.remove(sample.aor, sample.key)
      table.put({ ...sample, key: 'sip:x', contact: `${sample.contact};x`, epid: '77', received: '192.0.2.8:1' })
      t.same(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(sample)))
    }
  },
)

t.test('a record is found and compared by its text alone', async (t) => {
  const [sample] = fc.sample(binding, { numRuns: 1, seed: 3 })
  if (sample === undefined) throw new Error('no sample')
  const table = new BindingTable()
  const put = { ...sample, contact: 'sip:a@192.0.2.1', key: 'sip:a@192.0.2.1', path: [] }
  table.put(put)
  table.put({ ...put, received: `${put.received}0`, path: ['<sip:p1;lr>'] })
  t.equal(table.size, 1)
  t.match(table.get(put.aor), [{ received: `${put.received}0`, path: ['<sip:p1;lr>'] }])
  table.put(put)
  t.match(table.get(put.aor), [{ received: put.received, path: [] }])
  t.notOk(table.remove(put.aor, 'sip:a@192.0.2.'))
  t.notOk(table.remove(put.aor.slice(0, -1), put.key))
  t.ok(table.remove(put.aor, put.key))
})
