/**
 * Faults that a server meets when it reads its configuration at start: the store, the directory, the local file. Files
 * are put aside, the nodes that read them are started again and die with the chain of events; heal brings everything
 * back.
 */
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeEvent } from '../roles/control-api.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { linksOf, redial, type SeenLink } from './fault-links.ts'
import type { FaultRecord } from './fault-record.ts'
import { watchEvents } from './fault-views.ts'
import type { Outcome } from './fault-outcome.ts'
import { LabError } from './lab-error.ts'
import { startNode, stopNode } from './node-restart.ts'
import type { RunningLabAccess } from './running-lab.ts'
import type { DatabaseName } from './sql/faults.ts'

export interface StartFaultEntry {
  readonly name: string
  readonly story: string
  readonly verdict: string
}

/** What an administrator could have written into the file of one node. */
export const configurationFaults: readonly (StartFaultEntry & {
  readonly content: string
  readonly role?: NodePlan['role']
})[] = [
  {
    name: 'local-corrupt',
    story: 'The local configuration file of the node is cut off.',
    verdict: 'config.local-corrupt',
    content: '{"mtls": tr',
  },
  {
    name: 'invalid-entry',
    story: 'A static route of the node has a port that cannot be.',
    verdict: 'config.invalid',
    content:
      '{"mtls":true,"staticRoutes":[{"match":"partner.test","nextHop":"edge.lab.test","port":506100,' +
      '"transport":"tls"}]}',
  },
  {
    name: 'duplicate-partner',
    story: 'The same domain is a direct partner and belongs to an IM provider.',
    verdict: 'config.duplicate-partner',
    role: 'access-proxy',
    content:
      '{"mtls":true,"partners":[{"domain":"partner.test","edge":"sip.partner.test"}],"providers":[{"name":"im",' +
      '"edge":"sip.im.test","domains":["partner.test"]}]}',
  },
]

/** What a file can show: it cannot be opened, or is no database. The rest needs a server. */
const fileFaults = { down: 'unreachable', corrupt: 'corrupt' } as const

/**
 * The embedded files of the pool store or the directory; who reads them is started again, since an open file stays
 * open.
 */
export async function breakFiles(lab: RunningLabAccess, store: DatabaseName, faultName: string): Promise<Outcome> {
  if (faultName !== 'down' && faultName !== 'corrupt')
    throw new LabError(
      'not-so',
      'fault.needs-server',
      `${faultName} cannot be shown with the embedded store, which is a file and not a server; siplab up pool ` +
        'starts one where PostgreSQL is installed',
    )
  const story =
    faultName === 'down'
      ? `The ${store} cannot be opened when a server starts.`
      : `The file of the ${store} is no database any more.`
  return restartUnder(lab, {
    target: store,
    entry: { name: faultName, story, verdict: `${store}.${fileFaults[faultName]}` },
    readers: readersOf(lab, store),
    spoil() {
      for (const file of filesOf(lab, store)) putAside(file, faultName === 'down' ? 'folder' : 'garbage')
    },
  })
}

export async function breakConfiguration(lab: RunningLabAccess, node: NodePlan, faultName: string): Promise<Outcome> {
  const entry = configurationFaults.find(({ name }) => name === faultName)
  if (entry === undefined) throw new LabError('usage', 'fault.unknown', `no configuration fault ${faultName}`)
  if (entry.role !== undefined && node.role !== entry.role)
    throw new LabError(
      'usage',
      'fault.role',
      `${faultName} needs a node of the role ${entry.role}; ${node.name} is a ${node.role}`,
    )
  const { settings } = nodeFolder(lab.root, node.name)
  return restartUnder(lab, {
    target: node.name,
    entry,
    readers: [node],
    spoil: () => putAside(settings, entry.content),
  })
}

