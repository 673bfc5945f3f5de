/** The firewall table as an nftables ruleset for the host between the zones: what is not listed is dropped. */
import { isIPv6 } from 'node:net'
import type { FirewallEnd, FirewallRule, LabPlan, OrganisationPlan, Zone } from '../plan-types.ts'

/**
 * `siplab plan --format nftables`; `nft -c -f FILE` accepts it. One table for the firewall of each organisation. Zones
 * are told apart by interface: the names on top are the only lines to edit. Traffic inside one zone never meets the
 * firewall and is left out.
 */
export function renderNftables(plan: LabPlan): string {
  const head = [
    '#!/usr/sbin/nft -f',
    `# ${plan.topology}: ${plan.about}`,
    '# Put in the interface of the firewall that looks into each zone. What is not listed is dropped.',
    'define internet = "wan0"',
    'define perimeter = "dmz0"',
    'define internal = "lan0"',
  ]
  return `${[...head, ...plan.organisations.flatMap((organisation) => firewallOf(plan, organisation))].join('\n')}\n`
}

interface Crossing {
  readonly from: Zone
  readonly to: Zone
  readonly line: string
}

function firewallOf(plan: LabPlan, organisation: OrganisationPlan): readonly string[] {
  const table = `table inet siplab_${organisation.prefix}${plan.topology}`.replaceAll('-', '_')
  const crossings = plan.firewall.flatMap((rule) => crossing(plan, organisation, rule))
  const titles = [...new Set(crossings.map(titleOf))]
  return [
    '',
    `# Firewall of ${organisation.domain}. Named twice before its rules, so that a second load replaces the first.`,
    table,
    `delete ${table}`,
    `${table} {`,
    '  chain forward {',
    '    type filter hook forward priority filter; policy drop;',
    '    ct state established,related accept',
    '    ct state invalid drop',
    ...titles.flatMap((title) => [
      '',
      `    # ${title}`,
      ...crossings.filter((entry) => titleOf(entry) === title).map(({ line }) => `    ${line}`),
    ]),
    '  }',
    '}',
  ]
}

function titleOf({ from, to }: Crossing): string {
  return `${from} to ${to}`
}

function crossing(plan: LabPlan, organisation: OrganisationPlan, rule: FirewallRule): readonly Crossing[] {
  const from = zoneSeen(plan, organisation, rule.from, rule.to)
  const to = zoneSeen(plan, organisation, rule.to, rule.from)
  if (from === to) return []
  const source = rule.from.address === 'any' ? '' : `${family(rule.from.address)} saddr ${rule.from.address} `
  const why = comment(`${rule.from.name} to ${rule.to.name}: ${rule.why}`)
  const line =
    `iifname $${from} oifname $${to} ${source}${family(rule.to.address)} daddr ${rule.to.address} ` +
    `${rule.protocol} dport ${rule.port} accept comment "${why}"`
  return [{ from, to, line }]
}

/**
 * A host with a face on the internet is behind the outer firewall; hosts of the other organisation are internet.
 */
function zoneSeen(plan: LabPlan, organisation: OrganisationPlan, end: FirewallEnd, other: FirewallEnd): Zone {
  const owner = (name: string) => plan.nodes.find((node) => node.name === name)?.organisation
  const own = owner(end.name)
  if (own === undefined)
    return end.zone === 'internal' && owner(other.name) !== organisation.domain ? 'internet' : end.zone
  if (own !== organisation.domain) return 'internet'
  return end.zone === 'internet' ? 'perimeter' : end.zone
}

function family(address: string): 'ip' | 'ip6' {
  return isIPv6(address) ? 'ip6' : 'ip'
}

/** nft takes up to 128 octets of comment, and no quote inside. */
function comment(text: string): string {
  return text.replaceAll('"', "'").slice(0, 120)
}
