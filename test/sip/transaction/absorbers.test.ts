import { fc } from '../../support/property.ts'
import t from 'tap'
import { Absorbers } from '../../../src/sip/transaction/memory/absorbers.ts'
import { hashOf } from '../../../src/sip/message/text-hash.ts'
import { TimerWheel } from '../../../src/sip/transaction/timer-wheel.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeFlow } from '../../support/fake-transport.ts'

const stayMs = 32_000
const flow = new FakeFlow({ transport: 'udp' })

function bench() {
  const clock = new FakeClock()
  const wheel = new TimerWheel(clock)
  const absorbers = new Absorbers(clock, wheel, stayMs)
  return {
    clock,
    wheel,
    absorbers,
    add: (key: string, text = '') => absorbers.add(key, hashOf(key), flow, text),
    answer: (key: string) => absorbers.answerTo(key, hashOf(key))?.text,
  }
}

t.test('gives back what was answered, octet for octet, with its flow', async (t) => {
  const { absorbers, add, answer } = bench()
  const text = 'SIP/2.0 200 OK\r\nSubject: gr\xfc\xdfe\r\n\r\n'
  add('z9hG4bK1|BYE|h', text)
  add('z9hG4bK1|INVITE|h')
  t.same([answer('z9hG4bK1|BYE|h'), answer('z9hG4bK1|INVITE|h'), answer('z9hG4bK1|CANCEL|h')], [text, '', undefined])
  t.equal(absorbers.answerTo('z9hG4bK1|BYE|h', hashOf('z9hG4bK1|BYE|h'))?.flow, flow)
})

t.test('lets each go after its time, the first to come first', async (t) => {
  const { clock, absorbers, add, answer } = bench()
  add('one')
  clock.advance(1000)
  add('two')
  clock.advance(stayMs - 1000 + 20)
  t.same([answer('one'), answer('two'), absorbers.size], [undefined, '', 1])
  clock.advance(1000)
  t.same([absorbers.size, clock.pending], [0, 0])
})

t.test('holds no more text than 64 MiB: the oldest goes', async (t) => {
  const { absorbers, add, answer } = bench()
  const text = 'x'.repeat(60_000)
  for (let count = 0; count < 1200; count++) add(`key${count}`, text)
  t.same([answer('key0'), answer('key1199'), absorbers.size < 1120], [undefined, text, true])
})

t.test('takes an answer that is longer than a page', async (t) => {
  const { clock, add, answer, absorbers } = bench()
  const text = 'x'.repeat(200_000)
  add('long', text)
  add('short', 'y')
  t.same([answer('long') === text, answer('short')], [true, 'y'])
  clock.advance(stayMs + 20)
  t.equal(absorbers.size, 0)
})

t.test('forgets all when it is closed', async (t) => {
  const { wheel, absorbers, add, answer } = bench()
  add('one')
  absorbers.close()
  t.same([answer('one'), absorbers.size, wheel.size], [undefined, 0, 0])
})

t.test('answers as a list of records with their times would (property)', async () => {
  const happening = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        count: fc.integer({ min: 1, max: 900 }),
        size: fc.integer({ min: 0, max: 700 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('shift' as const), count: fc.integer({ min: 1, max: 500 }) }),
    },
  )
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 14 }), (happenings) => {
      const { clock, absorbers, add, answer } = bench()
      let model: { key: string; text: string; end: number }[] = []
      let made = 0
      for (const one of happenings) {
        if (one.kind === 'wait') clock.advance(one.ms)
        else if (one.kind === 'shift') for (let count = 0; count < one.count; count++) absorbers.shift(), model.shift()
        else
          for (let count = 0; count < one.count; count++) {
            const record = { key: `z9hG4bK${made++}|BYE|h`, text: 'x'.repeat(one.size), end: clock.now() + stayMs }
            model.push(record)
            add(record.key, record.text)
          }
        // A timer of the wheel may be 20 ms late.
        const sure = model.filter(({ end }) => end > clock.now())
        model = model.filter(({ end }) => end > clock.now() - 20)
        if (absorbers.size < sure.length || absorbers.size > model.length) return false
        if (sure.some(({ key, text }) => answer(key) !== text)) return false
      }
      return answer(`z9hG4bK${made}|BYE|h`) === undefined
    }),
    { numRuns: 60 },
  )
})
