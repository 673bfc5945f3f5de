/** What the wall sheet shows, before anyone draws it: columns from the phone to the pool, and the hops between them. */
import type { DnsRecord, FaceName, LabPlan, Link, LinkEnd, NodePlan, PlannedCertificate, Role } from '../plan-types.ts'

export interface Column {
  /** Lane of the column; columns of one lane are neighbours. */
  readonly lane: string
  /** A remote phone, one face of an access proxy, or hosts of one kind on top of each other. */
  readonly kind: 'phone' | 'face' | 'hosts'
  readonly boxes: readonly Box[]
  readonly dns: readonly Line[]
  readonly ports: readonly Line[]
  readonly certificates: readonly CertificateOf[]
  /** Instead of a certificate card. */
  readonly noCertificate: string
}

/** One certificate, or several that say the same, as front ends of one pool have them. */
export interface CertificateOf {
  readonly nodes: readonly string[]
  readonly certificate: PlannedCertificate
}

interface Box {
  readonly name: string
  readonly role: string
  readonly fqdn: string
  readonly address: string
}

interface Line {
  readonly text: string
  readonly strong?: boolean
}

/** Links between two columns, in one direction. */
export interface Hop {
  readonly number: number
  readonly from: number
  readonly to: number
  readonly links: readonly Link[]
}

export interface Sheet {
  readonly columns: readonly Column[]
  readonly hops: readonly Hop[]
  /** Allowed links of people inside, whose phones are not drawn. */
  readonly inside: readonly Link[]
}

export function sheetOf(plan: LabPlan): Sheet {
  const [own, partner] = plan.organisations
  if (own === undefined) throw new RangeError('wanted a plan with an organisation, found none')
  const right = columnsOf(plan, own.domain)
  const left = partner === undefined ? [] : [...columnsOf(plan, partner.domain)].reverse()
  const outside = plan.nodes.some(({ role }) => role === 'access-proxy')
  const columns = [...left, phoneColumn(plan, outside), ...right]
  const phone = outside ? 'remote-user' : 'inside-user'
  return {
    columns,
    hops: hopsOf(plan, columns, phone),
    inside: outside ? plan.links.filter((link) => link.allowed && link.from.name === 'inside-user' && isSip(link)) : [],
  }
}

/** `remote-user` → `remote phone`. */
export function partyName({ name, face }: LinkEnd): string {
  const party = { 'remote-user': 'remote phone', 'inside-user': 'inside phone', partner: 'partner edge' }[name]
  return party ?? (face === undefined ? name : `${name} (${face})`)
}

function columnsOf(plan: LabPlan, organisation: string): readonly Column[] {
  const nodes = plan.nodes.filter((node) => node.organisation === organisation)
  const prefix = plan.organisations.length > 1 ? `${organisation} ` : ''
  const of = (...roles: readonly Role[]) => nodes.filter(({ role }) => roles.includes(role))
  const group = (...roles: readonly Role[]) => {
    const members = of(...roles)
    return members.length === 0 ? [] : [hostsColumn(plan, `${prefix}internal`, members)]
  }
  const faces = of('access-proxy').flatMap((edge) => [
    faceColumn(plan, `${prefix}perimeter`, edge, 'external'),
    faceColumn(plan, `${prefix}perimeter`, edge, 'internal'),
  ])
  return [
    ...faces,
    ...group('director'),
    ...group('load-balancer'),
    ...group('standard-edition', 'front-end'),
    ...group('gateway'),
    ...group('sql'),
    ...foreignColumn(plan, organisation, prefix),
  ]
}

