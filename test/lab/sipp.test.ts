/** SIPp, over UDP and TCP, against the two topologies that need no certificate. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { accepts } from '../support/accepts.ts'
import { repository, runProgram } from '../support/command.ts'
import type { CommandResult } from '../support/command.ts'
import { missing } from '../support/debian-program.ts'
import { freePort } from '../support/free-port.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { until } from '../support/until.ts'
import { guardMs } from '../support/guard.ts'

const calls = 20

for (const { topology, node } of [
  { topology: 'standard', node: 'se' },
  { topology: 'enterprise', node: 'fe1' },
] as const) {
  t.test(`SIPp against ${topology}`, { skip: missing('sipp') }, async (t) => {
    const lab = await withLab(t, topology)

    for (const transport of ['udp', 'tcp'] as const) {
      t.test(`REGISTER with digest over ${transport}, and ${calls} calls through the server`, async (t) => {
        const port = await freePort()
        const bob = await sipp(t, lab, { node, transport, user: 'bob', port })
        t.equal(await bob('register', '-m', '1'), '', 'bob signs in')
        const alice = await sipp(t, lab, { node, transport, user: 'alice', port: await freePort() })
        const callee = bob('callee', '-m', String(calls))
        // A datagram is sent again until SIPp listens; a connection is not.
        if (transport === 'tcp') await until(() => accepts(port))
        t.equal(await alice('caller', '-m', String(calls), '-r', '40', '-key', 'callee', 'bob'), '', 'alice calls')
        t.equal(await callee, '', 'bob is called')
      })
    }

    t.test('a wrong password is challenged again', async (t) => {
      const bob = await sipp(t, lab, { node, transport: 'udp', user: 'bob', port: await freePort(), password: 'wrong' })
      t.match(await bob('register', '-m', '1'), /401/)
    })
  })
}

interface Sipp {
  readonly node: string
  readonly transport: 'udp' | 'tcp'
  readonly user: string
  readonly port: number
  readonly password?: string
}

/** Runs a scenario of test/fixtures/sipp; resolves with what went wrong, empty when all went well. */
async function sipp(
  t: Test,
  lab: TestLab,
  { node, transport, user, port, password }: Sipp,
): Promise<(scenario: string, ...args: readonly string[]) => Promise<string>> {
  const listener = lab.node(node).listeners.find((each) => each.transport === transport)
  const account = lab.ready.users.find(({ login }) => login === user)
  if (listener === undefined || account === undefined)
    throw new Error(`${node} has no ${transport} listener, or the lab no ${user}`)
  const folder = mkdtempSync(join(tmpdir(), 'siplab-sipp-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const common = [
    `${listener.address}:${listener.port}`,
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    '-t',
    transport === 'udp' ? 'u1' : 't1',
    '-nostdin',
    '-timeout',
    `${guardMs / 1000}s`,
    '-timeout_error',
    '-au',
    account.login,
    '-ap',
    password ?? account.password,
    '-key',
    'user',
    user,
    '-key',
    'domain',
    lab.ready.domain,
    '-trace_err',
  ]
  return async (scenario, ...args) => {
    const file = resolve(repository, 'test', 'fixtures', 'sipp', `${scenario}.xml`)
    return complaint(
      folder,
      await runProgram('sipp', ['-sf', file, ...common, ...args], {
        cwd: folder,
        environment: { TERM: 'dumb' },
      }),
    )
  }
}

function complaint(folder: string, { status, stderr }: CommandResult): string {
  if (status === 0) return ''
  const errors = readdirSync(folder)
    .filter((name) => name.endsWith('_errors.log'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  return `exit ${status}\n${stderr}\n${errors.join('\n')}`
}
