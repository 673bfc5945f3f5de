/** PEM blocks to DER (RFC 7468), for certificates and CRLs; keys are none of the examiner's business. */

const block =
  /-----BEGIN (CERTIFICATE|TRUSTED CERTIFICATE|X509 CERTIFICATE|X509 CRL|CRL)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g

/** The DER of every certificate and CRL block, in order; text around the blocks is passed over. */
export function pemBlocks(text: string): readonly Buffer[] {
  return [...text.matchAll(block)].map(([, , base64 = '']) => Buffer.from(base64, 'base64'))
}
