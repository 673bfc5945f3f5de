/** The node `sql`: a private PostgreSQL with a control socket beside it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verdict } from '../../certificates/verdict-codes.ts'
import type { Verdict } from '../../certificates/verdict.ts'
import { nodeFolder } from '../../roles/node-folder.ts'
import type { ChildProgram } from '../child-program.ts'
import { startHelperNode } from '../helper-node.ts'
import type { NodeStart, RunningNode } from '../helper-node.ts'
import { LabError } from '../lab-error.ts'
import { readStoreAccess } from './access.ts'
import { makeCluster, prepareCluster, startCluster } from './cluster.ts'
import type { ClusterOptions } from './cluster.ts'
import { findPostgresql } from './programs.ts'

/** @throws LabError `usage` where PostgreSQL is not installed or the lab was not brought up with it */
export async function startSqlNode(start: NodeStart): Promise<RunningNode> {
  const options = clusterOptions(start)
  return startHelperNode(start, async (recorder, end) => {
    await makeCluster(options)
    let server: ChildProgram | undefined
    let wanted: 'up' | 'down' = 'down'
    const up = async (): Promise<void> => {
      wanted = 'up'
      const started = await startCluster(options)
      server = started
      void started.ended.then((how) => {
        server = undefined
        if (wanted === 'up') end(gone(start.plan.name, how))
      })
    }
    const down = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
      wanted = 'down'
      await server?.stop(signal)
    }
    await up()
    await prepareCluster(options)
    return {
      listeners: [{ face: 'internal', transport: 'tcp', address: options.address, port: options.port }],
      health: () => (server === undefined ? { state: 'degraded', verdicts: [gone(start.plan.name, 'it was stopped')] } : { state: 'ready', verdicts: [] }),
      // SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written down.
      close: () => down('SIGINT'),
    }
  })
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
  if (access === undefined) throw new LabError('usage', 'node.foreign', `${name}: this lab was brought up on the embedded files; bring it up again with siplab up`)
  const folder = nodeFolder(dataDir, name)
  const address = plan.faces[0]?.address ?? '127.0.0.1'
  const tls = settings.tls === 'off' ? undefined : readTls(folder.certificates, name)
  return { programs, access, address, port: settings.port, logFile: join(folder.root, 'postgresql.log'), ...(tls === undefined ? {} : { tls }) }
}

function readTls(folder: string, node: string): ClusterOptions['tls'] {
  const [certificate, key] = ['pem', 'key'].map((kind) => join(folder, `${node}-listener.${kind}`))
  if (certificate === undefined || key === undefined || !existsSync(certificate)) throw new LabError('usage', 'node.configuration', `${node}: wanted a certificate in ${certificate} because the lab file asks for TLS to the database; siplab certs issue ${node} makes one`)
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}
