/** A foreign program: found, started, waited for, ended. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, globSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { optionsText, type Accepting, type EndFiles } from './stack.ts'

/** Path of the program. Absent: it is not installed. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/usr/bin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The library that moves the clock of one program. Absent: no program's clock can be wrong. */
export const fakeTime = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1').find((file) => existsSync(file))

interface Start {
  readonly command: string
  readonly args: readonly string[]
  /** For libfaketime: `+800d`. */
  readonly clock: string | undefined
  readonly folder: string
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv
}

export interface Running {
  /** What it has printed since so many characters; of a long output the end. */
  said(since?: number): string
  /** How many characters it has printed. */
  spoken(): number
  /** Written to its stdin, which stays open. */
  write(text: string): void
  hasEnded(): boolean
  /** Resolves when it has ended, or after so long. */
  ended(patienceMs: number): Promise<void>
  stop(): Promise<void>
}

export function start({ command, args, clock, folder, env: more = {} }: Start): Running {
  const moved = clock === undefined || fakeTime === undefined ? {} : { LD_PRELOAD: fakeTime, FAKETIME: clock }
  const env = { ...process.env, ...more, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1', ...moved }
  const child = spawn(command, [...args], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  let spoken = 0
  const keep = (chunk: string): void => {
    spoken += chunk.length
    text = (text + chunk).slice(-100_000)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  child.stdin.on('error', (error) => keep(`stdin: ${error.message}\n`))
  child.on('error', (error) => keep(`${error.message}\n`))
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    said: (since = 0) => text.slice(Math.max(0, since - (spoken - text.length))),
    spoken: () => spoken,
    write: (line) => void child.stdin.write(line),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended: async (patienceMs) => {
      await Promise.race([gone, delay(patienceMs, undefined, { ref: false })])
    },
    stop: () => stop(child, gone),
  }
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  await Promise.race([gone, delay(1000, undefined, { ref: false })])
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await gone
}

/**
 * Resolves when the port takes connections.
 *
 * @throws Error with what the program said, when it does not within 15 s
 */
async function untilItListens(port: number, program: Running): Promise<void> {
  const until = performance.now() + 15_000
  while (!(await isOpen(port))) {
    if (performance.now() > until || program.hasEnded())
      throw new Error(`nothing listens at 127.0.0.1:${port}; it said: ${program.said()}`)
    await delay(30)
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A program that listens at a free port. */
export async function accepting(
  files: EndFiles,
  command: string,
  argsFor: (port: number) => readonly string[],
): Promise<Accepting> {
  return listeningAt(await freePort(), files, command, argsFor)
}

/** The same at a port that its configuration names. */
export async function listeningAt(
  port: number,
  files: EndFiles,
  command: string,
  argsFor: (port: number) => readonly string[],
): Promise<Accepting> {
  const program = start({ command, args: argsFor(port), clock: files.clock, folder: files.folder })
  await untilItListens(port, program).catch(async (error: unknown) => {
    await program.stop()
    throw error
  })
  return { port, program }
}

/** A dialler that is sent a request through its stdin. */
export async function dialling(files: EndFiles, command: string, args: readonly string[]): Promise<Running> {
  const program = start({ command, args, clock: files.clock, folder: files.folder })
  program.write(optionsText)
  return program
}

/** @throws Error with what the program printed */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
