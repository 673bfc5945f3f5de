/** Every fault that `siplab break` knows, in one list: `siplab faults list`. */
import { LabError } from '../lab/lab-error.ts'
import { insteadOf } from '../topology/nearest-name.ts'
import { faults as certificateFaults } from './catalogue/index.ts'
import { dnsFaults } from './dns.ts'
import { linkFaults } from './link.ts'
import { machineStoreFault } from './machine-store.ts'
import { endsOf, notInALab } from './place.ts'
import { configurationFaults } from './start.ts'
import { sqlFaultsOf } from './store.ts'
import { surroundingFaults } from './surroundings.ts'

export type TargetKind = 'node' | 'link' | 'dns' | 'store' | 'directory'

/** One line of `siplab faults list`. */
export interface ListedFault {
  readonly name: string
  readonly target: TargetKind
  readonly family: string
  readonly story: string
  /** The code its verdict names; absent: no one minds, or it shows in time only. */
  readonly verdict?: string
  /** The ends that the node may be. */
  readonly sides?: readonly ('server' | 'client')[]
  readonly amount?: { readonly unit: string; readonly usual: number }
  /** Why no lab can show it. Absent: break puts it on. */
  readonly notInALab?: string
}

export const faultList: readonly ListedFault[] = [
  ...certificateFaults.map((fault): ListedFault => {
    const { slug, family, story, expect, notOnNode } = fault
    return {
      name: slug,
      target: notOnNode === 'dialled-name' ? 'link' : 'node',
      family,
      story,
      sides: endsOf(fault),
      ...(notOnNode === 'no-lab' ? { notInALab } : {}),
      ...(expect.verdict === undefined ? {} : { verdict: expect.verdict }),
    }
  }),
  ...linkFaults.map((fault): ListedFault => ({ ...fault, target: 'link', family: 'link' })),
  ...(['store', 'directory'] as const).flatMap((target) =>
    sqlFaultsOf(target).map(
      ({ name, story, trouble, amount }): ListedFault => ({
        name,
        target,
        family: target,
        story,
        verdict: `${target}.${trouble}`,
        ...(amount === undefined ? {} : { amount }),
      }),
    ),
  ),
  ...configurationFaults.map(
    ({ name, story, verdict }): ListedFault => ({ name, story, verdict, target: 'node', family: 'configuration' }),
  ),
  ...surroundingFaults.map((fault): ListedFault => ({ ...fault, target: 'node' })),
  { ...machineStoreFault, target: 'node', family: 'trust' },
  ...dnsFaults.map((fault): ListedFault => ({ ...fault, target: 'dns', family: 'dns' })),
]

const targetTexts: Readonly<Record<TargetKind, string>> = {
  node: 'a node',
  link: 'a link such as director->fe1',
  dns: 'the DNS',
  store: 'the store',
  directory: 'the directory',
}

export function unknownFault(target: TargetKind, name: string): LabError {
  const known = faultList.filter((fault) => fault.target === target).map((fault) => fault.name)
  const elsewhere = faultList.find((fault) => fault.name === name)
  const instead =
    elsewhere === undefined
      ? insteadOf(name, known, 'siplab faults list')
      : `; ${name} is a fault of ${targetTexts[elsewhere.target]}; all faults: siplab faults list`
  return new LabError(
    'usage',
    'fault.unknown',
    `there is no fault ${JSON.stringify(name)} for ${targetTexts[target]}${instead}`,
  )
}
