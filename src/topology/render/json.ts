/** The whole plan as one JSON document: `siplab plan --format json`. */
import type { LabPlan } from '../plan-types.ts'

export function renderJson(plan: LabPlan): string {
  return `${JSON.stringify(plan, undefined, 2)}\n`
}
