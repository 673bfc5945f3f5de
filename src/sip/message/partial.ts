/** What can still be read of a request that is malformed: enough to tell the sender, nothing more. */
import { longName } from './header-names.ts'
import type { PartialRequest } from './message-error.ts'
import type { Via } from './types.ts'
import { readSentBy } from './via.ts'
import { defaultPort, nextComma } from './message.ts'
import { bracketed } from './endpoint.ts'

/**
 * undefined: the sender is not to be answered, or the way back cannot be read (RFC 4475: a malformed response is
 * dropped).
 */
export function partialOf(text: string): PartialRequest | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  const lines = splitLines(headEnd === -1 ? text.slice(0, 65536) : text.slice(0, Math.min(headEnd, 65536)))
  const [, method] = /^([A-Za-z0-9\-.!%*_+`'~]+) .*SIP\/\d+\.\d+\s*$/is.exec(lines[0] ?? '') ?? []
  if (method === undefined || method === 'ACK') return undefined
  const fields = lines.slice(1).flatMap(readField)
  const top = fields.find(([name]) => name === 'via')?.[1]
  if (top === undefined) return undefined
  const comma = nextComma(top, 0, top.length)
  const topVia = readSentBy(comma === -1 ? top : top.slice(0, comma))
  return topVia === undefined ? undefined : new Partial(method, topVia, fields)
}

function splitLines(head: string): string[] {
  return head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
}

function readField(line: string): [name: string, value: string][] {
  const colon = line.indexOf(':')
  return colon <= 0 ? [] : [[longName(line.slice(0, colon).trim()), line.slice(colon + 1).trim()]]
}

class Partial implements PartialRequest {
  readonly kind = 'request'
  readonly method: string
  readonly topVia: Via
  private readonly fields: readonly (readonly [string, string])[]
  private stamp = ''
  answerPort = 0

  constructor(method: string, topVia: Via, fields: readonly (readonly [string, string])[]) {
    this.method = method
    this.topVia = topVia
    this.fields = fields
  }

  header(name: string): string | undefined {
    return this.headers(name)[0]
  }

  headers(name: string): readonly string[] {
    const long = longName(name)
    return this.fields.filter(([field]) => field === long).map(([, value]) => value)
  }

  stampTopVia(received: string, rport: number): void {
    const asked = this.topVia.parameters.has('rport')
    const same = this.topVia.host === bracketed(received)
    this.answerPort = asked || !same ? rport : (this.topVia.port ?? defaultPort)
    this.stamp = asked ? `;received=${received};rport=${rport}` : same ? '' : `;received=${received}`
  }

  viaBlock(): string {
    const [top = '', ...rest] = this.headers('via')
    const comma = nextComma(top, 0, top.length)
    const end = comma === -1 ? top.length : comma
    const bare =
      this.stamp === '' ? top.slice(0, end) : top.slice(0, end).replace(/;\s*(rport|received)\s*(=\s*[^\s;,]*)?/gi, '')
    return [bare + this.stamp + top.slice(end), ...rest].map((value) => `Via: ${value}\r\n`).join('')
  }
}
