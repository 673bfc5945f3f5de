#!/usr/bin/env node
// The door of siplab. Plain JavaScript, and nothing newer than Node 12 knows, because its task is to run on a Node that
// is too old.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

const wanted = [24, 17]
const self = realpathSync(fileURLToPath(import.meta.url))
const root = join(dirname(self), '..', '..')
const source = join(dirname(self), 'main.ts')
/** The sources and the packages they use, joined into a few files by scripts/bundle.mjs. */
const bundle = join(root, 'dist', 'bundle')

/** `24.17.0` or later. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1])
}

/** The `node` package of the nearest installation above this file: `…/node_modules/node/bin/node`. */
function findLockedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', name)
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) return undefined
  }
}

function handOver(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SIPLAB_HANDED_OVER: '1' },
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${node} cannot be started: ${error.message}`))
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status)
    for (const each of signals) process.removeAllListeners(each)
    process.kill(process.pid, signal)
  })
}

function fail(sentence, status = 3) {
  process.stderr.write(`siplab: ${sentence}\n`)
  process.exitCode = status
}

/**
 * What V8 guesses wrong about a process that handles the same few messages for hours (docs/decisions/0050, 0051 and
 * 0054, bench/proxy.ts).
 */
function tuneV8() {
  // Two compilers, one after the other, for speed in between: the second one alone, started earlier.
  setFlagsFromString('--no-maglev')
  setFlagsFromString('--invocation-count-for-turbofan=1000')
  // Kinds of objects that survived while the process warmed up would later be allocated in the old generation, and keep
  // everything that they refer to.
  setFlagsFromString('--no-allocation-site-pretenuring')
  // Each datagram comes in octets of its own: freed by another thread they cost more than freed here.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  // After 100 seconds without a full collection comes one that also takes the young generation down to a megabyte,
  // under load too.
  setFlagsFromString('--gc-memory-reducer-start-delay-ms=600000')
  // A full collection when the old generation has grown by half, not to four times of what is kept.
  setFlagsFromString('--heap-growing-percent=50')
}

/**
 * The published package has only the bundle. A clone runs the bundle as long as no source is newer; debugging and
 * coverage need the places in the sources.
 */
function main() {
  const joined = join(bundle, 'main.js')
  if (!existsSync(source)) return joined
  const wantsSources = process.env.SIPLAB_DEBUG !== undefined || process.env.NODE_V8_COVERAGE !== undefined
  return !wantsSources && isNewest(join(bundle, 'sources.json')) ? joined : source
}

function isNewest(list) {
  const built = modifiedAt(list)
  if (built === undefined) return false
  return JSON.parse(readFileSync(list, 'utf8')).every((file) => modifiedAt(join(root, file)) < built)
}

/** undefined, which is less than nothing, where there is no file. */
function modifiedAt(file) {
  try {
    return statSync(file).mtimeMs
  } catch {
    return undefined
  }
}

/**
 * A signal to npm ends npm and its shell, not what the shell started: a lab of `npm start &` would go on without them.
 * A lab in the background (src/cli/detach.ts) is not of npm any more.
 */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  timer.unref()
}

async function run() {
  endWithNpm()
  if (isNewEnough(process.versions.node)) {
    // A lab starts this door once a node: stripped and compiled modules are kept between the starts.
    nodeModule.enableCompileCache()
    tuneV8()
    const { start } = await import(pathToFileURL(main()).href)
    return start()
  }
  const locked = process.env.SIPLAB_HANDED_OVER === '1' ? undefined : findLockedNode()
  if (locked !== undefined) return handOver(locked)
  const remedy = existsSync(source)
    ? `npm ci\` in ${root}`
    : 'npm install node@24` in the folder where siplab is installed'
  fail(`Node.js ${wanted.join('.')} or later is needed, this is ${process.versions.node}; run \`${remedy}`, 2)
}

run().catch((error) => {
  fail(process.env.SIPLAB_DEBUG ? error.stack : `cannot start: ${error.message} (SIPLAB_DEBUG=1 shows where)`)
})
