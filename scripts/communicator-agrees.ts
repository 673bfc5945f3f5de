/**
 * Holds `check --profile communicator` against the Communicator-compatible client: both meet every server fault of the
 * catalogue, and both must reach, or refuse, the same servers. Run: node scripts/communicator-agrees.ts CLIENT [SLUG…].
 * Differences are printed with their reason; one without a reason makes the exit status 1.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../src/faults/catalogue/fault.ts'
import { faultPki } from '../src/faults/catalogue/fault-pki.ts'
import { faults } from '../src/faults/catalogue/index.ts'
import { allSteps } from '../src/check/index.ts'
import { checkedReport } from '../test/check/fault-table.ts'
import { faultServer } from '../test/support/sip-server.ts'
import { ForeignDeath, skippedStatus } from '../test/support/foreign-death.ts'

/** Why the two may differ: the client's verifier is NSS, the lab's rules are those of its servers and of OpenSSL. */
const reasons: Readonly<Record<string, string>> = {
  'not-yet-valid-intermediate': 'the client refuses an intermediate that has ended and takes one that has not begun',
  'intermediate-only-trusted':
    'the client takes every certificate of its list as an anchor; OpenSSL wants a self-signed root',
  'leaf-is-ca': 'NSS takes no CA certificate for a server',
  'self-signed-pinned': 'NSS takes only CAs as anchors, so a pinned server certificate leads nowhere',
  'trailing-dot': 'the client compares the name with its dot; OpenSSL and the lab drop it',
  'issuer-eku-narrow': 'NSS does not hold the purposes of an issuing CA against its leaf',
  ed25519: 'this NSS knows no Ed25519 certificates',
  'ed25519-ca': 'this NSS knows no Ed25519 certificates',
  'rsa-1024': 'NSS takes RSA keys from 1023 bits on; OpenSSL and the lab want 2048',
  'rsa-1024-ca': 'NSS takes RSA keys from 1023 bits on; OpenSSL and the lab want 2048',
  'rsa-3072': 'NSS wants keyEncipherment of an RSA server key, this certificate lists digitalSignature only',
  'rsa-pss': 'this NSS offers no signature scheme that fits an RSA-PSS key',
  'sha1-signature': 'NSS still takes SHA-1 signatures in a private chain; OpenSSL does not',
}

interface Meeting {
  readonly reached: boolean
  readonly said: string
}

const [program, ...wanted] = process.argv.slice(2)
if (program === undefined) throw new Error('usage: node scripts/communicator-agrees.ts CLIENT [SLUG…]')
const pki = faultPki({ now: Date.now() })

/**
 * What the client has a say in: a server's certificate under the plain trust list, dialled by name, with the TLS
 * versions of its own.
 */
function visible(fault: Fault): boolean {
  const { judge, wantedName } = fault.make(pki)
  return (
    fault.sides.includes('server') &&
    fault.expect.kind !== 'stops-start' &&
    judge.crls === undefined &&
    judge.settings === undefined &&
    judge.trust !== undefined &&
    fault.versions === undefined &&
    !/^[\d.]+$/.test(wantedName)
  )
}

async function clientMeets(fault: Fault, client: string): Promise<Meeting> {
  const variation = fault.make(pki)
  const server = await faultServer(pki, variation, 'server')
  const folder = mkdtempSync(join(tmpdir(), 'siplab-communicator-'))
  try {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, (variation.judge.trust ?? []).join(''))
    const name = variation.wantedName
    const args = [
      '--account',
      'alice@lab.test',
      '--password',
      'none',
      '--server',
      `${name}:${server.port}`,
      '--transport',
      'tls',
      '--ca',
      ca,
      '--resolve',
      `${name}=127.0.0.1`,
      '--timeout',
      '60',
      '--sip-events',
    ]
    return readEvents(await run(client, args))
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Ends the client as soon as it has shown what it thinks: it would wait for a server that signs it on. */
function run(client: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(client, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-10_000)))
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes('"line":"REGISTER')) child.kill('SIGTERM')
    })
    const late = setTimeout(() => child.kill('SIGKILL'), 90_000)
    child.on('error', reject)
    child.on('close', (_, signal) => {
      clearTimeout(late)
      // SIGTERM and SIGKILL are ours.
      if (signal === null || signal === 'SIGTERM' || signal === 'SIGKILL') resolve(output)
      else reject(new ForeignDeath('siplab-communicator (libpurple, SIPE)', signal, complaints))
    })
  })
}

function skipOnDeath(error: unknown): never {
  if (!(error instanceof ForeignDeath)) throw error
  console.error(error.message)
  process.exit(skippedStatus)
}

/** It reached TLS when it has sent its REGISTER. */
function readEvents(output: string): Meeting {
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  const reached =
    events.some(({ event, dir, line }) => event === 'sip' && dir === 'out' && String(line).startsWith('REGISTER')) ||
    events.some(({ event }) => event === 'signed-on')
  const certificate = events.find(({ event }) => event === 'certificate')
  const failure = events.find(({ event }) => event === 'connection-error')
  const said = String(certificate?.['reason'] ?? failure?.['reason'] ?? (reached ? 'accepted' : 'nothing'))
  return { reached, said: said.replaceAll(/\s+/g, ' ').slice(0, 120) }
}

async function checkMeets(fault: Fault): Promise<Meeting> {
  const report = await checkedReport(pki, fault, 'server', 'communicator')
  const steps = allSteps(report.steps)
  const refused = steps.find(
    ({ id, outcome }) => (id === 'trust' || id === 'tls' || id === 'certificate') && outcome === 'failed',
  )
  return { reached: refused === undefined, said: refused?.code ?? 'accepted' }
}

let agreed = 0
let unexplained = 0
const seen = faults.filter((fault) => visible(fault) && (wanted.length === 0 || wanted.includes(fault.slug)))
for (const fault of seen) {
  const [client, check] = [await clientMeets(fault, program).catch(skipOnDeath), await checkMeets(fault)]
  const same = client.reached === check.reached
  if (same) agreed += 1
  else if (reasons[fault.slug] === undefined) unexplained += 1
  const word = ({ reached, said }: Meeting): string => `${reached ? 'reaches' : 'refuses'} (${said})`
  console.log(
    `${same ? 'agree ' : 'DIFFER'} ${fault.slug.padEnd(32)} client ${word(client)}; check ` +
      `${word(check)}${same ? '' : `; ${reasons[fault.slug] ?? 'no reason known'}`}`,
  )
}
console.log(
  `\nthe client and check agree on ${agreed} of ${seen.length} faults; ${seen.length - agreed - unexplained} ` +
    `differences have a reason, ${unexplained} have none`,
)
process.exitCode = unexplained === 0 ? 0 : 1
