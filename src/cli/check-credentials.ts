/**
 * Where the password of `check --login` comes from: SIPLAB_PASSWORD, the running lab, or a prompt. It is never an
 * argument and never in a report.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { insteadOf } from '../topology/nearest-name.ts'
import type { Credentials, Echo } from '../check/index.ts'
import type { CheckLab } from './check-options.ts'
import type { Destination } from './check-setup.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export interface LoginArguments {
  /** A name for the digest, or true. */
  readonly login?: string | true
  /** `sip:alice@lab.test`, where the target does not name a user. */
  readonly user?: string
  readonly echo?: string
}

export async function credentials(
  io: Io,
  { login, user }: LoginArguments,
  destination: Destination,
  lab: CheckLab | undefined,
): Promise<Credentials> {
  const named =
    user ??
    (destination.kind === 'domain' && destination.user !== undefined
      ? `sip:${destination.user}@${destination.domain}`
      : undefined)
  const parts = /^(?:sips?:)?([^@\s]+)@([^@\s;:]+)$/.exec(named ?? '')
  if (parts === null)
    throw new UsageError(
      '--login needs a user: siplab check sip:user@domain --login, or --user sip:user@domain with another target',
    )
  const [, name = '', domain = ''] = parts
  const account = lab?.plan.users.find(({ uri }) => uri === `sip:${name}@${domain}`)
  const password =
    io.environment['SIPLAB_PASSWORD'] ??
    account?.password ??
    (await prompt(io, `password of ${name}@${domain}: `, unknownTo(lab, `sip:${name}@${domain}`)))
  const digestName = typeof login === 'string' ? login : account?.login
  return { user: name, domain, password, ...(digestName === undefined ? {} : { login: digestName }) }
}

/** A user whom `siplab users add` added has a password that only the caller knows; any other name is a mistake. */
function unknownTo(lab: CheckLab | undefined, uri: string): string {
  const users = lab?.plan.users.map((user) => user.uri) ?? []
  return users.length === 0 ? '' : `; the lab file has no ${uri}${insteadOf(uri, users)}`
}

/** `--echo URI`; in a lab another of its users, whom the check signs in and lets answer. */
export function echoFor({ echo }: LoginArguments, who: Credentials, lab: CheckLab | undefined): Echo {
  if (echo !== undefined) return { kind: 'uri', uri: echo }
  const own = lab?.plan.users.find(({ uri }) => uri === `sip:${who.user}@${who.domain}`)
  const other = lab?.plan.users.find(
    (user) => user.uri !== own?.uri && user.uri.endsWith(`@${who.domain}`) && user.remote === own?.remote,
  )
  if (other === undefined) return { kind: 'none' }
  return {
    kind: 'account',
    account: {
      user: other.uri.slice('sip:'.length, other.uri.indexOf('@')),
      domain: who.domain,
      login: other.login,
      password: other.password,
    },
  }
}

/** Asked on the terminal, and not shown. */
async function prompt(io: Io, question: string, unknown: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new UsageError(
      `--login needs a password: set the environment variable SIPLAB_PASSWORD, or run the command in a terminal` +
        unknown,
    )
  io.err(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await reader.question('')
  } finally {
    reader.close()
    io.err('\n')
  }
}
