/** `siplab phone`: a line-mode phone, or a crowd of them, for scripts and containers. */
import { Option } from 'commander'
import { readNamed } from '../named-file.ts'
import { addCrowd, labPhone } from '../../lab/phones.ts'
import type { PhoneSettings, PhoneTransportName } from '../../phone/index.ts'
import { defaultPorts } from '../../sip/transport/dial/transport-choice.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'
import { chooseRunningLab, planOf } from '../lab-choice.ts'
import { openCrowd } from '../phone/crowd.ts'
import { eventText, type NumberedEvent } from '../phone/lines.ts'

interface PhoneOptions extends CommonOptions {
  readonly as?: string
  readonly outside?: true
  readonly inside?: true
  readonly transport?: PhoneTransportName
  readonly uri?: string
  readonly login?: string
  readonly passwordEnv?: string
  readonly server?: string
  readonly address?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly count: string
  readonly echo?: true
  readonly signedOut?: true
}

const mostPhones = 1_000

export const phoneCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('phone')
    .summary('run a phone that takes one command per line')
    .description(
      'Signs in, then reads commands from standard input, one per line: sign-in, sign-out, message URI TEXT, ' +
        'buddy URI, presence open|closed NOTE, search NAME, call URI, answer, reject STATUS, hang-up, cancel, ' +
        'wait SECONDS, quit; or the same as JSON:\n' +
        '{"do":"message","to":"sip:bob@lab.test","text":"hello","phone":1}.\n' +
        'Signs out and ends at quit or at the end of the input; with --echo on Ctrl-C. Signalling only: no media.',
    )
    .option('--as <USER>', 'sign in as this user of the running lab, e.g. alice')
    .option('--inside', 'sign in from inside the lab, at its director or home server (default)')
    .option('--outside', 'sign in from outside, through the access proxy')
    .addOption(new Option('--transport <NAME>', 'default: tls if offered').choices(['tls', 'tcp', 'wss', 'ws']))
    .option('--uri <URI>', 'SIP address to sign in with at a server outside the lab')
    .option('--server <HOST[:PORT]>', 'server for --uri, whose certificate must carry HOST (default: domain of --uri)')
    .option('--address <IP>', 'dial that server at this IP address, without asking DNS')
    .option('--login <NAME>', 'user name for digest authentication (default: the user part of --uri)')
    .option('--password-env <NAME>', 'read the password from this environment variable')
    .option('--ca <FILE>', 'trust the roots in this PEM file (default: those of Node)')
    .option('--cert <FILE>', 'show this PEM certificate when the server asks for one; needs --key')
    .option('--key <FILE>', 'PEM private key of --cert')
    .option(
      '--count <N>',
      `run N phones, ${mostPhones} at most: with --as devices of one user, otherwise users added for this run`,
      '1',
    )
    .option('--echo', 'answer every call, send every MESSAGE back, stay until Ctrl-C')
    .option('--signed-out', 'do not sign in before the first line')
  common(command, "printf 'message sip:bob@lab.test hello\\n' | siplab phone --as alice --outside").action(
    async (options: PhoneOptions) => {
      const { phones, leave } = await choosePhones(io, options)
      finish((await run(io, options, phones).finally(leave)) ? 0 : 1)
    },
  )
}

async function run(io: Io, options: PhoneOptions, phones: readonly PhoneSettings[]): Promise<boolean> {
  const json = options.json === true
  const tell = (event: NumberedEvent): void => io.out(json ? `${JSON.stringify(event)}\n` : `${eventText(event)}\n`)
  const onBadLine = (error: unknown): void => {
    if (!(error instanceof UsageError)) throw error
    if (json) io.out(`${JSON.stringify({ event: 'not-understood', message: error.message })}\n`)
    else io.err(`${error.message}\n`)
  }
  const interrupted = Promise.withResolvers<boolean>()
  const stopListening = io.onInterrupt(() => interrupted.resolve(true))
  const crowd = openCrowd({ phones, echo: options.echo === true, tell, onBadLine })
  try {
    const began = performance.now()
    const signedIn = options.signedOut === true || (await Promise.race([crowd.signIn(), interrupted.promise]))
    if (crowd.size > 1) showCrowd(io, json, crowd.size, crowd.signedIn, performance.now() - began)
    // No phone can call or be called: the lines would fail one by one.
    if (!signedIn && crowd.signedIn === 0) return false
    const obeyed = crowd
      .obey(io.lines())
      .then(({ good, quit }) => (options.echo === true && !quit ? interrupted.promise.then(() => good) : good))
    return (await Promise.race([obeyed, interrupted.promise])) && signedIn
  } finally {
    io.closeInput()
    await crowd.close()
    stopListening()
  }
}

