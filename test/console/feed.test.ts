import t from 'tap'
import { feedOf } from '../../src/console/feed.ts'

/** A source that the test speaks for. */
function source(): { open: Parameters<typeof feedOf>[0]; say(line: string): void; isOpen(): boolean; opened: number } {
  let listener: ((line: string) => void) | undefined
  const made = {
    opened: 0,
    open(onLine: (line: string) => void) {
      listener = onLine
      made.opened += 1
      return () => {
        listener = undefined
      }
    },
    say: (line: string) => listener?.(line),
    isOpen: () => listener !== undefined,
  }
  return made
}

const bounds = { lines: 3, characters: 100 }

t.test('a feed is closed until a page looks', async (t) => {
  const spoken = source()
  feedOf(spoken.open, bounds)
  t.equal(spoken.isOpen(), false)
})

t.test('two pages share one source', async (t) => {
  const spoken = source()
  const feed = feedOf(spoken.open, bounds)
  feed.join(() => undefined)
  feed.join(() => undefined)
  t.equal(spoken.opened, 1)
})

t.test('the source is closed when the last page leaves', async (t) => {
  const spoken = source()
  const feed = feedOf(spoken.open, bounds)
  const [leave, leaveToo] = [feed.join(() => undefined), feed.join(() => undefined)]
  leave()
  t.equal(spoken.isOpen(), true)
  leaveToo()
  t.equal(spoken.isOpen(), false)
})

t.test('a page that comes later gets the newest lines first', async (t) => {
  const spoken = source()
  const feed = feedOf(spoken.open, bounds)
  feed.join(() => undefined)
  for (const line of ['1', '2', '3', '4', '5']) spoken.say(line)
  const seen: string[] = []
  feed.join((line) => seen.push(line))
  t.same(seen, ['3', '4', '5'])
})

t.test('long lines push out older ones', async (t) => {
  const spoken = source()
  const feed = feedOf(spoken.open, bounds)
  feed.join(() => undefined)
  for (const line of ['a'.repeat(60), 'b'.repeat(60)]) spoken.say(line)
  const seen: string[] = []
  feed.join((line) => seen.push(line[0] ?? ''))
  t.same(seen, ['b'])
})

t.test('nothing is kept for nobody', async (t) => {
  const spoken = source()
  const feed = feedOf(spoken.open, bounds)
  const leave = feed.join(() => undefined)
  spoken.say('1')
  leave()
  const seen: string[] = []
  feed.join((line) => seen.push(line))
  t.same(seen, [])
})
