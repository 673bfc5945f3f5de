/**
 * Faults of the pool store and of the directory where a private PostgreSQL holds them: put on, provoked, read off the
 * nodes.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Placement, Seen } from './placement.ts'
import { LabError } from '../lab/lab-error.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { readStoreAccess } from '../lab/nodes/sql/access.ts'
import type { DatabaseName, SqlFaultName } from '../lab/nodes/sql/faults.ts'

export interface StoreFault {
  readonly name: SqlFaultName
  readonly story: string
  /** Behind `store.` or `directory.`. */
  readonly trouble: 'unreachable' | 'slow' | 'permission' | 'connections' | 'corrupt' | 'read-only'
  /** Absent: both databases can have it. */
  readonly only?: DatabaseName
  readonly amount?: { readonly unit: string; readonly usual: number }
}

const sqlFaultList: readonly StoreFault[] = [
  { name: 'down', trouble: 'unreachable', story: 'The database closes its connections and accepts no new ones.' },
  {
    name: 'slow',
    trouble: 'slow',
    story: 'Another client locks every table for longer than a statement may wait.',
    amount: { unit: 'ms', usual: 6000 },
  },
  {
    name: 'permission',
    trouble: 'permission',
    story: 'The account of the services has lost its rights on the tables.',
  },
  { name: 'connections', trouble: 'connections', story: 'The server has no connection left for the services.' },
  {
    name: 'read-only',
    trouble: 'read-only',
    only: 'store',
    story: 'The server accepts no writes, as a standby does after a failover.',
  },
  { name: 'corrupt', trouble: 'corrupt', story: 'A page of an index cannot be read any more.' },
]

/** Nodes only read the directory: that it takes no writes shows to administrators alone. */
export function sqlFaultsOf(database: DatabaseName): readonly StoreFault[] {
  return sqlFaultList.filter(({ only }) => only === undefined || only === database)
}

const seenWithinMs = 20_000
const askEveryMs = 500

/** The SQL host of the first organisation that runs a server; undefined: the lab is on the embedded files. */
export function sqlNode({ root, plan }: RunningLabAccess): NodePlan | undefined {
  return plan.nodes.find(
    ({ role, organisation }) => role === 'sql' && readStoreAccess(root, organisation) !== undefined,
  )
}

export function sqlFault(
  lab: RunningLabAccess,
  server: NodePlan,
  database: DatabaseName,
  { name: fault, story, trouble }: StoreFault,
  amount: number | undefined,
): Placement {
  const expected: VerdictCode = `${database}.${trouble}`
  return {
    target: database,
    fault,
    story,
    edits: [
      {
        kind: 'request',
        node: server.name,
        path: '/sql-fault',
        body: { database, fault, on: true, ...(amount === undefined ? {} : { amount }) },
        undo: { database, fault, on: false },
      },
    ],
    restarts: [],
    look: () => look(lab, database, expected),
  }
}

/** Resolves when every node that runs has met the fault, or when the time is up. */
async function look(lab: RunningLabAccess, database: DatabaseName, expected: VerdictCode): Promise<Seen> {
  const hasMetIt = (views: readonly View[]): boolean => views.some(({ verdict }) => verdict.code === expected)
  const views = await awaitViews(lab, database, (nodes) => nodes.length > 0 && nodes.every(hasMetIt))
  const seen = views.find(({ verdict }) => verdict.code === expected) ?? views[0]
  return {
    expected,
    ...(seen === undefined ? {} : { verdict: seen.verdict }),
    views: views.map(({ node, verdict }) => ({ node, event: 'store.lost', verdict })),
    remarks: [],
    links: [],
    named: seen?.verdict.code === expected,
    notes: [],
  }
}

/** Resolves when every node can use the database again. @throws LabError when one cannot */
export async function awaitDatabase(lab: RunningLabAccess, database: DatabaseName, fault: string): Promise<void> {
  const views = await awaitViews(lab, database, (nodes) => nodes.every(({ length }) => length === 0))
  const [left] = views
  if (left !== undefined)
    throw new LabError(
      'not-so',
      left.verdict.code,
      `the fault ${fault} is removed from the ${database}, but ${left.node} still reports: ${left.verdict.message}, ` +
        `${left.verdict.found ?? ''}`,
    )
}

interface View {
  readonly node: string
  readonly verdict: Verdict
}

/**
 * Asks the database on behalf of every node until what they have to say is enough, or the time is up.
 *
 * @param isEnough takes the views of each node that runs
 */
async function awaitViews(
  lab: RunningLabAccess,
  database: DatabaseName,
  isEnough: (nodes: readonly (readonly View[])[]) => boolean,
): Promise<readonly View[]> {
  let nodes: readonly (readonly View[])[] = []
  for (const until = performance.now() + seenWithinMs; performance.now() < until; await delay(askEveryMs)) {
    const answers = await Promise.all(usersOf(lab, database).map((node) => viewsOf(lab, node, database)))
    nodes = answers.filter((views) => views !== undefined)
    if (isEnough(nodes)) break
  }
  return nodes.flat()
}

/** The nodes that use the database; a director reads the directory only. */
export function usersOf({ plan }: Pick<RunningLabAccess, 'plan'>, database: DatabaseName): readonly NodePlan[] {
  return plan.nodes.filter(
    ({ settings }) => 'store' in settings && (database === 'directory' || settings.kind !== 'director'),
  )
}

/** @returns undefined for a node that was stopped */
async function viewsOf(
  lab: RunningLabAccess,
  { name }: NodePlan,
  database: DatabaseName,
): Promise<readonly View[] | undefined> {
  try {
    const verdicts = await lab.clientOf(name).post<readonly Verdict[]>('/ask-store', {})
    return verdicts.filter(({ code }) => code.startsWith(`${database}.`)).map((verdict) => ({ node: name, verdict }))
  } catch (error) {
    if (error instanceof LabError) return undefined
    throw error
  }
}
