/**
 * Faults of the pool store and of the directory where a private PostgreSQL holds them: put on, provoked, read off the
 * nodes.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { VerdictCode } from '../certificates/verdict-codes.ts'
import type { Verdict } from '../certificates/verdict.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Outcome } from './fault-outcome.ts'
import { LabError } from './lab-error.ts'
import type { RunningLabAccess } from './running-lab.ts'
import { readStoreAccess } from './sql/access.ts'
import type { DatabaseName, SqlFaultName } from './sql/faults.ts'

export interface StoreFault {
  readonly name: SqlFaultName
  readonly story: string
  /** Behind `store.` or `directory.`. */
  readonly trouble: 'unreachable' | 'slow' | 'permission' | 'connections' | 'corrupt'
  readonly amount?: { readonly unit: string; readonly usual: number }
}

export const sqlFaultList: readonly StoreFault[] = [
  { name: 'down', trouble: 'unreachable', story: 'The database ends its connections and takes no new ones.' },
  {
    name: 'slow',
    trouble: 'slow',
    story: 'Every table is held by somebody else for longer than a statement may wait.',
    amount: { unit: 'ms', usual: 6000 },
  },
  {
    name: 'permission',
    trouble: 'permission',
    story: 'The account of the services has lost its rights on the tables.',
  },
  { name: 'connections', trouble: 'connections', story: 'The server has no connection left for the services.' },
  { name: 'corrupt', trouble: 'corrupt', story: 'A page of an index cannot be read any more.' },
]

const seenWithinMs = 20_000
const askEveryMs = 500

/** The SQL host of the first organisation that runs a server; undefined: the lab is on the embedded files. */
export function sqlNode({ root, plan }: RunningLabAccess): NodePlan | undefined {
  return plan.nodes.find(
    ({ role, organisation }) => role === 'sql' && readStoreAccess(root, organisation) !== undefined,
  )
}

/**
 * Resolves when a node has met the fault, or when none did in time. @throws LabError `fault.unknown`, `fault.server`
 */
export async function breakSql(
  lab: RunningLabAccess,
  database: DatabaseName,
  faultName: string,
  amount: number | undefined,
): Promise<Outcome> {
  const fault = sqlFaultList.find(({ name }) => name === faultName)
  if (fault === undefined)
    throw new LabError(
      'usage',
      'fault.unknown',
      `there is no fault ${JSON.stringify(faultName)} for the ${database}; there are ` +
        `${sqlFaultList.map(({ name }) => name).join(', ')}`,
    )
  const expected: VerdictCode = `${database}.${fault.trouble}`
  await switchFault(lab, database, fault.name, true, amount)
  const views = await awaitViews(lab, database, (verdicts) => verdicts.some(({ verdict }) => verdict.code === expected))
  const seen = views.find(({ verdict }) => verdict.code === expected) ?? views[0]
  return {
    target: database,
    fault: fault.name,
    story: fault.story,
    expected,
    ...(seen === undefined ? {} : { verdict: seen.verdict }),
    views: views.map(({ node, verdict }) => ({ node, event: 'store.lost', verdict })),
    remarks: [],
    links: [],
    restarted: false,
    named: seen?.verdict.code === expected,
    notes: [],
  }
}

/** Resolves when every node can use the database again. @throws LabError when one cannot */
export async function healSql(lab: RunningLabAccess, database: DatabaseName, fault: SqlFaultName): Promise<void> {
  await switchFault(lab, database, fault, false, undefined)
  const views = await awaitViews(lab, database, (verdicts) => verdicts.length === 0)
  const [left] = views
  if (left !== undefined)
    throw new LabError(
      'not-so',
      left.verdict.code,
      `the fault ${fault} is off the ${database}, and ${left.node} still has: ${left.verdict.message}, ` +
        `${left.verdict.found ?? ''}`,
    )
}

async function switchFault(
  lab: RunningLabAccess,
  database: DatabaseName,
  fault: SqlFaultName,
  on: boolean,
  amount: number | undefined,
): Promise<void> {
  const node = sqlNode(lab)
  if (node === undefined)
    throw new LabError(
      'not-so',
      'fault.server',
      `${fault} of the ${database} needs a SQL server, and this lab runs on the embedded files; siplab up pool ` +
        'starts one where PostgreSQL is installed',
    )
  await lab.clientOf(node.name).post('/sql-fault', { database, fault, on, ...(amount === undefined ? {} : { amount }) })
}

interface View {
  readonly node: string
  readonly verdict: Verdict
}

/** Asks the database on behalf of every node until what they have to say is enough, or the time is up. */
async function awaitViews(
  lab: RunningLabAccess,
  database: DatabaseName,
  isEnough: (views: readonly View[]) => boolean,
): Promise<readonly View[]> {
  let views: readonly View[] = []
  for (const until = performance.now() + seenWithinMs; performance.now() < until; await delay(askEveryMs)) {
    views = (await Promise.all(users(lab, database).map((node) => viewsOf(lab, node, database)))).flat()
    if (isEnough(views)) return views
  }
  return views
}

function users({ plan }: RunningLabAccess, database: DatabaseName): readonly NodePlan[] {
  return plan.nodes.filter(
    ({ settings }) => 'store' in settings && (database === 'directory' || settings.kind !== 'director'),
  )
}

async function viewsOf(lab: RunningLabAccess, { name }: NodePlan, database: DatabaseName): Promise<readonly View[]> {
  try {
    const verdicts = await lab.clientOf(name).post<readonly Verdict[]>('/ask-store', {})
    return verdicts.filter(({ code }) => code.startsWith(`${database}.`)).map((verdict) => ({ node: name, verdict }))
  } catch (error) {
    // A node that was stopped has no view.
    if (error instanceof LabError) return []
    throw error
  }
}
