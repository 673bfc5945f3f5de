/** The firewall table as an nftables ruleset for the host between the zones: what is not listed is dropped. */
import type { FirewallRule, LabPlan } from '../plan-types.ts'

/**
 * `siplab plan --format nftables`; `nft -c -f FILE` accepts it. Zones are told apart by interface: the names on top are the
 * only lines to edit.
 */
export function renderNftables(plan: LabPlan): string {
  const table = `table inet siplab_${plan.topology.replaceAll('-', '_')}`
  return `${[
    '#!/usr/sbin/nft -f',
    `# ${plan.topology}: ${plan.about}`,
    '# Put in the interface of the firewall that looks into each zone. What is not listed is dropped.',
    'define internet = "wan0"',
    'define perimeter = "dmz0"',
    'define internal = "lan0"',
    '',
    `# Twice, so that a second load replaces the first.`,
    table,
    `delete ${table}`,
    '',
    `${table} {`,
    '  chain forward {',
    '    type filter hook forward priority filter; policy drop;',
    '    ct state established,related accept',
    '    ct state invalid drop',
    ...sections(plan.firewall, plan.firewall.map(rule)),
    '  }',
    '}',
  ].join('\n')}\n`
}

/** Rules under a line that names their two zones. */
function sections(rules: readonly FirewallRule[], lines: readonly string[]): readonly string[] {
  const titles = [...new Set(rules.map(zones))]
  return titles.flatMap((title) => ['', `    # ${title}`, ...lines.filter((_line, at) => zones(rules[at]) === title)])
}

function zones(rule: FirewallRule | undefined): string {
  return rule === undefined ? '' : `${rule.from.zone} to ${rule.to.zone}`
}

function rule({ from, to, protocol, port, why }: FirewallRule): string {
  const source = from.address === 'any' ? '' : `ip saddr ${from.address} `
  return `    iifname $${from.zone} oifname $${to.zone} ${source}ip daddr ${to.address} ${protocol} dport ${port} accept comment "${comment(`${from.name} to ${to.name}: ${why}`)}"`
}

/** nft takes up to 128 octets of comment, and no quote inside. */
function comment(text: string): string {
  return text.replaceAll('"', "'").slice(0, 120)
}
