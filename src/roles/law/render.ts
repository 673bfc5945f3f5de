/** The law of a lab for people and for scripts: `siplab plan --format trust`. */
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import { noRow } from './law.ts'
import { type Border, type PeerKind, type Row, rows, type Ruling } from './table.ts'

export interface TrustDocument {
  readonly topology: string
  readonly profile: string
  readonly borders: readonly BorderDocument[]
  readonly rows: readonly Row[]
  /** What happens to a request that fits no row. */
  readonly otherwise: Ruling
}

interface BorderDocument {
  readonly node: string
  readonly face: string
  readonly border: Border
  /**
   * Names that make a peer of a class, by class; a peer of a class without names is known by its
   * credentials, or by their lack.
   */
  readonly peers: Readonly<Partial<Record<PeerKind, readonly string[]>>>
}

function trustDocument(plan: LabPlan): TrustDocument {
  const borders = plan.nodes.flatMap(bordersOf)
  const here = new Set(borders.map(({ border }) => border))
  return {
    topology: plan.topology,
    profile: plan.profile.name,
    borders,
    rows: rows
      .map((row) => ({ ...row, borders: row.borders.filter((border) => here.has(border)) }))
      .filter((row) => row.borders.length > 0),
    otherwise: { kind: 'refuse', status: 403, because: noRow },
  }
}

function bordersOf({ name: node, settings }: NodePlan): readonly BorderDocument[] {
  switch (settings.kind) {
    case 'standard-edition':
    case 'front-end': {
      const hosts = (treatAs: string): readonly string[] =>
        settings.authorizedHosts.filter((host) => host.treatAs === treatAs).map(({ fqdn }) => fqdn)
      const peers = {
        server: unique([...settings.trustedServers.map(({ fqdn }) => fqdn), ...settings.members, settings.home]),
        edge: settings.edges,
        'static-route host': hosts('server'),
        'treated-as-authenticated host': hosts('authenticated'),
      }
      return [{ node, face: 'internal', border: 'home', peers: named(peers) }]
    }
    case 'director': {
      const peers = { server: settings.trustedServers.map(({ fqdn }) => fqdn), edge: settings.edges }
      return [{ node, face: 'internal', border: 'director', peers: named(peers) }]
    }
    case 'access-proxy': {
      const { enabled, partners, providers } = settings.federation
      const partner = enabled ? unique([...partners, ...providers].map(({ edge }) => edge)) : []
      return [
        { node, face: 'external', border: 'outside', peers: named({ partner }) },
        { node, face: 'internal', border: 'perimeter', peers: named({ server: settings.internalServers }) },
      ]
    }
    default:
      return []
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}

function named(peers: BorderDocument['peers']): BorderDocument['peers'] {
  return Object.fromEntries(Object.entries(peers).filter(([, names]) => names.length > 0))
}

export function renderTrustJson(plan: LabPlan): string {
  return `${JSON.stringify(trustDocument(plan), undefined, 2)}\n`
}

export function renderTrust(plan: LabPlan): string {
  const { borders, rows: shown, otherwise } = trustDocument(plan)
  const lines = [`${plan.topology} — who may send what, by the profile ${plan.profile.name}`, '']
  for (const { node, face, border, peers } of borders) {
    lines.push(`${node}, ${face} face: ${border}`)
    for (const [peer, names] of Object.entries(peers)) lines.push(`  ${peer}: ${names.join(', ')}`)
  }
  lines.push('')
  for (const row of shown) lines.push(...rowLines(row), '')
  lines.push(`A request that fits no row: ${rulingText(otherwise)}.`)
  return `${lines.join('\n')}\n`
}

function rowLines({ name, borders, peers, identities, dialogs, methods, targets, then, why }: Row): readonly string[] {
  return [
    `${name}: ${rulingText(then)}`,
    `  at        ${borders.join(', ')}`,
    `  from      ${peers.join(', ')}`,
    `  identity  ${identities.join(', ')}`,
    `  dialog    ${dialogs.join(', ')}`,
    `  method    ${methods.join(', ')}`,
    `  to        ${targets.join(', ')}`,
    `  ${why}`,
  ]
}

export function rulingText(ruling: Ruling): string {
  switch (ruling.kind) {
    case 'allow':
      return 'allowed'
    case 'challenge':
      return 'challenged, 401'
    case 'refuse':
      return `refused, ${ruling.status} ${ruling.because}`
    default:
      return ruling satisfies never
  }
}
