/** Fills the directory of each organisation from the plan: accounts when it has none yet, the three lists always. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDirectory } from '../services/store/directory.ts'
import type { Account, Credential, Directory } from '../services/store/directory.ts'
import type { StoreSettings } from '../services/store/settings.ts'
import { systemClock } from '../sip/clock.ts'
import type { LabPlan, OrganisationPlan, StorePlan } from '../topology/plan-types.ts'

export async function seedDirectories(plan: LabPlan, labRoot: string): Promise<void> {
  for (const organisation of plan.organisations) {
    await withDirectory(organisation.store, labRoot, (directory) => seed(plan, organisation, directory))
  }
}

/** Opens the directory of an organisation, hands it to `use`, and closes it whatever comes. */
export async function withDirectory<T>(store: StorePlan, labRoot: string, use: (directory: Directory) => Promise<T>): Promise<T> {
  const directory = await openDirectory(directorySettings(store, labRoot), { clock: systemClock })
  try {
    return await use(directory)
  } finally {
    await directory.close()
  }
}

export interface NewUser {
  readonly login: string
  readonly domain: string
  readonly password: string
  /** FQDN of the home. */
  readonly home: string
  readonly remote: boolean
  readonly realm: string
}

/** The account and credential rows of a user: under the bare login and under `login@domain`, as clients differ in what they send. */
export function accountRows({ login, domain, password, home, remote, realm }: NewUser): { readonly account: Account; readonly credentials: readonly Credential[] } {
  const aor = `sip:${login}@${domain}`
  const account = { aor, login, displayName: login, homePool: home, remote, enabled: true }
  const credentials = [login, `${login}@${domain}`].flatMap((username) =>
    (['md5', 'sha-256'] as const).map((algorithm) => ({ username, scheme: `digest-${algorithm}`, realm, aor, hash: digestSecret(algorithm, username, realm, password) })),
  )
  return { account, credentials }
}

/** The realm of an organisation's servers. */
export function realmOf(plan: LabPlan, domain: string): string {
  const found = plan.nodes.find((node) => node.organisation === domain && 'realm' in node.settings)
  return found !== undefined && 'realm' in found.settings ? found.settings.realm : 'SIP Communications Service'
}

async function seed(plan: LabPlan, organisation: OrganisationPlan, directory: Directory): Promise<void> {
  const { domain, domains, trustedServers, edges } = organisation
  await directory.putLists({ domains, trustedServers, edges })
  if ((await directory.accounts()).length > 0) return
  const realm = realmOf(plan, domain)
  for (const { uri, login, password, home, remote } of plan.users) {
    if (!uri.endsWith(`@${domain}`)) continue
    const { account, credentials } = accountRows({ login, domain, password, home, remote, realm })
    await directory.putAccount(account, credentials)
  }
}

/** H(username:realm:password), RFC 7616 §3.4.2. */
function digestSecret(algorithm: 'md5' | 'sha-256', username: string, realm: string, password: string): string {
  return createHash(algorithm === 'md5' ? 'md5' : 'sha256').update(`${username}:${realm}:${password}`).digest('hex')
}

function directorySettings(store: StorePlan, labRoot: string): StoreSettings {
  const files = store.kind === 'sqlite' ? store : store.fallback
  return { kind: 'sqlite', file: join(labRoot, files.directory) }
}

/** False when the lab was never brought up. */
export function hasDirectory(store: StorePlan, labRoot: string): boolean {
  const files = store.kind === 'sqlite' ? store : store.fallback
  return existsSync(join(labRoot, files.directory))
}
