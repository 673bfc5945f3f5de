/** `siplab explain --json`: what the page reads of it (docs/contract.md). */
import type { Verdict } from '../documents.ts'

export interface Explanation {
  readonly evidenceKind?: string
  readonly cause?: { readonly code: string } | null
  readonly candidates?: readonly { readonly code: string; readonly why: string }[]
  readonly whoseCertificate?: 'ours' | 'theirs' | null
  readonly whoRefused?: 'us' | 'them' | null
  readonly evidence?: readonly { readonly where: string; readonly found: string }[]
  readonly advice?: readonly {
    readonly code: string
    readonly acts?: 'us' | 'them'
    readonly rule?: string
    readonly remedy?: string
    readonly reproduce?: readonly string[]
  }[]
  /** Of certificates, the leaf first. */
  readonly chain?: { readonly links: readonly ChainLink[] }
  readonly notes?: readonly string[]
  readonly findings?: readonly { readonly code: string; readonly message?: string; readonly found?: string }[]
}

export interface ChainLink {
  /** `send`, `missing` and others. */
  readonly place: string
  readonly subject: string
  /** `RSA 2048`. */
  readonly key?: string
  readonly certificate?: NonNullable<Verdict['certificate']>
}
