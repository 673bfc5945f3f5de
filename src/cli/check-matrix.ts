/** `siplab check --matrix`: every SIP link of the running lab, role by role, against its plan. */
import {
  mostAtOnce,
  tryLinks,
  type Candidate,
  type CheckOptions,
  type LinkResult,
  type LinkTrial,
  identityFiles,
} from '../check/index.ts'
import { foreignFolder } from '../lab/foreign.ts'
import type { Face, ForeignPlan, LabPlan, Link, NodePlan } from '../topology/plan-types.ts'
import { checkOptions, nodeIdentity, type CheckLab, type SetupOptions } from './check-options.ts'
import { harmlessLine } from '../reports/harmless.ts'
import { UsageError } from './usage-error.ts'
import { paint, table, type Io } from './io.ts'

export interface MatrixReport {
  readonly topology: string
  readonly at: string
  readonly ok: boolean
  readonly links: readonly LinkResult[]
}

export async function checkMatrix(
  io: Io,
  lab: CheckLab,
  options: SetupOptions & { readonly parallel: number },
): Promise<MatrixReport> {
  if (options.parallel > mostAtOnce)
    throw new UsageError(
      `--parallel: wanted at most ${mostAtOnce}, so that the check does not flood a server; found ${options.parallel}`,
    )
  const trials = lab.plan.links.flatMap((link) => trialOf(io, lab, link, options))
  const links = await tryLinks(trials, options.parallel, (result) => io.err(`${line(io, result)}\n`))
  return {
    topology: lab.plan.topology,
    at: new Date().toISOString(),
    ok: links.every(({ differs }) => !differs),
    links,
  }
}

/** Links that carry SIP over TLS or TCP to a node that speaks it. */
function trialOf(io: Io, lab: CheckLab, link: Link, options: SetupOptions): readonly LinkTrial[] {
  const foreign = lab.plan.foreign.find(({ name }) => name === link.to.name)
  if (foreign !== undefined) return [toForeign(io, lab, link, foreign, options)]
  const target = lab.plan.nodes.find(({ name }) => name === link.to.name)
  const face = target?.faces.find(({ name }) => name === (link.to.face ?? 'internal'))
  const speaks =
    target?.listeners.some(({ transport, port }) => transport === link.transport && port === link.port) === true
  if (target === undefined || face === undefined || !speaks || (link.transport !== 'tls' && link.transport !== 'tcp'))
    return []
  const candidate: Candidate = {
    host: link.dials,
    port: link.port,
    transport: link.transport,
    addresses: [face.address],
    names: [link.verification?.dialler.wantsName ?? link.dials],
    found: 'plan',
  }
  const common = {
    from: link.from.name,
    to: nameOf(link, face),
    roles: [roleOf(lab.plan, link.from.name), target.role] as const,
    planned: link.allowed ? ('allowed' as const) : ('refused' as const),
    why: link.why,
    candidate,
    leftToFirewall: leftToFirewall(lab.plan, link, target),
  }
  if (link.from.name === 'partner')
    return [{ ...common, untried: 'siplab does not have the certificate of a partner outside the lab' }]
  const dialler = lab.plan.foreign.find(({ name }) => name === link.from.name)
  if (dialler !== undefined && dialler.certificate === undefined)
    return [
      { ...common, untried: `siplab does not have the key of ${dialler.name}, which has a certificate of its own` },
    ]
  const dials = dialler === undefined ? dialling(io, lab, link, options) : asForeign(io, lab, link, dialler, options)
  return [{ ...common, options: dials }]
}

/** Our end of a link to a server of somebody else: dialled with our own certificate. */
function toForeign(io: Io, lab: CheckLab, link: Link, server: ForeignPlan, options: SetupOptions): LinkTrial {
  const { name, role, address } = server
  const common = {
    from: link.from.name,
    to: name,
    roles: [roleOf(lab.plan, link.from.name), role] as const,
    planned: link.allowed ? ('allowed' as const) : ('refused' as const),
    why: link.why,
    candidate: {
      host: link.dials,
      port: link.port,
      transport: link.transport === 'tcp' ? ('tcp' as const) : ('tls' as const),
      addresses: [address],
      names: [link.dials],
      found: 'plan',
    },
    leftToFirewall: false,
  }
  return link.transport === 'tls' || link.transport === 'tcp'
    ? { ...common, options: dialling(io, lab, link, options) }
    : { ...common, untried: `--matrix does not dial over ${link.transport}` }
}

/** Dials as a foreign server, with the certificate that the lab issued for it. */
function asForeign(io: Io, lab: CheckLab, link: Link, server: ForeignPlan, options: SetupOptions): CheckOptions {
  const { chain, key, roots } = foreignFolder(lab.chosen.folder.root, server)
  const { as: _as, cert: _cert, key: _key, ...rest } = options
  const view = link.to.face === 'external' ? 'external' : 'internal'
  return {
    ...checkOptions(io, { view }, lab, { ...rest, ca: [roots] }),
    own: identityFiles(chain, key, server.name, [server.fqdn]),
  }
}

