/**
 * A private PostgreSQL for tests, from the programs of the Debian package: its own folder, its own port, ended by its
 * handle.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { guardMs } from './guard.ts'

const run = promisify(execFile)
const programsRoot = '/usr/lib/postgresql'

export interface PrivatePostgresql {
  readonly port: number
  /** `postgresql://postgres@127.0.0.1:PORT/postgres`, an account that may do everything. */
  readonly url: string
  /** Makes it another primary of the same history, as a fail-over does: it begins the next timeline. */
  promote(): Promise<void>
  /** Stops it at once, as a power cut would. */
  kill(): Promise<void>
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

/** undefined: the programs are there. Else the reason to skip by. */
export async function postgresqlMissing(): Promise<string | undefined> {
  return (await programs()) === undefined
    ? `no PostgreSQL programs under ${programsRoot} (Debian: apt-get install postgresql)`
    : undefined
}

async function programs(): Promise<string | undefined> {
  if (!existsSync(programsRoot)) return undefined
  const versions = (await readdir(programsRoot)).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(programsRoot, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

/**
 * @param settings lines for the server's command line, e.g. { max_connections: '5' }
 * @param tls certificate and key, PEM: TLS is offered then
 */
export async function startPostgresql(
  settings: Readonly<Record<string, string>> = {},
  tls?: { readonly certificate: string; readonly key: string },
): Promise<PrivatePostgresql> {
  const bin = await programs()
  if (bin === undefined) throw new Error(await postgresqlMissing())
  const owner = await ownerIds()
  const folder = await mkdtemp(join(tmpdir(), 'siplab-pg-'))
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  await run('cp', ['-a', await emptyCluster(bin, owner), data])
  const port = await freePort()
  const options = {
    ...settings,
    ...(tls === undefined ? {} : await tlsOptions(data, tls, owner)),
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    fsync: 'off',
    shared_buffers: '16MB',
  }
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    const settled = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    // It ends with the test, whoever kills that: setpriv of util-linux becomes the server.
    const child = spawn('setpriv', ['--pdeathsig', 'QUIT', join(bin as string, 'postgres'), '-D', data, ...settled], {
      ...owner,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    server = child
    let complaint = ''
    child.stderr.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(-2000)))
    await answering(
      url,
      () => child.exitCode ?? undefined,
      () => complaint,
    )
  }

  async function kill(): Promise<void> {
    if (server === undefined || server.exitCode !== null) return
    const ended = once(server, 'exit')
    // SIGQUIT is PostgreSQL's immediate shutdown: its children go too, nothing is written down.
    server.kill('SIGQUIT')
    await ended
  }

  async function promote(): Promise<void> {
    await kill()
    // A standby of nobody: it recovers from its own log, and is told to lead.
    const signal = join(data, 'standby.signal')
    await writeFile(signal, '')
    if (owner !== undefined) await chown(signal, owner.uid, owner.gid)
    await start()
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('select pg_promote()')
    await client.end()
  }

  await start()
  return {
    port,
    url,
    kill,
    start,
    promote,
    async close() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

type Owner = Awaited<ReturnType<typeof ownerIds>>

let cluster: Promise<string> | undefined

/** A cluster that no server has used: made once a process, since each costs half a second of CPU, and copied. */
function emptyCluster(bin: string, owner: Owner): Promise<string> {
  return (cluster ??= makeCluster(bin, owner))
}

async function makeCluster(bin: string, owner: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'siplab-pg-empty-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  await run(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-N'], {
    ...owner,
    cwd: folder,
  })
  return data
}

async function tlsOptions(
  data: string,
  { certificate, key }: { readonly certificate: string; readonly key: string },
  owner: Owner,
) {
  const files = { ssl_cert_file: join(data, 'server.pem'), ssl_key_file: join(data, 'server.key') }
  await writeFile(files.ssl_cert_file, certificate, { mode: 0o600 })
  await writeFile(files.ssl_key_file, key, { mode: 0o600 })
  if (owner !== undefined) for (const file of Object.values(files)) await chown(file, owner.uid, owner.gid)
  return { ssl: 'on', ...files }
}

/** initdb refuses to run as root. */
async function ownerIds(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)),
  )
  if (uid === undefined || gid === undefined) throw new Error('no user postgres on this machine')
  return { uid, gid }
}

async function answering(url: string, exitCode: () => number | undefined, complaint: () => string): Promise<void> {
  for (const deadline = performance.now() + guardMs; performance.now() < deadline; ) {
    if (exitCode() !== undefined) throw new Error(`PostgreSQL ended with ${exitCode()}: ${complaint()}`)
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (!(error instanceof Error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`PostgreSQL did not answer within ${guardMs} ms: ${complaint()}`)
}
