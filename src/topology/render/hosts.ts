/**
 * Lines for /etc/hosts: every name that a phone or a server outside the lab may dial, for those whose resolver takes no
 * port (`siplab plan --format hosts`). Service records have no place there: such a phone needs host and port in
 * its settings.
 */
import type { DnsRecord, LabPlan } from '../plan-types.ts'

type Address = Extract<DnsRecord, { kind: 'a' | 'aaaa' }>

export function renderHosts(plan: LabPlan): string {
  const seen = new Map<string, Address>()
  // The outside view first: a name that both have is dialled from outside.
  const views = [...plan.dns].sort((one, other) => order[one.name] - order[other.name])
  for (const record of views.flatMap(({ records }) => records))
    if (record.kind === 'a' || record.kind === 'aaaa') {
      const key = `${record.kind} ${record.name}`
      if (!seen.has(key)) seen.set(key, record)
    }
  const lines = [...seen.values()].map(({ address, name, why }) => [address, name, why] as const)
  const widths = [0, 1].map((at) => Math.max(0, ...lines.map((line) => line[at]?.length ?? 0)))
  // Both marks are on lines of their own: one sed command removes what they enclose (docs/your-own.md).
  return [
    `# siplab ${plan.topology} begin`,
    ...lines.map(([address, name, why]) => `${address.padEnd(widths[0] ?? 0)} ${name.padEnd(widths[1] ?? 0)} # ${why}`),
    `# siplab ${plan.topology} end`,
    '',
  ].join('\n')
}

const order = { external: 0, internal: 1, perimeter: 2 } as const
