/** Damaged certificates for the examiner: octets changed, cut, doubled and swapped at places that DER makes matter. */
import { CertificateError, examine, readCertificate, toVerdict } from '../../src/certificates/examine/index.ts'
import { issuing, leaf, now, root } from '../certificates/examine/chains.ts'

export interface FuzzResult {
  readonly tried: number
  /** Still a certificate after the damage: the rules were run on it, not only the reader. */
  readonly read: number
  readonly foreign: readonly { readonly der: Buffer; readonly error: string }[]
}

/** xorshift32: the same seed gives the same damage. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

/** Reads and judges `count` damaged certificates, as leaf, issuer and anchor in turn. */
export function fuzzCertificates(count: number, seed: number): FuzzResult {
  const next = generator(seed)
  const good = { leaf: leaf(), issuing: issuing(), root: root() }
  const foreign: { der: Buffer; error: string }[] = []
  let read = 0
  for (let index = 0; index < count; index += 1) {
    const place = (['leaf', 'issuing', 'root'] as const)[index % 3] ?? 'leaf'
    const der = damage(good[place], next)
    if (reads(der, foreign)) read += 1
    try {
      const pick = (name: typeof place): Buffer => (name === place ? der : good[name])
      const names = [{ kind: 'dns', value: 'fe1.lab.test' }] as const
      const profile = (['modern', 'webpki', 'lcs2005', 'rfc5280'] as const)[next(4)] ?? 'modern'
      toVerdict(
        examine({
          chain: [pick('leaf'), pick('issuing')],
          anchors: [pick('root')],
          names,
          purpose: 'serverAuth',
          time: now,
          profile,
        }),
      )
    } catch (error) {
      foreign.push({ der, error: String(error) })
    }
  }
  return { tried: count, read, foreign }
}

/** The reader alone may throw its own error, and no other. */
function reads(der: Buffer, foreign: { der: Buffer; error: string }[]): boolean {
  try {
    readCertificate(der)
    return true
  } catch (error) {
    if (!(error instanceof CertificateError)) foreign.push({ der, error: String(error) })
    return false
  }
}

const telling = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x31, 0x04, 0x02, 0x06, 0x25, 0x3a, 0x2a]

function damage(good: Buffer, next: (below: number) => number): Buffer {
  let der = Buffer.from(good)
  for (let edits = 1 + next(3); edits > 0; edits -= 1) {
    const at = next(der.length)
    const kind = next(8)
    if (kind < 3) der[at] = next(256)
    else if (kind < 5) der[at] = telling[next(telling.length)] ?? 0
    else if (kind === 5) der[at] = (der[at] ?? 0) ^ (1 << next(8))
    else if (kind === 6) der.copy(der, at, next(der.length), next(der.length))
    else der = Buffer.concat([der.subarray(0, at), der.subarray(Math.min(der.length, at + next(4)))])
    if (der.length < 8) return der
  }
  return der
}
