/**
 * Remedies for servers that siplab does not run: `check` is asked, what it prints is followed as an administrator would
 * follow it, and the next `check` has to be well.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { findFault } from '../../src/faults/catalogue/index.ts'
import { type FaultPki, faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import type { Presenter } from '../../src/faults/catalogue/variation.ts'
import type { Row } from './trial.ts'
import { runSiplab } from './run-siplab.ts'
import { ForeignServer, openSipServer, stackMissing, stacks } from './servers.ts'

/** Causes that each of the servers loads without an error. */
export const foreignCauses = [
  'expired',
  'not-yet-valid',
  'wrong-host',
  'incomplete-chain',
  'untrusted-root',
  'self-signed',
  'no-server-auth-eku',
  'expired-intermediate',
  'not-a-ca-issuer',
  'name-constraints-excluded',
] as const

const host = 'sbc.example.test'

/** `s_server` takes one connection at a time, and a cause takes it 20 s: a sample tries so many. */
const sampleOnOpenssl = 2

/**
 * Each cause on each server that is installed, one line each as it comes.
 *
 * @param every false: OpenSSL gets a part of the causes
 */
export async function tryForeign(every: boolean, tell: (row: Row) => void): Promise<readonly Row[]> {
  const pki = faultPki({ now: Date.now(), name: host })
  const rows: Row[] = []
  const sip = await openSipServer()
  const address = sip.address()
  const sipPort = typeof address === 'object' && address !== null ? address.port : 0
  try {
    for (const stack of stacks) {
      const missing = stackMissing(stack)
      const most = every || stack.name !== 'OpenSSL' ? foreignCauses.length : sampleOnOpenssl
      for (const cause of foreignCauses.slice(0, most)) {
        const row: Row =
          missing === undefined
            ? await tryOne(pki, stack, cause, sipPort)
            : { fault: cause, target: stack.name, column: 'nothing', because: missing }
        rows.push(row)
        tell(row)
      }
    }
  } finally {
    sip.close()
  }
  return rows
}

async function tryOne(pki: FaultPki, stack: (typeof stacks)[number], cause: string, sipPort: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-foreign-'))
  const files = { folder, certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') }
  const roots = join(folder, 'roots.pem')
  mkdirSync(folder, { recursive: true })
  writeFileSync(roots, pki.root.pem)
  const fault = findFault(cause)
  if (fault === undefined) throw new Error(`no fault ${cause}`)
  install(files, fault.make(pki).presenter)
  const server = new ForeignServer(stack, files, await freePort(), sipPort)
  try {
    await server.start()
    return await follow({ pki, server, files, roots, row: { fault: cause, target: stack.name } })
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Trial {
  readonly pki: FaultPki
  readonly server: ForeignServer
  readonly files: { readonly certificate: string; readonly key: string }
  readonly roots: string
  readonly row: Pick<Row, 'fault' | 'target'>
}

async function follow(trial: Trial): Promise<Row> {
  const before = await check(trial)
  if (before.remedy === undefined)
    return { ...trial.row, column: 'failed', code: before.code, because: 'check prints no remedy' }
  const row = { ...trial.row, code: before.code, remedy: before.remedy }
  const misfit = misfitOf(before.remedy)
  if (misfit !== undefined) return { ...row, column: 'failed', because: misfit }
  const work = works.find(([words]) => words.test(before.remedy ?? ''))
  if (work === undefined) return { ...row, column: 'failed', because: 'the remedy matches no known step' }
  await trial.server.stop()
  work[1](trial)
  await trial.server.start()
  const after = await check(trial)
  return after.code === 'ok'
    ? { ...row, column: 'cured' }
    : { ...row, column: 'failed', because: `then check says ${after.code}` }
}

/** What no remedy for a stranger's server may hold. */
function misfitOf(remedy: string): string | undefined {
  if (/\bsiplab /.test(remedy)) return 'it names a command of siplab'
  const placeholder = /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR|HOST|FILE)\b/.exec(remedy)
  return placeholder === null ? undefined : `a placeholder is left: ${placeholder[0]}`
}

/** What an administrator does who reads these words: the first thing that the remedy asks for. */
const works: readonly (readonly [words: RegExp, work: (trial: Trial) => void])[] = [
  [/^append the issuing CA/, ({ pki, files }) => append(files.certificate, pki.issuing.pem)],
  [
    /\b(?:renew|issue|replace)\b.* certificate\b|\bissue it again\b/,
    ({ pki, files }) => install(files, pki.good().presenter),
  ],
]

function append(file: string, pem: string): void {
  writeFileSync(file, pem, { flag: 'a' })
}

/** A certificate of the authority that the checker trusts, with its chain. */
function install(files: Trial['files'], { certificate, key }: Presenter): void {
  writeFileSync(files.certificate, certificate ?? '')
  writeFileSync(files.key, key ?? '', { mode: 0o600 })
}

interface Checked {
  readonly code: string
  readonly remedy?: string
}

async function check({ server, roots }: Trial): Promise<Checked> {
  const args = [`${host}:${server.port}`, '--address', '127.0.0.1', '--profile', 'sbc', '--ca', roots, '--json']
  const { out, err } = await runSiplab(tmpdir(), ['check', ...args])
  if (out === '') throw new Error(`check said nothing: ${err}`)
  const report = JSON.parse(out) as { readonly code: string; readonly steps: readonly Step[] }
  const step = flat(report.steps).find(({ code, outcome }) => code === report.code && outcome !== 'ok')
  return { code: report.code, ...(step?.remedy === undefined ? {} : { remedy: step.remedy }) }
}

interface Step {
  readonly code: string
  readonly outcome: string
  readonly remedy?: string
  readonly steps?: readonly Step[]
}

function flat(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step): readonly Step[] => [step, ...flat(step.steps ?? [])])
}
