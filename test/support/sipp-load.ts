/**
 * SIPp against a pool over TLS. Debian's SIPp speaks no TLS, so HAProxy does, verifying the pool by name; and SIPp 3.6
 * does not reliably dial again, so its TCP connection ends in a relay here that does: what was under way when the
 * connection broke is lost, as at any phone, and what follows goes out on the next one.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findHaproxy } from '../../src/lab/nodes/haproxy.ts'
import type { ReadyDocument } from '../../src/lab/ready-document.ts'
import { accepts } from './accepts.ts'
import { ForeignDeath, logText } from './foreign-death.ts'
import { freePort } from './free-port.ts'
import { guardMs } from './guard.ts'

export interface TlsOriginator {
  /** TCP on 127.0.0.1; TLS to the pool behind it. */
  readonly port: number
  /** Set once HAProxy has ended without being told. */
  readonly death: () => ForeignDeath | undefined
  close(): Promise<void>
}

/** Relays one SIPp process for as long as it runs. */
interface LastingConnection {
  readonly port: number
  /** How often the way to the pool broke. */
  readonly breaks: () => number
  close(): void
}

export interface SippRun {
  /** Requests, by Call-ID, by what pool-caller, pool-writer, pool-register or pool-called logged of them. */
  outcomes(): ReadonlyMap<string, ReadonlySet<string>>
  /**
   * Calls so far, from SIPp's statistics file: those it began, and those that met something the scenario does not know.
   */
  counts(): { readonly created: number; readonly failed: number }
  /** Answers that no scenario expects of siplab at any moment, e.g. 403: one line each. */
  strangeAnswers(): readonly string[]
  /** Call-IDs of final answers that came after SIPp had given the request up. */
  lateAnswers(): ReadonlySet<string>
  readonly breaks: () => number
  readonly ended: Promise<void>
  /** Set once a signal that nobody sent has ended SIPp. */
  readonly death: () => ForeignDeath | undefined
  stop(): Promise<void>
}

export interface SippWish {
  /** Empty folder for its files; it is made. */
  readonly folder: string
  readonly user: string
  /** `pool-caller` and `pool-writer` want someone to speak to. */
  readonly callee?: string
  readonly scenario: 'pool-caller' | 'pool-writer' | 'pool-register'
  /** Answers what arrives beside the scenario. */
  readonly answering?: 'pool-called'
  /** Calls, and how many a second. */
  readonly calls: number
  readonly rate: number
}

const fixtures = resolve(import.meta.dirname, '..', 'fixtures', 'sipp')
const redialMs = 50

