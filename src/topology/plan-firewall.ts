/** Firewall rules: every allowed link as zone, host, port and protocol. What is not listed is shut. */
import type { Face, FirewallEnd, FirewallRule, Link, LinkEnd, NodePlan, Zone } from './plan-types.ts'

const strangers: Readonly<Record<string, Zone>> = {
  'remote-user': 'internet',
  partner: 'internet',
  'inside-user': 'internal',
}

type Placed = Pick<NodePlan, 'name' | 'faces'>

export function planFirewall(nodes: readonly Placed[], links: readonly Link[]): readonly FirewallRule[] {
  const rules = links.filter(({ allowed }) => allowed).flatMap((link) => rulesFor(nodes, link))
  return [
    ...new Map(
      rules.map((rule) => [
        `${rule.from.name} ${rule.from.zone} ${rule.to.name} ${rule.to.address} ${rule.protocol} ${rule.port}`,
        rule,
      ]),
    ).values(),
  ]
}

function rulesFor(nodes: readonly Placed[], link: Link): readonly FirewallRule[] {
  const source = faceOf(nodes, link.from)
  const target = faceOf(nodes, link.to)
  if (target === undefined) return []
  const shared = sharedZone(source, link, target)
  const from: FirewallEnd = {
    zone: zoneOf(source, link.from),
    name: link.from.name,
    address: source === undefined ? 'any' : (source.addresses[shared] ?? source.address),
  }
  const serves = link.transport === 'dns' || link.transport === 'http'
  const to: FirewallEnd = {
    zone: serves ? shared : zoneOf(target, link.to),
    name: link.to.name,
    address: target.addresses[shared] ?? target.address,
  }
  return protocols(link).map((protocol) => ({ from, to, protocol, port: link.port, why: link.why }))
}

function protocols({ transport }: Link): readonly ('tcp' | 'udp')[] {
  if (transport === 'dns') return ['udp', 'tcp']
  return [transport === 'udp' ? 'udp' : 'tcp']
}

function faceOf(nodes: readonly Placed[], { name, face }: LinkEnd): Face | undefined {
  const faces = nodes.find((node) => node.name === name)?.faces ?? []
  return faces.find((candidate) => candidate.name === (face ?? 'internal'))
}

/** Where an end belongs: the first zone of its face. */
function zoneOf(face: Face | undefined, end: LinkEnd): Zone {
  return face === undefined ? (strangers[end.name] ?? 'internet') : (zones(face)[0] ?? 'internal')
}

function sharedZone(source: Face | undefined, link: Link, target: Face): Zone {
  const from = source === undefined ? [zoneOf(source, link.from)] : zones(source)
  return from.find((zone) => target.addresses[zone] !== undefined) ?? zones(target)[0] ?? 'internal'
}

function zones(face: Face): readonly Zone[] {
  return Object.keys(face.addresses) as Zone[]
}
