/**
 * The joined diagnosis of one failure: one vocabulary for events, `ms-diagnostics`, scenario expectations and `siplab
 * check`.
 */

/**
 * One certificate as a verdict shows it; serials are given in both byte orders because the old event log printed them
 * reversed.
 */
export interface VerdictCertificate {
  /** RFC 4514 form, e.g. `CN=fe1.lab.test`. */
  readonly subject: string
  readonly issuer: string
  /** SAN entries with their kind, e.g. `DNS:fe1.lab.test`, `URI:sip:lab.test`. */
  readonly subjectAltNames: readonly string[]
  /** Hex, as the certificate dialog prints it. */
  readonly serial: string
  /** The same octets in reverse order, as LCS and OCS events print them. */
  readonly serialReversed: string
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256 over the DER, hex. */
  readonly fingerprint: string
}

export interface WindowsCode {
  /** e.g. `0x800B0101`. */
  readonly hresult: string
  /** e.g. `CERT_E_EXPIRED`. */
  readonly name: string
  /** True where the mapping from the fault to the code is ours and not documented. */
  readonly inferred: boolean
}

export interface Verdict {
  /** Dotted code, e.g. `cert.expired`; every code is in the table of codes.ts. */
  readonly code: string
  /** The node whose observation this is, e.g. `director`. Absent outside a lab. */
  readonly node?: string
  /** `director->fe1`: who dialled whom. Absent when no link is concerned. */
  readonly link?: string
  /** Seen by the side that dialled (`outgoing`) or the side that accepted (`incoming`). */
  readonly direction?: 'outgoing' | 'incoming'
  readonly certificate?: VerdictCertificate
  /** One sentence for people. */
  readonly message: string
  /** What was wanted, with its source, e.g. `notAfter is in the future (RFC 5280 §4.1.2.5)`. */
  readonly rule?: string
  /** What was found, e.g. `ended 2026-03-01T12:00:00Z, 3 d ago by the clock of director`. */
  readonly found?: string
  readonly windows?: WindowsCode
  /** Event number of LCS/OCS where one is documented; an unknown id stays absent. */
  readonly eventId?: number
  /** A command or an edit that fixes the fault. */
  readonly fix?: string
  /** Causes that the evidence does not exclude, the commonest first. Absent where `code` is the cause. */
  readonly candidates?: readonly { readonly code: string; readonly why: string }[]
  /** Seen from the end that reports. Absent where the code says it. */
  readonly whoseCertificate?: 'ours' | 'theirs'
  readonly whoRefused?: 'us' | 'them'
  /** Every further fault, most important first. */
  readonly others?: readonly Verdict[]
}
