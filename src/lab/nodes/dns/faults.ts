/** What `siplab break dns FAULT` can do to answers. A fault may be limited to one name. */
import { canonical } from './zone.ts'
import type { ZoneRecord } from './zone.ts'

export type DnsFault =
  /** SRV records lead to `target`, a host outside the domain. */
  | { readonly kind: 'wrong-target'; readonly name?: string; readonly target: string }
  /** The name does not exist. */
  | { readonly kind: 'nxdomain'; readonly name?: string }
  /** No answer at all; the resolver times out. */
  | { readonly kind: 'silent'; readonly name?: string }
  /** The true answer, `afterMs` late. */
  | { readonly kind: 'slow'; readonly name?: string; readonly afterMs: number }

/**
 * `concerns({ kind: 'nxdomain', name: 'sip.lab.test' }, 'SIP.lab.test')` is true; a fault without a name concerns all.
 */
export function concerns(fault: DnsFault, name: string): boolean {
  return fault.name === undefined || canonical(fault.name) === canonical(name)
}

export function misdirect(records: readonly ZoneRecord[], target: string): readonly ZoneRecord[] {
  return records.map((record) => (record.kind === 'srv' ? { ...record, target } : record))
}
