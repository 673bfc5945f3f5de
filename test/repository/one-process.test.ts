/** Files that share a process: none of their tests is lost. */
import { join } from 'node:path'
import t from 'tap'
import { repository, runProgram } from '../support/command.ts'

t.test('a file that takes its time to load is run, whatever the one before it left to tear down', async (t) => {
  const tap = `import t from ${JSON.stringify(import.meta.resolve('tap'))}\n`
  const folder = t.testdir({
    'one.mjs': `${tap}t.teardown(() => undefined)\nt.test('of the first', async () => undefined)`,
    'two.mjs':
      `${tap}await new Promise((done) => setTimeout(done, 100))\n` +
      "t.test('of the second', async (t) => void t.fail('it was run'))",
  })
  const runner = join(repository, 'test', 'fixtures', 'runs-files.ts')
  const { status, stdout } = await runProgram(process.execPath, [
    runner,
    join(folder, 'one.mjs'),
    join(folder, 'two.mjs'),
  ])
  t.not(status, 0)
  t.match(stdout, /^not ok \d+ - of the second/m)
})