function showCrowd(io: Io, json: boolean, phones: number, signedIn: number, ms: number): void {
  const perSecond = Math.round((signedIn * 1000) / ms)
  if (json) io.out(`${JSON.stringify({ event: 'crowd', phones, signedIn, ms: Math.round(ms), perSecond })}\n`)
  else io.err(`${signedIn} of ${phones} phones are signed in, ${perSecond} a second\n`)
}

interface ChosenPhones {
  readonly phones: readonly PhoneSettings[]
  /** Takes back what was added to the lab for them. */
  leave(): Promise<void>
}

async function choosePhones(io: Io, options: PhoneOptions): Promise<ChosenPhones> {
  const count = readCount(options.count)
  if (options.inside === true && options.outside === true)
    throw new UsageError('--inside and --outside exclude each other')
  if (options.uri === undefined && options.server === undefined) return labPhones(io, options, count)
  if (options.as !== undefined)
    throw new UsageError('--as names a user of the lab, --uri and --server name another server: use one of the two')
  const settings = strangerPhone(io, options)
  return { phones: Array.from({ length: count }, () => settings), leave: () => Promise.resolve() }
}

async function labPhones(
  io: Io,
  { as, outside, transport, ...options }: PhoneOptions,
  count: number,
): Promise<ChosenPhones> {
  const lab = chooseRunningLab(io, options)
  const plan = planOf(lab)
  const settingsOf = (from: LabPlan, user: string): PhoneSettings =>
    labPhone(from, lab.record.ready?.trust ?? {}, {
      user,
      from: outside === true ? 'outside' : 'inside',
      ...(transport === undefined ? {} : { transport }),
    })
  if (as !== undefined)
    return { phones: Array.from({ length: count }, () => settingsOf(plan, as)), leave: () => Promise.resolve() }
  if (count === 1)
    throw new UsageError(`--as: wanted one of ${plan.users.map(({ login }) => login).join(', ')}, found no --as`)
  const crowd = await addCrowd(plan, lab.folder.root, count)
  return { phones: crowd.users.map((user) => settingsOf(crowd.plan, user)), leave: () => crowd.remove() }
}

function strangerPhone(io: Io, options: PhoneOptions): PhoneSettings {
  const { uri, server, transport = 'tls', address, login } = options
  const [, user, domain] = /^sip:([^@\s]+)@([^@;\s]+)$/.exec(uri ?? '') ?? []
  if (user === undefined || domain === undefined)
    throw new UsageError(`--uri: wanted a URI such as sip:alice@example.com, found ${JSON.stringify(uri)}`)
  const [, host, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(server ?? domain) ?? []
  if (host === undefined || Number(port ?? 1) > 65_535)
    throw new UsageError(`--server: wanted HOST or HOST:PORT, found ${JSON.stringify(server)}`)
  const password = readPassword(io, options.passwordEnv)
  return {
    user,
    domain,
    ...(login === undefined ? {} : { login }),
    ...(password === undefined ? {} : { password }),
    target: {
      host: host.replace(/^\[|\]$/g, ''),
      port: port === undefined ? defaultPorts[transport] : Number(port),
      transport,
      ...(address === undefined ? {} : { address }),
    },
    ...(options.ca === undefined ? {} : { ca: [readFile(io, '--ca', options.ca)] }),
    ...clientCertificate(io, options),
  }
}

function clientCertificate(io: Io, { cert, key }: PhoneOptions): Pick<PhoneSettings, 'clientCertificate'> {
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined) throw new UsageError('--cert and --key need each other')
  return { clientCertificate: { certificate: readFile(io, '--cert', cert), key: readFile(io, '--key', key) } }
}

function readPassword(io: Io, name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  const password = io.environment[name]
  if (password === undefined) throw new UsageError(`--password-env: the environment variable ${name} is not set`)
  return password
}

function readFile(io: Io, option: string, file: string): string {
  return readNamed(io, option, file).toString('utf8')
}

function readCount(text: string): number {
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= mostPhones) return count
  throw new UsageError(`--count: wanted a whole number from 1 to ${mostPhones}, found ${JSON.stringify(text)}`)
}
