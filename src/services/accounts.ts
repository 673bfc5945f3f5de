/** Accounts as commands and the lab see them, and as requests look them up. */
import { addressOfRecord, parseUri } from '../sip/message/uri.ts'
import { credentialRows } from './authentication/hashes.ts'
import type { Account, Directory } from './store/directory.ts'

/** The one realm of all roles (MS-SIPAE). */
export const defaultRealm = 'SIP Communications Service'

export interface NewUser {
  /** `sip:alice@lab.test` */
  readonly uri: string
  /** `alice`; credentials are made for it and for `alice@lab.test`. */
  readonly login: string
  readonly password: string
  readonly displayName?: string
  /** FQDN of the pool that homes the user. */
  readonly home: string
  /** May sign in from outside. */
  readonly remote: boolean
  /** Default true. */
  readonly enabled?: boolean
  /** See `Account.anonymousCalls`. */
  readonly anonymousCalls?: boolean | undefined
}

/** Adds a user or replaces one; the password is kept as hashes only. */
export async function addUser(directory: Directory, user: NewUser, realm: string = defaultRealm): Promise<Account> {
  const uri = parseUri(user.uri)
  const account: Account = {
    aor: addressOfRecord(uri),
    login: user.login,
    displayName: user.displayName ?? user.login,
    homePool: user.home.toLowerCase(),
    remote: user.remote,
    enabled: user.enabled ?? true,
    ...(user.anonymousCalls === undefined ? {} : { anonymousCalls: user.anonymousCalls }),
  }
  const names = new Set([user.login, account.aor.slice('sip:'.length)])
  await directory.putAccount(
    account,
    [...names].flatMap((name) =>
      credentialRows(name, realm, user.password).map((row) => ({ ...row, aor: account.aor })),
    ),
  )
  return account
}

/** A service that knows where users are: a location service, a pool store, or the homes that run. */
export interface BindingsOfUsers {
  removeUser(aor: string): void | Promise<void>
}

/**
 * Removes a user's account and credentials, then its bindings: a refresh between the two finds no account. False: there
 * was no such user.
 */
export async function removeUser(directory: Directory, bindings: BindingsOfUsers, uri: string): Promise<boolean> {
  const aor = addressOfRecord(parseUri(uri))
  const wasThere = await directory.removeAccount(aor)
  await bindings.removeUser(aor)
  return wasThere
}

/**
 * Disables an account, then removes its bindings: a refresh between the two finds it disabled. Credentials, contacts
 * and rights stay for `enableUser`. undefined: there is no such user.
 */
export async function disableUser(
  directory: Directory,
  bindings: BindingsOfUsers,
  uri: string,
): Promise<Account | undefined> {
  const account = await directory.setEnabled(addressOfRecord(parseUri(uri)), false)
  if (account !== undefined) await bindings.removeUser(account.aor)
  return account
}

/** The user may sign in again, with the password it had. undefined: there is no such user. */
export function enableUser(directory: Directory, uri: string): Promise<Account | undefined> {
  return directory.setEnabled(addressOfRecord(parseUri(uri)), true)
}

export function listUsers(directory: Directory): Promise<readonly Account[]> {
  return directory.accounts()
}
