import { fc } from '../../../support/property.ts'
import t from 'tap'
import { FairGate, type Place } from '../../../../src/sip/transport/connection/fair-gate.ts'

/** Enters `count` times for a source; the places it got, the oldest first. */
function entering(gate: FairGate, source: string, count: number): Place[] {
  const places: Place[] = []
  for (let one = 0; one < count; one++) gate.enter(source, (place) => places.push(place))
  return places
}

t.test('a source alone may have every place', async (t) => {
  const gate = new FairGate(8)
  const places = entering(gate, 'a', 20)
  t.equal(places.length, 8)
  for (const place of [...places]) place.leave()
  t.equal(places.length, 16, 'its own others follow as places become free')
})

t.test('a newcomer goes in at once when one source has all places', async (t) => {
  const gate = new FairGate(8)
  entering(gate, 'a', 3000)
  t.equal(entering(gate, 'b', 1).length, 1)
})

t.test('places are shared evenly while they are all taken', async (t) => {
  const gate = new FairGate(12)
  const held = new Map(['a', 'b', 'c'].map((source) => [source, entering(gate, source, 100).length]))
  t.strictSame([...held.values()], [12, 6, 4], 'whoever comes later takes from the one with the most')
  t.equal(entering(gate, 'd', 100).length > 0, true)
})

t.test('whoever has the fewest places is called first', async (t) => {
  const gate = new FairGate(2)
  const [first] = entering(gate, 'a', 50)
  const other = entering(gate, 'b', 50)
  t.equal(other.length, 1)
  other[0]?.leave()
  t.equal(other.length, 2, 'b has none then, a has one')
  first?.leave()
  t.equal(other.length, 2, 'a had given up that place')
})

t.test('never more places are taken than there are, and nobody waits while one is free', async () => {
  const step = fc.record({ source: fc.constantFrom('a', 'b', 'c', 'd'), leave: fc.boolean(), which: fc.nat(30) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 80 }), (places, steps) => {
      const gate = new FairGate(places)
      const inside: Place[] = []
      let entered = 0
      for (const { source, leave, which } of steps) {
        if (leave) inside.splice(which % Math.max(1, inside.length), 1)[0]?.leave()
        else {
          entered += 1
          gate.enter(source, (place) => inside.push(place))
        }
      }
      // Whoever leaves calls the next: at the end everyone has been called.
      let called = 0
      for (let place = inside.shift(); place !== undefined && called < 1000; place = inside.shift()) {
        called += 1
        place.leave()
      }
      const last: Place[] = []
      gate.enter('z', (place) => last.push(place))
      return last.length === 1 && called <= entered
    }),
  )
})
