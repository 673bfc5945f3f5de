/** RFC 3261 §16.6: targets of equal q are tried at one time, lower ones after them. */
import type { Target } from './decision.ts'

/**
 * Groups in the order they are tried.
 *
 * @param breadth most forks at one time (RFC 5393 §5.3.3.2); a larger group is cut, its rest waits
 */
export function groupTargets(targets: readonly Target[], breadth: number): Target[][] {
  if (targets.length < 2) return targets.length === 0 ? [] : [[...targets]]
  const sorted = [...targets].sort((a, b) => b.q - a.q)
  const groups: Target[][] = []
  let group: Target[] = []
  for (const target of sorted) {
    const [first] = group
    if (first !== undefined && (first.q !== target.q || group.length >= breadth)) {
      groups.push(group)
      group = []
    }
    group.push(target)
  }
  groups.push(group)
  return groups
}
