/** Finds the codes in a text (an event, a header field, a bare number) and says what each means. */
import { verdictCodes } from '../certificates/verdict-codes.ts'
import type { VerdictCodeEntry } from '../certificates/verdict-codes.ts'
import type { WindowsCodeEntry } from '../certificates/windows-codes.ts'

export type Explanation =
  | {
      readonly kind: 'windows'
      readonly what: string
      readonly hresult: string
      readonly name: string
      readonly verdicts: readonly string[]
      readonly lines: readonly string[]
    }
  | { readonly kind: 'verdict'; readonly what: string; readonly code: string; readonly lines: readonly string[] }
  | {
      readonly kind: 'serial'
      readonly what: string
      readonly serial: string
      readonly reversed: string
      readonly lines: readonly string[]
    }
  | {
      readonly kind: 'ms-diagnostics'
      readonly what: string
      readonly id: number
      readonly parameters: Readonly<Record<string, string>>
      readonly lines: readonly string[]
    }
  | { readonly kind: 'event'; readonly what: string; readonly id: number; readonly lines: readonly string[] }

export interface CodeTables {
  windows(text: string): WindowsCodeEntry | undefined
  verdict(code: string): VerdictCodeEntry | undefined
}

const maxCharacters = 64 * 1024
const maxFound = 64

/**
 * `explain('… Extended Error Code: 0x800B0101')` names CERT_E_EXPIRED, its meaning, and the verdicts that carry it.
 *
 * @returns one entry for each code found, in the order of the text; empty when nothing is known
 */
