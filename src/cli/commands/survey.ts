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
  listenPort,
  orUsage,
  placeOf,
  refuseUnlessOperated,
  slugsOf,
  surveyClock,
  versionsOf,
} from '../survey-setup.ts'
import { compareCommand, rootCommand } from '../survey-files.ts'
import { UsageError } from '../usage-error.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

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
    .summary('find the certificate faults that your own server or phone accepts')
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
    .summary('find the client certificate faults that a server accepts')
    .description(
      'Dials a server with every client-certificate fault, under TLS 1.2 and 1.3, and sends OPTIONS to see whether ' +
        'the server really accepted the certificate. The server must trust the root of siplab survey root.',
    )
    .option('--address <IP>', 'dial this IP address, not the one in DNS')
    .option('--name <NAME>', 'send this name as SNI (default: the host)')
    .option(
      '--client-name <NAME>',
      'write this name into the valid certificate, for a server with a list of names',
      surveyName,
    )
    .option('--crls', 'also try revoked certificates; the server must have loaded crls.pem of the survey')
    .option('--pace <MS>', 'wait this long between two connections', String(limits.paceMs.usual))
    .option('--timeout <SECONDS>', 'wait at most this long for the handshake, and then for the answer', '3')
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
      target: endpointText(host, port),
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
    .summary('find the server certificate faults that a client accepts')
    .description(
      'Waits for connections and shows every server-certificate fault: by SNI (expired.NAME), or one port per fault. ' +
        'It answers REGISTER and OPTIONS with 200 and asks for no password. A sign-in proves acceptance.',
    )
    .option('--listen <IP>', 'listen on this address', '127.0.0.1')
    .option('--port <PORT>', 'listen on this one port; the SNI selects the fault', '5061')
    .option('--ports <FIRST>', 'use one port per fault; the first port shows the valid certificate')
    .option('--name <NAME>', 'with --ports: the name that is dialled; else: the domain of the SNI', 'survey.test')
    .option('--patience <SECONDS>', 'close a connection that sends nothing for this long', '10')
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
  const port = listenPort(options)
  const stop = new AbortController()
  const release = io.onInterrupt(() => stop.abort())
  const shown = progress(io)
  try {
    const result = await surveyByListening({
      address: options.listen,
      port,
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
      open: (settings) => orUsage(openListener(settings), settings),
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
    .option('--root <DIR>', 'folder that holds the root certificate of the survey (default: .siplab/survey)')
    .option('--i-operate-this-server', 'confirm that you may try faults on the server; survey dial needs it')
    .option('--fault <SLUG...>', 'try only these faults; siplab faults list names them')
    .addOption(new Option('--tls <VERSION>', 'use only this TLS version').choices(['1.2', '1.3']))
    .addOption(
      new Option('--stack <NAME>', 'name the software of the other end, to get advice on its settings').choices([
        ...stackNames,
      ]),
    )
    .option(
      '--connections <N>',
      `stop after N connections, ${limits.connections.most} at most`,
      String(limits.connections.usual),
    )
    .option('--seconds <N>', `stop after N seconds, ${limits.seconds.most} at most`, String(limits.seconds.usual))
    .option(
      '--expect <FILE>',
      'compare with a YAML or JSON file of fault: outcome and critical: COUNT; exit status 1 when they differ',
    )
    .addOption(new Option('--report <KIND>', 'write a report instead of the text').choices(['html', 'junit', 'json']))
    .option('--output <FILE>', 'write the report to FILE (default: stdout)')
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isFinite(value) && text.trim() !== '' && value >= least && value <= most) return value
  throw new UsageError(`${option}: wanted a number from ${least} to ${most}, found ${JSON.stringify(text)}`)
}
