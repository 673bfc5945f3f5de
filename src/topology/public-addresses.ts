/** The plan as the internet is to see it: addresses of a real provider in the outside view of the DNS. */
import { addressRecord } from './dns-records.ts'
import type { DnsRecord, LabPlan } from './plan-types.ts'

/** Every other view, and all that listens, stays: those addresses are the lab's. @param addresses by name */
export function withPublicAddresses(plan: LabPlan, addresses: ReadonlyMap<string, string>): LabPlan {
  if (addresses.size === 0) return plan
  const dns = plan.dns.map((view) =>
    view.name !== 'external'
      ? view
      : {
          ...view,
          records: view.records.map((record) =>
            record.kind === 'a' || record.kind === 'aaaa' ? withAddress(record, addresses.get(record.name)) : record,
          ),
        },
  )
  return { ...plan, dns }
}

function withAddress(record: DnsRecord, address: string | undefined): DnsRecord {
  return address === undefined ? record : addressRecord(record.name, address, record.why)
}