/** HAProxy as the client side of TLS: trust root of the lab, name of the pool, nothing less. */
export async function openTlsOriginator(folder: string, ready: ReadyDocument): Promise<TlsOriginator> {
  const program = findHaproxy()
  const pool = ready.nodes.find(({ role }) => role === 'load-balancer')
  const listener = pool?.listeners.find(({ transport }) => transport === 'tls')
  if (program === undefined || pool === undefined || listener === undefined || ready.trust.internal === undefined)
    throw new Error('wanted HAProxy and a pool with certificates')
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const configuration = join(folder, 'originator.cfg')
  writeFileSync(
    configuration,
    [
      'global',
      '  maxconn 256',
      'defaults',
      '  mode tcp',
      '  timeout connect 3s',
      '  timeout client 1h',
      '  timeout server 1h',
      'listen phones',
      `  bind 127.0.0.1:${port}`,
      `  server pool ${listener.address}:${listener.port} ssl verify required ca-file ${ready.trust.internal} ` +
        `verifyhost ${pool.fqdn} sni str(${pool.fqdn})`,
      '',
    ].join('\n'),
  )
  const log = openSync(join(folder, 'originator.log'), 'w')
  const child = spawn(program, ['-db', '-f', configuration], { stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<string>((done) => child.once('exit', (status, signal) => done(signal ?? `exit ${status}`)))
  let closing = false
  let death: ForeignDeath | undefined
  void ended.then((how) => {
    if (!closing) death = new ForeignDeath('haproxy', how, logText(join(folder, 'originator.log')))
  })
  for (const until = performance.now() + guardMs; !(await accepts(port)); await delay(20)) {
    if (child.exitCode !== null || performance.now() > until)
      throw new Error(`haproxy did not start: ${readFileSync(join(folder, 'originator.log'), 'utf8')}`)
  }
  return {
    port,
    death: () => death,
    async close() {
      closing = true
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** @param upstream port on 127.0.0.1 */
async function openLastingConnection(upstream: number): Promise<LastingConnection> {
  const sockets = new Set<Socket>()
  let breaks = 0
  let closed = false
  const server = createServer((phone) => {
    let way: Socket
    const dial = (): void => {
      if (closed || phone.destroyed) return
      way = track(connect(upstream, '127.0.0.1'))
      way.on('data', (chunk) => phone.write(chunk))
      way.once('close', () => {
        if (!closed && !phone.destroyed) breaks += 1
        setTimeout(dial, redialMs)
      })
    }
    dial()
    track(phone).on('data', (chunk) => void (way.destroyed || way.write(chunk)))
    phone.once('close', () => way.destroy())
  })
  function track(socket: Socket): Socket {
    sockets.add(socket.setNoDelay(true))
    // Its close follows, and is what counts.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
    return socket
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    breaks: () => breaks,
    close() {
      closed = true
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

export async function startSipp({ port }: TlsOriginator, ready: ReadyDocument, wish: SippWish): Promise<SippRun> {
  const { folder, user, callee = user, scenario, answering, calls, rate } = wish
  const account = ready.users.find(({ login }) => login === user)
  if (account === undefined) throw new Error(`no user ${user} in the lab`)
  mkdirSync(folder, { recursive: true })
  const way = await openLastingConnection(port)
  const screen = openSync(join(folder, 'screen.log'), 'w')
  const child = spawn(
    'sipp',
    [
      `127.0.0.1:${way.port}`,
      '-t',
      't1',
      '-i',
      '127.0.0.1',
      '-p',
      String(await freePort()),
      '-nostdin',
      '-sf',
      join(fixtures, `${scenario}.xml`),
      ...(answering === undefined ? [] : ['-oocsf', join(fixtures, `${answering}.xml`)]),
      '-m',
      String(calls),
      '-r',
      String(rate),
      '-au',
      account.login,
      '-ap',
      account.password,
      '-key',
      'user',
      user,
      '-key',
      'callee',
      callee,
      '-key',
      'domain',
      ready.domain,
      '-deadcall_wait',
      '0',
      '-trace_logs',
      '-log_file',
      'outcomes.log',
      '-trace_err',
      '-error_file',
      'errors.log',
      '-trace_stat',
      '-stf',
      'statistics.csv',
      '-fd',
      '1',
      // An answer that comes after its timeout, on a busy machine, must not end the phone: it would take its binding
      // and the calls of others with it. What no scenario knows is counted from the error log.
      '-default_behaviors',
      'all,-abortunexp,-bye',
    ],
    { cwd: folder, stdio: ['ignore', screen, screen], env: { ...process.env, TERM: 'dumb' } },
  )
  closeSync(screen)
  let stopping = false
  let death: ForeignDeath | undefined
  const ended = new Promise<void>((done) =>
    child.once('exit', (_, signal) => {
      way.close()
      // Its exit status tells of calls that failed; a signal that nobody sent is a fault of its own.
      if (signal !== null && !stopping) death = new ForeignDeath('sipp', signal, wordsOf(folder))
      done()
    }),
  )
  return {
    ended,
    death: () => death,
    breaks: way.breaks,
    outcomes: () => outcomesIn(join(folder, 'outcomes.log')),
    strangeAnswers: () => strangeAnswersIn(wholeText(join(folder, 'errors.log'))),
    lateAnswers: () => lateAnswersIn(wholeText(join(folder, 'errors.log'))),
    counts: () => statisticsIn(join(folder, 'statistics.csv')),
    async stop() {
      stopping = true
      child.kill('SIGUSR1')
      const late = setTimeout(() => child.kill('SIGKILL'), 500)
      await ended
      clearTimeout(late)
    },
  }
}

/** What SIPp wrote: its errors, else its screen. */
function wordsOf(folder: string): string {
  return logText(join(folder, 'errors.log')) || logText(join(folder, 'screen.log'))
}

/** `established 12-4711@127.0.0.1` a line; of a REGISTER with its CSeq: `registered 1-4711@127.0.0.1 17`. */
function outcomesIn(file: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const line of wholeText(file).split('\n')) {
    const [outcome, ...request] = line.trim().split(' ')
    if (outcome === undefined || request.length === 0) continue
    const ids = found.get(outcome) ?? new Set()
    found.set(outcome, ids.add(request.join(' ')))
  }
  return found
}

/** Late or early, these may come from a pool that loses a node; RFC 3261 §21 and, for a lost flow, RFC 5626 §5.3.1. */
const expectedAnswers = new Set(['200', '401', '408', '430', '480', '481', '500', '503', '504'])

/** @param errors what SIPp wrote with `-trace_err` */
export function strangeAnswersIn(errors: string): readonly string[] {
  return [...errors.matchAll(/on (?:an )?unexpected message.{0,400}?received '(SIP\/2\.0 (\d{3}) [^\r\n]*)/gs)]
    .filter(([, , status = '']) => !status.startsWith('1') && !expectedAnswers.has(status))
    .map(([, line = '']) => line)
}

/** @param errors what SIPp wrote with `-trace_err` */
export function lateAnswersIn(errors: string): ReadonlySet<string> {
  const discarded = errors.split("can't be mapped to a known SIPp call:").slice(1)
  return new Set(
    discarded
      .filter((message) => /^\s*SIP\/2\.0 [2-6]/.test(message))
      .flatMap((message) => /^Call-ID:\s*(\S+)/im.exec(message)?.[1] ?? []),
  )
}

function wholeText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Semicolons between the columns, their names in the first line; the last line counts. */
function statisticsIn(file: string): { readonly created: number; readonly failed: number } {
  const lines = wholeText(file).trim().split('\n')
  const names = lines[0]?.split(';') ?? []
  const values = lines.at(-1)?.split(';') ?? []
  const valueOf = (name: string): number => Number(values[names.indexOf(name)] ?? 0)
  return { created: valueOf('TotalCallCreated'), failed: valueOf('FailedCall(C)') }
}
