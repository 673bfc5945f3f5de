/** Via values: `SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK7f1a;rport` (RFC 3261 §20.42, RFC 3581 §3). */
import { found, foundIs, nextParameter, readParameters } from './parameters.ts'
import { blanksEnd, hostName, page, scanner, unfold, versionAt } from './fast/scanner.ts'
import type { Via } from './types.ts'

const octets = page
const scan = scanner

const COMMA = 44,
  SLASH = 47

/**
 * Offsets of the parts of the Via just checked; -1: absent. `rport` is the offset behind an `rport` without a value;
 * `claimed`: it has a `received`, or an `rport` with a value, of its own.
 */
export const viaParts = {
  hostStart: 0,
  hostEnd: 0,
  port: 0,
  branchStart: -1,
  branchEnd: -1,
  rport: -1,
  claimed: false,
  alias: false,
  end: 0,
}

/**
 * Checks one Via value up to a comma or the end and leaves the offsets of its parts in `viaParts`.
 *
 * @throws MessageError of the scanner's code
 */
export function checkVia(): void {
  readProtocol()
  scan.token()
  readBlanks()
  viaParts.hostStart = scan.position
  viaParts.hostEnd = scan.host().position
  viaParts.port = scan.sentByPort() ?? 0
  viaParts.branchStart = -1
  viaParts.rport = -1
  viaParts.claimed = false
  viaParts.alias = false
  let end = scan.position
  while (nextParameter()) {
    const length = found.nameEnd - found.nameStart
    if (length === 6 && foundIs('branch')) noteBranch()
    else if (length === 5 && foundIs('rport')) noteRport()
    else if (length === 8 && foundIs('received')) viaParts.claimed = true
    else if (length === 5 && foundIs('alias')) viaParts.alias = true
    end = found.valueStart === -1 ? found.nameEnd : found.valueEnd
  }
  viaParts.end = end
  if (!scan.atEnd() && octets[scan.position] !== COMMA) scan.fail('";", "," or the end')
}

function noteBranch(): void {
  if (viaParts.branchStart !== -1 || found.valueStart === -1) scan.fail('one branch with a value')
  viaParts.branchStart = found.valueStart
  viaParts.branchEnd = found.valueEnd
}

function noteRport(): void {
  if (found.valueStart !== -1 || viaParts.rport !== -1) viaParts.claimed = true
  viaParts.rport = found.nameEnd
}

/** `SIP/2.0/`, blanks allowed on either side of a slash. */
function readProtocol(): void {
  scan.spaces()
  if (versionAt(scan.position) && octets[scan.position + 7] === SLASH) {
    scan.position = blanksEnd(scan.position + 8)
    return
  }
  scan.token().slash()
  const start = scan.position
  if (scan.token().since(start) !== '2.0') scan.fail('SIP version 2.0')
  scan.slash()
}

function readBlanks(): void {
  const before = scan.position
  if (scan.spaces().position === before) scan.fail('a blank behind the transport')
}

/**
 * Reads one Via value, folded or not.
 *
 * @throws MessageError `via-syntax`, with the offset where reading stopped
 */
export function parseVia(value: string): Via {
  scan.open(value, 'via-syntax')
  const via = readVia()
  scan.finish('the end of the Via value')
  return via
}

/** Reads the first value of a Via header field line; the values after its comma are not looked at. */
export function readTopVia(value: string): Via {
  scan.open(value, 'via-syntax')
  return readVia()
}

/** Reads the values of one Via header field line, split at commas, into `into`. */
export function readViaList(value: string, into: Via[]): void {
  scan.open(value, 'via-syntax')
  do into.push(readVia())
  while (scan.spaces().take(COMMA))
  scan.finish('"," or the end of the Via values')
}

function readVia(): Via {
  const start = scan.spaces().position
  readProtocol()
  const transportStart = scan.position
  const transport = scan.token().since(transportStart).toUpperCase()
  readBlanks()
  const hostStart = scan.position
  const host = hostName(scan.host().since(hostStart))
  const port = scan.sentByPort()
  const parameters = readParameters()
  return {
    transport,
    host,
    port,
    branch: parameters.get('branch'),
    received: parameters.get('received'),
    rport: parameters.has('rport') ? Number(parameters.get('rport') ?? 0) : undefined,
    parameters,
    text: unfold(scan.text, start, scan.position),
  }
}

/**
 * The sent-by of a Via that may be broken behind it or of another SIP version: enough to send an error back.
 * undefined when not even that can be read.
 */
export function readSentBy(text: string): Via | undefined {
  const protocol =
    /^\s*[A-Za-z]+\s*\/\s*[\d.]+\s*\/\s*([A-Za-z0-9-]+)\s+([A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?:\s*:\s*(\d{1,5}))?/.exec(
      text,
    )
  const [whole, transport, host, port] = protocol ?? []
  if (whole === undefined || transport === undefined || host === undefined) return undefined
  const parameters = new Map<string, string | undefined>()
  const tail = text.slice(whole.length)
  for (const [, name, value] of tail.matchAll(/;\s*([A-Za-z0-9-]+)(?:\s*=\s*([^\s;,"]+))?/g)) {
    if (name !== undefined && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value)
  }
  return {
    transport: transport.toUpperCase(),
    host: hostName(host),
    port: port === undefined ? undefined : Number(port),
    text,
    parameters,
    branch: parameters.get('branch'),
    received: parameters.get('received'),
    rport: parameters.has('rport') ? 0 : undefined,
  }
}
