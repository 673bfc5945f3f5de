/** The old primary comes back alone beside the new one, and an address that led to the new one leads to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { NodeStatus } from '../../src/node/control/control-api.ts'
import { startServer } from '../../src/node/node.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { switchboard } from '../../test/support/switchboard.ts'
import type { Cluster } from './cluster.ts'

type Member = Cluster['members'][number]

export interface Split {
  /** What the status of a front end says that was led from the new primary to the old one. */
  readonly verdict: string
  readonly remedy: string
  /** Rows that the old primary has written since it came back. */
  readonly writtenToOld: number
}

const seenWithinMs = 90_000

/** @throws Error when the front end does not start at the new primary, or does not see the old one */
export async function split(on: Cluster, old: Member, next: Member): Promise<Split> {
  await on.returnAlone(old)
  const before = await writesOf(on.urlOf(old))
  const address = await switchboard(next.port)
  const folder = mkdtempSync(join(tmpdir(), 'siplab-failover-fe1-'))
  const lab = planLab(loadTopology('enterprise', new URL('../../config/', import.meta.url).pathname))
  const frontEnd = await startServer({
    lab,
    plan: {
      ...nodePlan(lab, 'fe1'),
      listeners: [{ face: 'internal', transport: 'tcp', address: '127.0.0.1', port: 0 }],
    },
    dataDir: folder,
    sqlUrl: on.urlOf({ ...next, port: address.port }),
    logLevel: 'silent',
    logDestination: new Writable({ write: (_chunk, _encoding, done) => done() }),
  })
  try {
    const status = (): NodeStatus => frontEnd.service.status
    await seen(status, ({ state }) => state === 'ready')
    address.lead(old.port)
    address.drop()
    const found = await seen(status, ({ verdicts }) => verdicts.some(isSplit))
    const verdict = found.verdicts.find(isSplit)
    return {
      verdict: verdict?.code ?? 'none',
      remedy: verdict?.fix ?? '',
      writtenToOld: (await writesOf(on.urlOf(old))) - before,
    }
  } finally {
    await frontEnd.stop()
    address.drop()
    address.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function isSplit({ code }: Verdict): boolean {
  return code === 'store.split'
}

async function seen(status: () => NodeStatus, holds: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  for (const end = performance.now() + seenWithinMs; performance.now() < end; await delay(100))
    if (holds(status())) return status()
  const { state, verdicts } = status()
  throw new Error(`the front end stays ${state}: ${verdicts.map(({ code }) => code).join(', ')}`)
}

/** Inserted, updated and deleted rows of all tables, as the server counts them. */
async function writesOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('select pg_stat_force_next_flush()')
    const { rows } = await client.query<{ readonly writes: string }>(
      'select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text as writes from pg_stat_user_tables',
    )
    return Number(rows[0]?.writes)
  } finally {
    await client.end()
  }
}
