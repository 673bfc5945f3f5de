/**
 * A program of somebody else (PostgreSQL, HAProxy) that a node runs: it never outlives the node, whatever becomes of
 * that.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'

export interface ChildProgramOptions {
  readonly program: string
  readonly args: readonly string[]
  /** Who it runs as; absent: as this process. */
  readonly owner?: ProgramOwner
  readonly workingFolder: string
  /** Its standard output and error. */
  readonly logFile: string
  /** Ends it at once when this process is gone. */
  readonly lastSignal: 'SIGQUIT' | 'SIGTERM' | 'SIGKILL'
}

export interface ProgramOwner {
  readonly uid: number
  readonly gid: number
}

export interface ChildProgram {
  readonly pid: number
  /** Resolves when it has ended, told or not: `exit 1`, `SIGKILL`. */
  readonly ended: Promise<string>
  stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** @throws Error when the program cannot be started */
export async function startChildProgram({
  program,
  args,
  owner,
  workingFolder,
  logFile,
  lastSignal,
}: ChildProgramOptions): Promise<ChildProgram> {
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(program, args, { cwd: workingFolder, stdio: ['ignore', log, log], detached: true, ...owner })
  closeSync(log)
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  // Its standard input ends with this process, even one that was killed: then it passes the signal on.
  const guard = spawn('/bin/sh', ['-c', `cat >/dev/null; kill -${lastSignal.slice(3)} ${pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.stdin.on('error', () => undefined)
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (status, signal) => {
      guard.kill('SIGKILL')
      resolve(signal ?? `exit ${status}`)
    }),
  )
  return {
    pid,
    ended,
    async stop(signal) {
      child.kill(signal)
      await ended
    },
  }
}
