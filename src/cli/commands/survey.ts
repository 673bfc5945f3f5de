/** `siplab survey dial, listen, root, compare`: which faults does your own server or phone not notice? */
import { type Command, Option } from 'commander'
import {
  adviceOn,
  connectOnce,
  goodPresenter,
  limits,
  openListener,
  planTrials,
  stackNames,
  surveyByDialling,
  surveyByListening,
  surveyName,
} from '../../survey/index.ts'
import { common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { packageVersion } from '../package.ts'
import { surveyExpectations, finishSurvey, type SurveyOutputOptions } from '../survey-output.ts'
import { placesText, progress } from '../survey-progress.ts'
import {
  boundsOf,
  groundFolder,
  groundFor,
  placeOf,
  refuseUnlessOperated,
  slugsOf,
  surveyClock,
  versionsOf,
} from '../survey-setup.ts'
import { compareCommand, rootCommand } from '../survey-files.ts'
import { UsageError } from '../usage-error.ts'

export interface SurveyOptions extends CommonOptions, SurveyOutputOptions {
  readonly root?: string
  readonly iOperateThisServer?: true
  readonly fault?: readonly string[]
  readonly tls?: '1.2' | '1.3'
  readonly stack?: string
  readonly connections: string
  readonly seconds: string
}

interface DialOptions extends SurveyOptions {
  readonly address?: string
  readonly name?: string
  readonly clientName: string
  readonly crls?: true
  readonly pace: string
  readonly timeout: string
}

interface ListenOptions extends SurveyOptions {
  readonly listen: string
  readonly ports?: string
  readonly port: string
  readonly name: string
  readonly patience: string
}

export const surveyCommand: RegisterCommand = (program, context) => {
  const survey = program
    .command('survey')
    .summary('which certificate faults does your own server or phone not notice')
    .description(
      'Shows every certificate fault of the catalogue to a server or a phone of your own, one at a time, and says ' +
        'which of them it accepted.',
    )
  dialCommand(survey, context)
  listenCommand(survey, context)
  rootCommand(survey, context)
  compareCommand(survey, context)
}

function dialCommand(survey: Command, { io, finish }: CommandContext): void {
  const command = surveyed(survey.command('dial <TARGET>'))
    .description(
      'Dials a server with every client-certificate fault, under TLS 1.2 and 1.3, and sends OPTIONS to see whether ' +
        'it really accepted. The server must trust the root of siplab survey root.',
    )
    .option('--address <IP>', 'dial this address whatever the DNS says')
    .option('--name <NAME>', 'the name to send as SNI (default: the host)')
    .option('--client-name <NAME>', 'the name in the good certificate, where the server has a list', surveyName)
    .option('--crls', 'the server holds crls.pem of the survey: try revoked certificates too')
    .option('--pace <MS>', 'between two connections', String(limits.paceMs.usual))
    .option('--timeout <SECONDS>', 'longest wait for the handshake, and for the answer', '3')
  common(command, 'siplab survey dial sip.example.com:5061 --i-operate-this-server').action(
    (target: string, options: DialOptions) => dial(target, options, { io, finish }),
  )
}

async function dial(
  target: string,
  options: DialOptions,
  { io, finish }: Pick<CommandContext, 'io' | 'finish'>,
): Promise<void> {
  refuseUnlessOperated(options, target)
  const expected = surveyExpectations(io, options)
  const clock = surveyClock()
  const ground = groundFor(io, options, clock.wall())
  const { host, port, address } = await placeOf(target, options)
  const plan = { ground, side: 'client', name: options.clientName, crls: options.crls === true } as const
  const only = slugsOf(options)
  const timeoutMs = 1000 * numberOf('--timeout', options.timeout, 0.2, 30)
  const stop = new AbortController()
  const release = io.onInterrupt(() => stop.abort())
  const shown = progress(io)
  try {
    const result = await surveyByDialling({
      target: `${host}:${port}`,
      planned: planTrials({ ...plan, ...(only === undefined ? {} : { only }) }),
      good: (now) => goodPresenter(plan, now),
      versions: versionsOf(options),
      bounds: boundsOf({ ...options, pace: options.pace }),
      clock,
      signal: stop.signal,
      connect: ({ presenter }, version) =>
        connectOnce({ place: { address, port }, host: options.name ?? host, timeoutMs }, presenter, version),
      siplab: `siplab ${packageVersion()}`,
      onTrial: shown.trial,
    })
    shown.end()
    finish(finishSurvey(io, result, adviceOn(result, options.stack), options, expected))
  } finally {
    release()
  }
}

function listenCommand(survey: Command, { io, finish }: CommandContext): void {
  const command = surveyed(survey.command('listen'))
    .description(
      'Waits to be dialled and shows every server-certificate fault: by SNI (expired.NAME), or one port a fault. It ' +
        'answers REGISTER and OPTIONS with 200 and asks for no password: a sign-in is the proof of acceptance.',
    )
    .option('--listen <IP>', 'the address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'the port, with SNI', '5061')
    .option('--ports <FIRST>', 'one port a fault, the good certificate at the first')
    .option('--name <NAME>', 'the name that is dialled with --ports, or the domain of the SNI', 'survey.test')
    .option('--patience <SECONDS>', 'a connection that says nothing for so long is closed', '10')
  common(command, 'siplab survey listen --ports 6000 --name pbx.example.com --listen 192.0.2.7').action(
    (options: ListenOptions) => listen(options, { io, finish }),
  )
}

async function listen(options: ListenOptions, { io, finish }: Pick<CommandContext, 'io' | 'finish'>): Promise<void> {
  const expected = surveyExpectations(io, options)
  const clock = surveyClock()
  const ground = groundFor(io, options, clock.wall())
  const only = slugsOf(options)
  const plan = (name: string) => ({ ground, side: 'server', name, crls: false }) as const
  const stop = new AbortController()
  const release = io.onInterrupt(() => stop.abort())
  const shown = progress(io)
  try {
    const result = await surveyByListening({
      address: options.listen,
      port: numberOf('--port', options.ports ?? options.port, 0, 65_000),
      perPort: options.ports !== undefined,
      domain: options.name.toLowerCase(),
      planned: (name) => planTrials({ ...plan(name), ...(only === undefined ? {} : { only }) }),
      good: (name, now) => goodPresenter(plan(name), now),
      rootPem: ground.pki(options.name, clock.wall()).root.pem,
      versions: versionsOf(options),
      bounds: boundsOf(options),
      patienceMs: 1000 * numberOf('--patience', options.patience, 0.2, 60),
      clock,
      signal: stop.signal,
      open: openListener,
      siplab: `siplab ${packageVersion()}`,
      onReady: (places) => io.err(placesText(places, options, groundFolder(io, options))),
      onVisit: (trial, visited, of) => shown.trial(trial, trial.fault === 'good', visited, of),
    })
    shown.end()
    finish(finishSurvey(io, result, adviceOn(result, options.stack), options, expected))
  } finally {
    release()
  }
}

/** What both directions take. */
function surveyed(command: Command): Command {
  return command
    .option('--root <DIR>', 'folder of the survey root (default: .siplab/survey)')
    .option('--i-operate-this-server', 'you may try faults on the other end: a survey that dials wants it')
    .option('--fault <SLUG...>', 'only these faults; siplab faults list names them')
    .addOption(new Option('--tls <VERSION>', 'only this TLS version').choices(['1.2', '1.3']))
    .addOption(new Option('--stack <NAME>', 'what the other end is, for settings').choices([...stackNames]))
    .option('--connections <N>', `at most so many, up to ${limits.connections.most}`, String(limits.connections.usual))
    .option('--seconds <N>', `at most so long, up to ${limits.seconds.most}`, String(limits.seconds.usual))
    .option('--expect <FILE>', 'YAML or JSON of fault: outcome and critical: COUNT; exit 1 when anything differs')
    .addOption(new Option('--report <KIND>', 'a report instead of the text').choices(['html', 'junit', 'json']))
    .option('--output <FILE>', 'where the report goes (default: stdout)')
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isFinite(value) && text.trim() !== '' && value >= least && value <= most) return value
  throw new UsageError(`${option}: wanted a number from ${least} to ${most}, found ${JSON.stringify(text)}`)
}
