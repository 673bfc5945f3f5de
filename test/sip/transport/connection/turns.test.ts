/** The turn of the event loop in steps: read, work, write. */
import t from 'tap'
import { mostOctetsRead, Turns } from '../../../../src/sip/transport/connection/turns.ts'

interface Part {
  work(): void
  endTurn(): void
}

function part(seen: string[], name: string, whileWorking: () => void = () => undefined): Part {
  return {
    work() {
      seen.push(`${name} works`)
      whileWorking()
    },
    endTurn: () => void seen.push(`${name} writes`),
  }
}

t.test('works on all that was read before anything is written', (t) => {
  const seen: string[] = []
  const turns = new Turns()
  turns.add(part(seen, 'one'))
  turns.add(part(seen, 'two'))
  turns.end()
  t.same(seen, ['one works', 'two works', 'one writes', 'two writes'])
  t.end()
})

t.test('lets one that is given something to send write in the same turn', (t) => {
  const seen: string[] = []
  const turns = new Turns()
  const other = part(seen, 'other')
  turns.add(part(seen, 'reader', () => turns.add(other)))
  turns.end()
  t.same(seen, ['reader works', 'other works', 'reader writes', 'other writes'])
  t.end()
})

t.test('says that the turn is over when all have written', (t) => {
  const seen: string[] = []
  const turns = new Turns()
  turns.add(part(seen, 'one', () => turns.atEnd(() => void seen.push('over'))))
  turns.end()
  turns.add(part(seen, 'two'))
  turns.end()
  t.same(seen, ['one works', 'one writes', 'over', 'two works', 'two writes'])
  t.end()
})

t.test('works before everything is read where that would hold too much', (t) => {
  const seen: string[] = []
  const turns = new Turns()
  turns.add(part(seen, 'one'))
  turns.holds(mostOctetsRead - 1)
  t.same(seen, [])
  turns.holds(1)
  t.same(seen, ['one works'])
  turns.add(part(seen, 'two'))
  turns.holds(mostOctetsRead - 1)
  turns.end()
  t.same(seen, ['one works', 'one works', 'two works', 'one writes', 'two writes'])
  t.end()
})
