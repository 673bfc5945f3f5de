import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logStream } from '../../src/node/log-stream.ts'
import { ownFolder } from '../support/own-folder.ts'
import { until } from '../support/until.ts'

t.test('writes what it is given, in order', async (t) => {
  const file = join(ownFolder(t), 'node.log')
  const log = logStream(openSync(file, 'a'))
  for (const line of ['one\n', 'two\n', 'three\n']) log.write(line)
  await until(() => readFileSync(file, 'utf8') === 'one\ntwo\nthree\n')
  t.match(log, { dropped: 0, error: undefined })
})

t.test('a full disk costs lines and nothing else', async (t) => {
  const full = openSync('/dev/full', 'a')
  const log = logStream(full)
  t.teardown(() => closeSync(full))
  log.write('lost\n')
  await until(() => log.error === 'ENOSPC')
  t.equal(log.dropped, 1)
})

t.test('what waits has a bound', async (t) => {
  // Not closed: what waits is written there a second later, and its number could be that of another file by then.
  const log = logStream(openSync('/dev/full', 'a'))
  for (let line = 0; line < 60; line++) log.write('x'.repeat(100_000))
  t.ok(log.dropped > 10)
})

t.test('a file that has grown beyond 16 MB begins anew', async (t) => {
  const file = join(ownFolder(t), 'node.log')
  const log = logStream(openSync(file, 'a'))
  const line = `${'x'.repeat(2_000_000)}\n`
  let largest = 0
  for (let part = 0; part < 12; part++) {
    const before = statSync(file).size
    log.write(line)
    // However long the disk takes: the line is there as a whole, or the file began anew behind it.
    await until(() => {
      const { size } = statSync(file)
      largest = Math.max(largest, size)
      return size !== before && size % line.length === 0
    })
  }
  await until(() => statSync(file).size < 16_000_000)
  t.ok(largest <= 20_000_000)
})

t.test('a file that was removed is opened anew where its path is known', async (t) => {
  const file = join(ownFolder(t), 'node.log')
  const log = logStream(openSync(file, 'a'), file)
  log.write('one\n')
  await until(() => readFileSync(file, 'utf8') === 'one\n')
  rmSync(file)
  // This one may go to the file that nobody finds any more, and shows that it is gone.
  log.write('two\n')
  await until(() => existsSync(file))
  log.write('three\n')
  await until(() => readFileSync(file, 'utf8').endsWith('three\n'))
})
