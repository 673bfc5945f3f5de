import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EventFile, type EventFileBounds } from '../../src/node/event-file.ts'
import { ownFolder } from '../support/own-folder.ts'
import { until } from '../support/until.ts'

function opened(t: Test, bounds: Partial<EventFileBounds> = {}): { readonly file: EventFile; readonly path: string } {
  const path = join(ownFolder(t), 'events.jsonl')
  const file = new EventFile(path, { pauseMs: 5, ...bounds })
  t.teardown(() => file.close())
  return { file, path }
}

/** A device that takes nothing: every write ends with ENOSPC. */
function onFullDisk(
  t: Test,
  bounds: Partial<EventFileBounds> = {},
): { readonly file: EventFile; readonly path: string } {
  const path = join(ownFolder(t), 'events.jsonl')
  symlinkSync('/dev/full', path)
  const file = new EventFile(path, { pauseMs: 5, ...bounds })
  t.teardown(() => file.close())
  return { file, path }
}

t.test('writes nothing while the one who writes goes on', async (t) => {
  const { file, path } = opened(t)
  file.write('one\n')
  t.equal(readFileSync(path, 'utf8'), '')
  await until(() => readFileSync(path, 'utf8') === 'one\n')
})

t.test('keeps the order of many lines, some of them written while others are', async (t) => {
  const { file, path } = opened(t)
  const lines = Array.from({ length: 500 }, (_, at) => `${at}\n`)
  for (const line of lines) {
    file.write(line)
    if (Number(line) % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await file.close()
  t.equal(readFileSync(path, 'utf8'), lines.join(''))
})

t.test('what is said soon after a write waits for more, unless somebody waits for it', async (t) => {
  const { file, path } = opened(t, { gatherMs: 3_600_000 })
  file.write('one\n')
  await until(() => readFileSync(path, 'utf8') === 'one\n')
  file.write('two\n')
  // As many ways to a thread and back as a write takes, and more.
  for (let trip = 0; trip < 10; trip++) await stat(path)
  t.equal(file.waiting, 1)
  file.write('three\n')
  await file.written()
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n')
  file.write('four\n')
  t.equal(file.waiting, 1)
  await file.close()
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\nfour\n')
})

t.test('close writes what waits, and what comes later is lost', async (t) => {
  const { file, path } = opened(t)
  file.write('last\n')
  await file.close()
  file.write('later\n')
  t.equal(readFileSync(path, 'utf8'), 'last\n')
  t.equal(file.lost, 1)
})

t.test('a process that ends with no close has written what waits', async (t) => {
  const { file, path } = opened(t)
  file.write('last words\n')
  file.flushAtExit()
  t.equal(readFileSync(path, 'utf8'), 'last words\n')
})

t.test('a full disk costs nothing but time: what waits is written when there is room', async (t) => {
  const { file, path } = onFullDisk(t)
  for (const line of ['one\n', 'two\n']) file.write(line)
  await until(() => file.error === 'ENOSPC')
  file.write('three\n')
  t.equal(file.waiting, 3)
  rmSync(path)
  await until(() => existsSync(path) && readFileSync(path, 'utf8') === 'one\ntwo\nthree\n')
  t.match(file, { lost: 0, waiting: 0, error: undefined })
})

t.test('what waits has a bound, and what is beyond it is counted', async (t) => {
  const { file } = onFullDisk(t, { mostWaiting: 100 })
  for (let line = 0; line < 30; line++) file.write('12345 789\n')
  t.equal(file.lost, 20)
  await file.close()
  t.equal(file.lost, 30)
})

t.test('a file that was removed is made anew', async (t) => {
  const { file, path } = opened(t)
  file.write('one\n')
  await until(() => readFileSync(path, 'utf8') === 'one\n')
  rmSync(path)
  file.write('two\n')
  await until(() => existsSync(path) && readFileSync(path, 'utf8') === 'two\n')
})

t.test('a file that was moved away is left where it is', async (t) => {
  const { file, path } = opened(t)
  file.write('one\n')
  await until(() => readFileSync(path, 'utf8') === 'one\n')
  renameSync(path, `${path}.old`)
  file.write('two\n')
  await until(() => existsSync(path) && readFileSync(path, 'utf8') === 'two\n')
  t.equal(readFileSync(`${path}.old`, 'utf8'), 'one\n')
})

t.test('the file and the one before it keep to their bounds while it runs', async (t) => {
  const { file, path } = opened(t, { rotateAt: 1000 })
  for (let round = 0; round < 40; round++) {
    for (let line = 0; line < 10; line++) file.write(`${'x'.repeat(19)}\n`)
    await until(() => file.waiting === 0)
  }
  t.ok(statSync(path).size <= 1200)
  t.ok(statSync(`${path}.1`).size <= 1200)
})

t.test('a rotation that fails costs nothing but time', async (t) => {
  const { file, path } = opened(t, { rotateAt: 10 })
  mkdirSync(join(`${path}.1`, 'in the way'), { recursive: true })
  file.write('one is long enough\n')
  await until(() => file.waiting === 0)
  file.write('two\n')
  await until(() => file.error !== undefined)
  rmSync(`${path}.1`, { recursive: true })
  await until(() => readFileSync(path, 'utf8') === 'two\n')
  t.equal(readFileSync(`${path}.1`, 'utf8'), 'one is long enough\n')
})
