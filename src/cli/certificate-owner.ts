/** Whose certificate it is: the nodes of a lab by the serials of the certificates in their folders. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFolder } from '../node/control/node-folder.ts'
import { pemBlocks } from '../certificates/examine/pem.ts'
import type { LabPlan } from '../topology/plan-types.ts'

/**
 * `certificateOwner(root, plan)('742f…')` is `director`: the only node that holds it. The folders are read at the first
 * question; a file that is no certificate has no owner.
 */
export function certificateOwner(root: string, plan: LabPlan): (serial: string) => string | undefined {
  let owners: ReadonlyMap<string, readonly string[]> | undefined
  return (serial) => {
    owners ??= ownersIn(root, plan)
    const holders = owners.get(serial.toLowerCase()) ?? []
    return holders.length === 1 ? holders[0] : undefined
  }
}

function ownersIn(root: string, plan: LabPlan): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, readonly string[]>()
  for (const { name } of plan.nodes) {
    const { certificates } = nodeFolder(root, name)
    if (!existsSync(certificates)) continue
    for (const file of readdirSync(certificates).filter((each) => each.endsWith('.pem'))) {
      const serial = serialIn(join(certificates, file))
      if (serial === undefined) continue
      const holders = owners.get(serial) ?? []
      if (!holders.includes(name)) owners.set(serial, [...holders, name])
    }
  }
  return owners
}

function serialIn(path: string): string | undefined {
  const [leaf] = pemBlocks(readFileSync(path, 'utf8'))
  if (leaf === undefined) return undefined
  try {
    return new X509Certificate(leaf).serialNumber.toLowerCase()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
