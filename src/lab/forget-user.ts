/**
 * What the servers of an organisation remember of a user, removed after its account was changed: a home that runs is
 * asked, the store of one that does not run is changed.
 */
import type { BindingsOfUsers } from '../services/accounts.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { AccountChange } from '../node/controlled-node.ts'
import type { LabPlan, OrganisationPlan } from '../topology/plan-types.ts'
import { controlClient } from './control-client.ts'
import { LabError } from './lab-error.ts'
import { withPoolStore } from './seed.ts'

/**
 * @param storeUrl `postgresql://…` of a pool store that is none of this machine's; absent: the lab's own
 * @param because the reason that the clients get; after a move, the new home has nothing to forget
 */
export function bindingsIn(
  plan: LabPlan,
  labRoot: string,
  organisation: OrganisationPlan,
  storeUrl?: string,
  because: AccountChange = 'removed',
): BindingsOfUsers {
  const { domain } = organisation
  const homes = plan.nodes.flatMap(({ name, organisation: of, settings }) =>
    of === domain && 'home' in settings ? [{ name, home: settings.home, store: settings.store }] : [],
  )
  const pools = [...Map.groupBy(homes, ({ home }) => home).values()]
  return {
    async removeUser(aor) {
      for (const members of pools) {
        // One after the other: the first signs the clients of the whole pool off, and the next finds none.
        let isAsked = false
        for (const { name } of members) isAsked = (await askHome(labRoot, name, { aor, because })) || isAsked
        const [first] = members
        if (first !== undefined && !isAsked)
          await withPoolStore({ domain, store: first.store }, labRoot, (pool) => pool.removeUser(aor), storeUrl)
      }
    },
  }
}

/** Each server of the organisation that runs and reads the directory reads it anew with its next request. */
export async function accountsChanged(plan: LabPlan, labRoot: string, { domain }: OrganisationPlan): Promise<void> {
  const readers = plan.nodes.filter(({ organisation, settings }) => organisation === domain && 'store' in settings)
  await Promise.all(readers.map(({ name }) => tell(labRoot, name, '/forget-accounts', {})))
}

/** False: it does not run. A home alone holds its bindings in memory, and would write them again. */
function askHome(
  labRoot: string,
  node: string,
  user: { readonly aor: string; readonly because: AccountChange },
): Promise<boolean> {
  return tell(labRoot, node, '/forget-user', user)
}

async function tell(labRoot: string, node: string, path: string, body: unknown): Promise<boolean> {
  try {
    await controlClient(node, nodeFolder(labRoot, node)).post(path, body)
    return true
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return false
    throw error
  }
}
