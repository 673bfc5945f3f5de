/**
 * Many test files in one process: to start one, and to load tap and siplab there, takes a second of CPU, most of what
 * a unit test costs. Each file runs by itself too: `npx tap test/sip/message/uri.test.ts`.
 */
import { readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { reuseRsaKeys } from './spare-keys.ts'

const tests = resolve(import.meta.dirname, '..')
/** Their files start labs or run others: each is a process of its own. */
const inOwnProcesses = ['alone', 'attack', 'lab', 'containers', 'unit']

reuseRsaKeys()

/** `await runFolder('sip')`: the tests of every file below test/sip/, one after the other. */
export async function runFolder(folder: string): Promise<void> {
  const files = testFiles(folder)
  if (files.length === 0) throw new Error(`no *.test.ts below test/${folder}`)
  await runFiles(
    folder,
    files.map((file) => join(tests, folder, file)),
  )
}

/**
 * The tests of these files. One test is under way until all are loaded: tap ends the whole as soon as nothing is, once
 * a file has given it something to tear down, and what a later file brings would be lost without a failure.
 */
export async function runFiles(name: string, files: readonly string[]): Promise<void> {
  const loaded = Promise.withResolvers<void>()
  void t.test(`every file of ${name} is loaded`, () => loaded.promise)
  try {
    for (const file of files) await import(pathToFileURL(file).href)
  } finally {
    loaded.resolve()
  }
}

/** Every folder that has no group in test/unit: a new folder is run without being named. */
export async function runRest(): Promise<void> {
  const groups = testFiles('unit').map((file) => basename(file, '.test.ts'))
  const folders = readdirSync(tests, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && ![...inOwnProcesses, ...groups].includes(entry.name))
    .map(({ name }) => name)
  for (const folder of folders.toSorted()) if (testFiles(folder).length > 0) await runFolder(folder)
}

/** Paths below `test/FOLDER`, in order. */
function testFiles(folder: string): readonly string[] {
  return readdirSync(join(tests, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .toSorted()
}
