/** The plan for people: tables of hosts, certificates, DNS records, links and firewall ports. */
import { recordValue } from '../dns-records.ts'
import type {
  DnsRecord,
  DnsView,
  FirewallRule,
  ForeignPlan,
  LabPlan,
  Link,
  LinkEnd,
  NodePlan,
  OrganisationPlan,
  PhoneTarget,
  PlannedCertificate,
  PlannedUser,
} from '../plan-types.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export function renderText(plan: LabPlan): string {
  const parts = [
    `${plan.topology} — ${plan.about}\nProfile ${plan.profile.name}: ${plan.profile.about}\n`,
    section(
      'Hosts',
      ['NODE', 'ROLE', 'NAME', 'ADDRESS', 'LISTENS ON'],
      [...plan.nodes.flatMap(hostRows), ...plan.foreign.map(foreignRow)],
    ),
    certificateSection(plan),
    ...plan.dns.map((view) =>
      section(
        `DNS, ${viewTitle(plan, view)} (${endpointText(view.address, view.port)})`,
        ['NAME', 'TYPE', 'VALUE', 'WHY'],
        view.records.map(recordRow),
      ),
    ),
    section(
      'Links: who may connect to whom',
      ['FROM', 'TO', 'BY', 'ALLOWED', 'DIALLED NAME', 'WANTED OF THE DIALLER', 'ROOTS', 'WHY'],
      plan.links.filter(isSip).map(linkRow),
    ),
    ...plan.organisations.map((organisation) =>
      section(`Lists of ${organisation.domain}`, ['LIST', 'NAMES'], listRows(organisation)),
    ),
    section(
      'Firewall: open these ports, close all others',
      ['FROM', 'TO', 'PROTOCOL', 'PORT', 'WHY'],
      plan.firewall.map(firewallRow),
    ),
    section('Phones', ['FROM', 'HOST', 'BY', 'ADDRESS', 'TRUSTS'], plan.phones.map(phoneRow)),
    section('Users', ['URI', 'PASSWORD', 'HOME', 'REMOTE'], plan.users.map(userRow)),
  ]
  return parts.join('\n')
}

function certificateSection(plan: LabPlan): string {
  const planned = [...plan.certificates, ...plan.foreign.flatMap(({ certificate }) => certificate ?? [])]
  if (planned.length === 0) return `Certificates\n  none: ${whyNone(plan)}\n`
  const head = ['NODE', 'REFERENCE', 'SUBJECT', 'SAN', 'EKU', 'CA', 'VALID']
  return section('Certificates', head, [...planned.map(certificateRow), ...plan.foreign.flatMap(ownCertificateRow)])
}

function phoneRow({ from, host, transport, address, port, trust }: PhoneTarget): readonly string[] {
  return [from, host, transport, endpointText(address, port), trust === undefined ? '' : `${trust} root`]
}

function userRow({ uri, password, home, remote }: PlannedUser): readonly string[] {
  return [uri, password, home, remote ? 'yes' : 'no']
}

/** Columns as wide as their widest cell: `table(['A'], [['b']])`. Cells of the last column are never padded. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd()
  return `${[head, ...rows].map(line).join('\n')}\n`
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? `${title}\n  none\n` : `${title}\n${table(head, rows)}`
}

function hostRows(node: NodePlan): readonly (readonly string[])[] {
  return node.faces.map((face, at) => {
    const heard = node.listeners.filter((listener) => listener.face === face.name)
    const listens = [
      ...new Set(
        heard.map(
          ({ transport, port, mutual }) =>
            `${transport} ${port}` +
            `${mutual === undefined ? '' : ` (certificate ${mutual === 'off' ? 'not asked' : mutual})`}`,
        ),
      ),
    ]
    return [at === 0 ? node.name : '', at === 0 ? node.role : '', face.fqdn, face.address, listens.join(', ')]
  })
}

function foreignRow({ name, role, fqdn, address, port }: ForeignPlan): readonly string[] {
  return [name, role, fqdn, address, `tls ${port} (a foreign server, which siplab does not run)`]
}

/** What siplab cannot know beforehand. */
function ownCertificateRow({ name, fqdn, certificate }: ForeignPlan): readonly (readonly string[])[] {
  return certificate === undefined ? [[name, '', '', `wanted: ${fqdn}`, '', 'its own CA', '']] : []
}

function certificateRow({ node, references, request }: PlannedCertificate): readonly string[] {
  const san = [...request.dnsNames, ...request.uriNames.map((uri) => `URI:${uri}`)]
  return [
    node,
    references.join(' + '),
    `CN=${request.commonName}`,
    san.join(', '),
    request.purposes.join(' + '),
    request.authority,
    span(request.validSeconds),
  ]
}

/** `31536000` → `365 d`; shorter ones in hours or seconds. */
export function span(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds} s`
}

function recordRow(record: DnsRecord): readonly string[] {
  return [record.name, record.kind.toUpperCase(), recordValue(record), record.why]
}

function linkRow(link: Link): readonly string[] {
  const { dialler, acceptor } = link.verification ?? {}
  const wanted = acceptor === undefined ? '' : `${acceptor.wantsName}, ${acceptor.wantsPurpose}, ${acceptor.mutual}`
  const roots =
    dialler === undefined
      ? ''
      : acceptor === undefined || acceptor.trustRoot === dialler.trustRoot
        ? dialler.trustRoot
        : `${dialler.trustRoot} / ${acceptor.trustRoot}`
  const why = link.gap === undefined ? link.why : `${link.why} ${link.gap.code}: ${link.gap.why}`
  return [
    endName(link.from),
    endName(link.to),
    `${link.transport} ${link.port}`,
    link.allowed ? 'yes' : 'NO',
    link.dials,
    wanted,
    roots,
    why,
  ]
}

function listRows({ trustedServers, edges }: OrganisationPlan): readonly (readonly string[])[] {
  return [
    ['trusted servers', trustedServers.map(({ fqdn, version }) => `${fqdn} (version ${version})`).join(', ')],
    ['edges', edges.join(', ') || 'none'],
  ]
}

function firewallRow({ from, to, protocol, port, why }: FirewallRule): readonly string[] {
  return [
    `${from.zone}: ${from.name} (${from.address})`,
    `${to.zone}: ${to.name} (${to.address})`,
    protocol,
    String(port),
    why,
  ]
}

function isSip({ transport }: Link): boolean {
  return transport !== 'dns' && transport !== 'http' && transport !== 'sql'
}

function endName({ name, face }: LinkEnd): string {
  return face === undefined ? name : `${name} (${face})`
}

function viewTitle(plan: LabPlan, { name, organisation }: DnsView): string {
  return plan.organisations.length === 1 || name === 'external' ? `${name} view` : `${name} view of ${organisation}`
}

function whyNone(plan: LabPlan): string {
  return `${plan.profile.name} needs certificates only where two SIP servers talk, and this lab has only one.`
}
