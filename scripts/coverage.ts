/**
 * How much of src/ runs, child processes included: `npm run coverage [-- COMMAND...]`; the command is `tap` when none
 * is named. Every Node process below the command leaves what V8 counted (NODE_V8_COVERAGE); siplab then runs from its
 * sources and not from its bundle (src/cli/siplab.mjs). A line counts as run when any process ran it. A process that
 * SIGKILL ends leaves nothing. Exit status: that of the command; 1 when a room of `wanted` is below its share.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(import.meta.dirname, '..')

/** Shares of lines that must run, in per cent. */
const wanted: Readonly<Record<string, number>> = { lab: 75, cli: 75 }

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Report {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly Range[] }[]
  }[]
}

/** One octet a character: 1 where some process ran it. */
type Ran = Map<string, Uint8Array>

/** Adds what one process ran of one file. Inner ranges come after outer ones and count instead of them. */
function addFile(ran: Ran, file: string, length: number, functions: Report['result'][number]['functions']): void {
  const here = new Uint8Array(length)
  for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges))
    here.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  const all = ran.get(file)
  if (all === undefined) ran.set(file, here)
  else for (let at = 0; at < length; at += 1) all[at] = (all[at] ?? 0) | (here[at] ?? 0)
}

function sources(): ReadonlyMap<string, string> {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return new Map(
    names
      .filter((name) => name.endsWith('.ts') && !name.startsWith('console/page'))
      .map((name) => [name, readFileSync(join(root, 'src', name), 'utf8')]),
  )
}

function merged(folder: string, texts: ReadonlyMap<string, string>): Ran {
  const ran: Ran = new Map()
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report
    for (const { url, functions } of result) {
      if (!url.startsWith('file:')) continue
      const file = relative(join(root, 'src'), fileURLToPath(url))
      const text = texts.get(file)
      if (text !== undefined) addFile(ran, file, text.length, functions)
    }
  }
  return ran
}

/** Lines that hold code: not blank, no comment, no lone bracket, no type or import. */
function codeLines(text: string): readonly { readonly from: number }[] {
  let offset = 0
  let isType = false
  return text.split('\n').flatMap((line) => {
    const from = offset + line.length - line.trimStart().length
    offset += line.length + 1
    if (/^(?:export )?(?:interface|type) /.test(line)) isType = !/^(?:export )?type .*[^={(|&]$/.test(line)
    const isCode = !isType && /\w/.test(line) && !/^\s*(?:\/\/|\/?\*|import |export (?:\*|\{|type))/.test(line)
    if (/^\S/.test(line) && /^[})\]]/.test(line)) isType = false
    if (line === '') isType = false
    return isCode ? [{ from }] : []
  })
}

interface Share {
  readonly lines: number
  readonly run: number
}

function byFile(texts: ReadonlyMap<string, string>, ran: Ran): ReadonlyMap<string, Share> {
  return new Map(
    [...texts].map(([file, text]) => {
      const marks = ran.get(file)
      const lines = codeLines(text)
      return [file, { lines: lines.length, run: lines.filter(({ from }) => marks?.[from] === 1).length }]
    }),
  )
}

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : 'index')

function byRoom(files: ReadonlyMap<string, Share>): ReadonlyMap<string, Share> {
  const rooms = new Map<string, Share>()
  for (const [file, { lines, run }] of files) {
    const share = rooms.get(roomOf(file)) ?? { lines: 0, run: 0 }
    rooms.set(roomOf(file), { lines: share.lines + lines, run: share.run + run })
  }
  return rooms
}

/** The files of the rooms of `wanted` where the most lines did not run: where the next test helps most. */
function printGaps(files: ReadonlyMap<string, Share>): void {
  const gaps = [...files]
    .filter(([file, { lines, run }]) => wanted[roomOf(file)] !== undefined && run < lines)
    .toSorted(([, one], [, other]) => other.lines - other.run - (one.lines - one.run))
  console.log('The most lines that did not run:')
  for (const [file, { lines, run }] of gaps.slice(0, 20)) console.log(`  ${lines - run} of ${lines} src/${file}`)
}

/** @returns whether every room of `wanted` has its share */
function print(rooms: ReadonlyMap<string, Share>): boolean {
  let isEnough = true
  for (const [room, { lines, run }] of [...rooms].toSorted(([one], [other]) => one.localeCompare(other))) {
    if (lines === 0) continue
    const share = (100 * run) / lines
    const least = wanted[room]
    if (least !== undefined && share < least) isEnough = false
    const note = least === undefined ? '' : `  (wanted: ${least} %)`
    console.log(`src/${room.padEnd(14)} ${share.toFixed(1).padStart(5)} % of ${String(lines).padStart(6)} lines${note}`)
  }
  return isEnough
}

const [program = 'tap', ...rest] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'siplab-coverage-'))
try {
  const { status, error } = spawnSync(program, rest, {
    cwd: root,
    env: { ...process.env, NODE_V8_COVERAGE: folder },
    stdio: 'inherit',
  })
  if (error !== undefined) throw error
  const texts = sources()
  console.log(`${readdirSync(folder).length} processes`)
  const files = byFile(texts, merged(folder, texts))
  const isEnough = print(byRoom(files))
  printGaps(files)
  process.exitCode = status === 0 && !isEnough ? 1 : (status ?? 1)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