function phoneColumn(plan: LabPlan, outside: boolean): Column {
  const party = outside ? 'remote-user' : 'inside-user'
  const services = outside ? /^_sip\._tls\./ : /^_sipinternal/
  const view = outside ? 'external' : 'internal'
  const records = plan.dns.filter(({ name }) => name === view).flatMap((entry) => entry.records)
  const asked = records.flatMap((record) =>
    record.kind === 'srv' && services.test(record.name)
      ? [{ text: `${record.name} SRV`, strong: true }, { text: `→ ${record.target}:${record.port}` }]
      : [],
  )
  const out = plan.firewall
    .filter(({ from, to }) => from.name === party && !isSupport(plan, to.name))
    .map(({ protocol, port, to }) => ({ text: `out ${protocol} ${port} → ${to.name}` }))
  const roots = outside ? 'public root' : 'internal root'
  return {
    lane: outside ? 'internet' : 'internal',
    kind: 'phone',
    boxes: [
      {
        name: outside ? 'Remote phone' : 'Phone',
        role: outside ? 'a user on the internet' : 'a user inside',
        fqdn: '',
        address: '',
      },
    ],
    dns: asked,
    ports: [...new Map(out.map((line) => [line.text, line])).values()],
    certificates: [],
    noCertificate:
      plan.certificates.length === 0
        ? 'No certificate in this lab.'
        : `No certificate of its own. Trusts the ${roots}.`,
  }
}

function faceColumn(plan: LabPlan, lane: string, edge: NodePlan, name: FaceName): Column {
  const face = edge.faces.find((candidate) => candidate.name === name)
  if (face === undefined) throw new RangeError(`wanted the ${name} face of ${edge.name}, found none`)
  const reference = name === 'external' ? 'edge-external' : 'edge-internal'
  return {
    lane,
    kind: 'face',
    boxes: [{ name: edge.name, role: `${name} face`, fqdn: face.fqdn, address: face.address }],
    dns: recordsFor(plan, edge.organisation, [face.address]),
    ports: portsOf(plan, [edge.name], [face.address]),
    certificates: alike(edge.certificates.filter(({ references }) => references.includes(reference))),
    noCertificate: 'No certificate.',
  }
}

function hostsColumn(plan: LabPlan, lane: string, nodes: readonly NodePlan[]): Column {
  const addresses = nodes.flatMap(({ faces }) => faces.flatMap((face) => Object.values(face.addresses)))
  return {
    lane,
    kind: 'hosts',
    boxes: nodes.map((node) => ({
      name: node.name,
      role: roleNames[node.role],
      fqdn: node.fqdn,
      address: node.faces[0]?.address ?? '',
    })),
    dns: recordsFor(plan, nodes[0]?.organisation ?? '', addresses),
    ports: portsOf(
      plan,
      nodes.map(({ name }) => name),
      addresses,
    ),
    certificates: alike(nodes.flatMap(({ certificates }) => certificates)),
    noCertificate: withoutCertificate[nodes[0]?.role ?? 'dns'] ?? 'None needed: there is no second SIP server.',
  }
}

/** Servers of somebody else, on top of each other. */
function foreignColumn(plan: LabPlan, organisation: string, prefix: string): readonly Column[] {
  const all = plan.foreign.filter((each) => each.organisation === organisation)
  const [first] = all
  if (first === undefined) return []
  const names = all.map(({ name }) => name)
  const addresses = all.map(({ address }) => address)
  return [
    {
      lane: `${prefix}${first.faces[0].addresses.internet === undefined ? 'perimeter' : 'internet'}`,
      kind: 'hosts',
      boxes: all.map(({ name, fqdn, address }) => ({ name, role: 'foreign server', fqdn, address })),
      dns: recordsFor(plan, organisation, addresses),
      ports: portsOf(plan, names, addresses),
      certificates: alike(all.flatMap(({ certificate }) => certificate ?? [])),
      noCertificate: 'It brings its own certificate, from a CA that our ends trust.',
    },
  ]
}

function alike(certificates: readonly PlannedCertificate[]): readonly CertificateOf[] {
  const groups = new Map<string, { readonly nodes: string[]; readonly certificate: PlannedCertificate }>()
  for (const certificate of certificates) {
    const key = JSON.stringify([{ ...certificate.request, name: '' }, certificate.references])
    const group = groups.get(key) ?? { nodes: [], certificate }
    group.nodes.push(certificate.node)
    groups.set(key, group)
  }
  return [...groups.values()]
}

const roleNames: Readonly<Record<Role, string>> = {
  'standard-edition': 'Standard Edition',
  'front-end': 'front end',
  director: 'director',
  'access-proxy': 'access proxy',
  'load-balancer': 'load balancer',
  sql: 'SQL back end',
  dns: 'DNS',
  pki: 'PKI',
  gateway: 'gateway',
}

