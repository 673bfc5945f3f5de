/** What the homes of an organisation know of a user, taken away: a home that runs is asked, the store of one that does not is changed. */
import type { BindingsOfUsers } from '../services/accounts.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import type { LabPlan, OrganisationPlan } from '../topology/plan-types.ts'
import { controlClient } from './control-client.ts'
import { LabError } from './lab-error.ts'
import { withPoolStore } from './seed.ts'

/** @param storeUrl `postgresql://…` of a pool store that is none of this machine's; absent: the lab's own */
export function bindingsIn(plan: LabPlan, labRoot: string, organisation: OrganisationPlan, storeUrl?: string): BindingsOfUsers {
  const homes = plan.nodes.filter((node) => node.organisation === organisation.domain && 'home' in node.settings)
  return {
    async removeUser(aor) {
      const asked = await Promise.all(homes.map(({ name }) => askHome(labRoot, name, aor)))
      if (!asked.includes(true)) await withPoolStore(organisation, labRoot, (pool) => pool.removeUser(aor), storeUrl)
    },
  }
}

/** False: it does not run. A home alone holds its bindings in memory, and would write them again. */
async function askHome(labRoot: string, node: string, aor: string): Promise<boolean> {
  try {
    await controlClient(node, nodeFolder(labRoot, node)).post('/forget-user', { aor })
    return true
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return false
    throw error
  }
}
