/**
 * The little SIP a load generator needs, on latin1 strings: cut messages out of a stream, find a header field, write
 * answers.
 */

/**
 * Cuts whole messages out of what has arrived; the rest waits. A generator trusts its proxy: there are no limits here.
 */
export class Cutter {
  #rest = ''

  push(chunk: string, each: (message: string) => void): void {
    let text = this.#rest === '' ? chunk : this.#rest + chunk
    for (;;) {
      while (text.startsWith('\r\n')) text = text.slice(2)
      const head = text.indexOf('\r\n\r\n')
      if (head < 0) break
      const end = head + 4 + contentLength(text, head)
      if (text.length < end) break
      each(text.slice(0, end))
      text = text.slice(end)
    }
    this.#rest = text
  }
}

function contentLength(text: string, head: number): number {
  const at = text.indexOf('\r\nContent-Length:')
  if (at < 0 || at > head) return 0
  return Number(text.slice(at + 17, text.indexOf('\r\n', at + 2)))
}

/** Value of the first header field of that exact spelling; empty when absent. */
export function field(message: string, name: string): string {
  const at = message.indexOf(`\r\n${name}: `)
  return at < 0 ? '' : message.slice(at + name.length + 4, message.indexOf('\r\n', at + 2))
}

/** Every value of that header, one a line as both proxies write them, or several a line. */
export function fields(message: string, name: string): string[] {
  const found: string[] = []
  const mark = `\r\n${name}: `
  for (let at = message.indexOf(mark); at >= 0; at = message.indexOf(mark, at + 2)) {
    found.push(...message.slice(at + mark.length, message.indexOf('\r\n', at + 2)).split(/,\s*(?=<)/))
  }
  return found
}

/** `200` of a response, 0 of a request. */
export function statusOf(message: string): number {
  return message.startsWith('SIP/2.0 ') ? Number(message.slice(8, 11)) : 0
}

export function uriInside(value: string): string {
  const open = value.indexOf('<')
  return open < 0 ? value : value.slice(open + 1, value.indexOf('>', open))
}

/** A response to `request`: the header fields that RFC 3261 §8.2.6.2 copies, and what is added. */
export function answerTo(request: string, status: string, toTag: string, added: string): string {
  const to = field(request, 'To')
  const vias = fields(request, 'Via')
    .map((via) => `Via: ${via}\r\n`)
    .join('')
  const routes = fields(request, 'Record-Route')
    .map((route) => `Record-Route: ${route}\r\n`)
    .join('')
  return (
    `SIP/2.0 ${status}\r\n${vias}${routes}From: ${field(request, 'From')}\r\n` +
    `To: ${to}${to.includes(';tag=') ? '' : `;tag=${toTag}`}\r\n` +
    `Call-ID: ${field(request, 'Call-ID')}\r\nCSeq: ${field(request, 'CSeq')}\r\n${added}Content-Length: 0\r\n\r\n`
  )
}
