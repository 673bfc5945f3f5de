/** What siplab doctor says of a machine, and what it says to do. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { platformOf } from '../../src/cli/doctor/finding.ts'
import {
  filesFinding,
  folderFinding,
  memoryFinding,
  nodeFinding,
  platformFinding,
} from '../../src/cli/doctor/machine.ts'
import { programFindings } from '../../src/cli/doctor/programs.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { runInProcess as run } from '../support/cli.ts'

t.test('the platform is told by its kernel', async (t) => {
  t.equal(platformOf('linux', 'Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org)'), 'linux')
  t.equal(platformOf('linux', 'Linux version 5.15.167.4-microsoft-standard-WSL2'), 'wsl')
  t.equal(platformOf('darwin', ''), 'macos')
  t.equal(platformOf('win32', ''), 'other')
})

t.test('a system that was not tried says so, with what to do', async (t) => {
  t.match(platformFinding('macos'), { state: 'note', concerns: /was not tried/, fix: /docker compose/ })
  t.match(platformFinding('wsl'), { state: 'note', fix: /networkingMode=mirrored/ })
  t.match(platformFinding('linux'), { state: 'ok', fix: undefined })
})

t.test('an old Node is a failure', async (t) => {
  t.match(nodeFinding('20.20.2'), { state: 'failed', fix: 'npm ci' })
  t.match([nodeFinding('24.17.0'), nodeFinding('25.0.0')], [{ state: 'ok' }, { state: 'ok' }])
  t.match(nodeFinding('24.16.9'), { state: 'failed' })
})

t.test('few open files are a note with the command', async (t) => {
  const limits = (soft: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   4096   files\n`
  t.match(filesFinding(limits('1024')), { state: 'note', found: 'at most 1024 a process', fix: 'ulimit -n 4096' })
  t.match(filesFinding(limits('unlimited')), { state: 'ok' })
  t.match(filesFinding(undefined), { state: 'note', found: /does not say/ })
})

t.test('little memory is a note that names a smaller lab', async (t) => {
  t.match(memoryFinding(loadTopology('edge'), 100e6, 1), { state: 'note', found: '100 MB free, 1 cores' })
  t.match(memoryFinding(loadTopology('edge'), 4e9, 2), { state: 'ok' })
})

t.test('a folder that cannot be written fails, one that can does not', async (t) => {
  t.match(folderFinding(t.testdir({})), { state: 'ok' })
  t.match(folderFinding(join(t.testdir({}), 'none')), { state: 'failed', found: /ENOENT/, fix: /--data/ })
})

t.test('a program counts where it is on the PATH and can be run', async (t) => {
  const folder = t.testdir({ baresip: '', sipp: '' })
  chmodSync(join(folder, 'baresip'), 0o755)
  const found = programFindings('linux', folder)
  t.match(
    found.find(({ about }) => about === 'baresip'),
    { state: 'ok', found: join(folder, 'baresip') },
  )
  t.match(
    programFindings('macos', '').find(({ about }) => about === 'baresip'),
    { state: /ok|missing/ },
  )
})

t.test('every program says which feature wants it, and how Debian calls it', async (t) => {
  for (const { concerns, state, fix } of programFindings('linux', '/nowhere'))
    t.ok(concerns.length > 10 && (state === 'ok' || fix?.startsWith('apt-get install ')), concerns)
})

t.test('siplab doctor is one document with --json, and ends with 0 where a lab comes up', async (t) => {
  const { status, out } = await run(['doctor', '--json'], t.testdir({}), { PATH: '/nowhere' })
  t.match(JSON.parse(out), { ready: true, platform: 'linux' })
  t.equal(status, 0)
  t.match(await run(['doctor'], '/nowhere'), { status: 1, out: /FAILED {2}working folder/ })
})
