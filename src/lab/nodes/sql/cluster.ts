/**
 * One private PostgreSQL: made, configured and run in its own folder. Loopback TCP with passwords only, no Unix socket.
 */
import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { administrator } from '../../../services/store/administration.ts'
import { startChildProgram } from '../child-program.ts'
import type { ChildProgram, ProgramOwner } from '../child-program.ts'
import { administratorAccount, directoryDatabase, serviceAccount, storeDatabase } from './access.ts'
import type { StoreAccess } from './access.ts'
import type { PostgresqlPrograms } from './programs.ts'
import { isIPv6 } from 'node:net'
import { ipv6Labs } from '../../../topology/addressing.ts'

export interface ClusterOptions {
  readonly programs: PostgresqlPrograms
  readonly access: StoreAccess
  readonly address: string
  readonly port: number
  /** PEM, leaf first, and its key: connections without TLS are refused then. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly logFile: string
}

const run = promisify(execFile)
const answersWithinMs = 20_000

/** Makes the cluster when the folder is empty. */
export async function makeCluster({ programs, access }: ClusterOptions): Promise<void> {
  const data = dataFolder(access)
  if (existsSync(join(data, 'PG_VERSION'))) return
  const passwordFile = join(access.folder, 'password')
  writeOwned(passwordFile, new URL(access.administratorUrl).password, programs.owner)
  try {
    await run(
      programs.initdb,
      [
        '-D',
        data,
        '-U',
        administratorAccount,
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
      ],
      { ...programs.owner, cwd: access.folder },
    )
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** Starts the server and waits until it answers. */
export async function startCluster(options: ClusterOptions): Promise<ChildProgram> {
  const { programs, access, logFile } = options
  const settings = settingsOf(options)
  const program = await startChildProgram({
    program: programs.postgres,
    args: [
      '-D',
      dataFolder(access),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    ...(programs.owner === undefined ? {} : { owner: programs.owner }),
    workingFolder: access.folder,
    logFile,
    lastSignal: 'SIGQUIT',
  })
  await answering(program, options)
  return program
}

/** The account of the services and the two databases; what is there stays. */
export async function prepareCluster({ access }: ClusterOptions): Promise<void> {
  const admin = await administrator(access.administratorUrl)
  try {
    await admin.putAccount(serviceAccount, new URL(access.storeUrl).password)
    for (const database of [storeDatabase, directoryDatabase]) await admin.putDatabase(database, serviceAccount)
  } finally {
    await admin.close()
  }
}

export function dataFolder({ folder }: StoreAccess): string {
  return join(folder, 'data')
}

function settingsOf(options: ClusterOptions): Readonly<Record<string, string>> {
  const { access, address, port, tls, programs } = options
  const files = {
    hba_file: join(access.folder, 'access.conf'),
    ssl_cert_file: join(access.folder, 'server.pem'),
    ssl_key_file: join(access.folder, 'server.key'),
  }
  mkdirSync(access.folder, { recursive: true, mode: 0o700 })
  // Others reach it with TLS only where the lab file says so; the administrator of this lab is this process.
  const kind = tls === undefined ? 'host' : 'hostssl'
  const from = isIPv6(address) ? ipv6Labs : '127.0.0.0/8'
  writeOwned(
    files.hba_file,
    `host all ${administratorAccount} ${from} scram-sha-256\n${kind} all ${serviceAccount} ${from} scram-sha-256\n`,
    programs.owner,
  )
  if (tls !== undefined) {
    writeOwned(files.ssl_cert_file, tls.certificate, programs.owner)
    writeOwned(files.ssl_key_file, tls.key, programs.owner)
  }
  return {
    listen_addresses: address,
    port: String(port),
    unix_socket_directories: '',
    hba_file: files.hba_file,
    shared_buffers: '32MB',
    // A front end takes up to 16, eight to each database.
    max_connections: '200',
    // A statement in the log could hold a password.
    log_min_error_statement: 'panic',
    ...(tls === undefined ? {} : { ssl: 'on', ssl_cert_file: files.ssl_cert_file, ssl_key_file: files.ssl_key_file }),
  }
}

async function answering(program: ChildProgram, { access, logFile }: ClusterOptions): Promise<void> {
  let ended: string | undefined
  void program.ended.then((how) => (ended = how))
  let last: unknown
  for (const until = performance.now() + answersWithinMs; performance.now() < until; await delay(50)) {
    if (ended !== undefined)
      throw new Error(
        `PostgreSQL ended at its start (${ended}); the end of ` +
          `${logFile}:\n${readFileSync(logFile, 'utf8').slice(-2000)}`,
      )
    try {
      const admin = await administrator(access.administratorUrl)
      return await admin.close()
    } catch (error) {
      last = error
    }
  }
  await program.stop('SIGQUIT')
  throw new Error(`PostgreSQL did not answer within ${answersWithinMs / 1000} s: ${String(last)}`, { cause: last })
}

function writeOwned(path: string, content: string, owner: ProgramOwner | undefined): void {
  rmSync(path, { force: true })
  writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
}
