/** The Date header field (RFC 3261 §20.17). */
import type { HeaderField } from '../sip/message/types.ts'

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
