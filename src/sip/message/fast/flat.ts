/** Copies of text that may outlive the message it was cut from. */

/**
 * A copy that shares no memory with `text`'s origin. V8 keeps the whole message alive for any slice of 13 characters
 * or more: what is stored (an address-of-record, a contact, a tag used as a key) goes through here first.
 *
 * @param text latin1
 */
export function flat(text: string): string {
  const { length } = text
  // Shorter ones are copies already; longer ones than the scratch are rare.
  if (length < 13) return text
  if (length > scratch.length) return Buffer.from(text, 'latin1').toString('latin1')
  return scratch.toString('latin1', 0, scratch.write(text, 'latin1'))
}

/** One for all: a Buffer of its own for each copy doubles what the copy costs (bench/proxy.ts, REGISTER). */
const scratch = Buffer.alloc(1024)

/** The text a person reads: the octets of `latin1` taken as UTF-8, invalid ones shown as U+FFFD. */
export function decodeText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
