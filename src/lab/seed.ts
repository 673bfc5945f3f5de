/** Fills the directory of each organisation from the plan: accounts when it has none yet, the three lists always. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addUser, defaultRealm } from '../services/accounts.ts'
import { openDirectory } from '../services/store/directory.ts'
import type { Directory } from '../services/store/directory.ts'
import { openPoolStore } from '../services/store/pool-store.ts'
import type { PoolStore } from '../services/store/pool-store.ts'
import type { StoreSettings } from '../services/store/settings.ts'
import { systemClock } from '../sip/clock.ts'
import { databaseTls } from '../node/stores.ts'
import type { LabPlan, OrganisationPlan } from '../topology/plan-types.ts'
import { readStoreAccess } from './nodes/sql/access.ts'

/** Which directory: its organisation and where that keeps it. */
type DirectoryPlace = Pick<OrganisationPlan, 'domain' | 'store'>

/** @param url `postgresql://…` of a directory that is none of this machine's; absent: the lab's own */
export async function seedDirectories(plan: LabPlan, labRoot: string, url?: string): Promise<void> {
  for (const organisation of plan.organisations) {
    await withDirectory(organisation, labRoot, (directory) => seed(plan, organisation, directory), url)
  }
}

/**
 * The tables of the pool stores that several front ends share. Those would make them at once when they start together,
 * which goes well and leaves errors in the log of the server.
 */
export async function makePoolStores(plan: LabPlan, labRoot: string, url?: string): Promise<void> {
  const shared = plan.nodes.flatMap(({ organisation, settings }) =>
    'members' in settings && settings.members.length > 1
      ? [{ domain: organisation, home: settings.home, store: settings.store }]
      : [],
  )
  for (const [place] of Map.groupBy(shared, ({ home }) => home).values())
    if (place !== undefined) await withPoolStore(place, labRoot, async () => undefined, url)
}

/** Opens the directory of an organisation, hands it to `use`, and closes it whatever comes. */
export async function withDirectory<T>(
  { domain, store }: DirectoryPlace,
  labRoot: string,
  use: (directory: Directory) => Promise<T>,
  url?: string,
): Promise<T> {
  const directory = await openDirectory(settingsOf({ domain, store }, labRoot, 'directory', url), {
    clock: systemClock,
  })
  try {
    return await use(directory)
  } finally {
    await directory.close()
  }
}

/** The same for the pool store. */
export async function withPoolStore<T>(
  { domain, store }: DirectoryPlace,
  labRoot: string,
  use: (pool: PoolStore) => Promise<T>,
  url?: string,
): Promise<T> {
  const pool = await openPoolStore(settingsOf({ domain, store }, labRoot, 'pool', url), { clock: systemClock })
  try {
    return await use(pool)
  } finally {
    await pool.close()
  }
}

/** The realm of an organisation's servers. */
export function realmOf(plan: LabPlan, domain: string): string {
  const found = plan.nodes.find((node) => node.organisation === domain && 'realm' in node.settings)
  return found !== undefined && 'realm' in found.settings ? found.settings.realm : defaultRealm
}

/**
 * What a person changed with `siplab users` outlives the next `up`: planned users are added only to an empty directory.
 */
async function seed(plan: LabPlan, organisation: OrganisationPlan, directory: Directory): Promise<void> {
  const { domain, domains, trustedServers, edges } = organisation
  await directory.putLists({ domains, trustedServers, edges })
  if ((await directory.accounts()).length > 0) return
  for (const user of plan.users.filter(({ uri }) => uri.endsWith(`@${domain}`)))
    await addUser(directory, user, realmOf(plan, domain))
}

/** The PostgreSQL of that URL, else the private one of the lab where one was made, else the embedded file. */
function settingsOf(
  { domain, store }: DirectoryPlace,
  labRoot: string,
  which: 'directory' | 'pool',
  url: string | undefined,
): StoreSettings {
  const access = readStoreAccess(labRoot, domain)
  const server = url ?? (which === 'directory' ? access?.directoryUrl : access?.storeUrl)
  if (store.kind === 'postgres' && server !== undefined)
    return {
      kind: 'postgresql',
      url: server,
      ...databaseTls(store, () => readFileSync(join(labRoot, 'pki', 'internal-root.pem'), 'utf8')),
    }
  return { kind: 'sqlite', file: join(labRoot, (store.kind === 'sqlite' ? store : store.fallback)[which]) }
}
