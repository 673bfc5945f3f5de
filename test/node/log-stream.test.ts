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
  const full = openSync('/dev/full', 'a')
  const log = logStream(full)
  t.teardown(() => closeSync(full))
  for (let line = 0; line < 60; line++) log.write('x'.repeat(100_000))
  t.ok(log.dropped > 10)
})

t.test('a file that has grown beyond 16 MB begins anew', async (t) => {
  const file = join(ownFolder(t), 'node.log')
  const log = logStream(openSync(file, 'a'))
  let largest = 0
  for (let part = 0; part < 12; part++) {
    log.write(`${'x'.repeat(2_000_000)}\n`)
    await until(() => {
      largest = Math.max(largest, statSync(file).size)
      return largest > part || statSync(file).size === 0
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
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
