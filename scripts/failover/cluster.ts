/**
 * Two PostgreSQL servers with synchronous streaming replication under Patroni, one etcd, and HAProxy in front that
 * leads to the primary: what an administrator builds of Debian packages, on one machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { stringify } from 'yaml'
import { freePort } from '../../test/support/free-port.ts'

interface Member {
  readonly name: string
  /** Of PostgreSQL. */
  readonly port: number
  /** Of Patroni's own API. */
  readonly api: number
}

export interface Cluster {
  readonly members: readonly Member[]
  /** Leads to whichever member is the primary. */
  readonly url: string
  urlOf(member: Member): string
  /** undefined: no member was one for half a minute. */
  primary(): Promise<Member | undefined>
  /** SIGKILL for Patroni, PostgreSQL and every backend of the member: its machine has lost power. */
  lose(member: Member): void
  /**
   * PostgreSQL of a lost member alone, started by hand with no Patroni that would make it a standby: it takes writes on
   * the timeline that it had. Resolves when it answers.
   */
  returnAlone(member: Member): Promise<void>
  end(): Promise<void>
}

const programs = ['/usr/bin/patroni', '/usr/bin/etcd', '/usr/sbin/haproxy'] as const
const binFolder = '/usr/lib/postgresql/15/bin'
const password = 'failover'
const upWithinMs = 90_000
const primaryWithinMs = 30_000

/** undefined: it can run here. */
export function missingProgram(): string | undefined {
  if (process.getuid?.() !== 0) return 'it must run as root: PostgreSQL then runs as the user postgres'
  const missing = [...programs, `${binFolder}/postgres`].find((program) => !existsSync(program))
  return missing === undefined
    ? undefined
    : `${missing} is not there: apt-get install patroni etcd-server haproxy postgresql`
}

/** @throws Error when it does not come up, with the end of a log */
export async function openCluster(): Promise<Cluster> {
  const root = mkdtempSync(join(tmpdir(), 'siplab-failover-'))
  chmodSync(root, 0o755)
  const members: Member[] = []
  for (const name of ['pg1', 'pg2']) members.push({ name, port: await freePort(), api: await freePort() })
  const front = await freePort()
  const etcd = { client: await freePort(), peer: await freePort() }
  const running = new Map<string, ChildProcess>()
  const start = (name: string, command: readonly string[]): void => {
    const log = openSync(join(root, `${name}.log`), 'a')
    const [program = '', ...args] = command
    // A process group of its own: `lose` ends all of it.
    running.set(name, spawn(program, args, { stdio: ['ignore', log, log], detached: true, cwd: root }))
  }
  const own = (folder: string): void => {
    mkdirSync(folder, { mode: 0o700 })
    execFileSync('chown', ['postgres', folder])
  }
  start('etcd', etcdCommand(join(root, 'etcd'), etcd))
  for (const member of members) {
    const folder = join(root, member.name)
    own(folder)
    const file = join(folder, 'patroni.yml')
    writeFileSync(file, stringify(patroniSettings(member, folder, etcd.client)), { mode: 0o644 })
    start(member.name, ['/usr/sbin/runuser', '-u', 'postgres', '--', '/usr/bin/patroni', file])
  }
  const balancer = join(root, 'haproxy.cfg')
  writeFileSync(balancer, haproxySettings(front, members))
  start('haproxy', ['/usr/sbin/haproxy', '-db', '-f', balancer])
  const cluster = clusterOf({ root, members, front, running, start })
  try {
    await waitUntilReplicating(cluster)
    await waitUntilEligible(members)
  } catch (error) {
    const logs = members.map(({ name }) => readFileSync(join(root, `${name}.log`), 'utf8').slice(-1500))
    await cluster.end()
    throw new Error(`the cluster did not come up:\n${logs.join('\n')}`, { cause: error })
  }
  return cluster
}

interface Parts {
  readonly root: string
  readonly members: readonly Member[]
  readonly front: number
  readonly running: ReadonlyMap<string, ChildProcess>
  readonly start: (name: string, command: readonly string[]) => void
}

