/**
 * A whole lab for one test: brought up as a person would, driven through the command line, gone when the test ends. It
 * is also gone when the process of the test is killed: the input of `siplab up --supervised` ends then.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import tap from 'tap'
import type { Test } from 'tap'
import { controlClient } from '../../src/lab/control-client.ts'
import type { LabChange, ReadyDocument, ReadyNode } from '../../src/lab/ready-document.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { siplab, siplabBin } from './command.ts'
import type { CommandResult } from './command.ts'
import { guardMs } from './guard.ts'

export interface LabOptions {
  /** Further arguments of `siplab up`, e.g. `['--movable-clock']`. */
  readonly up?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Its data folder, whose place matters; the test removes it. Absent: a temporary one. */
  readonly data?: string
  /** A shell command run before, in the same process: `ulimit -n 200`. */
  readonly before?: string
}

export interface TestLab {
  readonly ready: ReadyDocument
  readonly data: string
  /** `run('certs', 'trial', 'fe1', '--valid', '3s')`: `--data` is added. */
  run(...args: readonly string[]): Promise<CommandResult>
  /** As run with `--json`; rejects unless the exit status is 0. */
  json<T>(...args: readonly string[]): Promise<T>
  /** The next change for which `wanted` holds, those that came already included. */
  change(wanted: (change: LabChange) => boolean): Promise<LabChange>
  /** SIGKILL, as a crash would: nothing is said, nothing is written. Resolves when the supervisor has seen it. */
  kill(node: string): Promise<void>
  /** @throws Error with the nodes there are */
  node(name: string): ReadyNode
  /** SIGINT to the supervisor, as Ctrl-C; resolves with its exit status. */
  stop(): Promise<number>
}

/**
 * `const lab = await withLab(t, 'edge')`. Each lab finds a network of its own, so tests run side by side.
 *
 * @param topology a shipped name or the path of a lab file
 */
export async function withLab(t: Test, topology: string, options: LabOptions = {}): Promise<TestLab> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'siplab-test-'))
  const child = spawn(
    'sh',
    [
      '-c',
      `${options.before ?? ':'} && unset NODE_OPTIONS && exec "$@"`,
      'sh',
      process.execPath,
      siplabBin,
      'up',
      topology,
      '--supervised',
      '--json',
      '--data',
      data,
      ...(options.up ?? []),
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
    },
  )
  const ended = new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? -1)))
  const stop = (): Promise<number> => {
    if (child.exitCode === null) child.kill('SIGINT')
    return ended
  }
  t.teardown(async () => {
    await stop()
    if (options.data === undefined) rmSync(data, { recursive: true, force: true })
  })
  let progress = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (progress += text))
  const changes: LabChange[] = []
  const waiting = new Set<() => void>()
  const first = Promise.withResolvers<ReadyDocument>()
  createInterface(child.stdout).on('line', (line) => {
    const { event } = JSON.parse(line) as { readonly event?: string }
    if (event === 'ready' || event === 'degraded') return first.resolve(JSON.parse(line) as ReadyDocument)
    if (event === undefined) return first.reject(new Error(`siplab up ${topology} failed: ${line}\n${progress}`))
    changes.push(JSON.parse(line) as LabChange)
    for (const look of waiting) look()
  })
  void ended.then((status) =>
    first.reject(new Error(`siplab up ${topology} ended with status ${status}:\n${progress}`)),
  )
  const timer = setTimeout(
    () => first.reject(new Error(`siplab up ${topology} was not ready within ${guardMs / 1000} s:\n${progress}`)),
    guardMs,
  )
  const ready = await first.promise.finally(() => clearTimeout(timer))
  const run = (...args: readonly string[]): Promise<CommandResult> => siplab([...args, '--data', data])
  const change: TestLab['change'] = (wanted) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`no such change within ${guardMs} ms; there were ${JSON.stringify(changes)}`)),
        guardMs,
      )
      const look = (): void => {
        const found = changes.find(wanted)
        if (found === undefined) return
        clearTimeout(late)
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return {
    ready,
    data,
    run,
    stop,
    async json<T>(...args: readonly string[]) {
      const { status, stdout, stderr } = await run(...args, '--json')
      if (status !== 0) throw new Error(`siplab ${args.join(' ')} ended with status ${status}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    change,
    async kill(node) {
      const { nodes } = JSON.parse((await run('status', '--json')).stdout) as {
        readonly nodes: readonly { readonly name: string; readonly pid?: number }[]
      }
      const pid = nodes.find(({ name }) => name === node)?.pid
      if (pid === undefined) throw new Error(`${node} does not run`)
      const before = changes.length
      process.kill(pid, 'SIGKILL')
      await change((news) => changes.indexOf(news) >= before && news.event === 'node-stopped' && news.node === node)
    },
    node(name) {
      const found = ready.nodes.find((node) => node.name === name)
      if (found === undefined) throw new Error(`no node ${name} in ${ready.nodes.map((node) => node.name).join(', ')}`)
      return found
    },
  }
}

/** The counts of a node, as its control socket gives them. */
export function metricsOf(lab: TestLab, node: string): Promise<Readonly<Record<string, number>>> {
  return controlClient(node, nodeFolder(lab.data, node)).get('/metrics')
}

const shared = new Map<string, Promise<TestLab>>()

/**
 * `const lab = await sharedLab('edge')`: one lab for all test files of a process that leave it as they found it; it
 * goes when the process ends. A file that runs by itself has it for itself.
 */
export function sharedLab(topology: string): Promise<TestLab> {
  const lab = shared.get(topology) ?? withLab(tap, topology)
  shared.set(topology, lab)
  return lab
}

/**
 * `siplab up TOPOLOGY --detach`, which ends when the test does, and when the process of the test is killed.
 *
 * @param args further arguments, e.g. `['standard', '--json']`
 */
export async function upDetached(t: Test, args: readonly string[], cwd?: string): Promise<CommandResult> {
  const child = spawn(
    'env',
    ['-u', 'NODE_OPTIONS', process.execPath, siplabBin, 'up', '--detach', '--supervised', ...args],
    { cwd, stdio: [lifeline(t), 'pipe', 'pipe'] },
  )
  const status = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await status, stdout, stderr }
}

/** An input that ends with the test or with this process: what `cat` says, whose own input we hold. */
function lifeline(t: Test): Readable {
  const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => cat.stdin.end())
  return cat.stdout
}
