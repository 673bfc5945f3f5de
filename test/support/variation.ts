/** A shipped lab file with something changed, written where a test keeps its files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { configFolder } from '../../src/topology/load.ts'

/** What a test changes of a lab file: plain YAML values. */
export type LabFile = { [key: string]: LabValue }
type LabValue = string | number | boolean | LabValue[] | { [key: string]: LabValue } | undefined

/**
 * `variation(t, 'federation', (lab) => at(lab, 'hosts', 'edge', 'federation')['automatic'] = true)`: its path, for
 * `siplab up`.
 */
export function variation(t: Test, topology: string, change: (lab: LabFile) => void): string {
  const lab = parse(readFileSync(join(configFolder(), `${topology}.yaml`), 'utf8')) as LabFile
  change(lab)
  return join(t.testdir({ [`${topology}.yaml`]: stringify(lab) }), `${topology}.yaml`)
}

/** `withNtlm(t, 'edge')`: NTLM is offered, as Communicator clients want it. */
export function withNtlm(t: Test, topology: string): string {
  return variation(t, topology, (lab) => {
    lab['authentication'] = { ntlm: 'on' }
  })
}

/** The group at a path; numbers count in lists. @throws Error where there is none */
export function at(lab: LabFile, ...path: readonly (string | number)[]): LabFile {
  let value: LabValue = lab
  for (const step of path) value = (value as { readonly [key: string]: LabValue } | undefined)?.[step]
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Error(`the lab file has no group at ${path.join('.')}`)
  return value
}
