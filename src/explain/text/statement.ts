/** What one line says: the wrapping removed, the words in canonical form, and every rule that matches. */
import type { FileRole, Saying } from './grammar.ts'
import { stacks } from './stacks/index.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

/** A line with what a logger put around it. */
export interface Line {
  /** 1 for the first. */
  readonly number: number
  /** The words, without wrapping. */
  readonly text: string
  /** As it is written in the log; absent: none found. */
  readonly time?: string
}

export interface Statement {
  readonly line: Line
  readonly stack: string
  readonly saying: Saying
  /** Place of the certificate in the chain, 0 for the leaf. */
  readonly depth: number | undefined
}

const maxLineLength = 8192

/** Octal and JSON escapes that pasted logs keep. */
const wrapping = [
  /^﻿/,
  /^(?:>\s?)+/,
  // syslog of RFC 3164 and RFC 5424, journal: time, host, program[pid]:
  /^(?:<\d{1,3}>\d? ?)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \S+ [\w./-]+(?:\[\d+\])?: /,
  /^(?:<\d{1,3}>\d? ?)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? \S+ [\w./-]+\[\d+\]: /,
  // docker compose, kubectl: container |
  /^[\w.-]+ +\| /,
]

/** Colours and other control sequences of terminals (ECMA-48 §5.4), which loggers write into files too. */
const control = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[@-_]|#033\[[\d;]*[mK]/g

/** Removes what loggers put around a line; the time is kept elsewhere. */
export function unwrap(raw: string): string {
  let text = raw.includes('\u001b') || raw.includes('#033') ? raw.replaceAll(control, '') : raw
  for (const pattern of wrapping) text = text.replace(pattern, '')
  return text
}

const times = [
  /\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?/,
  /\b\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d+)?/i,
  /\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b/,
  /\b\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d(?: [AP]M)?/,
]

export function timeOf(raw: string): string | undefined {
  for (const pattern of times) {
    const found = pattern.exec(raw)
    if (found !== null) return found[0]
  }
  return undefined
}

/** Seconds between two times as logs write them. Absent: one of them cannot be read. */
export function secondsBetween(a: string, b: string): number | undefined {
  const seconds = Math.abs(instantOf(b) - instantOf(a)) / 1000
  return Number.isNaN(seconds) ? undefined : seconds
}

/**
 * `28/Nov/2026:17:57:26.589` of HAProxy, `2026-11-20 09:14:02,113` of Java and Python, and what `Date` reads itself.
 */
function instantOf(time: string): number {
  return Date.parse(time.replace(/^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):/i, '$1 $2 $3 ').replace(/,(\d)/, '.$1'))
}

/** Lower case, underscores and runs of blanks as one blank, plain apostrophes. */
export function canonical(text: string): string {
  return text
    .slice(0, maxLineLength)
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/[_\s]+/g, ' ')
    .trim()
}

/**
 * A line without one of these words says nothing that a rule knows. Checked first, since logs are long and mostly about
 * other things.
 */
