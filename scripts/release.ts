/**
 * What a release consists of: `npm run release [-- --output=release]`. Packs the tree twice, in two folders, and
 * compares the tarballs octet by octet; writes the tarball, the bill of materials (CycloneDX, without development
 * dependencies) and their SHA-256. Publishes nothing. Exit status 1 when the two tarballs differ.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { packageName, packageVersion, pack, run } from '../test/support/packed.ts'

const root = resolve(import.meta.dirname, '..')
const packMs = 600_000

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** The files of a tarball of npm by their digest: ustar, names of up to 255 octets. */
function filesOf(tarball: string): ReadonlyMap<string, string> {
  const octets = gunzipSync(readFileSync(tarball))
  const files = new Map<string, string>()
  for (let at = 0; at + 512 <= octets.length && octets[at] !== 0; ) {
    const field = (from: number, length: number): string =>
      octets.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12), 8)
    files.set(`${field(345, 155)}/${field(0, 100)}`, sha256(octets.subarray(at + 512, at + 512 + size)))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** Names that only one of them has, or whose content differs. */
function differences(one: string, other: string): readonly string[] {
  const [first, second] = [filesOf(one), filesOf(other)]
  return [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name))
}

/**
 * Without the time and the random number of this run, and with the name of the package where npm writes the name of the
 * folder: so it is the same for the same lock file.
 */
async function billOfMaterials(): Promise<string> {
  const text = await run('npm', ['sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx'], { cwd: root })
  const {
    serialNumber: _number,
    metadata,
    ...rest
  } = JSON.parse(text) as {
    readonly serialNumber?: string
    readonly metadata: Readonly<Record<string, unknown>> & { readonly component: object }
  }
  const { timestamp: _time, ...kept } = metadata
  const component = { ...kept.component, name: packageName }
  return `${JSON.stringify({ ...rest, metadata: { ...kept, component } }, undefined, 2)}\n`
}

async function release(output: string, scratch: string): Promise<number> {
  const folders = ['first', 'second-folder'].map((name) => join(scratch, name))
  for (const folder of folders) mkdirSync(folder)
  const [first = '', second = ''] = [await pack(folders[0] ?? '', packMs), await pack(folders[1] ?? '', packMs)]
  const same = readFileSync(first).equals(readFileSync(second))
  if (!same) {
    console.error(`two tarballs of the same tree differ: ${differences(first, second).join(', ') || 'in the archive'}`)
    return 1
  }
  mkdirSync(output, { recursive: true })
  const bill = `siplab-${packageVersion}.cdx.json`
  copyFileSync(first, join(output, basename(first)))
  writeFileSync(join(output, bill), await billOfMaterials())
  const sums = [basename(first), bill].map((name) => `${sha256(readFileSync(join(output, name)))}  ${name}\n`)
  writeFileSync(join(output, 'SHA256SUMS'), sums.join(''))
  console.log(`two tarballs of the same tree are the same, octet by octet\n${sums.join('')}`.trimEnd())
  return 0
}

const { output } = parseArgs({ options: { output: { type: 'string', default: join(root, 'release') } } }).values
const scratch = mkdtempSync(join(tmpdir(), 'siplab-release-'))
try {
  process.exitCode = await release(resolve(output), scratch)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
