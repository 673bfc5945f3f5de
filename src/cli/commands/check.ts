/** `siplab check TARGET`: the connectivity analyzer, against the lab or any server. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import {
  bordersStep,
  checkProfileNames,
  checkReport,
  discoverDomain,
  discoverHost,
  Journal,
  linkSteps,
  loginStep,
  matrixTable,
  totals,
  walk,
} from '../../check/index.ts'
import type { Candidate, CheckReport, Reached } from '../../check/index.ts'
import { credentials, echoFor } from '../check-credentials.ts'
import type { LoginArguments } from '../check-credentials.ts'
import { checkLimbo } from '../check-limbo.ts'
import { checkMatrix, matrixText } from '../check-matrix.ts'
import { checkNames } from '../check-names.ts'
import { runningLab, setUp } from '../check-setup.ts'
import type { Setup, SetupOptions } from '../check-setup.ts'
import { expectations, finishReport } from '../check-output.ts'
import type { OutputOptions } from '../check-output.ts'
import { liveTree, summaryText } from '../check-text.ts'
import { common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'

interface CheckCommandOptions
  extends CommonOptions,
    LoginArguments,
    OutputOptions,
    Omit<SetupOptions, 'timeout' | 'data'> {
  readonly limbo?: string
  readonly timeout: number
  readonly verbose?: true
  readonly probeBorders?: true
  readonly iOperateThisServer?: true
  readonly matrix?: true
  readonly parallel: number
  readonly names?: true
}

export const checkCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('check')
    .argument('[TARGET]', 'sip:user@domain, a domain, host:port, or a node of the running lab')
    .summary('can a client get in, and if not, which step fails')
    .description(
      'Walks as a client would: discovery, TCP, TLS, the certificate, the client certificate, the first SIP ' +
        'answer, keep-alive. Works against the running lab and against any server.',
    )
  identityOptions(command)
  scopeOptions(command)
  wayOptions(command)
  reportOptions(command)
  common(
    command,
    'siplab check sip:alice@lab.test\n  siplab check fe1 --as director\n  siplab check sip.example.com:5061 ' +
      '--profile federation-peer --cert me.pem --key me.key',
  ).action(async (target: string | undefined, options: CheckCommandOptions) => {
    if (options.limbo !== undefined) return checkLimbo(io, options, options.limbo)
    if (options.output !== undefined && options.report === undefined)
      throw new UsageError('--output FILE: wanted --report html, junit or json beside it')
    if (options.expect !== undefined) expectations(io, options.expect)
    if (options.matrix === true) return matrix(io, options, finish)
    if (target === undefined)
      throw new UsageError(
        'nothing to check: wanted a target (sip:user@domain, a domain, host:port, a node of the lab) or --limbo FILE',
      )
    refuseFile(io, target)
    refuseProbing(target, options)
    const report = await checkTarget(io, target, options)
    finish(finishReport(io, report, report, () => summaryText(report, io), options) ? 0 : 1)
  })
}

/** As whom it dials, and whom it believes. */
function identityOptions(command: Command): void {
  command
    .addOption(
      new Option('--profile <CLIENT>', 'whose rules of discovery and naming')
        .choices([...checkProfileNames])
        .default('communicator'),
    )
    .option('--ca <FILE...>', "roots to trust (default: the system's, and the lab's for a target in the lab)")
    .option('--crl <FILE...>', 'certificate revocation lists; without them revocation is not checked')
    .option('--cert <FILE>', 'a certificate to show when the server asks for one')
    .option('--key <FILE>', 'its private key')
    .option('--as <NODE>', "dial with a node's own certificate and trust list: is the link all right?")
}

/** How much is tried. */
function scopeOptions(command: Command): void {
  command
    .option('--probe', 'also show a certificate of a stranger, and see whether it is refused')
    .option(
      '--probe-borders',
      'also ask what strangers may do: relay, claim a dialog, assert an identity, UDP to another address; one ' +
        'request each, with a listener of this check as the only target',
    )
    .option('--i-operate-this-server', 'you may probe the borders of the target: --probe-borders wants it')
    .option('--matrix', 'try every SIP link of the running lab in both directions, against the plan')
    .option('--parallel <N>', 'connections at once with --matrix', count, 1)
    .option('--names', 'check the DNS records of a domain, inside and outside')
    .option(
      '--login [NAME]',
      'also sign in, write to oneself, call an echo and sign out; password: SIPLAB_PASSWORD, the lab, or a prompt',
    )
    .option('--user <URI>', 'who signs in, when the target names no user')
    .option('--echo <URI>', 'whom to call; in a lab another of its users')
}

/** The way to the target, and the rules by which it is judged. */
function wayOptions(command: Command): void {
  command
    .option('--dns <SERVER>', 'ask this DNS server, ADDRESS or ADDRESS:PORT')
    .addOption(new Option('--view <SIDE>', 'from which side to look at a lab').choices(['internal', 'external']))
    .option('--address <IP>', 'dial this address whatever the DNS says')
    .option('--name <NAME>', 'the name the certificate must carry, when it is not the host')
    .addOption(new Option('--transport <NAME>', 'for a target with a port').choices(['tls', 'tcp', 'wss']))
    .addOption(
      new Option('--rules <PROFILE>', 'by which rules the certificate is judged').choices([
        'lcs2005',
        'ocs2007',
        'modern',
        'node',
        'rfc5280',
        'webpki',
      ]),
    )
    .option('--tls-min <VERSION>', 'lowest TLS version to offer: 1.2 or 1.3')
    .option('--tls-max <VERSION>', 'highest TLS version to offer')
    .option('--server-cert <FILE>', 'the certificate file of the server: does the server show what it holds?')
    .option('--proxy-protocol', 'send a PROXY header (version 1) before every ClientHello, as a balancer does')
    .option('--relaxed-naming', 'an SRV target anywhere below the domain will do (DisableStrictDNSNaming)')
    .option('--timeout <SECONDS>', 'longest wait of each step', seconds, 5)
}

