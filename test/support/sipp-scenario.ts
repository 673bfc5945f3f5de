/** Scenarios of test/fixtures/sipp, played by Debian's SIPp as a user of a lab. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { repository, runProgram, type CommandResult } from './command.ts'
import { guardMs } from './guard.ts'
import type { TestLab } from './lab.ts'

interface SippAt {
  readonly node: string
  readonly transport: 'udp' | 'tcp'
  readonly user: string
  readonly port: number
  readonly password?: string
}

interface SippUser {
  /** Where it sends: `127.0.0.1:5060`. */
  readonly server: string
  readonly transport: 'udp' | 'tcp'
  readonly user: string
  /** Its own port on 127.0.0.1. */
  readonly port: number
  readonly password?: string
}

/** Resolves with what went wrong, empty when all went well. */
type PlayScenario = (scenario: string, ...args: readonly string[]) => Promise<string>

/** At a listener in the clear. */
export async function sippAt(t: Test, lab: TestLab, { node, ...user }: SippAt): Promise<PlayScenario> {
  const listener = lab.node(node).listeners.find(({ transport }) => transport === user.transport)
  if (listener === undefined) throw new Error(`${node} has no ${user.transport} listener`)
  return sippOf(t, lab, { ...user, server: `${listener.address}:${listener.port}` })
}

export function sippOf(t: Test, lab: TestLab, { server, transport, user, port, password }: SippUser): PlayScenario {
  const account = lab.ready.users.find(({ login }) => login === user)
  if (account === undefined) throw new Error(`the lab has no user ${user}`)
  const folder = mkdtempSync(join(tmpdir(), 'siplab-sipp-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const common = [
    ...[server, '-i', '127.0.0.1', '-p', String(port), '-t', transport === 'udp' ? 'u1' : 't1'],
    ...['-nostdin', '-timeout', `${guardMs / 1000}s`, '-timeout_error'],
    ...['-au', account.login, '-ap', password ?? account.password],
    ...['-key', 'user', user, '-key', 'domain', account.uri.slice(account.uri.indexOf('@') + 1), '-trace_err'],
  ]
  return async (scenario, ...args) => {
    const file = resolve(repository, 'test', 'fixtures', 'sipp', `${scenario}.xml`)
    const environment = { TERM: 'dumb' }
    return complaint(folder, await runProgram('sipp', ['-sf', file, ...common, ...args], { cwd: folder, environment }))
  }
}

function complaint(folder: string, { status, stderr }: CommandResult): string {
  if (status === 0) return ''
  const errors = readdirSync(folder)
    .filter((name) => name.endsWith('_errors.log'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  return `exit ${status}\n${stderr}\n${errors.join('\n')}`
}
