/** Fills the directory of each organisation from the plan: accounts when it has none yet, the three lists always. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { addUser, defaultRealm } from '../services/accounts.ts'
import { openDirectory } from '../services/store/directory.ts'
import type { Directory } from '../services/store/directory.ts'
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

/** The realm of an organisation's servers. */
export function realmOf(plan: LabPlan, domain: string): string {
  const found = plan.nodes.find((node) => node.organisation === domain && 'realm' in node.settings)
  return found !== undefined && 'realm' in found.settings ? found.settings.realm : defaultRealm
}

/** False when the lab was never brought up. */
export function hasDirectory(store: StorePlan, labRoot: string): boolean {
  return existsSync(directorySettings(store, labRoot).file)
}

/** What a person changed with `siplab users` outlives the next `up`: planned users are added only to an empty directory. */
async function seed(plan: LabPlan, organisation: OrganisationPlan, directory: Directory): Promise<void> {
  const { domain, domains, trustedServers, edges } = organisation
  await directory.putLists({ domains, trustedServers, edges })
  if ((await directory.accounts()).length > 0) return
  for (const user of plan.users.filter(({ uri }) => uri.endsWith(`@${domain}`))) await addUser(directory, user, realmOf(plan, domain))
}

function directorySettings(store: StorePlan, labRoot: string): StoreSettings & { readonly kind: 'sqlite' } {
  const files = store.kind === 'sqlite' ? store : store.fallback
  return { kind: 'sqlite', file: join(labRoot, files.directory) }
}
