/** Header parameters, `;tag=8f1c;expires=60;lr`, as they stand behind Via, From, Contact and their like (RFC 3261 §25.1 `generic-param`). */
import { page, scanner, unquote } from './scanner.ts'

const octets = page
const scan = scanner

const QUOTE = 34, SEMICOLON = 59, EQUALS = 61

/** What the last `nextParameter` found, as offsets; `valueStart` is -1 when the parameter has no value. */
export const found = { nameStart: 0, nameEnd: 0, valueStart: -1, valueEnd: -1 }

/** Moves over `;name` or `;name=value` and leaves the offsets in `found`; false when there is no further parameter. */
export function nextParameter(): boolean {
  if (!scan.spaces().take(SEMICOLON)) return false
  found.nameStart = scan.spaces().position
  found.nameEnd = scan.token().position
  if (!scan.spaces().take(EQUALS)) {
    found.valueStart = -1
    return true
  }
  found.valueStart = scan.spaces().position
  if (scan.peek() === QUOTE) scan.quotedString()
  else if (scan.valueRun() === 0) scan.fail('a parameter value')
  found.valueEnd = scan.position
  return true
}

/** Reads all parameters from the position on into a map; a name that stands twice is a fault. */
export function readParameters(): ReadonlyMap<string, string | undefined> {
  const parameters = new Map<string, string | undefined>()
  while (nextParameter()) {
    const name = scan.text.slice(found.nameStart, found.nameEnd).toLowerCase()
    if (parameters.has(name)) scan.fail(`"${name}" only once`)
    parameters.set(name, found.valueStart === -1 ? undefined : unquote(scan.text.slice(found.valueStart, found.valueEnd)))
  }
  return parameters
}

/** Whether the name of the parameter just found is `name` (lower case letters). */
export function foundIs(name: string): boolean {
  if (found.nameEnd - found.nameStart !== name.length) return false
  for (let at = 0; at < name.length; at++) {
    if (((octets[found.nameStart + at] as number) | 0x20) !== name.charCodeAt(at)) return false
  }
  return true
}
