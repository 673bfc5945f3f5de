/** The few header fields by which messages of a trace are told apart. Read leniently: a trace shows broken ones too. */

/** The value of the first field of that name; compact forms count (RFC 3261 §7.3.3). */
function fieldOf(head: string, names: string): string | undefined {
  return new RegExp(`^(?:${names})[ \\t]*:[ \\t]*([^\\r\\n]*)`, 'im').exec(head)?.[1]?.trim()
}

function headOf(text: string): string {
  const end = text.search(/\r?\n\r?\n/)
  return end < 0 ? text : text.slice(0, end)
}

export function callIdOf(text: string): string | undefined {
  return fieldOf(headOf(text), 'call-id|i')
}

/** The method of a request, or of the request that a response answers. */
export function methodOf(text: string): string | undefined {
  const head = headOf(text)
  return /^\d+[ \t]+(\S+)/.exec(fieldOf(head, 'cseq') ?? '')?.[1] ?? /^([A-Z]+) /.exec(head)?.[1]
}

export function isRequest(text: string): boolean {
  return !text.startsWith('SIP/2.0 ')
}

interface Party {
  /** `alice`. */
  readonly user: string
  /** `alice@lab.test`, lower case. */
  readonly address: string
}

/** The user of a URI in a field value: `"A" <sip:alice@lab.test>;tag=1`. Undefined for a URI without one. */
function partyOf(value: string | undefined): Party | undefined {
  const [, user, host] = /sips?:([^@>;?,\s]{1,200})@(\[[^\]]{1,60}\]|[^>;?,:\s]{1,255})/i.exec(value ?? '') ?? []
  if (user === undefined || host === undefined) return undefined
  const name = user.replace(/:.*$/, '')
  return { user: name, address: `${name}@${host}`.toLowerCase() }
}

export function fromOf(text: string): Party | undefined {
  return partyOf(fieldOf(headOf(text), 'from|f'))
}

export function toOf(text: string): Party | undefined {
  return partyOf(fieldOf(headOf(text), 'to|t'))
}

/** Who a request is for: its Request-URI. */
export function requestUserOf(text: string): Party | undefined {
  return isRequest(text) ? partyOf(/^\S+ (\S+)/.exec(text)?.[1]) : undefined
}

/** The host that a request names as its sender in the last Via, without the port: the phone itself. */
export function sentByOf(text: string): string | undefined {
  const values = [...headOf(text).matchAll(/^(?:via|v)[ \t]*:[ \t]*([^\r\n]*)/gim)]
  const last = values.at(-1)?.[1]?.split(',').at(-1)
  return /^[ \t]*SIP\/2\.0\/\w+[ \t]+(\[[^\]]+\]|[^:;,\s]+)/i.exec(last ?? '')?.[1]
}
