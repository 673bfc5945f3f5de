/**
 * What the homes of an organisation know of a user, taken away: a home that runs is asked, the store of one that does
 * not is changed.
 */
import type { BindingsOfUsers } from '../services/accounts.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { LabPlan, OrganisationPlan } from '../topology/plan-types.ts'
import { controlClient } from './control-client.ts'
import { LabError } from './lab-error.ts'
import { withPoolStore } from './seed.ts'

/**
 * @param storeUrl `postgresql://…` of a pool store that is none of this machine's; absent: the lab's own
 * @param because what the clients are told; of a user that was moved the new home has nothing to forget
 */
export function bindingsIn(
  plan: LabPlan,
  labRoot: string,
  organisation: OrganisationPlan,
  storeUrl?: string,
  because: 'removed' | 'moved' = 'removed',
): BindingsOfUsers {
  const { domain } = organisation
  const homes = plan.nodes.flatMap(({ name, organisation: of, settings }) =>
    of === domain && 'home' in settings ? [{ name, home: settings.home, store: settings.store }] : [],
  )
  const pools = [...Map.groupBy(homes, ({ home }) => home).values()]
  return {
    async removeUser(aor) {
      for (const members of pools) {
        const asked = await Promise.all(members.map(({ name }) => askHome(labRoot, name, { aor, because })))
        const [first] = members
        if (first !== undefined && !asked.includes(true))
          await withPoolStore({ domain, store: first.store }, labRoot, (pool) => pool.removeUser(aor), storeUrl)
      }
    },
  }
}

/** False: it does not run. A home alone holds its bindings in memory, and would write them again. */
async function askHome(
  labRoot: string,
  node: string,
  user: { readonly aor: string; readonly because: 'removed' | 'moved' },
): Promise<boolean> {
  try {
    await controlClient(node, nodeFolder(labRoot, node)).post('/forget-user', user)
    return true
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return false
    throw error
  }
}