function reportOptions(command: Command): void {
  command
    .option('--expect <FILE>', 'YAML or JSON of step: code; exit 1 when anything differs, 0 when all is as expected')
    .addOption(new Option('--report <KIND>', 'a report instead of the text').choices(['html', 'junit', 'json']))
    .option('--output <FILE>', 'where the report goes (default: stdout)')
    .option('--verbose', 'show the evidence of every step')
    .option('--limbo <FILE>', 'score the certificate examiner against a corpus in the JSON form of x509-limbo')
}

/** The ends of names that only evidence has; no host is called `chain.pem`. */
const evidence = /\.(?:pem|crt|cer|der|p7b|p7c|pfx|p12|key|csr|crl|pcap|pcapng|log|txt)$/i

function refuseFile(io: Io, target: string): void {
  if (!evidence.test(target)) return
  const there = existsSync(resolve(io.workingFolder, target)) ? 'is a file' : 'has the name of a file'
  throw new UsageError(`${target} ${there}, and check dials hosts; to judge it: siplab explain ${target}`)
}

/** Probing is for the own server, or with leave. */
function refuseProbing(target: string, { probeBorders, iOperateThisServer }: CheckCommandOptions): void {
  if (probeBorders === true && iOperateThisServer !== true)
    throw new UsageError(
      `--probe-borders: wanted --i-operate-this-server beside it, found none; add it if you operate ${target}`,
    )
}

async function matrix(io: Io, options: CheckCommandOptions, finish: CommandContext['finish']): Promise<void> {
  const lab = runningLab(io, options)
  if (lab === undefined)
    throw new UsageError('--matrix: wanted a running lab, found none; siplab up brings one up, --data names its folder')
  const began = performance.now()
  const matrixReport = await checkMatrix(io, lab, options)
  const steps = linkSteps(matrixReport.links)
  const report = checkReport(
    `every link of ${matrixReport.topology}`,
    'matrix',
    new Date(),
    steps,
    totals(steps).verdict,
    performance.now() - began,
  )
  finish(
    finishReport(io, report, matrixReport, () => matrixText(matrixReport), options, matrixTable(matrixReport.links))
      ? 0
      : 1,
  )
}

async function checkTarget(io: Io, target: string, options: CheckCommandOptions): Promise<CheckReport> {
  const setup = setUp(io, target, options)
  const began = performance.now()
  const at = new Date()
  const journal = new Journal(
    liveTree(io.err, { colours: io.colours.err, terminal: io.colours.err, verbose: options.verbose === true }),
    setup.lab === undefined ? { outside: hostOf(setup.destination) } : {},
  )
  const { destination } = setup
  const done = (): CheckReport =>
    checkReport(target, options.profile, at, journal.steps, totals(journal.steps).verdict, performance.now() - began)
  if (options.names === true) {
    await checkNames(
      io,
      journal,
      destination.kind === 'domain' ? destination.domain : destination.host,
      setup.lab,
      options,
    )
    return done()
  }
  const candidates = await discover(journal, setup)
  const domain = destination.kind === 'domain' ? destination.domain : destination.host
  const user = destination.kind === 'domain' ? destination.user : undefined
  const reached = await walk(
    journal,
    candidates,
    { uri: `sip:${domain}`, from: `sip:${user ?? 'check'}@${domain}` },
    setup.options,
  )
  if (options.probeBorders === true) await borders(journal, reached, domain, setup)
  if (options.login !== undefined) await login(io, journal, reached, setup, options)
  return done()
}

function hostOf(destination: Setup['destination']): string {
  return destination.kind === 'domain' ? destination.domain : destination.host
}

async function borders(
  journal: Journal,
  reached: Reached | undefined,
  domain: string,
  { options }: Setup,
): Promise<void> {
  if (reached !== undefined) return bordersStep(journal, reached, domain, options)
  const sentence = 'Not tried: a client would not have come this far.'
  journal.put('borders', 'borders', { outcome: 'not-tried', code: 'not-tried', sentence, evidence: {} })
}

async function login(
  io: Io,
  journal: Journal,
  reached: Reached | undefined,
  { destination, lab, options: checkOptions }: Setup,
  options: CheckCommandOptions,
): Promise<void> {
  if (reached === undefined)
    return journal.put('login', 'sign-in', {
      outcome: 'not-tried',
      code: 'not-tried',
      sentence: 'Not tried: a client would not have come this far.',
      evidence: {},
    })
  const who = await credentials(io, options, destination, lab)
  await loginStep(journal, reached, who, echoFor(options, who, lab), checkOptions)
}

async function discover(journal: Journal, { destination, options }: Setup): Promise<readonly Candidate[]> {
  const { profile, resolver, relaxedNaming } = options
  if (destination.kind === 'domain')
    return discoverDomain(journal, destination.domain, { profile, resolver, relaxedNaming })
  const { host, port, transport, found, address, names } = destination
  const candidates = await discoverHost(
    journal,
    { host, port, transport, found, ...(address === undefined ? {} : { address }) },
    resolver,
  )
  return candidates.map((candidate) => ({ ...candidate, names }))
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new UsageError(`wanted a count, found ${JSON.stringify(text)}`)
}

function seconds(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0.1 && value <= 60) return value
  throw new UsageError(`--timeout: wanted seconds from 0.1 to 60, found ${JSON.stringify(text)}`)
}
