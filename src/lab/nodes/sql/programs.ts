/** The programs of PostgreSQL as Debian installs them, and the user they run as. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ProgramOwner } from '../child-program.ts'

export interface PostgresqlPrograms {
  readonly initdb: string
  readonly postgres: string
  /** PostgreSQL refuses to run as root; absent: it runs as who starts it. */
  readonly owner?: ProgramOwner
}

const root = '/usr/lib/postgresql'

/** Those of the newest version, or the reason why there are none. */
export function findPostgresql(uid = process.getuid?.()): PostgresqlPrograms | string {
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const bin = versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
  if (bin === undefined) return `no PostgreSQL programs under ${root} (Debian: apt-get install postgresql)`
  const programs = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
  if (uid !== 0) return programs
  const owner = ownerNamed('postgres')
  return owner === undefined
    ? 'PostgreSQL does not run as root, and this machine has no user postgres'
    : { ...programs, owner }
}

function ownerNamed(user: string): ProgramOwner | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((which) =>
      Number(execFileSync('id', [which, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    )
    return uid === undefined || gid === undefined ? undefined : { uid, gid }
  } catch (error) {
    // `id` says with its exit status that there is no such user.
    if (error instanceof Error && 'status' in error) return undefined
    throw error
  }
}
