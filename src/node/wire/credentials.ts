/**
 * A message without what authenticates a user: it may be kept, shown and exported. The scheme, the realm and the user
 * name stay, because they explain a refusal; a parameter that is not on the list is blanked out (RFC 3261 §20.7,
 * RFC 7616 §3.4, MS-SIPAE §2.2 for `gssapi-data`, `crand` and `response`).
 */

/** Where a field that holds a credential may begin its name, however that is spelled. */
const place = /[uU][tT][hH](?:[oO][rR][iI][zZ]|[eE][nN][tT][iI][cC])/g

/** -1: there is none at `from` or after it. */
function nextPlace(text: string, from: number): number {
  place.lastIndex = from
  return place.exec(text)?.index ?? -1
}

/** The name of such a field, from the start of its line. */
const name = /((?:proxy-)?authorization|(?:www|proxy)-authenticate|(?:proxy-)?authentication-info)[ \t]*:[ \t]*/iy

/** To the end of a field: a line that begins with a blank goes on. */
const rest = /[^\n]*(?:\n[ \t][^\n]*)*/y

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
  let at = nextPlace(text, 0)
  if (at < 0) return text
  const end = text.search(/\r?\n\r?\n/)
  let result = ''
  let done = 0
  let read = 0
  for (; at >= 0; at = nextPlace(text, read)) {
    const start = lineStart(text, read, at)
    const value = start === undefined ? undefined : valueAt(text, start)
    read = Math.max(at + 1, value?.end ?? lineEnd(text, at))
    if (value === undefined) continue
    result += text.slice(done, value.start) + masked(text.slice(value.start, value.end), end >= 0 && value.start > end)
    done = value.end
  }
  return result + text.slice(done)
}

/**
 * Where the line of `place` begins, if it begins behind `read`. A CR alone begins a line as well: what a reader may
 * take for a field is one.
 */
function lineStart(text: string, read: number, place: number): number | undefined {
  const gap = text.slice(read, place)
  const back = Math.max(gap.lastIndexOf('\n'), gap.lastIndexOf('\r'))
  return back >= 0 ? read + back + 1 : read === 0 ? 0 : undefined
}

const anyLineEnd = /[\r\n]|$/g

function lineEnd(text: string, from: number): number {
  anyLineEnd.lastIndex = from
  return anyLineEnd.exec(text)?.index ?? text.length
}

/** Undefined where the line is no field of that kind. */
function valueAt(text: string, lineStart: number): { readonly start: number; readonly end: number } | undefined {
  name.lastIndex = lineStart
  if (!name.test(text)) return undefined
  const start = name.lastIndex
  rest.lastIndex = start
  rest.test(text)
  const end = text.charAt(rest.lastIndex - 1) === '\r' ? rest.lastIndex - 1 : rest.lastIndex
  return { start, end: Math.max(start, end) }
}

function masked(value: string, isInBody: boolean): string {
  const blank = isInBody ? (secret: string) => '*'.repeat(secret.length) : () => '***'
  // A single word without parameters may be the secret itself.
  const scheme = /^[A-Za-z][\w-]*\s+(?=[^=\s])/.exec(value)?.[0] ?? ''
  return scheme + blanked(value.slice(scheme.length), blank)
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
