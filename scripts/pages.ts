/**
 * Runs every command block of README and docs, word for word: `node scripts/pages.ts [--list] [PAGE...]`. Each page
 * gets a folder of its own, where `siplab` and `npx siplab` are those of this repository. A comment behind a command
 * counts: `# exit status 1` is what the command must end with, `# until Ctrl-C` is interrupted at the end of the page.
 * What cannot run is listed in scripts/pages-not-run.ts with the reason, and printed. Exit status 1 when a command
 * failed; 75 when only foreign programs are missing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Block, blocksOf, type Command, commandsOf } from './page-blocks.ts'
import { given, notRun } from './pages-not-run.ts'

const root = resolve(import.meta.dirname, '..')
const commandLimitMs = 180_000
/** What runs until Ctrl-C and has said nothing by then has nothing to say; a phone that signs in has. */
const saysWithinMs = 30_000

interface Walk {
  readonly page: string
  readonly folder: string
  readonly running: { readonly child: ChildProcess; readonly text: string }[]
}

interface Ended {
  /** Of a process that a signal ended: 128 and its number. */
  readonly status: number
  readonly output: string
}

export function pagesOfRepository(): readonly string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.toSorted().map((name) => `docs/${name}`)]
}

export const blocksOfPage = (page: string): readonly Block[] => blocksOf(page, readFileSync(join(root, page), 'utf8'))

/** Why this block is not run; absent: it is. */
export const whyNot = ({ page, text }: Block): string | undefined =>
  notRun.find((entry) => entry.page === page && text.startsWith(entry.first))?.why

/** A folder with `siplab` and `npx` on its path, and what the page takes as given. */
async function openFolder(page: string): Promise<Walk> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-page-'))
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  const node = process.execPath
  const door = join(root, 'src/cli/siplab.mjs')
  const other = `exec npm exec --prefix '${root}' -- "$@"`
  const npx = `case $1 in siplab) shift; exec '${node}' '${door}' "$@";; *) ${other};; esac`
  for (const [name, script] of Object.entries({ siplab: `exec '${node}' '${door}' "$@"`, npx })) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const walk: Walk = { page, folder, running: [] }
  for (const text of given[page] ?? []) {
    const { status, output } = await finish(start(walk, text))
    if (status !== 0) throw new Error(`${page}: what it takes as given ended with ${status}: ${text}\n${output}`)
  }
  return walk
}

/** In a process group of its own, so that Ctrl-C reaches all of it. */
function start({ folder }: Walk, text: string): ChildProcess {
  const path = `${join(folder, '.bin')}:${process.env['PATH'] ?? ''}`
  return spawn('bash', ['-o', 'pipefail', '-c', text], {
    cwd: folder,
    detached: true,
    env: { ...process.env, PATH: path, REPOSITORY: root, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function finish(child: ChildProcess): Promise<Ended> {
  const { promise, resolve: settle } = Promise.withResolvers<Ended>()
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (octets: Buffer) => {
      output = (output + octets.toString()).slice(-20_000)
    })
  const timer = setTimeout(() => {
    output += `\n(killed after ${commandLimitMs / 1000} s)`
    signal(child, 'SIGKILL')
  }, commandLimitMs)
  // `exit`, not `close`: a lab in the background keeps the pipe.
  child.once('exit', (code, name) => {
    clearTimeout(timer)
    settle({ status: code ?? (name === 'SIGINT' ? 130 : 137), output })
  })
  return promise
}

function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name)
}

/** Starts what runs until Ctrl-C, and waits until it has said something; a lab, until it is up. */
async function leaveRunning(walk: Walk, text: string): Promise<string | undefined> {
  const child = start(walk, text)
  walk.running.push({ child, text })
  const isLab = /\bup\b|npm start/.test(text)
  const limitMs = isLab ? 120_000 : saysWithinMs
  const { promise, resolve: settle } = Promise.withResolvers<string | undefined>()
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (octets: Buffer) => {
      output = (output + octets.toString()).slice(-20_000)
      if (!isLab || /\) is up\./.test(output)) settle(undefined)
    })
  const timer = setTimeout(() => settle(isLab ? `no lab is up after 120 s:\n${output}` : undefined), limitMs)
  child.once('exit', (code) => settle(`ended with ${code} before Ctrl-C:\n${output}`))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

/** @returns what was wrong; undefined: it did what the page says */
async function type(walk: Walk, { text, status, untilInterrupted }: Command): Promise<string | undefined> {
  if (untilInterrupted) return leaveRunning(walk, text)
  const ended = await finish(start(walk, text))
  return ended.status === status ? undefined : `wanted exit status ${status}, found ${ended.status}:\n${ended.output}`
}

async function interruptAll({ running }: Walk): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const { child, text } of running.toReversed()) {
    if (child.exitCode !== null) continue
    const ending = finish(child)
    signal(child, 'SIGINT')
    const { status, output } = await ending
    if (status !== 0 && status !== 130) wrong.push(`${text}: ended with ${status} at Ctrl-C:\n${output}`)
  }
  return wrong
}

async function closeFolder(walk: Walk): Promise<void> {
  const labs = join(walk.folder, '.siplab')
  for (const name of existsSync(labs) ? readdirSync(labs) : []) {
    if (existsSync(join(labs, name, 'lab.json'))) await finish(start(walk, `siplab down ${name}`))
  }
  rmSync(walk.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}

/** @returns what failed, with page and line */
async function walkPage(page: string): Promise<readonly string[]> {
  const began = performance.now()
  const blocks = blocksOfPage(page).filter((block) => whyNot(block) === undefined)
  if (blocks.length === 0) return []
  const walk = await openFolder(page)
  const failed: string[] = []
  let count = 0
  for (const block of blocks)
    for (const command of commandsOf(block.text)) {
      count += 1
      const wrong = await type(walk, command)
      if (wrong !== undefined) failed.push(`${page}:${block.line}: ${command.text}\n${wrong}`)
    }
  failed.push(...(await interruptAll(walk)).map((wrong) => `${page}: ${wrong}`))
  await closeFolder(walk)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(`${failed.length === 0 ? 'ok' : 'not ok'} ${page}: ${count} commands, ${seconds} s`)
  return failed
}

function printNotRun(pages: readonly string[]): void {
  for (const block of pages.flatMap(blocksOfPage)) {
    const why = whyNot(block)
    if (why !== undefined) console.log(`not run: ${block.page}:${block.line}: ${block.text.split('\n')[0]}: ${why}`)
  }
}

/** Two pages at a time: most of a walk is waiting. */
async function walkAll(pages: readonly string[]): Promise<readonly string[]> {
  const waiting = [...pages]
  const walker = async (): Promise<readonly string[]> => {
    const failed: string[] = []
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) failed.push(...(await walkPage(page)))
    return failed
  }
  return (await Promise.all([walker(), walker()])).flat()
}

if (import.meta.main) {
  const named = process.argv.slice(2).filter((each) => !each.startsWith('--'))
  const pages = named.length > 0 ? named : pagesOfRepository()
  printNotRun(pages)
  if (!process.argv.includes('--list')) {
    const failed = await walkAll(pages)
    for (const each of failed) console.error(`\n${each}`)
    console.log(`${failed.length} commands failed`)
    process.exitCode = failed.length === 0 ? 0 : 1
  }
}
