/** `siplab up --console`: the console of the lab, a process of its own that ends with the lab. */
import { spawn } from 'node:child_process'
import type { Io } from './io.ts'
import { launcher } from './package.ts'

export interface ConsoleOfLab {
  /** As Ctrl-C; resolves when it has ended. */
  stop(): Promise<void>
}

/** @param data folder of the running lab */
export function startConsoleOf(io: Io, data: string, json: boolean): ConsoleOfLab {
  const [program, ...first] = launcher
  const child = spawn(program, [...first, 'console', '--data', data, ...(json ? ['--json'] : [])], {
    // Ctrl-C reaches the lab first, which ends the console.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: io.workingFolder,
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => io.out(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => io.err(text))
  let isWanted = true
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      io.err(`the console did not start: ${error.message}\n`)
      resolve()
    })
    child.once('close', (status) => {
      if (isWanted) io.err(`the console ended with status ${status}; siplab console starts it again\n`)
      resolve()
    })
  })
  return {
    stop() {
      isWanted = false
      child.kill('SIGINT')
      return ended
    },
  }
}
