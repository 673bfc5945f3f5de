/**
 * Is the image the same twice? `npm run image-same [-- --network host]`. Builds it twice from this tree without the
 * cache of the engine, and compares every file of both: path, kind, mode, owner, target of a link, content. The times
 * of files are not compared: they are the time of the build. Nor is the compile cache of Node, which V8 writes anew at
 * each build. Node discards an entry that does not fit its source. Exit status 1 when the two differ, 75 without an
 * engine.
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const buildMs = 600_000
const listOctets = 256 * 1024 * 1024
const run = promisify(execFile)

const docker = async (...args: readonly string[]): Promise<string> =>
  (await run('docker', args, { cwd: root, timeout: buildMs, maxBuffer: listOctets })).stdout

/** Not of the image (the engine writes them into each container), and the compile cache. */
const leftOut = ['/proc', '/sys', '/dev', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/opt/siplab/.compiled']

/** Two lines a file: what it is, and its content. */
const found = `find / -xdev \\( ${leftOut.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o`
const listing = `${found} -print0 | sort -z | xargs -0 stat --format '%N %F %a %u:%g'
${found} -type f -print0 | sort -z | xargs -0 sha256sum`

async function files(tag: string, build: readonly string[]): Promise<ReadonlySet<string>> {
  await docker('build', '--quiet', '--no-cache', ...build, '--tag', tag, '.')
  const text = await docker('run', '--rm', '--user', '0', '--entrypoint', 'sh', tag, '-c', listing)
  return new Set(text.split('\n').filter((line) => line !== ''))
}

async function compare(build: readonly string[]): Promise<number> {
  const tags = ['siplab:same-1', 'siplab:same-2'] as const
  try {
    const began = performance.now()
    const [first, second] = [await files(tags[0], build), await files(tags[1], build)]
    const different = [...first.symmetricDifference(second)].sort()
    const took = Math.round((performance.now() - began) / 1000)
    console.log(`${first.size} lines of files, two builds in ${took} s: ${different.length} lines differ`)
    for (const line of different.slice(0, 20)) console.log(`  ${line}`)
    return different.length === 0 ? 0 : 1
  } finally {
    await docker('image', 'rm', '--force', ...tags)
  }
}

const { values } = parseArgs({ options: { network: { type: 'string' } } })
try {
  await docker('version')
} catch {
  console.error('no container engine answers: start one, or set DOCKER_HOST')
  process.exit(75)
}
const { NODE_IMAGE: base } = process.env
process.exitCode = await compare([
  ...(values.network === undefined ? [] : ['--network', values.network]),
  ...(base === undefined ? [] : ['--build-arg', `NODE_IMAGE=${base}`]),
])
