/** JSON Schema and docs/configuration.md, both out of the settings as they are declared. */
import { z } from 'zod'
import { profileSchema } from './profile.ts'
import { peerPolicies } from './peer-policy.ts'
import type { Requirement } from './requirements.ts'
import { requirements } from './requirements.ts'
import { topologySchema } from './topology.ts'

export interface GeneratedFile {
  /** From the top of the repository, e.g. `docs/configuration.md`. */
  readonly path: string
  readonly text: string
}

/** Every file that `scripts/docs-configuration.ts` writes. */
export function configurationFiles(): readonly GeneratedFile[] {
  const topology = jsonSchema(topologySchema, 'A lab of siplab')
  const profile = jsonSchema(profileSchema, 'A profile of siplab: the rules of a time')
  return [
    { path: 'config/topology.schema.json', text: `${JSON.stringify(topology, undefined, 2)}\n` },
    { path: 'config/profile.schema.json', text: `${JSON.stringify(profile, undefined, 2)}\n` },
    { path: 'docs/configuration.md', text: page(topology, profile) },
  ]
}

/** The part of JSON Schema that our settings come out as. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly mirrors?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

function jsonSchema(schema: z.ZodType, title: string): Schema {
  return { title, ...z.toJSONSchema(schema, { io: 'input' }) } as Schema
}

function page(topology: Schema, profile: Schema): string {
  const parts = [
    '# Configuration',
    '<!-- Written by scripts/docs-configuration.ts from src/topology/. Edit the settings there, not this page. -->',
    'One YAML file describes a whole lab, everything else is derived from it: see [planning](planning.md). An ' +
      'unknown key, a missing value or a name that leads nowhere ends with exit status 2 and one line: ' +
      '`FILE:LINE: FIELD: wanted …, found …`. `config/topology.schema.json` and `config/profile.schema.json` say ' +
      'the same to an editor.',
    'The column *mirrors* has the matching WMI class and property of Live Communications Server 2005.',
    '## The lab file',
    settingsTable(topology, { hosts: true }),
    ...hostParts(topology),
    '## Profiles',
    'A file of `config/profiles/`. The certificate rules of each profile are in the table below.',
    settingsTable(profile),
    ...requirementParts(),
    ...peerPolicyParts(),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** One section a role of a host. */
function hostParts(topology: Schema): readonly string[] {
  const roles = topology.properties?.['hosts']?.additionalProperties
  const hosts = typeof roles === 'object' ? (roles.oneOf ?? roles.anyOf ?? []) : []
  return hosts.flatMap((host) => [
    `## Host: ${String(host.properties?.['role']?.const)}`,
    host.properties?.['role']?.description ?? '',
    settingsTable(host),
  ])
}

function requirementParts(): readonly string[] {
  return [
    '## Who needs a certificate',
    'Subject and SAN by where the name comes from: `own` FQDN, `home` the pool FQDN, `members` the front ends of ' +
      'the pool, `external` the external FQDN, `domains` the SIP domains, `sip-domains` `sip.` before each of ' +
      'them.',
    markdownTable(
      ['profile', 'role', 'reference', 'needed', 'CA', 'subject', 'SAN', 'EKU', 'why'],
      requirements.filter(({ need }) => need !== 'never').map(requirementRow),
    ),
    'A load balancer, the SQL back end, the DNS and the PKI host present no SIP certificate under any profile.',
  ]
}

function peerPolicyParts(): readonly string[] {
  return [
    '## Peer policies',
    markdownTable(
      ['policy', 'from', 'public CA writes clientAuth', 'wants of a dialler', 'shows', 'about'],
      Object.values(peerPolicies).map(({ shows: purposes, ...policy }) => [
        policy.name,
        policy.from ?? '',
        policy.publicClientAuth === 'issued' ? 'yes' : 'no',
        policy.wantsOfDialler.join(', '),
        purposes.join(', '),
        [policy.about, policy.disputed ?? ''].join(' ').trim(),
      ]),
    ),
  ]
}

function requirementRow(row: Requirement): readonly string[] {
  const names = [...row.dnsNames, ...row.uriNames.map((name) => `URI:sip: ${name}`)].join(', ')
  const advised = row.advisedPurposes.map((purpose) => `${purpose} (advised)`)
  return [
    row.profile,
    row.role,
    row.references.join(', '),
    row.need === 'always' ? 'always' : 'where servers talk',
    row.authority,
    row.subject,
    names,
    [...row.requiredPurposes, ...advised].join(', '),
    row.why,
  ]
}

/** One row a setting, groups and lists unfolded: `certificates.keyType`, `listeners[].port`. */
function settingsTable(schema: Schema, { hosts = false } = {}): string {
  const rows = settingRows(schema, '', hosts)
  return markdownTable(['setting', 'value', 'default', 'meaning', 'mirrors'], rows)
}

function settingRows(schema: Schema, prefix: string, skipHosts: boolean): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, setting]) => {
    if (name === 'role') return []
    const path = `${prefix}${name}`
    const row = [
      `\`${path}\``,
      valueOf(setting),
      defaultOf(schema, name, setting),
      setting.description ?? '',
      setting.mirrors === undefined ? '' : `\`${setting.mirrors}\``,
    ]
    return [row, ...innerRows(setting, path, skipHosts)]
  })
}

function innerRows(setting: Schema, path: string, skipHosts: boolean): readonly (readonly string[])[] {
  if (setting.properties !== undefined) return settingRows(setting, `${path}.`, skipHosts)
  const { items, additionalProperties } = setting
  if (items?.properties !== undefined && path !== 'partners') return settingRows(items, `${path}[].`, skipHosts)
  if (typeof additionalProperties === 'object' && additionalProperties.properties !== undefined)
    return settingRows(additionalProperties, `${path}.NAME.`, skipHosts)
  return []
}

function valueOf(setting: Schema): string {
  if (setting.const !== undefined) return `\`${String(setting.const)}\``
  if (setting.enum !== undefined) return setting.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (setting.type === 'array') return setting.items?.type === 'object' ? 'a list of groups' : 'a list'
  if (setting.type === 'object') return setting.properties === undefined ? 'groups by name' : 'a group'
  if (setting.type === 'boolean') return 'true or false'
  if (setting.type === 'integer' || setting.type === 'number') return range(setting)
  return 'text'
}

function range({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const least = minimum ?? exclusiveMinimum
  return least === undefined || maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `a number${least === undefined ? '' : ` from ${least}`}`
    : `${least} to ${maximum}`
}

function defaultOf(group: Schema, name: string, { default: value }: Schema): string {
  if (group.required?.includes(name) === true) return '*required*'
  if (value === undefined) return ''
  return Array.isArray(value) || typeof value === 'object' ? 'none' : `\`${String(value)}\``
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
