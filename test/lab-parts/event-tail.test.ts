import { appendFileSync, mkdirSync, renameSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readEvents, readInOrder, readLogs, tailEvents } from '../../src/lab/event-tail.ts'

const line = (seq: number): string =>
  `${JSON.stringify({ seq, node: 'fe1', event: 'service.ready', message: 'höher' })}\n`

t.test('a tail', async (t) => {
  t.test('gives each event once, however its line was cut', async (t) => {
    const file = join(t.testdir({ 'events.jsonl': line(1) }), 'events.jsonl')
    const seen: number[] = []
    const tail = tailEvents(file, 'end', ({ seq }) => seen.push(seq))
    t.teardown(() => tail.stop())
    const octets = Buffer.from(line(2))
    appendFileSync(file, octets.subarray(0, octets.length - 5))
    tail.flush()
    appendFileSync(file, octets.subarray(octets.length - 5))
    tail.flush()
    tail.flush()
    t.strictSame(seen, [2])
  })

  t.test('loses nothing when the file is rotated', async (t) => {
    const file = join(t.testdir({ 'events.jsonl': line(1) }), 'events.jsonl')
    const seen: number[] = []
    const tail = tailEvents(file, 'start', ({ seq }) => seen.push(seq))
    t.teardown(() => tail.stop())
    tail.flush()
    appendFileSync(file, line(2))
    renameSync(file, `${file}.1`)
    writeFileSync(file, line(3))
    tail.flush()
    t.strictSame(seen, [1, 2, 3])
    t.strictSame(
      readEvents(file).map(({ seq }) => seq),
      [1, 2, 3],
    )
  })

  t.test('waits for a file that is not there yet', async (t) => {
    const file = join(t.testdir({}), 'events.jsonl')
    const seen: number[] = []
    const tail = tailEvents(file, 'end', ({ seq }) => seen.push(seq))
    t.teardown(() => tail.stop())
    tail.flush()
    writeFileSync(file, line(1))
    tail.flush()
    t.strictSame(seen, [1])
  })
})

t.test('logs that are followed go on where reading ended, whatever was written or rotated in between', async (t) => {
  const folder = t.testdir({ fe1: line(1) })
  const [file, later] = [join(folder, 'fe1'), join(folder, 'fe2')]
  const logs = readLogs([file, later])
  appendFileSync(file, line(2))
  renameSync(file, `${file}.1`)
  writeFileSync(file, line(3))
  writeFileSync(later, line(4))
  const seen: number[] = []
  const tails = logs.follow(({ seq }) => seen.push(seq))
  t.teardown(() => {
    for (const tail of tails) tail.stop()
  })
  for (const tail of tails) tail.flush()
  t.strictSame([logs.events.map(({ seq }) => seq), seen], [[1], [2, 3, 4]])
})

t.test('a file that cannot be read says nothing, and is read again when it can', async (t) => {
  const file = join(t.testdir({ 'events.jsonl': line(1) }), 'events.jsonl')
  const seen: number[] = []
  const tail = tailEvents(file, 'end', ({ seq }) => seen.push(seq))
  t.teardown(() => tail.stop())
  // Made now: a file that is made later may get the inode of the one that went.
  writeFileSync(`${file}.next`, line(2))
  rmSync(file)
  mkdirSync(file)
  t.strictSame([tail.flush(), readEvents(file)], [undefined, []])
  rmdirSync(file)
  renameSync(`${file}.next`, file)
  tail.flush()
  t.strictSame(seen, [2])
})

t.test('a file that was emptied is read from its beginning', async (t) => {
  const file = join(t.testdir({ 'events.jsonl': line(1) + line(2) }), 'events.jsonl')
  const seen: number[] = []
  const tail = tailEvents(file, 'end', ({ seq }) => seen.push(seq))
  t.teardown(() => tail.stop())
  truncateSync(file)
  appendFileSync(file, line(3))
  tail.flush()
  t.strictSame(seen, [3])
})

t.test('JSON that is no event is passed over', async (t) => {
  const file = join(t.testdir({ 'events.jsonl': `null\n5\n[]\n{"event":null}\n${line(4)}` }), 'events.jsonl')
  t.strictSame(
    readEvents(file).map(({ seq }) => seq),
    [4],
  )
})

t.test('a line that a full disk cut is passed over', async (t) => {
  const file = join(t.testdir({ 'events.jsonl': `${line(1)}{"seq":\n${line(3)}` }), 'events.jsonl')
  t.strictSame(
    readEvents(file).map(({ seq }) => seq),
    [1, 3],
  )
})

t.test('events of several nodes are in order of time, and each node keeps its own when its clock is set back', (t) => {
  const timed = (node: string, ...times: readonly string[]): string =>
    times
      .map((time) => `${JSON.stringify({ node, event: 'flow.accepted', time: `2026-11-30T${time}:00.000Z` })}\n`)
      .join('')
  const folder = t.testdir({
    fe1: timed('fe1', '12:00', '13:00', '12:02', '12:04'),
    fe2: timed('fe2', '12:01', '12:03', '13:05'),
  })
  t.strictSame(
    readInOrder([join(folder, 'fe1'), join(folder, 'fe2'), join(folder, 'none')]).map(
      ({ node, time }) => `${node} ${time.slice(11, 16)}`,
    ),
    ['fe1 12:00', 'fe2 12:01', 'fe2 12:03', 'fe1 13:00', 'fe1 12:02', 'fe1 12:04', 'fe2 13:05'],
  )
  t.end()
})
