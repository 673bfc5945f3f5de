/** What a newcomer types in the first minute. */
import { join } from 'node:path'
import t from 'tap'
import { labFolder, takeLock } from '../../src/lab/lab-folder.ts'
import { runInProcess as run } from '../support/cli.ts'
import { runProgram, siplabBin } from '../support/command.ts'

const record = (name: string, topology = name) =>
  JSON.stringify({ format: 1, topology, name, network: 77, ports: {}, startedAt: '', stopped: {}, movableClock: false })

t.test('siplab down takes the name that siplab up took', async (t) => {
  const folder = t.testdir({
    '.siplab': {
      edge: { 'lab.json': record('edge') },
      mine: { 'lab.json': record('mine', '/nowhere/my-lab.yaml') },
    },
  })
  t.match(await run(['down', 'edge'], folder), { status: 0, out: /The lab edge in .*\.siplab\/edge was not running/ })
  t.match(await run(['down', 'mine'], folder), { status: 0, out: /The lab mine/ })
  t.match(await run(['down', '/nowhere/my-lab.yaml'], folder), { status: 0, out: /The lab mine/ }, 'a lab file')
  t.match(await run(['down', 'egde'], folder), {
    status: 1,
    err: /no lab "egde" was brought up below \.siplab; did you mean edge\?; there are: edge, mine; --data/,
  })
  t.match(await run(['down', 'trunk', '--data', join(folder, '.siplab', 'edge')], folder), {
    status: 2,
    err: /the lab in .* is edge, not "trunk"/,
  })
  t.match(await run(['down'], folder), { status: 2, err: /there are several labs/ })
})

t.test('of several running labs check wants one to be chosen, unless its target is in none of them', async (t) => {
  const folder = t.testdir({
    '.siplab': { edge: { 'lab.json': record('edge') }, standard: { 'lab.json': record('standard') } },
  })
  for (const name of ['edge', 'standard']) {
    const lock = takeLock(labFolder(join(folder, '.siplab', name)))
    t.teardown(() => lock.release())
  }
  for (const words of [['sip:alice@lab.test'], ['fe1'], ['--matrix'], ['127.0.0.1:1', '--as', 'fe1']])
    t.match(await run(['check', ...words], folder), { status: 2, err: /there are several labs .*--data DIR/ })
  t.match(await run(['check', '127.0.0.1:1'], folder), { status: 1, out: /link\.refused/ })
})

t.test('another topology in the folder of a lab is refused with both ways on', async (t) => {
  const folder = t.testdir({ lab: { 'lab.json': record('edge') } })
  t.match(await run(['up', 'standard', '--data', join(folder, 'lab')], folder), {
    status: 2,
    err: /holds the lab edge; wanted standard: choose another folder with --data, or .*siplab up standard --fresh/,
  })
})

t.test('siplab --help lists the commands by task', async (t) => {
  const { out } = await run(['--help'])
  const headings = [...out.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, heading]) => heading)
  t.strictSame(headings, [
    'Options',
    'Bring a lab up and down',
    'Plan a deployment',
    'Certificates and settings',
    'Break and repair',
    'Find the cause',
    'Dashboards and assistants',
    'Phones and users',
    'Others',
    'Example',
  ])
  t.match(out, /Find the cause:\n(?: {2}.*\n)* {2}check /)
})

t.test('a reader that goes away does not turn a failure into exit status 0', async (t) => {
  const line = `"$0" "$1" check 127.0.0.1:1 | true; echo "\${PIPESTATUS[0]}"`
  const { stdout } = await runProgram('bash', ['-c', line, process.execPath, siplabBin])
  t.match(stdout, /^(?:1|141)$/m)
})
