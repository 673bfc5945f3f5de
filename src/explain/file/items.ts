/** What a file may hold, and what is odd about the file itself. */
import { generalNameText } from '../../certificates/examine/general-name.ts'
import type { Crl } from '../../certificates/examine/crl.ts'
import type { Certificate } from '../../certificates/examine/index.ts'
import type { SigningRequest } from '../../certificates/containers/request.ts'
import type { VerdictCode } from '../../verdicts/codes.ts'

/** Nothing of the key but its public half is kept. */
export interface KeyItem {
  readonly kind: 'key'
  readonly where: string
  readonly encrypted: boolean
  /** SubjectPublicKeyInfo; absent where the key was not opened. */
  readonly publicKey?: Buffer
  /** e.g. `RSA 2048`. */
  readonly text: string
}

export interface CertificateItem {
  readonly kind: 'certificate'
  readonly where: string
  readonly certificate: Certificate
}

export type Item =
  | CertificateItem
  | KeyItem
  | { readonly kind: 'crl'; readonly where: string; readonly crl: Crl }
  | { readonly kind: 'request'; readonly where: string; readonly request: SigningRequest }
  /** DH parameters, a public key: nothing to judge. */
  | { readonly kind: 'other'; readonly where: string; readonly label: string }
  | { readonly kind: 'broken'; readonly where: string; readonly label: string; readonly problem: string }

/** A statement about the file itself. */
export interface Remark {
  readonly code: VerdictCode
  readonly where: string
  readonly why: string
  /** Absent: that of the code. */
  readonly remedy?: string
}

export type FileFormat = 'PEM' | 'DER' | 'PKCS #7' | 'PKCS #12' | 'Base64 without BEGIN line' | 'unknown'

export interface Bundle {
  readonly format: FileFormat
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
  readonly notes: readonly string[]
}

/** How people know a certificate: by its subject, and without one by its first name. */
export function titleOf({ subject, subjectAltNames = [], serial }: Certificate): string {
  const [name] = subjectAltNames
  const title =
    subject.text === '' ? (name === undefined ? `serial ${serial.hex}` : generalNameText(name)) : subject.text
  return title.slice(0, 200)
}
