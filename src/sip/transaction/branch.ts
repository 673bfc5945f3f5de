/**
 * The branch of a request we send: `z9hG4bK` + token of this process + slot + generation + loop hash,
 * e.g. `z9hG4bKq3f9c1a07.1f.2.9xk2`. A response finds its transaction by the slot, an array index; the generation tells
 * a slot's tenants apart; the loop hash is what RFC 3261 §16.6 step 8 and RFC 5393 §4.2 compare.
 */
import type { Branch } from './types.ts'

export const magicCookie = 'z9hG4bK'

const DOT = 46

export function formatBranch(prefix: string, slot: number, generation: number, loopHash: string): Branch {
  return asBranch(`${prefix}${slot.toString(36)}.${generation.toString(36)}.${loopHash}`)
}

/** Slot and generation packed in one object the caller owns: responses are read without allocating. */
export interface BranchParts {
  slot: number
  generation: number
}

/** Reads one of our own branches into `parts`; false when `branch` was not made with `prefix`. */
export function readBranch(prefix: string, branch: string, parts: BranchParts): boolean {
  if (!branch.startsWith(prefix)) return false
  let at = prefix.length
  let value = 0
  let dots = 0
  let digits = 0
  for (; at < branch.length; at++) {
    const code = branch.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0) return false
      if (dots === 0) parts.slot = value
      else parts.generation = value
      if (++dots === 2) return true
      value = 0
      digits = 0
      continue
    }
    const digit = base36(code)
    if (digit < 0 || ++digits > 9) return false
    value = value * 36 + digit
  }
  return false
}

/** The loop hash at the end of one of our own branches; undefined for anybody else's. */
export function loopHashOf(prefix: string, branch: string | undefined): string | undefined {
  if (branch === undefined || !branch.startsWith(prefix)) return undefined
  return branch.slice(branch.lastIndexOf('.') + 1)
}

function base36(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 122) return code - 87
  return -1
}

/** The only way to a `Branch`. */
export function asBranch(text: string): Branch {
  return text as Branch
}
