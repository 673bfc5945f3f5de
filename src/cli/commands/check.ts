/** `siplab check TARGET`: the connectivity analyzer, against the lab or any server. */
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { requireWritable } from '../named-file.ts'
import { checkProfileNames, checkReport, linkSteps, matrixTable, totals } from '../../check/index.ts'
import { checkLimbo } from '../check-limbo.ts'
import { checkMatrix, matrixText } from '../check-matrix.ts'
import { runningLab } from '../check-setup.ts'
import { expectations, finishReport } from '../check-output.ts'
import type { OutputOptions } from '../check-output.ts'
import { checkTarget, type CheckTargetOptions } from '../check-target.ts'
import { summaryText } from '../check-text.ts'
import { common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'

interface CheckCommandOptions extends CommonOptions, OutputOptions, Omit<CheckTargetOptions, 'data'> {
  readonly limbo?: string
  readonly iOperateThisServer?: true
  readonly matrix?: true
  readonly parallel: number
  readonly targets?: string
  readonly listen?: string
  readonly every?: string
}

export const checkCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('check')
    .argument('[TARGET]', 'sip:user@domain, a domain, host:port, or a node of the running lab')
    .summary('test whether a client can connect, and show which step fails')
    .description(
      'Connects as a client does and tests each step: discovery, TCP, TLS, the certificate, the client certificate, ' +
        'the first SIP answer, keep-alive. Works against the running lab and against any server.',
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
      throw new UsageError('--output FILE needs --report html, junit, json or csv')
    requireWritable(io, '--output', options.output)
    if (options.expect !== undefined) expectations(io, options.expect)
    if (options.matrix === true) return matrix(io, target, options, finish)
    const { targets } = options
    if (targets !== undefined) return listed(io, target, { ...options, targets }, finish)
    if (options.listen !== undefined || options.every !== undefined)
      throw new UsageError('--listen and --every need --targets FILE')
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
      new Option('--profile <CLIENT>', 'use the discovery and naming rules of this client')
        .choices([...checkProfileNames])
        .default('communicator'),
    )
    .option('--ca <FILE...>', "trust these roots (default: the system's, and the lab's for a target in the lab)")
    .option('--crl <FILE...>', 'check revocation with these CRLs (default: not checked)')
    .option('--fetch-crls', 'also fetch, by HTTP, the CRLs that the certificates name')
    .option('--cert <FILE>', 'show this certificate when the server asks for one')
    .option('--key <FILE>', 'private key of --cert')
    .option('--as <NODE>', 'dial with the certificate and trust list of this node, to test its link')
}

/** How much is tried. */
function scopeOptions(command: Command): void {
  command
    .option('--probe', 'also show a certificate of an unknown CA, and report whether the server refuses it')
    .option(
      '--probe-borders',
      'also test what an unknown sender may do: relay, claim a dialog, assert an identity, direct UDP answers ' +
        'elsewhere; sends one request for each, and only to a listener of this check',
    )
    .option('--i-operate-this-server', 'confirm that you may probe the target; --probe-borders needs it')
    .option('--targets <FILE>', 'check every target of a YAML file (docs/dashboards.md)')
    .option('--listen <ADDRESS>', 'with --targets: serve /metrics and /probe?target=; PORT alone is on loopback')
    .option('--every <SPAN>', 'with --listen: check each target once in this time (default: 5m)')
    .option('--matrix', 'try every SIP link of the running lab in both directions, and compare with the plan')
    .option('--parallel <N>', 'with --matrix or --targets: open N connections at once', count, 1)
    .option('--names', 'check the DNS records of a domain, inside and outside')
    .option(
      '--login [NAME]',
      'also sign in, send yourself a message, call --echo, sign out; password: SIPLAB_PASSWORD, the lab, or a prompt',
    )
    .option('--user <URI>', 'sign in as this user, if the target names no user')
    .option('--echo <URI>', 'call this user (default in a lab: another user of the lab)')
}

