/** Accounts of a lab that runs. */
import type { Phone } from '../../src/phone/index.ts'
import type { TestLab } from './lab.ts'

/** Who of these phones' users is registered, each once. */
export async function registered(lab: TestLab, ...phones: readonly Phone[]): Promise<readonly string[]> {
  const rows = await lab.json<readonly { readonly aor: string }[]>('registrations')
  return phones.map(({ uri }) => uri).filter((uri) => rows.some(({ aor }) => aor === uri))
}

/** Gives a user that was removed its account back, as the lab came up with it. */
export async function addAgain(lab: TestLab, user: string): Promise<void> {
  const account = lab.ready.users.find(({ login }) => login === user)
  if (account === undefined) throw new Error(`no user ${user} in the lab`)
  await lab.json('users', 'add', account.uri, '--password', account.password)
}
