/** What is wrong with bytes that claim to be a certificate, a CRL, a container of them or a test corpus, and where. */

export type CertificateErrorCode =
  | 'cert.malformed'
  | 'crl.malformed'
  | 'limbo.malformed'
  | 'file.corrupt'
  | 'file.pfx-malformed'
  | 'key.malformed'

/** The peer's bytes cannot be read. `offset` counts octets from the start of the outermost object. */
export class CertificateError extends Error {
  readonly code: CertificateErrorCode
  readonly offset: number

  constructor(code: CertificateErrorCode, message: string, offset: number) {
    super(`${message} (at octet ${offset})`)
    this.name = 'CertificateError'
    this.code = code
    this.offset = offset
  }
}
