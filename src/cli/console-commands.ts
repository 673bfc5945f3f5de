/** The commands of the console: run inside its process as a person's, or for a container lab as processes. */
import { spawn } from 'node:child_process'
import type { CommandAnswer, CommandOptions, Commands, Following } from '../console/commands.ts'
import type { CommandContext } from './command.ts'
import type { Io } from './io.ts'
import { launcher } from './package.ts'

/** What one command may answer. */
const mostOctets = 64 * 1024 * 1024

/** @param run `main`, as a command gets it in its context */
export function commandsInside(run: CommandContext['run'], io: Io): Commands {
  return {
    async run(args, options = {}) {
      const caught = catching(io, options)
      const status = await run(args, caught.io)
      return { status, out: Buffer.concat(caught.chunks), complaint: caught.complaint() }
    },
    follow(args, onLine) {
      const stop = new AbortController()
      const split = lineSplitter(onLine)
      const ended = run(args, { ...quietIo(io, { signal: stop.signal }), out: split }).then(() => undefined)
      return { ended, stop: () => stop.abort() }
    },
  }
}

function catching(
  io: Io,
  options: CommandOptions,
): { readonly io: Io; readonly chunks: readonly Buffer[]; readonly complaint: () => string } {
  const chunks: Buffer[] = []
  let octets = 0
  let complaint = ''
  const take = (chunk: Buffer): void => {
    octets += chunk.length
    if (octets > mostOctets) throw new Error(`the command answers with more than ${mostOctets} octets`)
    chunks.push(chunk)
  }
  const progress = lineSplitter(options.onProgress ?? (() => undefined))
  return {
    chunks,
    complaint: () => complaint,
    io: {
      ...quietIo(io, options),
      out: (text) => take(Buffer.from(text)),
      octets: async (chunk) => take(Buffer.from(chunk)),
      err(text) {
        if (complaint.length < 65_536) complaint += text
        progress(text)
      },
    },
  }
}

/** No one types here, and an abort of the signal replaces Ctrl-C. */
function quietIo(io: Io, { input, signal }: CommandOptions): Io {
  return {
    ...io,
    progress: undefined,
    out: () => undefined,
    err: () => undefined,
    octets: () => Promise.resolve(),
    colours: { out: false, err: false },
    outIsTerminal: false,
    onInterrupt(callback) {
      const interrupt = (): void => callback('SIGINT')
      if (signal?.aborted === true) queueMicrotask(interrupt)
      signal?.addEventListener('abort', interrupt, { once: true })
      return () => signal?.removeEventListener('abort', interrupt)
    },
    onInputEnd: () => undefined,
    lines: async function* () {},
    input: async function* () {
      if (input !== undefined) yield input
    },
    closeInput: () => undefined,
  }
}

/** For `--lab compose`, whose commands speak through the output of docker. */
export function commandsAsProcesses(io: Io): Commands {
  const [program, ...first] = launcher
  const start = (args: readonly string[], signal: AbortSignal): ReturnType<typeof spawn> =>
    spawn(program, [...first, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...(io.environment as NodeJS.ProcessEnv), NO_COLOR: '1' },
      cwd: io.workingFolder,
      signal,
      killSignal: 'SIGINT',
    })
  return {
    run: (args, options = {}) => runProcess(start(args, options.signal ?? new AbortController().signal), options),
    follow(args, onLine): Following {
      const stop = new AbortController()
      const child = start(args, stop.signal)
      const split = lineSplitter(onLine)
      child.stdout?.setEncoding('utf8').on('data', split)
      child.stderr?.resume()
      const ended = new Promise<void>((resolve) => {
        child.once('close', () => resolve()).once('error', () => resolve())
      })
      return { ended, stop: () => stop.abort() }
    },
  }
}

function runProcess(child: ReturnType<typeof spawn>, options: CommandOptions): Promise<CommandAnswer> {
  const chunks: Buffer[] = []
  let octets = 0
  let complaint = ''
  const progress = lineSplitter(options.onProgress ?? (() => undefined))
  child.stdin?.on('error', () => undefined).end(options.input)
  child.stdout?.on('data', (chunk: Buffer) => {
    octets += chunk.length
    if (octets > mostOctets) child.kill('SIGKILL')
    else chunks.push(chunk)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 65_536) complaint += text
    progress(text)
  })
  return new Promise((resolve, reject) => {
    child.once('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)))
    child.once('close', (status) => resolve({ status: status ?? 3, out: Buffer.concat(chunks), complaint }))
  })
}

/** Whole lines, whatever pieces they come in. */
function lineSplitter(onLine: (line: string) => void): (text: string) => void {
  let pending = ''
  return (text) => {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) if (line !== '') onLine(line)
  }
}
