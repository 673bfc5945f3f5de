/** Users that a program names itself: accounts for the registrar and credentials for digest, without a database. */
import type { AccountSource } from '../services/registrar/registrar.ts'
import { credentialRows } from '../services/authentication/hashes.ts'
import type { CredentialSource } from '../services/authentication/scheme.ts'
import type { Account } from '../services/store/directory.ts'

/**
 * `fixedUsers('example.test', { alice: 'secret' })`: the user `sip:alice@example.test`, who signs in as `alice`.
 *
 * @param domain lower case
 * @param passwords by the user part of the address-of-record
 */
export function fixedUsers(
  domain: string,
  passwords: Readonly<Record<string, string>>,
): Required<AccountSource> & CredentialSource {
  const accounts = new Map(Object.keys(passwords).map((user) => [aorOf(user, domain), accountOf(user, domain)]))
  return {
    account: (aor) => accounts.get(aor),
    credential(username, scheme, realm) {
      const password = Object.hasOwn(passwords, username) ? passwords[username] : undefined
      if (password === undefined) return undefined
      const row = credentialRows(username, realm, password).find((each) => each.scheme === scheme)
      return row && { aor: aorOf(username, domain), hash: row.hash }
    },
  }
}

function aorOf(user: string, domain: string): string {
  return `sip:${user}@${domain}`
}

function accountOf(login: string, domain: string): Account {
  return { aor: aorOf(login, domain), login, displayName: login, homePool: domain, remote: true, enabled: true }
}
