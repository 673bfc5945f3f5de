/** PEM text as people leave it: every BEGIN line is a block, and what is odd about it is kept beside it (RFC 7468). */

type Oddity =
  | 'not-closed'
  | 'joined'
  | 'indented'
  | 'quoted'
  | 'escaped'
  | 'carriage-return'
  | 'byte-order-mark'
  | 'not-alone'
  | 'other-end'
  | 'blank-line'

export interface PemBlock {
  readonly label: string
  /** Base64 and headers, unchanged, between the BEGIN and the END line. */
  readonly body: string
  /** Counted from 1. */
  readonly line: number
  /** What a strict reader stumbles over. */
  readonly oddity?: Oddity
}

export interface PemText {
  readonly blocks: readonly PemBlock[]
  /** BEGIN lines that were not looked at. */
  readonly left: number
}

/** A list of all public roots has 150 blocks; more than this is counted and not read. */
export const maxBlocks = 2000

const begin = /-----BEGIN ([A-Za-z0-9 #.]{1,40})-----/g

/** Linear in the length of the text: each part of it is searched once. */
export function readPem(text: string): PemText {
  const blocks: PemBlock[] = []
  let line = 1
  let counted = 0
  let left = 0
  let start: Start | undefined
  for (const next of starting(text)) {
    if (start !== undefined) {
      line += newlines(text.slice(counted, start.at))
      counted = start.at
      blocks.push(block(text, start, { line, next: next.at }))
    }
    start = blocks.length < maxBlocks ? next : undefined
    if (start === undefined) left += 1
  }
  if (start !== undefined) {
    line += newlines(text.slice(counted, start.at))
    blocks.push(block(text, start, { line, next: text.length }))
  }
  return { blocks, left }
}

interface Start {
  readonly at: number
  readonly label: string
  readonly after: number
}

function* starting(text: string): Generator<Start> {
  for (const match of text.matchAll(begin)) {
    const [whole, label = ''] = match
    yield { at: match.index, label: label.trim(), after: match.index + whole.length }
  }
}

function block(text: string, start: Start, { line, next }: { readonly line: number; readonly next: number }): PemBlock {
  const rest = text.slice(start.after, next)
  const end = rest.indexOf('-----END ')
  const body = end >= 0 ? rest.slice(0, end) : rest
  const oddity = oddityOf(text, start, { body, end: end >= 0 ? rest.slice(end, end + 80) : undefined })
  return { label: start.label, body, line, ...(oddity === undefined ? {} : { oddity }) }
}

function oddityOf(
  text: string,
  start: Start,
  { body, end }: { readonly body: string; readonly end: string | undefined },
): Oddity | undefined {
  if (end === undefined) return 'not-closed'
  const before = /[^\r\n]*$/.exec(text.slice(Math.max(0, start.at - 80), start.at))?.[0] ?? ''
  if (before.endsWith('-----')) return 'joined'
  if (/^[>|]/.test(before)) return 'quoted'
  const sample = body.slice(0, 400)
  if (/\\[nr]/.test(sample)) return 'escaped'
  if (sample.includes('\r') && !body.includes('\n')) return 'carriage-return'
  if ((before !== '' && before.trim() === '') || /\n[ \t]+[A-Za-z0-9+/]/.test(sample)) return 'indented'
  if (before === markInLatin1) return 'byte-order-mark'
  if (before !== '' || !/^[ \t\r]*\n/.test(sample)) return 'not-alone'
  if (!isEnd(end, start.label)) return 'other-end'
  return hasBlankLine(body) ? 'blank-line' : undefined
}

const markInLatin1 = Buffer.from([0xef, 0xbb, 0xbf]).toString('latin1')

/** `-----END CERTIFICATE-----` of the same label. What comes behind it is another block, or nothing. */
function isEnd(end: string, label: string): boolean {
  const found = /^-----END ([^\r\n-]{1,40})-----(?:[\u0000-\u0020]*$|[\u0000-\u0020]*[\r\n]|-)/.exec(end)
  return found?.[1] === label
}

/** OpenSSL takes one blank line, which ends the headers (RFC 1421 §4.4). */
function hasBlankLine(body: string): boolean {
  const base64 = body
    .replace(/^\s*(?:[A-Za-z][A-Za-z-]{0,40}:[^\n]*\n)+[ \t\r]*\n/, '\n')
    .replace(/^[ \t\r]*\n(?:[ \t\r]*\n)?/, '')
  return /(?:^|\n)[ \t\r]*\n/.test(base64)
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** A certificate of a megabyte is an attack, and so is its Base64. */
const maxBodyCharacters = 24 * 1_048_576

/** The octets of a body; undefined with the reason where it is no Base64. */
export function decodeBody(body: string): { readonly octets: Buffer } | { readonly problem: string } {
  if (body.length > maxBodyCharacters)
    return { problem: `${body.length} characters, at most ${maxBodyCharacters} are read` }
  const base64 = body
    .replace(/^[A-Za-z][A-Za-z0-9-]{0,40}:[^\n]*$/gm, '')
    .replace(/\\[nr]/g, '')
    .replace(/[\s>|]+/g, '')
  const odd = /[^A-Za-z0-9+/=]/.exec(base64)?.[0]
  if (odd !== undefined) return { problem: `the character ${JSON.stringify(odd)} is no Base64` }
  const bare = base64.replace(/={1,2}$/, '')
  if (bare === '') return { problem: 'nothing is between BEGIN and END' }
  if (bare.includes('=') || base64.length % 4 === 1 || bare.length % 4 === 1)
    return { problem: `${base64.length} characters of Base64 are no whole number of octets` }
  return { octets: Buffer.from(bare, 'base64') }
}
