/** Programs of others that siplab, or a page of docs/, uses: which are here, and what is not possible without. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { hasMovableClock } from '../../lab/clock.ts'
import { findHaproxy } from '../../lab/nodes/haproxy.ts'
import { findPostgresql } from '../../lab/nodes/sql/programs.ts'
import type { Finding, Platform } from './finding.ts'

interface WantedProgram {
  readonly about: string
  /** Any of them will do. */
  readonly names: readonly string[]
  readonly concerns: string
  readonly debian: string
  /** Absent: Homebrew has none. */
  readonly brew?: string
}

const wanted: readonly WantedProgram[] = [
  {
    about: 'Docker',
    names: ['docker'],
    concerns: 'the lab in containers (docs/containers.md)',
    debian: 'docker.io',
    brew: '--cask docker',
  },
  {
    about: 'Wireshark or sngrep',
    names: ['wireshark', 'tshark', 'sngrep'],
    concerns: 'opens the files that siplab trace --format pcapng writes',
    debian: 'tshark sngrep',
    brew: 'wireshark sngrep',
  },
  {
    about: 'baresip',
    names: ['baresip'],
    concerns: 'a real phone in the lab (docs/your-own.md)',
    debian: 'baresip-core',
    brew: 'baresip',
  },
  {
    about: 'Linphone',
    names: ['linphonec', 'linphonecsh'],
    concerns: 'a real phone in the lab (docs/your-own.md)',
    debian: 'linphone-cli',
  },
  {
    about: 'Kamailio',
    names: ['kamailio'],
    concerns: 'a server of another vendor, connected to the lab (docs/your-own.md)',
    debian: 'kamailio kamailio-tls-modules',
  },
  { about: 'SIPp', names: ['sipp'], concerns: 'load and call flows of your own', debian: 'sip-tester', brew: 'sipp' },
]

/** @param searchPath `PATH` of the environment */
export function programFindings(platform: Platform, searchPath: string): readonly Finding[] {
  const folders = [...searchPath.split(delimiter), '/usr/sbin', '/sbin']
  return [
    ...ownFindings(platform),
    ...wanted.map(({ about, names, concerns, debian, brew }): Finding => {
      const found = names.flatMap((name) => findProgram(name, folders) ?? [])[0]
      if (found !== undefined) return { about, state: 'ok', found, concerns }
      const fix = installed(platform, debian, brew)
      return { about, state: 'missing', found: `no ${names.join(', ')} on the PATH`, concerns, ...fix }
    }),
  ]
}

/** Those that a lab starts by itself, found as the lab finds them. */
function ownFindings(platform: Platform): readonly Finding[] {
  const postgresql = findPostgresql()
  const haproxy = findHaproxy()
  return [
    {
      about: 'PostgreSQL',
      concerns: 'store: postgres, and faults of a database; without it a pool shares SQLite files',
      ...(typeof postgresql === 'string'
        ? { state: 'missing', found: postgresql, ...installed(platform, 'postgresql', undefined) }
        : { state: 'ok', found: postgresql.postgres }),
    },
    {
      about: 'HAProxy',
      concerns: 'the load balancer of a pool; without it siplab passes the connections through itself',
      ...(haproxy === undefined
        ? { state: 'missing', found: 'none', ...installed(platform, 'haproxy', 'haproxy') }
        : { state: 'ok', found: haproxy }),
    },
    {
      about: 'libfaketime',
      concerns: 'siplab up --movable-clock, and siplab clock',
      ...(hasMovableClock()
        ? { state: 'ok', found: 'installed' }
        : { state: 'missing', found: 'none', ...installed(platform, 'libfaketime', undefined) }),
    },
  ]
}

function installed(platform: Platform, debian: string, brew: string | undefined): { readonly fix?: string } {
  if (platform === 'macos') return brew === undefined ? {} : { fix: `brew install ${brew}` }
  return platform === 'other' ? {} : { fix: `apt-get install ${debian}` }
}

function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch (error) {
    // Not there, not executable, or in a folder that may not be read: not usable in each case.
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
