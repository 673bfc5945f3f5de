/** The Date header field (RFC 3261 §20.17). */
import type { HeaderField } from './types.ts'

let dateSecond = -1
let dateText = ''

/** The calendar's second, written once. */
export function dateHeader(wall: number): HeaderField {
  const second = Math.floor(wall / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(wall).toUTCString()
  }
  return ['Date', dateText]
}

/**
 * `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261 §20.17) as milliseconds since 1970. Absent: the value is no time in GMT.
 */
export function readDate(value: string): number | undefined {
  const at = /^\w{3}, +\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
