/**
 * A message without what authenticates a user: it may be kept, shown and exported. The scheme, the realm and the user
 * name stay, because they explain a refusal; a parameter that is not on the list is blanked out (RFC 3261 §20.7,
 * RFC 7616 §3.4, MS-SIPAE §2.2 for `gssapi-data`, `crand` and `response`).
 */

/** Cheap, and true for every message that `withoutCredentials` changes: most messages end here. */
const mayHold = /authoriz|authentic/i

/** One header field with its folded lines. */
const fields =
  /^((?:proxy-)?authorization|(?:www|proxy)-authenticate|(?:proxy-)?authentication-info)([ \t]*:[ \t]*)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gim

const parameter = /([A-Za-z][\w-]*)([ \t]*=[ \t]*)("(?:[^"\\]|\\[^])*"?|[^",\s=]+)/g

/** Parameters that prove nothing. */
const harmless: ReadonlySet<string> = new Set(
  (
    'username realm nonce nextnonce uri algorithm qop nc opaque stale domain targetname version charset userhash ' +
    'cnum snum'
  ).split(' '),
)

/**
 * `Authorization: Digest username="alice", response="***"`; the same text where there is nothing to blank out.
 *
 * @param text latin1 or UTF-8, a whole message. In a body, for example `message/sipfrag`, a blank is as long as what it
 *   covers, so that Content-Length stays right.
 */
export function withoutCredentials(text: string): string {
  if (!mayHold.test(text)) return text
  const end = /\r?\n\r?\n/.exec(text)
  const bodyAt = end === null ? text.length : end.index + end[0].length
  return masked(text.slice(0, bodyAt), () => '***') + masked(text.slice(bodyAt), (value) => '*'.repeat(value.length))
}

function masked(text: string, blank: (value: string) => string): string {
  return text.replace(fields, (_field, name: string, colon: string, value: string) => {
    // A single word without parameters may be the secret itself.
    const scheme = /^[A-Za-z][\w-]*\s+(?=[^=\s])/.exec(value)?.[0] ?? ''
    const rest = value.slice(scheme.length)
    return `${name}${colon}${scheme}${blanked(rest, blank)}`
  })
}

/** What is no list of parameters is one secret, as the token of Basic and Bearer is. */
function blanked(list: string, blank: (value: string) => string): string {
  const between = list.replace(parameter, '')
  if (/[^,\s]/.test(between)) return blank(list)
  return list.replace(parameter, (whole, name: string, equals: string, value: string) => {
    if (harmless.has(name.toLowerCase())) return whole
    const quoted = value.startsWith('"')
    const inside = quoted ? value.slice(1, value.endsWith('"') && value.length > 1 ? -1 : undefined) : value
    return `${name}${equals}${quoted ? `"${blank(inside)}"` : blank(inside)}`
  })
}
