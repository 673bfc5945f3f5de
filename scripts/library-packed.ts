/**
 * The library as its users have it: the packed package in an empty folder, what it holds, a program type-checked
 * against it, and the examples run there by node:test, vitest and tap. Run: node scripts/library-packed.ts
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { Verdict } from '../src/verdicts/verdict.ts'
import { packAndInstall, run } from '../test/support/packed.ts'
import { answers, holdsLinkedPages, holdsNoSource } from './package-contents.ts'

const root = resolve(import.meta.dirname, '..')
const testMs = 120_000

/** Packages that a user of the examples installs beside siplab. */
const besides = ['typescript', '@types/node', 'vitest', 'tap']

const typedProgram = `
import { type CheckReport, type Lab, LabError, type NodeEvent, startLab, type Verdict } from 'siplab'
import * as sip from 'siplab/sip'

export async function story(): Promise<string> {
  await using lab: Lab = await startLab('edge', { movableClock: true, onProgress: (line) => console.log(line) })
  const { verdict, named } = await lab.break('director->fe1', 'cut', { amount: 1 })
  const found: Verdict | undefined = await lab.verdict('director->fe1', { withinMs: 100 })
  const report: CheckReport = await lab.check('fe1', { profile: 'sbc', as: 'director' })
  const event: NodeEvent = await lab.nextEvent(({ event }) => event === 'flow.refused')
  const { cause } = await lab.explain('tlsv1 alert unknown ca')
  lab.clock('fe1', '+31d')
  return [verdict?.code, named, found?.fix, report.code, event.node, cause?.code, lab.phone('alice').uri].join()
}

export const server = (policy: sip.Policy): Promise<sip.SipServer> =>
  sip.openServer({ name: 'a.test', domains: ['a.test'], listeners: [], policies: () => [policy] })

export const isUsage = (error: unknown): boolean => error instanceof LabError && error.kind === 'usage'

// @ts-expect-error: a misspelt option is an error
export const wrong = startLab('edge', { movableClocks: true })
`

const compilerOptions = {
  target: 'esnext',
  module: 'nodenext',
  lib: ['esnext'],
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
}

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  console.log(`ok ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
}

function prepare(folder: string): void {
  const modules = join(folder, 'node_modules')
  for (const name of besides) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  cpSync(join(modules, 'siplab', 'examples'), join(folder, 'examples'), { recursive: true })
  writeFileSync(join(folder, 'program.mts'), typedProgram)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['program.mts', 'examples'] }),
  )
}

/** The proxy of the examples, as a phone meets it: sign-in, a message to oneself, sign-out. */
async function proxyServes(folder: string): Promise<void> {
  const child = spawn(process.execPath, [join('examples', 'sip', 'proxy.mjs'), '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((done) => child.once('exit', done))
  try {
    const line = await Promise.race([firstLine(child.stdout), ended.then((status) => `the proxy ended with ${status}`)])
    const port = /and 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port === undefined) throw new Error(`the proxy does not say where it serves: ${line}`)
    const bin = join(folder, 'node_modules', '.bin', 'siplab')
    const login = ['--login', 'alice', '--user', 'sip:alice@example.test']
    await run(process.execPath, [bin, 'check', `127.0.0.1:${port}`, '--transport', 'tcp', ...login, '--verbose'], {
      cwd: folder,
      environment: { SIPLAB_PASSWORD: 'secret-a' },
    })
  } finally {
    child.kill()
    await ended
  }
}

/** An assistant over stdio: a lab brought up, broken, asked and brought down by the tools of the packed package. */
async function assistantBreaks(folder: string): Promise<void> {
  const bin = join(folder, 'node_modules', '.bin', 'siplab')
  const client = new Client({ name: 'library-packed', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [bin, 'mcp', '--allow-changes'], cwd: folder }),
  )
  const call = async (name: string, args: Readonly<Record<string, string | boolean>> = {}): Promise<unknown> => {
    const { structuredContent, isError } = await client.callTool({ name, arguments: { ...args } })
    if (isError === true) throw new Error(`${name}: ${JSON.stringify(structuredContent)}`)
    return structuredContent
  }
  try {
    await call('up', { topology: 'edge' })
    const { verdict } = (await call('break', { target: 'director->fe1', fault: 'cut' })) as { verdict?: Verdict }
    const { links } = (await call('status')) as { links: readonly { readonly link: string }[] }
    if (verdict?.code !== 'link.cut' || links[0]?.link !== 'director->fe1')
      throw new Error(`wanted link.cut on director->fe1, found ${verdict?.code} and ${JSON.stringify(links)}`)
    await call('heal')
    const metrics = await run(process.execPath, [bin, 'metrics'], { cwd: folder })
    for (const line of ['siplab_lab_up{lab="edge"} 1', 'siplab_lab_certificate_days_left{kind="certificate"'])
      if (!metrics.includes(line)) throw new Error(`siplab metrics has no line ${line}:\n${metrics}`)
  } finally {
    await call('down')
    await client.close()
  }
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line
  return ''
}

async function walk(folder: string): Promise<void> {
  const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
  const example = (framework: string): string => readFileSync(join(folder, 'examples', framework), 'utf8')
  if (!example('node-test/edge.test.mjs').includes("from 'siplab'")) throw new Error('the examples are not packed')
  await step('JavaScript and declarations, no TypeScript source', async () => holdsNoSource(folder))
  await step('every page that a page links to', async () => holdsLinkedPages(folder))
  await step('siplab --help, --version and plan; siplab and siplab/sip to import', () => answers(folder))
  await step('a program against the declarations', () => run(bin('tsc'), ['--noEmit'], { cwd: folder }))
  await step('examples/sip: a phone signs in at the proxy', () => proxyServes(folder))
  const options = { cwd: folder, timeoutMs: testMs }
  await step('siplab mcp: an assistant breaks and repairs a lab', () => assistantBreaks(folder))
  await step('examples/node-test', () =>
    run(process.execPath, ['--test', join('examples', 'node-test', 'edge.test.mjs')], options),
  )
  await step('examples/vitest', () => run(bin('vitest'), ['run', join('examples', 'vitest')], options))
  // By itself: the command tap would build the tap of this repository anew, with the plugins of an empty folder.
  const patient = { ...options, environment: { TAP_TIMEOUT: '100' } }
  await step('examples/tap', () => run(process.execPath, [join('examples', 'tap', 'edge.test.mjs')], patient))
}

const scratch = mkdtempSync(join(tmpdir(), 'siplab-packed-'))
try {
  let folder = ''
  await step('npm pack, and npm install of the tarball in an empty folder', async () => {
    folder = await packAndInstall(scratch)
    prepare(folder)
  })
  await walk(folder)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
