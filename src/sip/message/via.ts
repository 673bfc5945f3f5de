/** Via values: `SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK7f1a;rport` (RFC 3261 §20.42, RFC 3581 §3). */
import { foundIs, found, nextParameter, readParameters } from './parameters.ts'
import { Scanner, unfold } from './scanner.ts'
import type { Via } from './types.ts'

const COMMA = 44

/** Where the parts of the Via just checked stand; -1: absent. */
export const viaParts = { hostEnd: 0, branchStart: -1, branchEnd: -1, end: 0 }

/**
 * Checks one Via value up to a comma or the end of the scanner and leaves its parts in `viaParts`.
 *
 * @throws MessageError `via-syntax`
 */
export function checkVia(scan: Scanner): void {
  readProtocol(scan)
  scan.host()
  scan.spaces().port()
  viaParts.hostEnd = scan.position
  viaParts.branchStart = -1
  while (nextParameter(scan)) {
    if (!foundIs(scan, 'branch')) continue
    if (viaParts.branchStart !== -1 || found.valueStart === -1) scan.fail('one branch with a value')
    viaParts.branchStart = found.valueStart
    viaParts.branchEnd = found.valueEnd
  }
  viaParts.end = scan.position
  if (!scan.atEnd() && scan.peek() !== COMMA) scan.fail('";", "," or the end')
}

/** `SIP / 2.0 / UDP` and the blanks behind it. */
function readProtocol(scan: Scanner): void {
  if (scan.spaces().text.startsWith('SIP/2.0/', scan.position)) scan.position += 8
  else readSpacedProtocol(scan)
  scan.token()
  const before = scan.position
  if (scan.spaces().position === before) scan.fail('a blank behind the transport')
}

function readSpacedProtocol(scan: Scanner): void {
  scan.token().slash()
  const start = scan.position
  if (scan.text.slice(start, scan.token().position) !== '2.0') scan.fail('SIP version 2.0')
  scan.slash()
}

/**
 * Reads one Via value, folded or not.
 *
 * @throws MessageError `via-syntax`, with the offset where reading stopped
 */
export function parseVia(value: string): Via {
  const scan = new Scanner(value, 'via-syntax')
  const via = readVia(scan)
  if (!scan.atEnd()) scan.fail('the end of the Via value')
  return via
}

/** Reads the Via value at the position, up to a comma or the end. */
export function readVia(scan: Scanner): Via {
  const start = scan.spaces().position
  scan.token().slash().token().slash()
  const transport = wordAt(scan).toUpperCase()
  scan.spaces()
  const hostStart = scan.position
  const host = scan.text.slice(hostStart, scan.host().position).toLowerCase()
  const port = scan.spaces().port()
  const parameters = readParameters(scan)
  const text = unfold(scan.text, start, scan.position)
  return {
    transport, host, port, text, parameters,
    branch: parameters.get('branch'),
    received: parameters.get('received'),
    rport: parameters.has('rport') ? Number(parameters.get('rport') ?? 0) : undefined,
  }
}

function wordAt(scan: Scanner): string {
  const start = scan.position
  return scan.text.slice(start, scan.token().position)
}

/**
 * The sent-by of a Via that may be broken behind it or of another SIP version: enough to send an error back.
 * undefined when not even that can be read.
 */
export function readSentBy(text: string): Via | undefined {
  const protocol = /^\s*[A-Za-z]+\s*\/\s*[\d.]+\s*\/\s*([A-Za-z0-9-]+)\s+([A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?:\s*:\s*(\d{1,5}))?/.exec(text)
  const [whole, transport, host, port] = protocol ?? []
  if (whole === undefined || transport === undefined || host === undefined) return undefined
  const parameters = new Map<string, string | undefined>()
  const tail = text.slice(whole.length)
  for (const [, name, value] of tail.matchAll(/;\s*([A-Za-z0-9\-]+)(?:\s*=\s*([^\s;,"]+))?/g)) {
    if (name !== undefined && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value)
  }
  return {
    transport: transport.toUpperCase(), host: host.toLowerCase(), port: port === undefined ? undefined : Number(port), text, parameters,
    branch: parameters.get('branch'), received: parameters.get('received'),
    rport: parameters.has('rport') ? 0 : undefined,
  }
}
