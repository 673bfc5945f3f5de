/** Every fault of the catalogue, family by family. */
import type { Fault } from './fault.ts'
import { algorithms } from './algorithms.ts'
import { files } from './files.ts'
import { names } from './names.ts'
import { opening } from './opening.ts'
import { protocol } from './protocol.ts'
import { purpose } from './purpose.ts'
import { revocation } from './revocation.ts'
import { time } from './time.ts'
import { trust } from './trust.ts'

export const faults: readonly Fault[] = [
  ...time,
  ...trust,
  ...names,
  ...purpose,
  ...revocation,
  ...algorithms,
  ...files,
  ...protocol,
  ...opening,
]

/** The fault of this name, e.g. `expired`. Absent when there is none. */
export function findFault(slug: string): Fault | undefined {
  return faults.find((fault) => fault.slug === slug)
}
