import type { Ports } from './layout.ts'
import type { Draft } from './plan.ts'
import type { Link } from './plan-types.ts'
import type { Topology } from './topology.ts'

export function planLinks(_topology: Topology, _drafts: readonly Draft[], _ports: Ports): readonly Link[] {
  return []
}
