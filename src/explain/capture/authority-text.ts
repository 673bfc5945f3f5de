/** The names of CAs in a CertificateRequest, as people read them. */
import { CertificateError } from '../../certificates/examine/certificate-error.ts'
import { DerReader } from '../../certificates/examine/der.ts'
import { readDistinguishedName } from '../../certificates/examine/distinguished-name.ts'

/** `CN=lab root,O=siplab`; the first octets of what is no name. */
export function authorityText(der: Buffer): string {
  try {
    return readDistinguishedName(new DerReader(der), 'CA name').text
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return `unreadable (${der.subarray(0, 16).toString('hex')})`
  }
}
