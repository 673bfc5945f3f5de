/** `siplab check TARGET`: the connectivity analyzer, against the lab or any server. */
import { Option } from 'commander'
import { checkProfileNames, checkReport, discoverDomain, discoverHost, Journal, loginStep, totals, walk } from '../../check/index.ts'
import type { Candidate, CheckReport, Reached } from '../../check/index.ts'
import { credentials, echoFor } from '../check-credentials.ts'
import type { LoginArguments } from '../check-credentials.ts'
import { checkLimbo } from '../check-limbo.ts'
import { setUp } from '../check-setup.ts'
import type { Setup, SetupOptions } from '../check-setup.ts'
import { liveTree, summaryText } from '../check-text.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import type { Io } from '../io.ts'

interface CheckCommandOptions extends CommonOptions, LoginArguments, Omit<SetupOptions, 'timeout' | 'data'> {
  readonly limbo?: string
  readonly timeout: number
  readonly verbose?: true
}

export const checkCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('check')
    .argument('[TARGET]', 'sip:user@domain, a domain, host:port, or a node of the running lab')
    .summary('can a client get in, and if not, which step fails')
    .description('Walks as a client would: discovery, TCP, TLS, the certificate, the client certificate, the first SIP answer, keep-alive. Works against the running lab and against any server.')
    .addOption(new Option('--profile <CLIENT>', 'whose rules of discovery and naming').choices([...checkProfileNames]).default('communicator'))
    .option('--ca <FILE...>', "roots to trust (default: the system's, and the lab's for a target in the lab)")
    .option('--crl <FILE...>', 'certificate revocation lists; without them revocation is not checked')
    .option('--cert <FILE>', 'a certificate to show when the server asks for one')
    .option('--key <FILE>', 'its private key')
    .option('--as <NODE>', "dial with a node's own certificate and trust list: is the link all right?")
    .option('--probe', 'also show a certificate of a stranger, and see whether it is refused')
    .option('--login [NAME]', 'also sign in, write to oneself, call an echo and sign out; password: SIPLAB_PASSWORD, the lab, or a prompt')
    .option('--user <URI>', 'who signs in, when the target names no user')
    .option('--echo <URI>', 'whom to call; in a lab another of its users')
    .option('--dns <SERVER>', 'ask this DNS server, ADDRESS or ADDRESS:PORT')
    .addOption(new Option('--view <SIDE>', 'from which side to look at a lab').choices(['internal', 'external']))
    .option('--address <IP>', 'dial this address whatever the DNS says')
    .option('--name <NAME>', 'the name the certificate must carry, when it is not the host')
    .addOption(new Option('--transport <NAME>', 'for a target with a port').choices(['tls', 'tcp']))
    .addOption(new Option('--rules <PROFILE>', 'by which rules the certificate is judged').choices(['lcs2005', 'ocs2007', 'modern', 'node', 'rfc5280', 'webpki']))
    .option('--tls-min <VERSION>', 'lowest TLS version to offer: 1.2 or 1.3')
    .option('--tls-max <VERSION>', 'highest TLS version to offer')
    .option('--relaxed-naming', 'an SRV target anywhere below the domain will do (DisableStrictDNSNaming)')
    .option('--timeout <SECONDS>', 'longest wait of each step', seconds, 5)
    .option('--verbose', 'show the evidence of every step')
    .option('--limbo <FILE>', 'score the certificate examiner against a corpus in the JSON form of x509-limbo')
  common(command, 'siplab check sip:alice@lab.test\n  siplab check fe1 --as director\n  siplab check sip.example.com:5061 --profile federation-peer --cert me.pem --key me.key')
    .action(async (target: string | undefined, options: CheckCommandOptions) => {
      if (options.limbo !== undefined) return checkLimbo(io, options, options.limbo)
      if (target === undefined) throw new UsageError('nothing to check: wanted a target (sip:user@domain, a domain, host:port, a node of the lab) or --limbo FILE')
      const report = await checkTarget(io, target, options)
      io.out(options.json === true ? `${JSON.stringify(report)}\n` : summaryText(report, io))
      finish(report.ok ? 0 : 1)
    })
}

async function checkTarget(io: Io, target: string, options: CheckCommandOptions): Promise<CheckReport> {
  const setup = setUp(io, target, options)
  const began = performance.now()
  const at = new Date()
  const journal = new Journal(liveTree(io.err, io.colours.err, options.verbose === true))
  const candidates = await discover(journal, setup)
  const { destination } = setup
  const domain = destination.kind === 'domain' ? destination.domain : destination.host
  const user = destination.kind === 'domain' ? destination.user : undefined
  const reached = await walk(journal, candidates, { uri: `sip:${domain}`, from: `sip:${user ?? 'check'}@${domain}` }, setup.options)
  if (options.login !== undefined) await login(io, journal, reached, setup, options)
  return checkReport(target, options.profile, at, journal.steps, totals(journal.steps).verdict, performance.now() - began)
}

async function login(io: Io, journal: Journal, reached: Reached | undefined, { destination, lab, options: checkOptions }: Setup, options: CheckCommandOptions): Promise<void> {
  if (reached === undefined) return journal.put('login', 'sign-in', { outcome: 'not-tried', code: 'not-tried', sentence: 'Not tried: a client would not have come this far.', evidence: {} })
  const who = await credentials(io, options, destination, lab)
  await loginStep(journal, reached, who, echoFor(options, who, lab), checkOptions)
}

async function discover(journal: Journal, { destination, options }: Setup): Promise<readonly Candidate[]> {
  const { profile, resolver, relaxedNaming } = options
  if (destination.kind === 'domain') return discoverDomain(journal, destination.domain, { profile, resolver, relaxedNaming })
  const { host, port, transport, found, address, names } = destination
  const candidates = await discoverHost(journal, { host, port, transport, found, ...(address === undefined ? {} : { address }) }, resolver)
  return candidates.map((candidate) => ({ ...candidate, names }))
}

function seconds(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0.1 && value <= 60) return value
  throw new UsageError(`--timeout: wanted seconds from 0.1 to 60, found ${JSON.stringify(text)}`)
}
