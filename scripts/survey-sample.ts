/**
 * A survey of real servers as they are and hardened: the hardened one must accept fewer faults. A sample of faults,
 * drawn with a seed that is printed. Run: node scripts/survey-sample.ts [--seed N]. Exit status 75: none is installed.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { surveyClock } from '../src/cli/survey-setup.ts'
import { connectOnce, goodPresenter, openGround, planTrials, surveyByDialling } from '../src/survey/index.ts'
import { surveyName, totalsOf, type Survey, type SurveyGround } from '../src/survey/index.ts'
import { freePort } from '../test/support/free-port.ts'
import { respond } from '../test/support/sip-answers.ts'
import { findProgram, run, start, untilItListens, type Running } from './foreign-peers/program.ts'

interface Files {
  readonly folder: string
  readonly root: string
  readonly chain: string
  readonly key: string
}

interface Server {
  readonly name: string
  readonly program: string
  /** Absent: the program itself. */
  readonly command?: (folder: string) => string
  /** Writes its configuration and gives its arguments. */
  readonly configure: (files: Files, port: number, hardened: boolean) => Promise<readonly string[]>
}

const haproxy: Server = {
  name: 'HAProxy',
  program: 'haproxy',
  configure: async ({ folder, root, chain, key }, port, hardened) => {
    const backend = createServer(respond)
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
    backend.unref()
    const at = backend.address()
    const to = typeof at === 'object' && at !== null ? at.port : 0
    writeFileSync(join(folder, 'all.pem'), readFileSync(chain, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 })
    const demand = hardened ? 'required' : 'optional crt-ignore-err all ca-ignore-err all'
    const config =
      'global\n  log stderr format raw local0\ndefaults\n  mode tcp\n  timeout connect 2s\n  timeout client 5s\n' +
      `  timeout server 5s\nfrontend f\n  bind 127.0.0.1:${port} ssl crt ${join(folder, 'all.pem')} ca-file ${root} ` +
      `verify ${demand}\n  default_backend b\nbackend b\n  server s 127.0.0.1:${to}\n`
    writeFileSync(join(folder, 'haproxy.cfg'), config)
    return ['-db', '-f', join(folder, 'haproxy.cfg')]
  },
}

const kamailio: Server = {
  name: 'Kamailio',
  program: 'kamailio',
  configure: async ({ folder, root, chain, key }, port, hardened) => {
    const [modules] = globSync('/usr/lib/*/kamailio/modules')
    const verify = hardened ? 'yes' : 'no'
    const tls =
      `[server:default]\nmethod = TLSv1.2+\nverify_certificate = ${verify}\nrequire_certificate = ${verify}\n` +
      `ca_list = ${root}\nprivate_key = ${key}\ncertificate = ${chain}\n[client:default]\nmethod = TLSv1.2+\n`
    writeFileSync(join(folder, 'tls.cfg'), tls)
    const loads = ['sl', 'pv', 'tls'].map((name) => `loadmodule "${name}.so"\n`).join('')
    const config =
      '#!KAMAILIO\ndebug=1\nlog_stderror=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\nenable_tls=yes\n' +
      `listen=udp:127.0.0.1:${await freePort()}\nlisten=tls:127.0.0.1:${port}\nmpath="${modules}"\n${loads}` +
      `modparam("tls", "config", "${join(folder, 'tls.cfg')}")\nrequest_route {\n  sl_send_reply("200", "OK");\n}\n`
    writeFileSync(join(folder, 'kamailio.cfg'), config)
    const memory = ['-m', '64', '-M', '8', '-w', folder, '-P', join(folder, 'pid'), '-Y', folder]
    return ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', ...memory]
  },
}

const go: Server = {
  name: 'Go',
  program: 'go',
  command: (folder) => join(folder, 'peer'),
  configure: ({ folder, root, chain, key }, port, hardened) => {
    const source = join(import.meta.dirname, 'foreign-peers', 'peers', 'survey-peer.go')
    run('go', 'build', '-o', join(folder, 'peer'), source)
    return Promise.resolve([String(port), root, chain, key, hardened ? 'yes' : 'no'])
  },
}

/** The same faults each time for the same seed. */
function sampleOf(ground: SurveyGround, seed: number): readonly string[] {
  let state = seed
  const next = (): number => (state = (state * 48_271) % 2_147_483_647)
  const always = ['self-signed', 'untrusted-root', 'expired']
  const others = planTrials({ ground, side: 'client', name: surveyName, crls: false })
    .filter(({ slug, attempt }) => !always.includes(slug) && attempt(Date.now()).kind === 'try')
    .map(({ slug }) => [next(), slug] as const)
    .toSorted(([one], [other]) => one - other)
  return [...always, ...others.slice(0, 8).map(([, slug]) => slug)]
}

async function surveyOf(
  server: Server,
  ground: SurveyGround,
  only: readonly string[],
  hardened: boolean,
): Promise<Survey> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-survey-'))
  let running: Running | undefined
  try {
    const own = ground.pki('server.survey.invalid', Date.now()).good().presenter
    const files = { folder, root: ground.rootFile, chain: join(folder, 'own.pem'), key: join(folder, 'own.key') }
    writeFileSync(files.chain, String(own.certificate))
    writeFileSync(files.key, String(own.key), { mode: 0o600 })
    const port = await freePort()
    const args = await server.configure(files, port, hardened)
    running = start({ command: server.command?.(folder) ?? server.program, args, clock: undefined, folder })
    await untilItListens(port, running)
    const plan = { ground, side: 'client', name: surveyName, crls: false } as const
    const target = { place: { address: '127.0.0.1', port }, host: 'server.survey.invalid', timeoutMs: 2000 }
    return await surveyByDialling({
      target: `${server.name}${hardened ? ', hardened' : ''}`,
      planned: planTrials({ ...plan, only }),
      good: (now) => goodPresenter(plan, now),
      bounds: { connections: 100, seconds: 60, paceMs: 50 },
      clock: surveyClock(),
      signal: new AbortController().signal,
      connect: (presenter, version) => connectOnce(target, presenter, version),
      siplab: 'siplab survey:sample',
    })
  } finally {
    await running?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Accepted faults of any severity; undefined: the survey stopped. */
function acceptedBy(survey: Survey): number | undefined {
  const { accepted } = totalsOf(survey)
  const count = accepted.critical + accepted.serious + accepted.remark
  console.log(
    `${survey.target}: ${accepted.critical} critical, ${accepted.serious} serious, ${accepted.remark} remarks ` +
      `accepted${survey.stopped === undefined ? '' : `; stopped: ${survey.stopped}`}`,
  )
  return survey.stopped === undefined ? count : undefined
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Math.floor(1 + Math.random() * 1_000_000))
  console.log(`seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'siplab-survey-root-'))
  let tried = 0
  let failed = false
  try {
    const ground = openGround(folder, Date.now())
    const only = sampleOf(ground, seed)
    for (const server of [go, kamailio, haproxy]) {
      if (findProgram(server.program) === undefined) {
        console.log(`skipped: ${server.name}: ${server.program} is not installed`)
        continue
      }
      tried += 1
      const loose = acceptedBy(await surveyOf(server, ground, only, false))
      const hard = acceptedBy(await surveyOf(server, ground, only, true))
      // A server that asks for no certificate stops the survey, which is its finding.
      if (hard === undefined || (loose !== undefined && hard >= loose)) failed = true
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (tried === 0) return 75
  return failed ? 1 : 0
}

process.exitCode = await main()
