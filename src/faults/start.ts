/**
 * Faults that a server meets when it reads its configuration at start: the store, the directory, the local file. The
 * nodes that read them are started again and die with the chain of events.
 */
import { relative } from 'node:path'
import { LabError } from '../lab/lab-error.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { DatabaseName } from '../lab/nodes/sql/faults.ts'
import type { Watch } from '../lab/watch.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { FileEdit, Placement, Seen } from './placement.ts'
import { usersOf } from './store.ts'

/** What an administrator could have written into the file of one node. */
export interface ConfigurationFault {
  readonly name: string
  readonly story: string
  readonly verdict: string
  readonly content: string
  readonly role?: NodePlan['role']
}

export const configurationFaults: readonly ConfigurationFault[] = [
  {
    name: 'local-corrupt',
    story: 'The local configuration file of the node is truncated.',
    verdict: 'config.local-corrupt',
    content: '{"mtls": tr',
  },
  {
    name: 'invalid-entry',
    story: 'A static route of the node has an invalid port.',
    verdict: 'config.invalid',
    content:
      '{"mtls":true,"staticRoutes":' +
      '[{"match":"partner.test","nextHop":"edge.lab.test","port":506100,"transport":"tls"}]}',
  },
  {
    name: 'duplicate-partner',
    story: 'The same domain is a direct partner and belongs to an IM provider.',
    verdict: 'config.duplicate-partner',
    role: 'access-proxy',
    content:
      '{"mtls":true,"partners":[{"domain":"partner.test","edge":"sip.partner.test"}],' +
      '"providers":[{"name":"im","edge":"sip.im.test","domains":["partner.test"]}]}',
  },
]

/** What a file can show: it cannot be opened, or is no database. The rest needs a server. */
const fileFaults = {
  down: { trouble: 'unreachable', content: { is: 'folder' } },
  corrupt: { trouble: 'corrupt', content: 'this was a database once, and is none any more\n'.repeat(200) },
} as const

/**
 * The embedded files of the pool store or the directory, with their companions, so that nothing of the database is
 * left; who reads them is started again, since an open file stays open.
 */
export function filesFault(lab: RunningLabAccess, store: DatabaseName, fault: string): Placement {
  if (fault !== 'down' && fault !== 'corrupt')
    throw new LabError(
      'not-so',
      'fault.needs-server',
      `${fault} cannot be shown with the embedded store, which is a file and not a server; siplab up pool ` +
        'starts one where PostgreSQL is installed',
    )
  const { trouble, content } = fileFaults[fault]
  const readers = usersOf(lab, store)
  const gone = { is: 'absent' } as const
  return {
    target: store,
    fault,
    story:
      fault === 'down'
        ? `The ${store} cannot be opened when a server starts.`
        : `The file of the ${store} is no database any more.`,
    edits: filesOf(readers, store).flatMap((file): readonly FileEdit[] => [
      { kind: 'file', file, content },
      { kind: 'file', file: `${file}-wal`, content: gone },
      { kind: 'file', file: `${file}-shm`, content: gone },
    ]),
    restarts: readers.map(({ name }) => name),
    look: async ({ watch }) => lookAtStart(watch, readers, `${store}.${trouble}`),
  }
}

export function configurationFault(
  lab: RunningLabAccess,
  node: NodePlan,
  { name: fault, story, verdict, content, role }: ConfigurationFault,
): Placement {
  if (role !== undefined && node.role !== role)
    throw new LabError(
      'usage',
      'fault.role',
      `${fault} needs a node of the role ${role}; ${node.name} has the role ${node.role}`,
    )
  const file = relative(lab.root, nodeFolder(lab.root, node.name).settings)
  return {
    target: node.name,
    fault,
    story,
    edits: [{ kind: 'file', node: node.name, file, content }],
    restarts: [node.name],
    look: async ({ watch }) => lookAtStart(watch, [node], verdict),
  }
}

/** What each server that read the edits at its start died of. */
export function lookAtStart(watch: Watch, readers: readonly NodePlan[], expected: string): Seen {
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
    expected,
    ...(first === undefined ? {} : { verdict: first.verdict }),
    views: died.map(({ node, event, verdict }) => ({ node, event, verdict })),
    remarks: [],
    links: [],
    named: first?.verdict.code === expected,
    notes: [
      `${readers.map(({ name }) => name).join(', ')} ${readers.length === 1 ? 'was' : 'were'} started again: a ` +
        'server reads this at its start',
      ...(classes.length === 0 ? [] : [`configuration not retrieved for ${classes.join(', ')}`]),
    ],
  }
}

/** The embedded files of the schema. */
function filesOf(readers: readonly NodePlan[], store: DatabaseName): readonly string[] {
  const names = readers.flatMap(({ settings }) =>
    'store' in settings ? [settings.store.kind === 'sqlite' ? settings.store : settings.store.fallback] : [],
  )
  return [...new Set(names.map((files) => (store === 'store' ? files.pool : files.directory)))]
}
