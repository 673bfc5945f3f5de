import type { Addressing } from './layout.ts'
import type { FirewallRule, Link, NodePlan } from './plan-types.ts'

export function planFirewall(_nodes: readonly NodePlan[], _links: readonly Link[], _addressing: Addressing): readonly FirewallRule[] {
  return []
}