function clusterOf({ root, members, front, running, start }: Parts): Cluster {
  const urlAt = (port: number): string => `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`
  const kill = (name: string): void => {
    const pid = running.get(name)?.pid
    if (pid === undefined) return
    // Backends are in sessions of their own: they are found by their data folder.
    for (const each of [-pid, ...postgresOf(join(root, name, 'data'))]) {
      try {
        process.kill(each, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
  return {
    members,
    url: urlAt(front),
    urlOf: ({ port }) => urlAt(port),
    primary: () => primaryOf(members),
    lose: ({ name }) => kill(name),
    async returnAlone({ name, port }) {
      start(name, ['/usr/sbin/runuser', '-u', 'postgres', '--', ...aloneCommand(join(root, name), port)])
      await waitUntil(urlAt(port), `select 1 where not pg_is_in_recovery()`, 'no answer yet')
    },
    async end() {
      for (const name of ['haproxy', ...members.map((member) => member.name), 'etcd']) kill(name)
      await delay(500)
      // What was killed may still be on its way out.
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    },
  }
}

/** An API of Patroni that does not answer at once on a busy machine is asked again. */
async function primaryOf(members: readonly Member[]): Promise<Member | undefined> {
  for (const end = performance.now() + primaryWithinMs; performance.now() < end; await delay(200))
    for (const member of members) if (await isPrimary(member)) return member
  return undefined
}

/** The postmaster, and every process whose parent it is. */
function postgresOf(data: string): readonly number[] {
  const file = join(data, 'postmaster.pid')
  const postmaster = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0
  if (postmaster === 0) return []
  const list = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).split('\n')
  const children = list
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, parent]) => (parent === postmaster ? [pid] : []))
  return [postmaster, ...children]
}

function isPrimary({ api }: Member): Promise<boolean> {
  return answersWell(api, '/primary')
}

async function answersWell(api: number, path: string): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${api}${path}`, { signal: AbortSignal.timeout(2000) })).ok
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

/**
 * A member that etcd names as the synchronous standby, which Patroni writes there a turn or two after PostgreSQL has
 * made it one: before that no member may take the place of the primary.
 */
async function waitUntilEligible(members: readonly Member[]): Promise<void> {
  for (const end = performance.now() + upWithinMs; performance.now() < end; await delay(200))
    for (const { api } of members) if (await answersWell(api, '/synchronous')) return
  throw new Error('Patroni names no synchronous standby')
}

/** A primary, and a standby that every commit waits for. */
function waitUntilReplicating({ url }: Cluster): Promise<void> {
  return waitUntil(url, `select 1 from pg_stat_replication where sync_state = 'sync'`, 'no synchronous standby yet')
}

/** @param otherwise what is wrong while the query has no row */
async function waitUntil(url: string, query: string, otherwise: string): Promise<void> {
  let last: unknown
  for (const end = performance.now() + upWithinMs; performance.now() < end; await delay(500)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const { rowCount } = await client.query(query)
      if (rowCount === 1) return
      last = new Error(otherwise)
    } catch (error) {
      last = error
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  throw last
}

/** A lone server has no standby that a commit could wait for. */
function aloneCommand(folder: string, port: number): readonly string[] {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    synchronous_standby_names: '',
  }
  return [
    ...[join(binFolder, 'postgres'), '-D', join(folder, 'data')],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
}

function etcdCommand(data: string, { client, peer }: { readonly client: number; readonly peer: number }) {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  return [
    '/usr/bin/etcd',
    ...['--name', 'siplab', '--data-dir', data, '--initial-cluster', `siplab=${peerUrl}`],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
  ]
}

function patroniSettings({ name, port, api }: Member, folder: string, etcd: number): unknown {
  const account = (username: string): unknown => ({ username, password })
  return {
    scope: 'siplab',
    name,
    restapi: { listen: `127.0.0.1:${api}`, connect_address: `127.0.0.1:${api}` },
    etcd3: { hosts: `127.0.0.1:${etcd}` },
    bootstrap: {
      // The shortest times that Patroni allows.
      dcs: { ttl: 20, loop_wait: 2, retry_timeout: 3, maximum_lag_on_failover: 1_048_576, synchronous_mode: true },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: join(folder, 'data'),
      bin_dir: binFolder,
      pgpass: join(folder, 'pgpass'),
      authentication: { superuser: account('postgres'), replication: account('replicator') },
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
      parameters: { unix_socket_directories: folder, max_connections: 60 },
    },
  }
}

/** Only the member that calls itself primary is up; connections to one that is it no more are ended. */
function haproxySettings(front: number, members: readonly Member[]): string {
  const servers = members.map(
    ({ name, port, api }) =>
      `  server ${name} 127.0.0.1:${port} check port ${api} inter 1s fall 2 rise 1 on-marked-down shutdown-sessions`,
  )
  return [
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen primary',
    `  bind 127.0.0.1:${front}`,
    '  option httpchk OPTIONS /primary',
    '  http-check expect status 200',
    ...servers,
    '',
  ].join('\n')
}