export async function healStart(lab: RunningLabAccess, { target }: FaultRecord): Promise<readonly SeenLink[]> {
  const isStore = target === 'store' || target === 'directory'
  const files = isStore ? filesOf(lab, target) : [nodeFolder(lab.root, target).settings]
  const readers = isStore ? readersOf(lab, target) : lab.plan.nodes.filter(({ name }) => name === target)
  for (const { name } of readers) await stopNode(lab, name)
  files.forEach(bringBack)
  for (const { name } of readers) await startNode(lab, name)
  return redial(
    lab,
    (await Promise.all(readers.flatMap((node) => [linksOf(lab, node, 'server'), linksOf(lab, node, 'client')]))).flat(),
  )
}

/** Whether a configuration fault of a node is what a record tells of. */
export function isConfigurationFault(name: string): boolean {
  return configurationFaults.some((fault) => fault.name === name)
}

interface Restart {
  readonly target: string
  readonly entry: StartFaultEntry
  readonly readers: readonly NodePlan[]
  spoil(): void
}

async function restartUnder(lab: RunningLabAccess, { target, entry, readers, spoil }: Restart): Promise<Outcome> {
  const watch = watchEvents(lab.plan, lab.root)
  try {
    for (const { name } of readers) await stopNode(lab, name)
    spoil()
    for (const { name } of readers) await startNode(lab, name)
    const all = watch
      .events()
      .filter(
        (event): event is NodeEvent & { verdict: NonNullable<NodeEvent['verdict']> } =>
          event.event === 'configuration.not-retrieved' && event.verdict !== undefined,
      )
    const died = all.filter(({ node }, at) => all.findIndex((other) => other.node === node) === at)
    const [first] = died
    const classes = [...new Set(died.map(({ data }) => String(data?.['class'])))]
    return {
      target,
      fault: entry.name,
      story: entry.story,
      expected: entry.verdict,
      ...(first === undefined ? {} : { verdict: first.verdict }),
      views: died.map(({ node, event, verdict }) => ({ node, event, verdict })),
      remarks: [],
      links: [],
      restarted: true,
      named: first?.verdict.code === entry.verdict,
      notes: [
        `${readers.map(({ name }) => name).join(', ')} ${readers.length === 1 ? 'was' : 'were'} started again: a ` +
          'server reads this at its start',
        ...(classes.length === 0 ? [] : [`configuration not retrieved for ${classes.join(', ')}`]),
      ],
    }
  } finally {
    watch.stop()
  }
}

function readersOf({ plan }: Pick<RunningLabAccess, 'plan'>, store: DatabaseName): readonly NodePlan[] {
  return plan.nodes.filter(
    ({ settings }) => 'store' in settings && (store === 'directory' || settings.kind !== 'director'),
  )
}

/** The embedded files of the schema. */
function filesOf({ root, plan }: Pick<RunningLabAccess, 'root' | 'plan'>, store: DatabaseName): readonly string[] {
  const names = readersOf({ plan }, store).flatMap(({ settings }) =>
    'store' in settings ? [settings.store.kind === 'sqlite' ? settings.store : settings.store.fallback] : [],
  )
  return [...new Set(names.map((files) => join(root, store === 'store' ? files.pool : files.directory)))]
}

const aside = '.put-aside'
const companions = ['', '-wal', '-shm']

/** With its companions, so that nothing of the database is left; `folder` cannot be opened as a file by anybody. */
function putAside(file: string, content: string): void {
  for (const ending of companions) if (existsSync(file + ending)) renameSync(file + ending, file + ending + aside)
  if (content === 'folder') return void mkdirSync(file)
  writeFileSync(
    file,
    content === 'garbage' ? 'this was a database once, and is none any more\n'.repeat(200) : content,
    { mode: 0o600 },
  )
}

function bringBack(file: string): void {
  if (existsSync(file)) rmSync(file, { recursive: statSync(file).isDirectory(), force: true })
  for (const ending of companions) {
    if (ending !== '') rmSync(file + ending, { force: true })
    if (existsSync(file + ending + aside)) renameSync(file + ending + aside, file + ending)
  }
}
