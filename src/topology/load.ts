/** The one place of topology/ that reads files: a lab file by name or path, with the profile it names. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type ConfigError, noFile } from './config-error.ts'
import { insteadOf } from './nearest-name.ts'
import { readDocument } from './document.ts'
import { profileSchema } from './profile.ts'
import { packageFolder } from './package-folder.ts'
import type { Profile } from './profile.ts'
import { foundAt } from '../verdicts/machine-limit.ts'
import { checkTopology, topologySchema } from './topology.ts'
import type { Topology, TopologyFile } from './topology.ts'

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
  const withPem = (hosts: TopologyFile['hosts'], base: readonly (string | number)[]) =>
    withRoots(hosts, dirname(file), (label, found) =>
      document.error({ path: [...base, 'hosts', label, 'root'], wanted: 'a PEM file with a certificate', found }),
    )
  return {
    ...document.value,
    hosts: withPem(document.value.hosts, []),
    partners: document.value.partners.map((partner, at) => ({
      ...partner,
      hosts: withPem(partner.hosts, ['partners', at]),
    })),
    profile: profile(document.value.profile),
  }
}

/** The root of a foreign server as PEM text, read from beside the lab file. */
function withRoots(
  hosts: TopologyFile['hosts'],
  folder: string,
  error: (label: string, found: string) => ConfigError,
): TopologyFile['hosts'] {
  const entries = Object.entries(hosts).map(([label, host]) => {
    if (host.role !== 'foreign' || host.root === undefined) return [label, host] as const
    const root = host.root.includes('-----BEGIN') ? host.root : pemText(resolve(folder, host.root), label, error)
    if (!/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(root)) throw error(label, 'none in it')
    return [label, { ...host, root }] as const
  })
  return Object.fromEntries(entries)
}

function pemText(path: string, label: string, error: (label: string, found: string) => ConfigError): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw error(label, foundAt(cause, path))
  }
}

function topologySource(nameOrFile: string, folder: string): readonly [text: string, file: string] {
  const isFile = nameOrFile.includes('/') || /\.ya?ml$/.test(nameOrFile)
  if (isFile) return [readConfig(nameOrFile, 'a lab file'), nameOrFile]
  const names = topologyNames(folder)
  const file = join(folder, `${nameOrFile}.yaml`)
  if (!names.includes(nameOrFile)) {
    const found = `"${nameOrFile}"${insteadOf(nameOrFile, names)}`
    throw noFile(nameOrFile, 'a topology or the path of a lab file', found)
  }
  return [readConfig(file, 'a lab file'), file]
}

function readConfig(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw noFile(file, what, foundAt(cause, file), { cause })
  }
}