const interesting =
  /ssl|tls|cert|x509|alert|handshake|pki|verif|expired|revo[ck]|crl|trust|signature|private[ _]?key|keystore|asn\.?1|pem[ _:]|base64|closed|terminated|reset|\beof\b|hang up|refused|timed? ?out|disconnect|enotfound|no such|denied|0x8[0-9a-f]{7}|0xc3e|-21\d{8}|\b21[34]\d{7}|diagnostics|reason:|(?:event|id)\W{0,4}\d{4,5}|protocol stack|[ _]e[ _][a-z]|err=|err(?:or)?[ =:(]+-?\d|depth=|no space|proxy protocol|layer[46]|ice failed|\bsni\b|cipher|principal|mismatch|pass ?phrase|unable to|cannot (?:load|find)|no credentials|could not|shutting down|not a configured|reloadable|bad_cert|keyset|network password|password must|pkcs ?#?\d|not enough data|wrong tag|\.pem\b|invalidkey|_ocsp_|\bocsp\b|badly formatted|sip\/2\.0 [3-6]/i

export function mayMatter(text: string): boolean {
  return interesting.test(text)
}

type Sayings = readonly { readonly stack: string; readonly saying: Saying }[]

/** What changes from line to line and matters to no rule: times, addresses, process ids, pointers. */
const varying =
  /\b\d{4}[-/]\d\d[-/]\d\d\b|\b\d\d:\d\d:\d\d(?:[.,]\d+)?z?|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|[[(]\d+[\])]|\b\d+#\d+: \*\d+|\b0x[0-9a-f]{9,16}\b|\b[0-9a-f]{16}(?=:error)/g
const maxRemembered = 2000
const remembered = new Map<string, Sayings>()

/**
 * Every rule of every stack that matches, in the order of the stacks. Lines that differ only in times are read once.
 */
export function sayingsOf(plain: string): Sayings {
  const key = plain.replaceAll(varying, '#')
  const known = remembered.get(key)
  if (known !== undefined) return known
  const found = matchingRules(plain)
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(key, found)
  return found
}

/** What the author of an event text guesses for every case is no evidence in this one. */
const guess = /\b(?:this )?(?:could|can|may|might) (?:happen|occur|be caused) (?:if|when|by|because)\b.*/

function matchingRules(text: string): Sayings {
  const plain = text.replace(guess, '')
  const found: { readonly stack: string; readonly saying: Saying }[] = []
  for (const { name, rules } of stacks)
    for (const { when, says, unless, only } of rules) {
      const match = when.exec(plain)
      if (match === null || unless?.test(plain) === true || only?.test(plain) === false) continue
      const saying = typeof says === 'function' ? says(match) : says
      if (saying !== undefined) found.push({ stack: name, saying })
    }
  return found
}

/** `depth=1` of OpenSSL, `at depth 1` of stunnel and SBCs. */
export function depthOf(plain: string): number | undefined {
  const found = /\bdepth ?[=: ] ?(\d{1,2})\b/.exec(plain)?.[1]
  return found === undefined ? undefined : Number(found)
}

const trustWords =
  /ca[ -]?list|load verify locations|ca[- ]?file|capath|load cert crl file|trust(?! ?ed certificate)[ -]?(?:list|store|ed ca|anchor|manager)|truststore|load root ca\b|root ca(?: ?(?:path|file)|=)|\bca[-.\w]*\.(?:pem|crt)|[-/]ca\.(?:pem|crt)|ca-?bundle|cacert|x509 (?:trust )?file/
const keyWords = /private ?key|\.key\b|certificate key|key ?file|key input/
const certificateWords = /certificate|\bcert\b|\.(?:pem|crt|cer)\b|load cert/

/** What the file is for that the words are about. */
export function fileRoleOf(plain: string): FileRole | undefined {
  if (trustWords.test(plain)) return 'trust'
  if (keyWords.test(plain)) return 'key'
  return certificateWords.test(plain) ? 'certificate' : undefined
}

/** The other end, as the line names it: an address with port, or a host. Ports of diallers change and are left out. */
export function linkOf(text: string): string | undefined {
  const upstream = /upstream: "([^"]{1,100})"/.exec(text)?.[1]
  if (upstream !== undefined) return upstream
  const server =
    /\bServer ([\w.-]+\/[\w.-]+) is/.exec(text)?.[1] ?? /connect to the server "([^"]{1,100})"/i.exec(text)?.[1]
  if (server !== undefined) return server
  const found =
    /\b(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?\b/.exec(text) ??
    /\[((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})\](?::(\d{1,5}))?/i.exec(text)
  if (found === null) return undefined
  const [, address = '', port] = found
  return port === undefined || Number(port) >= 32_768 ? address : endpointText(address, Number(port))
}
