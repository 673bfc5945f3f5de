/** Records of the DNS as a lab file writes them, and the text of their values. */
import { isIP, isIPv6 } from 'node:net'
import { z } from 'zod'
import type { DnsRecord, DnsView } from './plan-types.ts'
import { group, port, setting, text } from './settings.ts'

const owner = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9_-]{1,63}\.)+[a-z0-9-]{1,63}$/, {
    error: 'a name in lower case without the dot at its end, such as "_sip._tcp.lab.test"',
  })
const number16 = z.int().min(0).max(65535)
const name = setting(owner, { doc: 'Name of the record, in a domain of the lab: `_sip._tcp.lab.test`.' })
const target = setting(owner, { doc: 'Name that it leads to.' })
const views = setting(
  z
    .array(z.enum(['internal', 'perimeter', 'external']))
    .min(1)
    .optional(),
  {
    doc: 'Views of the DNS that have it. Absent: all.',
  },
)
const common = { name, views }

export const plannedRecord = z.discriminatedUnion('kind', [
  group({ kind: z.literal('a'), ...common, address: setting(z.ipv4(), { doc: 'An IPv4 address.' }) }),
  group({ kind: z.literal('aaaa'), ...common, address: setting(z.ipv6(), { doc: 'An IPv6 address.' }) }),
  group({ kind: z.literal('cname'), ...common, target }),
  group({
    kind: z.literal('srv'),
    ...common,
    priority: setting(number16.default(0), { doc: 'The lowest is tried first.' }),
    weight: setting(number16.default(0), { doc: 'Share among those of equal priority (RFC 2782).' }),
    port: setting(port, { doc: 'Port of the service.' }),
    target,
  }),
  group({
    kind: z.literal('naptr'),
    ...common,
    order: setting(number16.default(10), { doc: 'The lowest is tried first.' }),
    preference: setting(number16.default(10), { doc: 'The lowest first among those of equal order.' }),
    flags: setting(z.string().max(8).default('s'), { doc: '`s`: the replacement is the name of SRV records.' }),
    services: setting(text, { doc: 'e.g. `SIPS+D2T` (RFC 3263 §4.1).' }),
    regexp: setting(z.string().max(255).default(''), { doc: 'Empty, where there is a replacement.' }),
    replacement: setting(owner, { doc: 'Name of the SRV records.' }),
  }),
])

export type PlannedRecord = z.infer<typeof plannedRecord>

/** The records of a view with those of the lab file, which replace the planner's of the same name and kind. */
export function withPlanned(view: DnsView, planned: readonly PlannedRecord[]): DnsView {
  const own = planned
    .filter(({ views }) => views === undefined || views.includes(view.name))
    .map(({ views: _views, ...record }): DnsRecord => ({ ...record, why: 'As the lab file has it.' }))
  if (own.length === 0) return view
  const replaced = new Set(own.map(({ kind, name }) => `${kind} ${name}`))
  const kept = view.records.filter(({ kind, name }) => !replaced.has(`${kind} ${name}`))
  return { ...view, records: [...kept, ...own] }
}

/** An A record, or an AAAA record: as the address says. The name of a service of a cluster makes it a CNAME. */
export function addressRecord(name: string, address: string, why: string): DnsRecord {
  if (isIP(address) === 0) return { kind: 'cname', name, target: address, why }
  return { kind: isIPv6(address) ? 'aaaa' : 'a', name, address, why }
}

/** `0 5 5061 sip.lab.test`, as a zone file has it; `dot` is put behind each name. */
export function recordValue(record: DnsRecord, dot: '' | '.' = ''): string {
  switch (record.kind) {
    case 'a':
    case 'aaaa':
      return record.address
    case 'cname':
      return `${record.target}${dot}`
    case 'srv':
      return `${record.priority} ${record.weight} ${record.port} ${record.target}${dot}`
    case 'naptr': {
      const { order, preference, flags, services, regexp, replacement } = record
      return `${order} ${preference} "${flags}" "${services}" "${regexp}" ${replacement}${dot}`
    }
    default:
      return record satisfies never
  }
}
