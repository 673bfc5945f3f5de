import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '../../src/cli/commands/index.ts'
import { runInProcess as run } from '../support/cli.ts'
import { runProgram, siplab, siplabBin } from '../support/command.ts'

const badRole =
  'name: bad\nabout: A lab with a fault.\nprofile: lcs2005\ndomain: lab.test\nhosts:\n  fe1: { role: frontend }\n'

t.test('exit status 0', async (t) => {
  t.match(await run(['--help']), { status: 0, out: /siplab up/ })
  t.match(await run(['--version']), { status: 0, out: /^\d+\.\d+\.\d+\n$/ })
  t.match(await run(['plan', 'edge']), { status: 0, out: /director\.lab\.test/, err: '' })
})

t.test('exit status 1 when the thing asked for is not so', async (t) => {
  const folder = t.testdir({})
  t.match(await run(['status'], folder), {
    status: 1,
    err: /no lab was brought up below \.siplab; bring one up with siplab up/,
  })
  t.match(await run(['down'], folder), { status: 1 })
  t.match(await run(['decode', 'nothing known']), { status: 1 })
})

t.test('exit status 2 for wrong usage', async (t) => {
  t.match(await run(['bring-up']), { status: 2, err: /unknown command 'bring-up'/ })
  t.match(await run(['mtls', 'fe1']), { status: 2, err: /missing required argument/ })
  t.match(await run(['up', 'edge', '--network', '400']), {
    status: 2,
    err: /--network: wanted a number from 1 to 254.*found "400"/,
  })
  const probing = await run(['check', 'sip.example.test', '--probe-borders'])
  t.match(probing, { status: 2, err: /needs --i-operate-this-server/ })
  t.match(await run(['plan', '--port', 'edge=99999']), { status: 2, err: /--port: wanted edge=PORT/ })
  t.match(await run(['status', '--lab', 'moon']), {
    status: 2,
    err: /--lab: wanted one of local, compose, found "moon"/,
  })
})

t.test('exit status 2 for a wrong configuration, with file, line and field', async (t) => {
  const folder = t.testdir({ 'bad.yaml': badRole })
  const file = join(folder, 'bad.yaml')
  t.match(await run(['plan', file]), {
    status: 2,
    err: /bad\.yaml:6: hosts\.fe1\.role: wanted one of .*, found "frontend"/,
  })
  t.match(JSON.parse((await run(['plan', file, '--json'])).out), {
    error: { code: 'config.invalid', line: 6, field: 'hosts.fe1.role' },
  })
  t.match(await run(['plan', 'egde']), { status: 2, err: /wanted a topology .*found "egde"; did you mean edge/ })
})

t.test('a wrong configuration leaves nothing behind', async (t) => {
  const folder = t.testdir({ 'bad.yaml': badRole })
  const result = await siplab(['up', join(folder, 'bad.yaml'), '--json'], { cwd: folder })
  t.equal(result.status, 2)
  t.strictSame(readdirSync(folder), ['bad.yaml'])
})

t.test('a network that is taken is refused with who holds what, and nothing is left behind', async (t) => {
  const folder = t.testdir({})
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(5060, '127.0.253.41', resolve))
  t.teardown(() => holder.close())
  t.match(await siplab(['up', 'standard', '--network', '253'], { cwd: folder }), {
    status: 2,
    stderr: /se cannot listen on 127\.0\.253\.41:5060 \(tcp, EADDRINUSE\).*--network N/,
  })
  t.strictSame(readdirSync(folder), [])
})

t.test('a lab folder that is damaged or of another version is exit status 2, with the way on', async (t) => {
  const folderWith = (record: string): string => t.testdir({ '.siplab': { edge: { 'lab.json': record } } })
  t.match(await run(['status'], folderWith('{')), {
    status: 2,
    err: /lab\.json is damaged: .*siplab up --fresh --data/,
  })
  t.match(await run(['status'], folderWith('[]')), { status: 2, err: /lab\.json is damaged: it holds no object/ })
  t.match(await run(['status'], folderWith('{"x":1}')), { status: 2, err: /wanted "format": 1, found none/ })
  t.match(await run(['status'], folderWith('{"format":2}')), { status: 2, err: /wanted "format": 1, found 2/ })
  t.match(await run(['status'], folderWith('{"format":1}')), { status: 2, err: /damaged: the fields topology, name/ })
})

