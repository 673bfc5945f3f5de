/** The one place of topology/ that reads files: a lab file by name or path, with the profile it names. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from './config-error.ts'
import { didYouMean } from './nearest-name.ts'
import { readDocument } from './document.ts'
import { profileSchema } from './profile.ts'
import { packageFolder } from './package-folder.ts'
import type { Profile } from './profile.ts'
import { checkTopology, topologySchema } from './topology.ts'
import type { Topology } from './topology.ts'

/** The folder of shipped lab files. */
export function configFolder(): string {
  return join(packageFolder, 'config')
}

/**
 * Loads a lab: `loadTopology('edge')` takes the shipped file, `loadTopology('my/lab.yaml')` one of your own. A name
 * with a slash or an ending is a path.
 *
 * @throws ConfigError with file, line and field
 */
export function loadTopology(nameOrFile: string, folder: string = configFolder()): Topology {
  return parseTopology(...topologySource(nameOrFile, folder), (name) => loadProfile(name, folder))
}

/** The names of the shipped lab files: `['edge', 'edge-pool', …]`. */
export function topologyNames(folder: string = configFolder()): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort()
}

export function loadProfile(name: string, folder: string = configFolder()): Profile {
  const file = join(folder, 'profiles', `${name}.yaml`)
  return readDocument(profileSchema, readConfig(file, `the profile "${name}"`), file).value
}

/** A lab from text already at hand; `profile` finds the profile it names. */
export function parseTopology(text: string, file: string, profile: (name: string) => Profile): Topology {
  const document = readDocument(topologySchema, text, file)
  const fault = checkTopology(document.value)
  if (fault !== undefined) throw document.error(fault)
  return { ...document.value, profile: profile(document.value.profile) }
}

function topologySource(nameOrFile: string, folder: string): readonly [text: string, file: string] {
  const isFile = nameOrFile.includes('/') || /\.ya?ml$/.test(nameOrFile)
  if (isFile) return [readConfig(nameOrFile, 'a lab file'), nameOrFile]
  const names = topologyNames(folder)
  const file = join(folder, `${nameOrFile}.yaml`)
  if (!names.includes(nameOrFile)) {
    throw new ConfigError({
      file,
      line: 1,
      column: 1,
      field: '',
      wanted: `a topology (${names.join(', ')}) or the path of a lab file`,
      found: `"${nameOrFile}"${didYouMean(nameOrFile, names)}`,
    })
  }
  return [readConfig(file, 'a lab file'), file]
}

function readConfig(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new ConfigError(
      { file, line: 1, column: 1, field: '', wanted: what, found: `no readable file in ${dirname(file)} (${reason})` },
      { cause },
    )
  }
}
