/**
 * `siplab up --detach`: starts the same command again in the background and waits until its lab is up, or says why it
 * is not.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadyDocument } from '../lab/ready-document.ts'
import { upArguments } from './up-options.ts'
import type { UpCommandOptions } from './up-options.ts'
import type { ExitStatus } from './failure.ts'
import type { Io } from './io.ts'
import { readRecord, labFolder } from '../lab/lab-folder.ts'
import { launcher } from './package.ts'
import { readyText } from './ready-text.ts'
import { planOf } from './lab-choice.ts'
import { withPath } from '../verdicts/machine-limit.ts'

const pollMs = 50
const roomOctets = 64 * 1024

export interface DetachedLab {
  readonly data: string
  readonly source: string
  readonly options: UpCommandOptions
  /** What goes before the command, so that it runs elsewhere; empty: nothing. */
  readonly prefix: readonly string[]
}

/**
 * What the background process says after it is up goes nowhere: the event files and `siplab status` have it.
 *
 * @returns the exit status of the background process when it could not bring the lab up
 */
export async function detach(io: Io, { data, source, options, prefix }: DetachedLab): Promise<ExitStatus> {
  const outputs = mkdtempSync(join(tmpdir(), 'siplab-up-'))
  const out = join(outputs, 'out')
  const err = join(outputs, 'err')
  try {
    // What the background process says must find room, or no one learns why it ended.
    withPath(outputs, () => writeFileSync(err, ' '.repeat(roomOctets)))
    const command = [...prefix, ...launcher, ...upArguments(source, data, { ...options, json: true })]
    const ending = startInBackground(io, command, {
      input: options.supervised === true ? 'inherit' : 'ignore',
      out,
      err,
    })
    for (;;) {
      const status = ending()
      const [line = '', ...rest] = readFileSync(out, 'utf8').split('\n')
      if (status !== undefined) return complain(io, options, { line, words: readFileSync(err, 'utf8'), status })
      if (rest.length > 0 && !line.startsWith('{"error"')) return report(io, options, data, line)
      await delay(pollMs)
    }
  } finally {
    rmSync(outputs, { recursive: true, force: true })
  }
}

/** @returns the exit status once there is one */
function startInBackground(
  io: Io,
  [program = '', ...args]: readonly string[],
  files: { readonly input: 'inherit' | 'ignore'; readonly out: string; readonly err: string },
): () => number | undefined {
  const out = openSync(files.out, 'w', 0o600)
  const err = openSync(files.err, 'w', 0o600)
  const child = spawn(program, args, {
    detached: true,
    stdio: [files.input, out, err],
    // It outlives npm: siplab.mjs would end it.
    env: { ...io.environment, npm_lifecycle_event: undefined } as NodeJS.ProcessEnv,
    cwd: io.workingFolder,
  })
  closeSync(out)
  closeSync(err)
  let status: number | undefined
  child.once('error', () => (status = 3))
  child.once('exit', (code) => (status = code ?? 3))
  child.unref()
  return () => status
}

function report(io: Io, options: UpCommandOptions, data: string, line: string): ExitStatus {
  const ready = JSON.parse(line) as ReadyDocument
  if (options.json === true) io.out(`${line}\n`)
  else {
    const record = readRecord(labFolder(data))
    if (record === undefined) throw new Error(`the lab is up, but its record is missing in ${data}`)
    io.out(readyText(io, ready, planOf({ record }), 'background'))
  }
  return 0
}

function complain(
  io: Io,
  options: UpCommandOptions,
  { line, words, status }: { readonly line: string; readonly words: string; readonly status: number },
): ExitStatus {
  io.err(words)
  if (options.json === true && line !== '') io.out(`${line}\n`)
  return status === 1 || status === 2 ? status : 3
}
