/** What numbers in a text mean beside the cause: Windows codes, event numbers, `ms-diagnostics`, serials. */
import { findWindowsCode } from '../../verdicts/windows-codes.ts'
import { identifierOf } from './identifiers.ts'

const maxNotes = 12
const codes =
  /0x[0-9a-f]{8}\b|(?<![\w.:-])-?\d{9,10}(?![\w.:])|\b[A-Z]{3,8}_[EI]_[A-Z0-9_]+\b|(?<![\w.:-])[89c][0-9a-f]{7}(?![\w.:-])/gi

/** `notesOf('… 0x80090325 …')` -> `['0x80090325 SEC_E_UNTRUSTED_ROOT: the chain …']`. */
export function notesOf(text: string): readonly string[] {
  const found = [
    ...(text.match(codes) ?? []).slice(0, 64).flatMap(windowsNote),
    ...diagnostics(text),
    ...events(text),
    ...serials(text),
  ]
  return [...new Set(found)].slice(0, maxNotes)
}

function windowsNote(word: string): readonly string[] {
  const entry = findWindowsCode(word)
  return entry === undefined ? [] : [`${entry.hresult} ${entry.name}: ${entry.meaning}`]
}

function serials(text: string): readonly string[] {
  const found = identifierOf(text)
  if (found?.kind !== 'serial') return []
  return [`serial ${found.value}; the octets in reverse order, as events of LCS and OCS print them: ${found.reversed}`]
}

/** `1010;reason="Certificate trust with another server could not be established";source="edge.lab.test"`. */
function diagnostics(text: string): readonly string[] {
  const found =
    /(?:^|ms-diagnostics(?:-public)?\s*:\s*)(\d{1,5})(?:\.\d+)?((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]{0,500}"|[^;"\s]{1,200})){1,40})/i.exec(
      text,
    )
  if (found === null) return []
  const [, digits = '', rest = ''] = found
  const id = Number(digits)
  const meaning = diagnosticsMeanings.get(id)
  const parameters = [...rest.matchAll(/;\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^;"\s]+))/g)].map(
    ([, name = '', quoted, plain]) => `${name.toLowerCase()} ${quoted ?? plain ?? ''}`,
  )
  return [
    `ms-diagnostics ${id} (${diagnosticsRange(id)})${meaning === undefined ? '' : `: ${meaning}`}`,
    ...parameters.map((parameter) => `  ${parameter}`),
  ]
}

/** What is published about single ids ([MS-OCER] and field reports); an id we do not know stays without a sentence. */
const diagnosticsMeanings: ReadonlyMap<number, string> = new Map([
  [1008, 'the DNS SRV record of the domain was not found'],
  [1009, 'the SRV records of the domain lead to a host outside it'],
  [1010, 'a certificate of another server cannot be trusted, most often because it lacks the name that was dialled'],
  [1047, 'the peer reset the connection during or after the TLS handshake: usually it does not trust our certificate'],
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

function events(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:event(?: ?id)?|protocol stack|id)\W{0,4}(\d{4,5})\b/gi)]
    .slice(0, 8)
    .flatMap(([, digits]) => {
      const meaning = eventMeanings.get(Number(digits))
      return meaning === undefined ? [] : [`event ${digits}: ${meaning}`]
    })
}

/** Event numbers that public sources give for certificate trouble, with the product they were seen on. */
const eventMeanings: ReadonlyMap<number, string> = new Map([
  [7024, 'the service ended with an error of its own (Service Control Manager)'],
  [12290, 'the service could not start (Lync)'],
  [12299, 'the service is shutting down due to an internal error (Lync, Skype for Business)'],
  [12303, 'the access edge could not load its certificate; logged with 14694 and 14397 (Lync 2013)'],
  [12326, 'starting the protocol stack failed, the service has to stop (OCS 2007 R2)'],
  [14336, 'the TLS listener could not start; logged with 14347 and 14352 (LCS 2003)'],
  [14347, 'the TLS listener could not start; logged with 14336 and 14352 (LCS 2003)'],
  [14352, 'the TLS listener could not start; logged with 14336 and 14347 (LCS 2003)'],
  [14397, 'the access edge could not load its certificate; logged with 12303 (Lync 2013)'],
  [14428, 'outgoing TLS connections failed over the last minutes; carries the Windows code of the last failure'],
  [14517, 'the configuration has serious problems, for example a partner that is configured twice (OCS, Lync)'],
  [14559, 'an edge array member could not import the shared session key: the members use different certificates'],
  [14694, 'the access edge could not load its certificate; logged with 12303 (Lync 2013)'],
  [36870, 'the private key of the certificate cannot be read (Schannel)'],
  [36871, 'a fatal error while a TLS credential was created (Schannel)'],
  [36874, 'client and server share no cipher suite (Schannel)'],
  [36876, 'the certificate of the remote server did not validate (Schannel)'],
  [36882, 'the certificate of the remote server comes from an untrusted authority (Schannel)'],
  [36884, 'the certificate of the remote server lacks the expected name (Schannel)'],
  [36887, 'a fatal alert was received from the other end (Schannel)'],
  [36888, 'a fatal alert was sent to the other end (Schannel)'],
])
