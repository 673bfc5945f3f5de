/**
 * Zone files (RFC 1035 §5) one can hand to a hosting provider: each domain, as the inside and as the internet sees it.
 */
import { addressRecord, recordValue } from '../dns-records.ts'
import type { DnsRecord, DnsView, LabPlan } from '../plan-types.ts'

export interface ZoneFile {
  readonly view: DnsView['name']
  /** e.g. `lab.test`. */
  readonly zone: string
  readonly text: string
}

const ttl = 300

/**
 * One file per domain and view; a view without a record in the domain has none.
 *
 * @param serial SOA serial. A plan has no clock, so the caller gives it, e.g. `2026112201`
 */
export function zoneFiles(plan: LabPlan, serial = 1): readonly ZoneFile[] {
  return plan.dns.flatMap((view) => {
    const owner = plan.organisations.find(({ domain }) => domain === view.organisation)
    const zones = view.name === 'external' ? view.zones : (owner?.domains ?? [])
    return zones.flatMap((zone): readonly ZoneFile[] => {
      const records = view.records.filter(({ name }) => inZone(name, zone))
      return records.length === 0 ? [] : [{ view: view.name, zone, text: zoneFile(view, zone, records, serial) }]
    })
  })
}

/** All zone files in one text, each under a comment that names it: `siplab plan --format zone`. */
export function renderZone(plan: LabPlan, serial?: number): string {
  return zoneFiles(plan, serial)
    .map(({ text }) => text)
    .join('\n')
}

function zoneFile(view: DnsView, zone: string, records: readonly DnsRecord[], serial: number): string {
  const server = `dns.${zone}.`
  const named = records.some(({ kind, name }) => (kind === 'a' || kind === 'aaaa') && name === `dns.${zone}`)
  const glue: readonly DnsRecord[] = named
    ? []
    : [addressRecord(`dns.${zone}`, view.address, 'The name server of this view.')]
  const lines = [
    `; ${zone}, ${view.name} view`,
    `$ORIGIN ${zone}.`,
    `$TTL ${ttl}`,
    `@ IN SOA ${server} hostmaster.${zone}. ( ${serial} 3600 600 86400 ${ttl} )`,
    `@ IN NS ${server}`,
    ...[...glue, ...records].map((record) => recordLine(record, zone)),
  ]
  return `${lines.join('\n')}\n`
}

function recordLine(record: DnsRecord, zone: string): string {
  const owner = relative(record.name, zone).padEnd(28)
  const value = `${record.kind.toUpperCase().padEnd(3)} ${recordValue(record, '.')}`
  return `${owner} IN ${value} ; ${record.why}`
}

function inZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}

function relative(name: string, zone: string): string {
  return name === zone ? '@' : name.slice(0, -zone.length - 1)
}
