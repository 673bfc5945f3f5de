/**
 * The branch of a request we send: `z9hG4bK` + token of this process + slot + nonce + loop hash,
 * e.g. `z9hG4bKq3f9c1a07.1f.9f86d081.9xk2`. A response finds its transaction by the slot, an array index; the nonce
 * tells a slot's tenants apart and keeps one peer from guessing the branches that others were sent; the loop hash is
 * what RFC 3261 §16.6 step 8 and RFC 5393 §4.2 compare.
 */
import { randomToken } from '../message/random.ts'
import type { Branch } from './types.ts'

export const magicCookie = 'z9hG4bK'

const DOT = 46

export function formatBranch(prefix: string, slot: number, loopHash: string): Branch {
  return asBranch(`${prefix}${slot.toString(36)}.${randomToken(4)}.${loopHash}`)
}

/** The slot named in one of our own branches; -1 when `branch` was not made with `prefix`. */
export function slotOf(prefix: string, branch: string): number {
  if (!branch.startsWith(prefix)) return -1
  let slot = 0
  for (let at = prefix.length; at < branch.length; at++) {
    const code = branch.charCodeAt(at)
    if (code === DOT) return at === prefix.length ? -1 : slot
    const digit = base36(code)
    if (digit < 0 || at - prefix.length >= mostDigits) return -1
    slot = slot * 36 + digit
  }
  return -1
}

/** More than any table has slots. */
const mostDigits = 8

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
