/** What the nodes behind a target say of their databases: a client sees 504 alone, and only a node knows the reason. */
import { type CheckLog, fromVerdict } from '../check/index.ts'
import { whileRunning } from '../lab/links.ts'
import type { NodeStatus } from '../node/control/control-api.ts'
import { isAbout } from '../node/store-verdict.ts'
import type { CheckLab } from './check-options.ts'
import { clientOf } from './lab-choice.ts'

/**
 * A warning `store.fe1` for each database that a node cannot use.
 *
 * @param target a node is asked alone; for anything else of the lab, every node that uses a database
 */
export async function databaseSteps(log: CheckLog, target: string, lab: CheckLab | undefined): Promise<void> {
  if (lab === undefined) return
  const { plan, chosen } = lab
  const named = plan.nodes.filter(({ name }) => name === target)
  const asked = (named.length > 0 ? named : plan.nodes).filter(({ settings }) => 'store' in settings)
  const answers = await Promise.all(
    asked.map(({ name }) => whileRunning(clientOf(chosen, name).get<NodeStatus>('/status'))),
  )
  for (const [at, { name }] of asked.entries()) {
    const found = answers[at]?.verdicts.filter((each) => isAbout('pool', each) || isAbout('directory', each)) ?? []
    for (const verdict of found) {
      const [database = 'store'] = verdict.code.split('.')
      log.put(`${database}.${name}`, `the ${database} of ${name}`, fromVerdict(verdict, {}, 'warning'))
    }
  }
}
