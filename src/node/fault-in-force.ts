/**
 * What `siplab break` left in the folder of a node for as long as a fault is in force: which findings of the start-up
 * check must pass so that the fault can go live, and the TLS settings it changes. `siplab heal` takes the file's entry
 * away.
 */
import { existsSync, readFileSync } from 'node:fs'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import { join } from 'node:path'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { isVerdictCode, type VerdictCode } from '../verdicts/codes.ts'
import type { OwnIdentity } from '../sip/transport/flow.ts'
import type { TlsMaterial, TlsTuning } from '../sip/transport/types.ts'
import type { NodeFolder } from './control/node-folder.ts'

/** One fault as one node feels it. */
export interface FaultInForce {
  readonly fault: string
  /** Absent: what the node shows and judges by is touched everywhere. */
  readonly reference?: CertificateReference
  /** Codes of the start-up check that only warn while the fault is in force. */
  readonly tolerate: readonly VerdictCode[]
  /** True where the node is a bystander that judges: it tolerates at its start as well. */
  readonly bystander: boolean
  readonly versions?: { readonly min?: TlsMaterial['minVersion']; readonly max?: TlsMaterial['maxVersion'] }
  readonly ciphers?: string
  readonly tuning?: TlsTuning
  /** Its own certificate may end the service as the profile has it. Absent: the service is held up. */
  readonly obeysProfile?: true
  /**
   * Name of the certificate that the process shows instead of the assigned one, as if it had read its files before they
   * were renewed. A start forgets it.
   */
  readonly served?: string
  /** It dials without a certificate. */
  readonly showsNothing?: true
}

/** By target as a person named it: `director`, `fe1`. */
export type FaultsInForce = Readonly<Record<string, FaultInForce>>

export function faultFile({ root }: Pick<NodeFolder, 'root'>): string {
  return join(root, 'fault.json')
}

/** Written by `siplab break` alone, so a file that cannot be parsed is a fault of ours. */
export function readFaultsInForce(folder: Pick<NodeFolder, 'root'>): FaultsInForce {
  const path = faultFile(folder)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as FaultsInForce) : {}
}

/** Those that concern a reference. */
export function faultsOn(faults: FaultsInForce, reference: string): readonly FaultInForce[] {
  return Object.values(faults).filter((fault) => fault.reference === undefined || fault.reference === reference)
}

export function toleratedBy(faults: readonly FaultInForce[]): readonly VerdictCode[] {
  return faults.flatMap(({ tolerate }) => tolerate.filter(isVerdictCode))
}

/** The material with what the faults change: versions, ciphers, groups and the like, or no certificate at all. */
export function underFaults(material: TlsMaterial, faults: readonly FaultInForce[]): TlsMaterial {
  return faults.reduce<TlsMaterial>(
    (changed, { versions, ciphers, tuning, showsNothing }) => ({
      ...changed,
      ...(versions?.min === undefined ? {} : { minVersion: versions.min }),
      ...(versions?.max === undefined ? {} : { maxVersion: versions.max }),
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(tuning === undefined ? {} : { tuning: { ...changed.tuning, ...tuning } }),
      ...(showsNothing === true ? { certificate: '', key: '', own: withoutLeaf(changed.own) } : {}),
    }),
    material,
  )
}

function withoutLeaf({ leaf: _leaf, ...own }: OwnIdentity): OwnIdentity {
  return own
}

/** One TLS setting of a node that is not as the profile has it. */
export interface ChangedTls {
  readonly setting: string
  readonly value: string
}

/** Settings that hold a secret. */
const hidden: ReadonlySet<string> = new Set(['passphrase', 'named'])

/** Versions, cipher suites and the like that replace those of the profile. */
export function changedTls(folder: Pick<NodeFolder, 'root'>): readonly ChangedTls[] {
  return Object.values(readFaultsInForce(folder)).flatMap(({ versions, ciphers, tuning, showsNothing }) => [
    ...(versions === undefined
      ? []
      : [{ setting: 'versions', value: `${versions.min ?? ''} to ${versions.max ?? ''}` }]),
    ...(ciphers === undefined ? [] : [{ setting: 'ciphers', value: ciphers }]),
    ...(showsNothing === undefined ? [] : [{ setting: 'certificate when it dials', value: 'none' }]),
    ...Object.entries(tuning ?? {}).map(([setting, value]) => ({
      setting,
      value: hidden.has(setting) ? '(not shown)' : String(value),
    })),
  ])
}

/** A process that starts reads what is on disk. */
export function forgetServed(folder: Pick<NodeFolder, 'root'>): void {
  const faults = Object.entries(readFaultsInForce(folder))
  if (faults.every(([, { served }]) => served === undefined)) return
  write(
    folder,
    faults.map(([target, { served: _served, ...rest }]) => [target, rest]),
  )
}

function write(folder: Pick<NodeFolder, 'root'>, faults: readonly (readonly [string, FaultInForce])[]): void {
  writeFileAtomic(faultFile(folder), `${JSON.stringify(Object.fromEntries(faults), undefined, 2)}\n`, 0o600)
}

/** TLS settings are the profile's again. @returns what was changed */
export function resetTls(folder: Pick<NodeFolder, 'root'>): readonly ChangedTls[] {
  const changed = changedTls(folder)
  if (changed.length === 0) return changed
  const kept = Object.entries(readFaultsInForce(folder)).map(([target, fault]): readonly [string, FaultInForce] => {
    const { versions: _versions, ciphers: _ciphers, tuning: _tuning, showsNothing: _shows, ...rest } = fault
    return [target, rest]
  })
  write(folder, kept)
  return changed
}