/**
 * A refusal that no server makes: its listener accepts every peer, and in containers the firewall rules block the
 * connection.
 */
function leftToFirewall(
  { addressing }: LabPlan,
  { allowed, transport, port, to }: Link,
  { listeners }: NodePlan,
): boolean {
  const listener = listeners.find(
    (one) => one.transport === transport && one.port === port && one.face === (to.face ?? 'internal'),
  )
  return !allowed && addressing !== 'containers' && listener?.mutual !== 'required'
}

function dialling(io: Io, lab: CheckLab, link: Link, options: SetupOptions): CheckOptions {
  const isUser = link.from.name.endsWith('-user')
  const view = link.to.face === 'external' ? 'external' : 'internal'
  const { as: _as, cert: _cert, key: _key, ...rest } = options
  const base = checkOptions(io, { view }, lab, { ...rest, ...(isUser ? {} : { as: link.from.name }) })
  return isUser || link.transport === 'tcp'
    ? base
    : { ...base, own: nodeIdentity(lab, link.from.name, { view: link.from.face ?? 'internal' }) }
}

function nameOf(link: Link, face: Face): string {
  return link.to.face === undefined ? link.to.name : `${link.to.name} (${face.name})`
}

function roleOf(plan: LabPlan, name: string): string {
  return [...plan.nodes, ...plan.foreign].find((node) => node.name === name)?.role ?? name
}

function line(io: Io, link: LinkResult): string {
  const { from, to, port, seen, planned, differs, code, sentence } = link
  const mark =
    seen === 'not-tried'
      ? paint(io.colours.err, 'dim', '-')
      : differs
        ? paint(io.colours.err, 'red', 'DIFFERS')
        : isUnenforced(link)
          ? paint(io.colours.err, 'dim', 'not enforced here')
          : paint(io.colours.err, 'green', 'as planned')
  return (
    `${mark} ${from} -> ${to}:${port}: ${seen}, planned ${planned}` +
    `${code === 'ok' || seen === 'not-tried' ? '' : ` (${code}: ${harmlessLine(sentence)})`}`
  )
}

/** Role by role: rows dial, columns accept. */
export function matrixText({ topology, links, ok }: MatrixReport): string {
  const rows = links.map((link) => [
    link.from,
    '->',
    link.to,
    String(link.port),
    link.planned,
    link.seen,
    noteOf(link),
    link.code === 'ok' || link.code === 'not-tried' ? '' : link.code,
    link.why,
  ])
  const columns = ['FROM', '', 'TO', 'PORT', 'PLAN', 'SEEN', '', 'CODE', 'WHY']
  return `${roleGrid(links)}\n${table(columns, rows)}\n${topology}: ${countText(links, ok)}\n`
}

/** What was not tried, and what no server of the lab enforces, is counted apart. */
function countText(links: readonly LinkResult[], ok: boolean): string {
  const untried = links.filter(({ seen }) => seen === 'not-tried').length
  const unenforced = links.filter(isUnenforced).length
  const differing = links.filter(({ differs }) => differs).length
  const judged = links.length - untried - unenforced
  return [
    `${judged - differing} of ${judged} links are as planned`,
    ...(ok ? [] : [`${differing} differ`]),
    ...(unenforced === 0 ? [] : [`${unenforced} not enforced here: only a firewall refuses them`]),
    ...(untried === 0 ? [] : [`${untried} not tried`]),
  ].join(', ')
}

function isUnenforced({ leftToFirewall, seen, differs }: LinkResult): boolean {
  return leftToFirewall && seen === 'allowed' && !differs
}

function noteOf(link: LinkResult): string {
  return link.differs ? 'DIFFERS' : isUnenforced(link) ? 'firewall' : ''
}

const signs: Readonly<Record<string, string>> = {
  'allowed allowed': '+',
  'refused refused': '-',
  'allowed refused': '! refused',
  'refused allowed': '! allowed',
}

function roleGrid(links: readonly LinkResult[]): string {
  const from = [...new Set(links.map(({ roles }) => roles[0]))]
  const to = [...new Set(links.map(({ roles }) => roles[1]))]
  const cell = (row: string, column: string): string => {
    const seen = links.filter(({ roles }) => roles[0] === row && roles[1] === column)
    return [
      ...new Set(
        seen.map(
          ({ planned, seen: real, port, leftToFirewall, differs }) =>
            (real === 'not-tried'
              ? '?'
              : leftToFirewall && !differs && real === 'allowed'
                ? 'f'
                : `${signs[`${planned} ${real}`] ?? '?'}`) + (seen.length > 1 ? ` ${port}` : ''),
        ),
      ),
    ].join(', ')
  }
  const rows = from.map((row) => [row, ...to.map((column) => cell(row, column))])
  return (
    'Rows dial, columns accept: + allowed, - refused, both as planned; ! differs from the plan;\n' +
    'f left to the firewall between the zones, which a lab on one machine does not have; ? not tried.\n\n' +
    table(['', ...to], rows)
  )
}