/** The way to the target, and the rules by which it is judged. */
function wayOptions(command: Command): void {
  command
    .option('--dns <SERVER>', 'ask this DNS server, ADDRESS or ADDRESS:PORT')
    .addOption(new Option('--view <SIDE>', 'look at a lab from this side').choices(['internal', 'external']))
    .option('--address <IP>', 'dial this IP address, not the one in DNS', ipAddress)
    .option('--name <NAME>', 'expect this name in the certificate (default: the host)')
    .addOption(
      new Option('--transport <NAME>', 'use this transport, for a target with a port').choices(['tls', 'tcp', 'wss']),
    )
    .addOption(
      new Option('--rules <PROFILE>', 'judge the certificate by these rules').choices([
        'lcs2005',
        'ocs2007',
        'modern',
        'node',
        'rfc5280',
        'webpki',
      ]),
    )
    .addOption(new Option('--tls-min <VERSION>', 'offer this TLS version or higher').choices(['1.2', '1.3']))
    .addOption(new Option('--tls-max <VERSION>', 'offer this TLS version or lower').choices(['1.2', '1.3']))
    .option('--server-cert <FILE>', 'test whether the server shows the certificate in this file')
    .option('--proxy-protocol', 'send a PROXY header (version 1) before every ClientHello, as a balancer does')
    .option('--relaxed-naming', 'accept an SRV target anywhere below the domain (DisableStrictDNSNaming)')
    .option('--timeout <SECONDS>', 'wait at most this long for each answer of the server', seconds, 5)
}

function reportOptions(command: Command): void {
  command
    .option('--expect <FILE>', 'compare with a YAML or JSON file of step: code; exit status 1 when they differ, else 0')
    .addOption(
      new Option('--report <KIND>', 'write a report instead of the text').choices(['html', 'junit', 'json', 'csv']),
    )
    .option('--output <FILE>', 'write the report to FILE (default: stdout)')
    .option('--verbose', 'show the evidence of every step')
    .option('--limbo <FILE>', 'score the certificate examiner against a corpus in the JSON form of x509-limbo')
}

/** The ends of names that only evidence has; no host is called `chain.pem`. */
const evidence = /\.(?:pem|crt|cer|der|p7b|p7c|pfx|p12|key|csr|crl|pcap|pcapng|log|txt)$/i

function refuseFile(io: Io, target: string): void {
  if (!evidence.test(target)) return
  const there = existsSync(resolve(io.workingFolder, target)) ? 'is a file' : 'has the name of a file'
  throw new UsageError(`${target} ${there}, and siplab check needs a host; for a file: siplab explain ${target}`)
}

/** Probing is for the own server, or with leave. */
function refuseProbing(target: string, { probeBorders, iOperateThisServer }: CheckCommandOptions): void {
  if (probeBorders === true && iOperateThisServer !== true)
    throw new UsageError(`--probe-borders needs --i-operate-this-server; add it if you operate ${target}`)
}

/** Loaded here alone: the reader of the file and the metrics cost every other start. */
async function listed(
  io: Io,
  target: string | undefined,
  options: CheckCommandOptions & { readonly targets: string },
  finish: CommandContext['finish'],
): Promise<void> {
  if (target !== undefined) throw new UsageError(`--targets FILE and the target ${target} exclude each other`)
  if (options.probeBorders === true || options.login !== undefined)
    throw new UsageError('--targets excludes --login and --probe-borders')
  const { checkTargets } = await import('../check-targets.ts')
  finish(await checkTargets(io, options))
}

async function matrix(
  io: Io,
  target: string | undefined,
  options: CheckCommandOptions,
  finish: CommandContext['finish'],
): Promise<void> {
  if (target !== undefined) throw new UsageError(`--matrix and the target ${target} exclude each other`)
  const lab = runningLab(io, options, () => true)
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

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new UsageError(`--parallel: wanted a whole number above 0, found ${JSON.stringify(text)}`)
}

function ipAddress(text: string): string {
  if (isIP(text) !== 0) return text
  throw new UsageError(`--address: wanted an IP address, found ${JSON.stringify(text)}`)
}

function seconds(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0.1 && value <= 60) return value
  throw new UsageError(`--timeout: wanted seconds from 0.1 to 60, found ${JSON.stringify(text)}`)
}
