/** The node `sql`: a private PostgreSQL with a control socket beside it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { verdict } from '../../../verdicts/codes.ts'
import type { Verdict } from '../../../verdicts/verdict.ts'
import { nodeFolder } from '../../../node/control/node-folder.ts'
import { keepFaults, keptFaults } from '../../../node/kept-faults.ts'
import type { ChildProgram } from '../child-program.ts'
import { ControlUsageError, json } from '../../../node/control/control-server.ts'
import type { ControlCall } from '../../../node/control/control-server.ts'
import { startHelperNode } from '../helper-node.ts'
import type { NodeStart, RunningNode } from '../helper-node.ts'
import { LabError } from '../../lab-error.ts'
import { databaseCertificate } from '../../provision.ts'
import { readStoreAccess, removeTemporary } from './access.ts'
import { makeCluster, prepareCluster, startCluster } from './cluster.ts'
import type { ClusterOptions } from './cluster.ts'
import { sqlFaults } from './faults.ts'
import type { SqlFaultOn } from './faults.ts'
import { findPostgresql } from './programs.ts'

/** @throws LabError `usage` where PostgreSQL is not installed or the lab was not brought up with it */
export async function startSqlNode(start: NodeStart): Promise<RunningNode> {
  const options = clusterOptions(start)
  const { name } = start.plan
  return startHelperNode(start, async (_recorder, end) => {
    await makeCluster(options)
    const server = clusterServer(options, (how) => end(gone(name, how)))
    await server.up()
    await prepareCluster(options)
    const faults = sqlFaults({ access: options.access, whileStopped: (work) => server.whileDown(work) })
    const folder = nodeFolder(start.dataDir, name)
    await faults.resume(z.array(faultOn).parse(keptFaults(folder)))
    return {
      listeners: [{ face: 'internal', transport: 'tcp', address: options.address, port: options.port }],
      health: () => health(name, faults.on),
      routes: {
        'POST /sql-fault': async (call) => {
          const { database, fault, amount, on } = readBody(call)
          await (on ? faults.put(database, fault, amount) : faults.heal(database, fault))
          keepFaults(folder, faults.on)
          return json({})
        },
      },
      async close() {
        await faults.close()
        await server.down()
      },
      abandoned: () => removeTemporary(options.access),
    }
  })
}

interface ClusterServer {
  up(): Promise<void>
  down(): Promise<void>
  /** Up again afterwards, whatever became of the work. */
  whileDown(work: () => void): Promise<void>
}

/** @param lost the server ended by itself */
function clusterServer(options: ClusterOptions, lost: (how: string) => void): ClusterServer {
  let server: ChildProgram | undefined
  let isWanted = false
  const up = async (): Promise<void> => {
    const started = await startCluster(options)
    server = started
    isWanted = true
    void started.ended.then((how) => {
      server = undefined
      if (isWanted) lost(how)
    })
  }
  // SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written down.
  const down = async (): Promise<void> => {
    isWanted = false
    await server?.stop('SIGINT')
  }
  return {
    up,
    down,
    async whileDown(work) {
      await down()
      try {
        work()
      } finally {
        await up()
      }
    },
  }
}

const faultOn = z.strictObject({
  database: z.enum(['store', 'directory']),
  fault: z.enum(['down', 'slow', 'permission', 'connections', 'corrupt', 'read-only']),
  amount: z.int().min(1).max(600_000).optional(),
})
const body = faultOn.extend({ on: z.boolean() })

function readBody(call: ControlCall): z.infer<typeof body> {
  const parsed = body.safeParse(call.body)
  if (parsed.success) return parsed.data
  throw new ControlUsageError(`wanted {"database":"store","fault":"slow","on":true}: ${z.prettifyError(parsed.error)}`)
}

/** The server itself is well: it does what the fault asks. Its users have their own verdicts. */
function health(
  node: string,
  on: readonly SqlFaultOn[],
): { readonly state: 'ready' | 'degraded'; readonly verdicts: readonly Verdict[] } {
  const verdicts = on.map(({ database, fault }) => {
    const trouble = fault === 'down' ? 'unreachable' : fault
    return verdict(database === 'store' ? `store.${trouble}` : `directory.${trouble}`, {
      node,
      found: `the fault ${fault} of the lab`,
    })
  })
  return { state: verdicts.length === 0 ? 'ready' : 'degraded', verdicts }
}

function gone(node: string, how: string): Verdict {
  return verdict('store.unreachable', { node, found: `PostgreSQL does not run: ${how}` })
}

function clusterOptions({ plan, dataDir }: NodeStart): ClusterOptions {
  const { settings, name } = plan
  if (settings.kind !== 'sql') throw new Error(`${name} is no SQL host`)
  const programs = findPostgresql()
  if (typeof programs === 'string') throw new LabError('usage', 'node.foreign', `${name}: ${programs}`)
  const access = readStoreAccess(dataDir, plan.organisation)
  if (access === undefined)
    throw new LabError(
      'usage',
      'node.foreign',
      `${name}: this lab was brought up on the embedded files; bring it up again with siplab up`,
    )
  const folder = nodeFolder(dataDir, name)
  const address = plan.faces[0]?.address ?? '127.0.0.1'
  const tls = settings.tls === 'off' ? undefined : readTls(folder.certificates, name)
  return {
    programs,
    access,
    address,
    port: settings.port,
    logFile: join(folder.root, 'postgresql.log'),
    ...(tls === undefined ? {} : { tls }),
  }
}

function readTls(folder: string, node: string): ClusterOptions['tls'] {
  const [certificate, key] = ['pem', 'key'].map((kind) => join(folder, `${databaseCertificate(node)}.${kind}`))
  if (certificate === undefined || key === undefined || !existsSync(certificate))
    throw new LabError(
      'usage',
      'node.configuration',
      `${node}: wanted a certificate in ${certificate} because the lab file asks for TLS to the database; siplab ` +
        'up makes one',
    )
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}
