/** sipsak against a Standard Edition server: OPTIONS, and its user location test. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runProgram } from '../../support/command.ts'
import type { CommandResult } from '../../support/command.ts'
import { missing } from '../../support/debian-program.ts'
import { freePort } from '../../support/free-port.ts'
import { sharedLab } from '../../support/lab.ts'

/**
 * sipsak looks the domain up even where it is told the proxy: it gets a hosts file of its own, which needs a mount
 * namespace.
 */
const namespaces = [
  ['unshare', '--map-root-user', '--mount'],
  ['unshare', '--mount'],
] as const
const namespace = await firstWorking()

t.test('sipsak against standard', { skip: missing('sipsak') }, async (t) => {
  const lab = await sharedLab('standard')
  const listener = lab.node('se').listeners.find(({ transport }) => transport === 'udp')
  const server = `${listener?.address}:${listener?.port}`

  t.test('OPTIONS is answered 200', async (t) => {
    const { status, stdout } = await runProgram('sipsak', ['-vv', '-s', `sip:${server}`])
    t.equal(status, 0)
    t.match(stdout, /SIP\/2\.0 200 OK/)
  })

  t.test(
    'usrloc: a contact is registered with digest and found again',
    { skip: namespace === undefined ? 'unshare may make no mount namespace here' : false },
    async (t) => {
      const hosts = join(t.testdir({}), 'hosts')
      writeFileSync(hosts, `${readFileSync('/etc/hosts', 'utf8')}${listener?.address} ${lab.ready.domain}\n`)
      const [program = '', ...options] = namespace ?? []
      const usrloc = (password: string): Promise<CommandResult> =>
        runProgram(program, [
          ...options,
          'sh',
          '-c',
          'mount --bind "$0" /etc/hosts && exec sipsak "$@"',
          hosts,
          '-vv',
          '-U',
          '-s',
          `sip:alice@${lab.ready.domain}`,
          '-p',
          server,
          '-u',
          'alice',
          '-a',
          password,
          '-C',
          `sip:alice@127.0.0.1:${port};transport=udp`,
          '-x',
          '60',
        ])
      const port = await freePort()
      const refused = await usrloc('wrong')
      t.ok(refused.status > 0 && /authorizing/.test(refused.stdout), 'not with a wrong password')
      t.match(await usrloc('alice-2005'), { status: 0 })
      t.match(await lab.json('registrations'), [
        { aor: 'sip:alice@lab.test', contact: new RegExp(`127\\.0\\.0\\.1:${port}`) },
      ])
    },
  )
})

async function firstWorking(): Promise<readonly string[] | undefined> {
  for (const words of namespaces) {
    const [program, ...options] = words
    const outcome = await runProgram(program, [...options, 'true']).catch(() => undefined)
    if (outcome?.status === 0) return words
  }
  return undefined
}