const withoutCertificate: Readonly<Partial<Record<Role, string>>> = {
  'load-balancer': 'None: TLS passes through and ends on the front end.',
  sql: 'No SIP certificate: the database has its own encryption.',
}

/**
 * Records that lead to these addresses: names at them, and services at those names. A phone's own question is left to
 * the phone.
 */
function recordsFor(plan: LabPlan, organisation: string, addresses: readonly string[]): readonly Line[] {
  const records = plan.dns
    .filter((view) => view.organisation === organisation || view.name === 'external')
    .flatMap(({ records }) => records)
  const names = new Set(
    records.flatMap((record) => (isAddress(record) && addresses.includes(record.address) ? [record.name] : [])),
  )
  const lines = records.flatMap((record) =>
    (isAddress(record) || record.kind === 'srv') &&
    names.has(isAddress(record) ? record.name : record.target) &&
    !/^_sip\._tls\./.test(record.name)
      ? linesOf(record)
      : [],
  )
  const seen = new Set<string>()
  return lines.filter(({ key }) => !seen.has(key) && seen.add(key)).map(({ text, strong }) => ({ text, strong }))
}

type AddressRecord = Extract<DnsRecord, { kind: 'a' | 'aaaa' }>

function isAddress(record: DnsRecord): record is AddressRecord {
  return record.kind === 'a' || record.kind === 'aaaa'
}

function linesOf(
  record: AddressRecord | Extract<DnsRecord, { kind: 'srv' }>,
): readonly (Line & { readonly key: string; readonly strong: boolean })[] {
  if (isAddress(record)) {
    const key = `${record.name} ${record.address}`
    return [
      { key, text: `${record.name} ${record.kind.toUpperCase()}`, strong: true },
      { key: `${key} value`, text: `→ ${record.address}`, strong: false },
    ]
  }
  const key = `${record.name} ${record.target}`
  return [
    { key, text: `${record.name} SRV`, strong: true },
    { key: `${key} value`, text: `→ ${record.target}:${record.port}`, strong: false },
  ]
}

function portsOf(plan: LabPlan, nodes: readonly string[], addresses: readonly string[]): readonly Line[] {
  const rules = plan.firewall.filter(
    ({ to, from }) => nodes.includes(to.name) && addresses.includes(to.address) && !nodes.includes(from.name),
  )
  const keys = [...new Set(rules.map(({ protocol, port }) => `${protocol} ${port}`))]
  return keys.flatMap((key) => {
    const sources = rules
      .filter(({ protocol, port }) => `${protocol} ${port}` === key)
      .map(({ from }) => partyName({ name: from.name }))
    return [{ text: key, strong: true }, { text: `from ${[...new Set(sources)].join(', ')}` }]
  })
}

function hopsOf(plan: LabPlan, columns: readonly Column[], phone: string): readonly Hop[] {
  const groups = new Map<string, { readonly from: number; readonly to: number; readonly links: Link[] }>()
  for (const link of plan.links) {
    if (!link.allowed || (!isSip(link) && link.transport !== 'sql')) continue
    const from = columnOf(columns, link.from, phone)
    const to = columnOf(columns, link.to, phone)
    if (from === undefined || to === undefined) continue
    const key = `${from} ${to}`
    const group = groups.get(key) ?? { from, to, links: [] }
    group.links.push(link)
    groups.set(key, group)
  }
  return [...groups.values()]
    .sort((a, b) => Math.min(a.from, a.to) - Math.min(b.from, b.to))
    .map((group, at) => ({ ...group, number: at + 1 }))
}

function columnOf(columns: readonly Column[], end: LinkEnd, phone: string): number | undefined {
  const at = columns.findIndex(({ kind, boxes }) => {
    if (kind === 'phone') return end.name === phone
    return boxes.some(({ name, role }) => name === end.name && (kind === 'hosts' || role === `${end.face} face`))
  })
  return at === -1 ? undefined : at
}

function isSip({ transport }: Link): boolean {
  return transport !== 'dns' && transport !== 'http' && transport !== 'sql'
}

function isSupport(plan: LabPlan, name: string): boolean {
  const role = plan.nodes.find((node) => node.name === name)?.role
  return role === 'dns' || role === 'pki'
}