t.test('a folder that cannot be looked into is not called empty', async (t) => {
  const folder = t.testdir({ lab: t.fixture('symlink', 'lab') })
  t.match(await run(['status', '--data', 'lab'], folder), {
    status: 2,
    err: /cannot find .*lab\.json: its links lead in a circle \(ELOOP\)/,
  })
})

t.test('a folder that may not be written is exit status 2, and names the folder', async (t) => {
  const folder = t.testdir({ file: '' })
  const data = join(folder, 'file', 'lab')
  t.match(await run(['up', 'standard', '--data', data], folder), {
    status: 2,
    err: /cannot make the folder .*file\/lab: a part of the path is not a folder \(ENOTDIR\); check the path/,
  })
})

t.test('every command explains itself with an example', async (t) => {
  const names = (await run(['--help'])).out.match(/^ {2}([a-z-]+) /gm)?.map((line) => line.trim()) ?? []
  t.ok(names.length >= commands.length)
  for (const name of names.filter((each) => each !== 'siplab' && each !== 'help')) {
    const { status, out } = await run([name, '--help'])
    t.equal(status, 0, `${name} --help`)
    const hasCommandsOfItsOwn = /^Commands:$/m.test(out)
    if (!hasCommandsOfItsOwn) t.match(out, new RegExp(`Example:\\n  .*siplab ${name}`))
  }
})

const otherNode = '/usr/bin/node'
const otherVersion = existsSync(otherNode)
  ? execFileSync(otherNode, ['--version'], { encoding: 'utf8', env: {} }).trim()
  : 'none'
const isOlder = Number(/^v(\d+)/.exec(otherVersion)?.[1] ?? 99) < 24

t.test('the door', async (t) => {
  t.test(
    'hands over to the locked node when its own is too old',
    { skip: isOlder ? false : `needs a Node older than 24 at ${otherNode}, found ${otherVersion}` },
    async (t) => {
      t.match(await runProgram(otherNode, [siplabBin, 'decode', '0x800B0101']), { status: 0, stdout: /CERT_E_EXPIRED/ })
      t.match(
        await runProgram(otherNode, [siplabBin, 'decode', 'nothing known']),
        { status: 1 },
        'its exit status comes through',
      )
    },
  )

  t.test('is quiet when the reader goes away', async (t) => {
    const { stderr } = await runProgram('sh', [
      '-c',
      `"$0" "$1" plan edge --json | head -c 10`,
      process.execPath,
      siplabBin,
    ])
    t.equal(stderr, '')
  })

  t.test(
    'says in a line that its output cannot be written',
    { skip: existsSync('/dev/full') ? false : 'no /dev/full here' },
    async (t) => {
      const script = '"$0" "$1" faults list >/dev/full'
      const { status, stderr } = await runProgram('sh', ['-c', script, process.execPath, siplabBin])
      t.equal(status, 2, 'a full disk is a limit of the machine (docs/contract.md)')
      t.match(stderr, /^siplab: the output cannot be written: ENOSPC[^\n]*\n$/)
    },
  )

  t.test(
    'names the file of a report that a full disk does not take',
    { skip: existsSync('/dev/full') ? false : 'no /dev/full here' },
    async (t) => {
      const args = ['explain', 'certificate has expired', '--report', 'html', '--output', '/dev/full']
      t.match(await siplab(args), { status: 2, stderr: /cannot write \/dev\/full: the disk is full \(ENOSPC\)/ })
    },
  )

  t.test('writes no colours into a pipe', async (t) => {
    const { stdout } = await siplab(['decode', '0x800B0101'], { environment: { FORCE_COLOR: '' } })
    t.notMatch(stdout, /\u001b\[/)
  })
})
