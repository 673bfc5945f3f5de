/** Option tags are tokens: their case means nothing (RFC 3261 §7.3.1, §19.2). */
import type { SipMessage } from './types.ts'

type TagField = 'Supported' | 'Require' | 'Proxy-Require'

/** @param tag lower case, e.g. `outbound` */
export function hasOptionTag(message: SipMessage, field: TagField, tag: string): boolean {
  return message.list(field).some((one) => one.toLowerCase() === tag)
}

/** Those that are not known, as they were written: the value of Unsupported (RFC 3261 §8.2.2.3). */
export function unknownTags(message: SipMessage, field: TagField, known: ReadonlySet<string>): readonly string[] {
  return message.list(field).filter((tag) => !known.has(tag.toLowerCase()))
}