export function explain(text: string, tables: CodeTables): readonly Explanation[] {
  const bounded = text.slice(0, maxCharacters)
  const diagnostics = readDiagnostics(bounded)
  const found = [
    ...(diagnostics === undefined ? [] : [diagnostics]),
    ...words(bounded, /0x[0-9a-f]{8}\b|(?<![\w.])-\d{9,10}\b|\b[A-Z]+_[EI]_[A-Z0-9_]+\b|\b[89][0-9a-f]{7}\b/gi).flatMap(
      (word) => explainWindows(word, tables),
    ),
    ...words(bounded, /\b[a-z]+\.[a-z-]+\b/g).flatMap((word) => explainVerdict(word, tables)),
    ...serials(bounded).map(explainSerial),
    ...words(bounded, /(?<=\b(?:event|id|ID|Event ID)[ :#=]*)\d{5}\b|^\d{5}$/g).flatMap(explainEvent),
  ]
  return found.slice(0, maxFound)
}

function words(text: string, pattern: RegExp): readonly string[] {
  return [...new Set(text.match(pattern) ?? [])]
}

function explainWindows(word: string, tables: CodeTables): readonly Explanation[] {
  const entry = tables.windows(word)
  if (entry === undefined) return []
  const verdicts = verdictCodes.filter(({ windows }) => windows?.includes(entry.name)).map(({ code }) => code)
  const carried = verdicts.length === 0 ? [] : [`siplab verdicts that carry it: ${verdicts.join(', ')}`]
  return [
    {
      kind: 'windows',
      what: `${entry.hresult} ${entry.name}`,
      hresult: entry.hresult,
      name: entry.name,
      verdicts,
      lines: [entry.meaning, ...carried],
    },
  ]
}

function explainVerdict(word: string, tables: CodeTables): readonly Explanation[] {
  const entry = tables.verdict(word)
  if (entry === undefined) return []
  const windows =
    entry.windows === undefined
      ? []
      : [`windows: ${entry.windows.join(', ')}${entry.inferred === true ? ' (inferred)' : ''}`]
  const meaning = entry.meaning.replace('{certificate}', 'the certificate')
  return [
    {
      kind: 'verdict',
      what: entry.code,
      code: entry.code,
      lines: [meaning, `rule: ${entry.rule}`, ...windows, `fix: ${entry.remedy}`],
    },
  ]
}

/** 8 to 20 octets in hex, with or without separators; what is already known as an HRESULT is too short to be one. */
function serials(text: string): readonly string[] {
  return words(text, /\b(?:[0-9a-f]{2}[: -]?){8,20}(?![0-9a-f])/gi)
    .map((word) => word.replace(/[^0-9a-f]/gi, '').toUpperCase())
    .filter((hex) => hex.length >= 16 && hex.length <= 40 && /[A-F]|\d{16}/.test(hex))
}

function explainSerial(serial: string): Explanation {
  const reversed = (serial.match(/../g) ?? []).toReversed().join('')
  const lines = [
    `the certificate dialog shows one order and the event log of LCS and OCS the other`,
    `reversed: ${reversed}`,
  ]
  return { kind: 'serial', what: `serial ${serial}`, serial, reversed, lines }
}

/** `1010;reason="Certificate trust with another server could not be established";source="edge.lab.test"`. */
function readDiagnostics(text: string): Explanation | undefined {
  const found =
    /(?:^|ms-diagnostics(?:-public)?\s*:\s*)(\d{1,5})(?:\.\d+)?((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^;"\s]+))+)/i.exec(
      text,
    )
  if (found === null) return undefined
  const [, digits = '', rest = ''] = found
  const parameters = Object.fromEntries(
    [...rest.matchAll(/;\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^;"\s]+))/g)].map(([, name = '', quoted, plain]) => [
      name.toLowerCase(),
      quoted ?? plain ?? '',
    ]),
  )
  const id = Number(digits)
  const meaning = diagnosticsMeanings.get(id)
  const lines = [
    `range: ${diagnosticsRange(id)}`,
    ...(meaning === undefined ? [] : [meaning]),
    ...Object.entries(parameters).map(([name, value]) => `${name}: ${value}`),
  ]
  return { kind: 'ms-diagnostics', what: `ms-diagnostics ${id}`, id, parameters, lines }
}

/** What is published about single ids ([MS-OCER] and field reports); an id we do not know stays without a sentence. */
const diagnosticsMeanings: ReadonlyMap<number, string> = new Map([
  [1009, 'the SRV records of the domain lead to a host outside it'],
  [1010, 'a certificate of another server cannot be trusted, most often because it lacks the name that was dialled'],
  [1047, 'the peer reset the connection while or after the TLS handshake: usually it does not trust our certificate'],
])

const diagnosticsRanges: readonly (readonly [from: number, name: string])[] = [
  [17000, 'client version'],
  [16000, 'IM filter'],
  [13000, 'inbound routing'],
  [12000, 'outbound routing'],
  [10000, 'mediation'],
  [9000, 'A/V authentication (MRAS)'],
  [8000, 'telephony'],
  [7000, 'A/V conferencing'],
  [6000, 'IM conferencing'],
  [5000, 'applications'],
  [4000, 'other user services'],
  [3000, 'conference focus'],
  [2000, 'presence'],
  [1000, 'SIP stack'],
  [0, 'common'],
]

function diagnosticsRange(id: number): string {
  return diagnosticsRanges.find(([from]) => id >= from)?.[1] ?? 'unknown'
}

function explainEvent(word: string): readonly Explanation[] {
  const id = Number(word)
  const meaning = eventMeanings.get(id)
  return meaning === undefined ? [] : [{ kind: 'event', what: `event ${id}`, id, lines: [meaning] }]
}

/** Event numbers that public sources give for certificate trouble, with the product they were seen on. */
const eventMeanings: ReadonlyMap<number, string> = new Map([
  [12299, 'the service is shutting down due to an internal error (Lync, Skype for Business)'],
  [12303, 'the access edge could not load its certificate; stands with 14694 and 14397 (Lync 2013)'],
  [12326, 'starting the protocol stack failed, the service has to stop (OCS 2007 R2)'],
  [14336, 'the TLS listener could not start; stands with 14347 and 14352 (LCS 2003)'],
  [14347, 'the TLS listener could not start; stands with 14336 and 14352 (LCS 2003)'],
  [14352, 'the TLS listener could not start; stands with 14336 and 14347 (LCS 2003)'],
  [14397, 'stands with 12303: the access edge could not load its certificate (Lync 2013)'],
  [
    14428,
    'outgoing TLS connections failed over the last minutes; carries the Windows code of the last failure, ' +
      'typically 0x80090322 or 0x80090325',
  ],
  [
    14559,
    'an edge array member could not import the shared session key: the members use different external certificates',
  ],
  [14694, 'stands with 12303: the access edge could not load its certificate (Lync 2013)'],
])
