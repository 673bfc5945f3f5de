/**
 * The stages of a renewal drill for a leaf, the issuing CA and the root of the inside, in the order in which no
 * node loses a peer, and in the one that is usual all the same. Every stage is what an administrator would do by hand.
 */
import { readFileSync, renameSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../certificates/atomic-files.ts'
import { type Authority, type CaName, renewCa } from '../../certificates/authority.ts'
import { certificateFolder } from '../../certificates/node-certificates.ts'
import type { ChangeReport } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { NodePlan, PlannedCertificate } from '../../topology/plan-types.ts'
import { heldCertificates, renew, revoke } from './certificate-work.ts'
import { whileRunning } from '../links.ts'
import { LabError } from '../lab-error.ts'
import { authorityFolder, openAuthorities, writeCrls } from '../provision.ts'
import type { RunningLabAccess } from '../running-lab.ts'

export type DrillSubject = 'leaf' | 'issuing' | 'root'
export type DrillOrder = 'right' | 'wrong'

export interface DrillStage {
  readonly title: string
  /** @returns what a node refused to take, in its words */
  act(): Promise<readonly string[]>
}

/**
 * `drillStages(lab, 'root', 'right')`
 *
 * @param node whose leaf; absent: the first that homes users
 * @throws LabError `usage` when the lab has no certificates of its own
 */
export function drillStages(
  lab: RunningLabAccess,
  subject: DrillSubject,
  order: DrillOrder,
  node?: NodePlan,
): readonly DrillStage[] {
  const tools = toolsFor(lab)
  switch (subject) {
    case 'leaf':
      return leafStages(tools, order, node)
    case 'issuing':
      return issuingStages(tools, order)
    case 'root':
      return rootStages(tools, order)
    default:
      return subject satisfies never
  }
}

interface Tools {
  readonly lab: RunningLabAccess
  /** Every node with a certificate of the inside. */
  readonly nodes: readonly NodePlan[]
  /** Of the first organisation. */
  readonly folder: string
  authority(): Authority
  reload(nodes: readonly NodePlan[]): Promise<readonly string[]>
}

function toolsFor(lab: RunningLabAccess): Tools {
  const [organisation] = lab.plan.organisations
  const nodes = lab.plan.nodes.filter(
    (node) => node.organisation === organisation?.domain && internalOf(node).length > 0,
  )
  if (organisation === undefined || nodes.length === 0)
    throw new LabError(
      'usage',
      'config.certificate-not-needed',
      `${lab.plan.topology} has no certificates of its own authority, so there is nothing to renew`,
    )
  const pki = join(lab.root, 'pki')
  return {
    lab,
    nodes,
    folder: authorityFolder(lab.plan, pki, organisation.domain),
    authority() {
      const found = openAuthorities(lab.plan, pki, Date.now()).byOrganisation.get(organisation.domain)
      if (found === undefined) throw new Error(`${organisation.domain} has certificates and no authority`)
      return found
    },
    async reload(some) {
      const reports = await Promise.all(
        some.map(async ({ name }) => ({
          name,
          report: await whileRunning(lab.clientOf(name).post<ChangeReport>('/reload', {})),
        })),
      )
      return reports.flatMap(({ name, report }) => (report?.unchanged ?? []).map((line) => `${name}: ${line}`))
    },
  }
}

function leafStages(tools: Tools, order: DrillOrder, chosen: NodePlan | undefined): readonly DrillStage[] {
  const { lab, nodes } = tools
  const node = chosen ?? nodes.find(({ role }) => role === 'front-end' || role === 'standard-edition') ?? nodes[0]
  const [planned] = node === undefined ? [] : internalOf(node)
  if (node === undefined || planned === undefined)
    throw new LabError('usage', 'certificate.reference', `${node?.name ?? 'the lab'} has no certificate of the inside`)
  const old = heldCertificates(lab, Date.now()).find(
    (held) => held.node === node.name && held.name === planned.request.name,
  )?.certificate.serial
  if (old === undefined)
    throw new LabError(
      'not-so',
      'certificate.unknown',
      `${node.name} has no certificate ${planned.request.name}; siplab certs list shows those there are`,
    )
  const renewal: DrillStage = { title: `${node.name} gets a new certificate`, act: () => renewNode(tools, node) }
  const revocation: DrillStage = {
    title: `the old certificate of ${node.name} is revoked`,
    async act() {
      const concerned = revoke(lab, old, 'superseded', Date.now())
      return tools.reload(lab.plan.nodes.filter(({ name }) => concerned.includes(name)))
    },
  }
  return order === 'right' ? [renewal, revocation] : [revocation, renewal]
}

function issuingStages(tools: Tools, order: DrillOrder): readonly DrillStage[] {
  const { nodes } = tools
  const newCa: DrillStage = {
    title: 'the root signs a new issuing CA with a new key',
    act: () => replaceCas(tools, ['internal-issuing']),
  }
  if (order === 'right')
    return [
      newCa,
      ...nodes.map((node) => ({
        title: `${node.name} gets a certificate of the new issuing CA, with its chain`,
        act: () => renewNode(tools, node),
      })),
    ]
  return [
    newCa,
    ...nodes.map((node) => ({
      title: `${node.name} gets a certificate of the new issuing CA, and its file keeps the old chain`,
      act: () => renewNode(tools, node, previousOf(tools, 'internal-issuing')),
    })),
    ...nodes.map((node) => ({
      title: `the file of ${node.name} gets the new chain`,
      act: () => chainNode(tools, node, tools.authority().caCertificate('internal-issuing').pem),
    })),
  ]
}

function rootStages(tools: Tools, order: DrillOrder): readonly DrillStage[] {
  const newRoot: DrillStage = {
    title: 'a new root and a new issuing CA exist; no node uses them yet',
    act: () => replaceCas(tools, ['internal-root', 'internal-issuing']),
  }
  return [newRoot, ...(order === 'right' ? movesBesideTheOldRoot(tools) : movesAtOnce(tools))]
}

function movesBesideTheOldRoot(tools: Tools): readonly DrillStage[] {
  const { nodes, authority } = tools
  return [
    {
      title: 'every trust list gets the new root and keeps the old one',
      async act() {
        for (const node of nodes) addAnchor(tools, node, authority().trust('internal').pem)
        return tools.reload(nodes)
      },
    },
    ...nodes.map(
      (node): DrillStage => ({
        title: `${node.name} gets a certificate of the new root`,
        act: () => renewNode(tools, node),
      }),
    ),
    {
      title: 'the old root is removed from every trust list',
      async act() {
        for (const node of nodes) removeAnchor(tools, node, previousOf(tools, 'internal-root')())
        return tools.reload(nodes)
      },
    },
  ]
}

function movesAtOnce(tools: Tools): readonly DrillStage[] {
  return tools.nodes.map((node) => ({
    title: `${node.name} changes in one step: a certificate of the new root, and only that root in its trust list`,
    async act() {
      replaceAnchor(tools, node, previousOf(tools, 'internal-root')(), tools.authority().trust('internal').pem)
      return renewNode(tools, node)
    },
  }))
}

/** New keys; the folders of CRLs hold the lists of the old and the new CA until no node needs the old ones. */
async function replaceCas(
  { lab, nodes, folder, authority, reload }: Tools,
  names: readonly CaName[],
): Promise<readonly string[]> {
  const now = Date.now()
  for (const name of names) renewCa(folder, name, now, { newKey: true })
  const withLists = nodes.filter(({ name }) => crlsOf(lab, name).length > 0)
  for (const { name } of withLists) {
    const { crl } = nodeFolder(lab.root, name)
    for (const file of crlsOf(lab, name).filter((each) => each.startsWith('internal-') && !each.includes('previous')))
      renameSync(join(crl, file), join(crl, file.replace('.pem', '.previous.pem')))
    writeCrls(crl, authority(), 'internal', now)
  }
  return reload(withLists)
}

function crlsOf({ root }: RunningLabAccess, node: string): readonly string[] {
  const { crl } = nodeFolder(root, node)
  return readdirSync(crl).filter((file) => file.endsWith('.pem'))
}

/** @param chain what follows the leaf in the file; absent: the issuing CA that signed it */
async function renewNode(tools: Tools, node: NodePlan, chain?: () => string): Promise<readonly string[]> {
  for (const planned of internalOf(node)) renew(tools.lab, planned, Date.now(), undefined)
  return chain === undefined ? tools.reload([node]) : chainNode(tools, node, chain())
}

async function chainNode({ lab, reload }: Tools, node: NodePlan, chain: string): Promise<readonly string[]> {
  for (const planned of internalOf(node)) {
    const file = join(certificateFolder(nodeFolder(lab.root, node.name).root), `${planned.request.name}.pem`)
    writeFileAtomic(file, firstBlock(readFileSync(file, 'utf8')) + chain)
  }
  return reload([node])
}

function firstBlock(pem: string): string {
  const end = '-----END CERTIFICATE-----\n'
  return pem.slice(0, pem.indexOf(end) + end.length)
}

/** What `renewCa` left of the CA before. Read when it is needed, not when the stages are listed. */
function previousOf({ folder }: Tools, name: CaName): () => string {
  return () => readFileSync(join(folder, `${name}.previous.pem`), 'utf8')
}

function addAnchor({ lab }: Tools, { name }: NodePlan, pem: string): void {
  const { trust } = nodeFolder(lab.root, name)
  writeFileAtomic(trust, readFileSync(trust, 'utf8') + pem)
}

function replaceAnchor({ lab }: Tools, { name }: NodePlan, old: string, pem: string): void {
  const { trust } = nodeFolder(lab.root, name)
  writeFileAtomic(
    trust,
    readFileSync(trust, 'utf8').replace(old, () => pem),
  )
}

function removeAnchor({ lab }: Tools, { name }: NodePlan, old: string): void {
  const { trust, crl } = nodeFolder(lab.root, name)
  writeFileAtomic(trust, readFileSync(trust, 'utf8').replace(old, ''))
  for (const file of readdirSync(crl)) if (file.endsWith('.previous.pem')) rmSync(join(crl, file))
}

function internalOf({ certificates }: NodePlan): readonly PlannedCertificate[] {
  return certificates.filter(({ request }) => request.authority === 'internal')
}
