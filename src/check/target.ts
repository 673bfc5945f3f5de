/**
 * What a person may check: `sip:alice@lab.test`, `lab.test`, `fe1.lab.test:5061`, or the name of a node of the running
 * lab.
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

export type Target =
  /** A domain, and the user of it who wants to sign in; found by the rules of the profile. */
  | { readonly kind: 'domain'; readonly domain: string; readonly user?: string }
  /** One place, dialled as given. */
  | { readonly kind: 'host'; readonly host: string; readonly port: number | undefined }

export class TargetError extends Error {
  override readonly name = 'TargetError'
}

/**
 * Reads a target; a name without a port may be a domain or a host, which discovery finds out.
 *
 * @throws TargetError
 */
export function readTarget(text: string): Target {
  const uri = /^sips?:(?:([^@\s]+)@)?([^@\s;?:]+)$/i.exec(text)
  if (uri !== null)
    return { kind: 'domain', domain: hostName(uri[2] ?? '', text), ...(uri[1] === undefined ? {} : { user: uri[1] }) }
  const address = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0) return { kind: 'host', host: address, port: undefined }
  const place = /^(?:\[([0-9a-f:.]+)\]|([^:@\s/]+)):(\d{1,5})$/i.exec(text)
  if (place !== null)
    return { kind: 'host', host: hostName(place[1] ?? place[2] ?? '', text), port: portOf(place[3] ?? '', text) }
  return { kind: 'domain', domain: hostName(text, text) }
}

function portOf(digits: string, text: string): number {
  const port = Number(digits)
  if (port >= 1 && port <= 65_535) return port
  throw new TargetError(`${JSON.stringify(text)}: wanted a port from 1 to 65535, found ${digits}`)
}

/** Lower case and without the last dot; an international name as DNS, SNI and certificates have it (RFC 5891 §5). */
function hostName(name: string, text: string): string {
  const ascii = /^[\0-\x7f]*$/.test(name) ? name : domainToASCII(name)
  const lower = ascii.toLowerCase().replace(/\.$/, '')
  if (isIP(lower) !== 0 || /^[\w]([\w.-]{0,251}[\w])?$/.test(lower)) return lower
  throw new TargetError(
    `${JSON.stringify(text)} is no target; wanted sip:user@domain, a domain, host:port, or a node of the lab`,
  )
}
