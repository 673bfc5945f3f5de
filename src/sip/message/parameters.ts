/**
 * Header parameters, `;tag=8f1c;expires=60;lr`, as Via, From, Contact and their like have them (RFC 3261 §25.1
 * `generic-param`).
 */
import { blanksEnd, page, scanner, tokenEnd, unquote, valueEnd } from './fast/scanner.ts'

const octets = page
const scan = scanner

const QUOTE = 34,
  SEMICOLON = 59,
  EQUALS = 61

/** What the last `nextParameter` found, as offsets; `valueStart` is -1 when the parameter has no value. */
export const found = { nameStart: 0, nameEnd: 0, valueStart: -1, valueEnd: -1 }

/** Moves over `;name` or `;name=value` and leaves the offsets in `found`; false when there is no further parameter. */
export function nextParameter(): boolean {
  let at = blanksEnd(scan.position)
  if (octets[at] !== SEMICOLON) {
    scan.position = at
    return false
  }
  const nameStart = blanksEnd(at + 1)
  const nameEnd = tokenEnd(nameStart)
  if (nameEnd === nameStart) {
    scan.position = nameStart
    scan.fail('a parameter name')
  }
  found.nameStart = nameStart
  found.nameEnd = nameEnd
  at = blanksEnd(nameEnd)
  if (octets[at] !== EQUALS) {
    found.valueStart = -1
    scan.position = at
    return true
  }
  const valueStart = blanksEnd(at + 1)
  scan.position = valueStart
  if (octets[valueStart] === QUOTE) scan.quotedString()
  else if ((scan.position = valueEnd(valueStart)) === valueStart) scan.fail('a parameter value')
  found.valueStart = valueStart
  found.valueEnd = scan.position
  return true
}

/** Reads all parameters from the position on into a map; a name that comes twice is a fault. */
export function readParameters(): ReadonlyMap<string, string | undefined> {
  if (!nextParameter()) return noParameters
  const parameters = new Map<string, string | undefined>()
  do {
    const name = scan.text.slice(found.nameStart, found.nameEnd).toLowerCase()
    if (parameters.has(name)) scan.fail(`"${name}" only once`)
    parameters.set(
      name,
      found.valueStart === -1 ? undefined : unquote(scan.text.slice(found.valueStart, found.valueEnd)),
    )
  } while (nextParameter())
  return parameters
}

/** One for all who have none. */
export const noParameters: ReadonlyMap<string, string | undefined> = new Map()

/** Whether the name of the parameter just found is `name` (lower case letters). */
export function foundIs(name: string): boolean {
  if (found.nameEnd - found.nameStart !== name.length) return false
  for (let at = 0; at < name.length; at++) {
    if (((octets[found.nameStart + at] as number) | 0x20) !== name.charCodeAt(at)) return false
  }
  return true
}

/** A text as a quoted string: `say "hi"` is `"say \\"hi\\""` (RFC 3261 §25.1 `quoted-string`). */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
