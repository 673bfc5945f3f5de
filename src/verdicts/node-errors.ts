/**
 * What Node and OpenSSL call a failure -> the verdict code. `UNSPECIFIED` is told apart by its message, alerts by their
 * number: the code of an alert differs between OpenSSL releases, its number does not (RFC 8446 §6).
 */
import type { VerdictCode } from './codes.ts'

const byNodeCode: Readonly<Record<string, VerdictCode>> = {
  CERT_HAS_EXPIRED: 'cert.expired',
  CERT_NOT_YET_VALID: 'cert.not-yet-valid',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'chain.incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'chain.untrusted-root',
  UNABLE_TO_GET_ISSUER_CERT: 'chain.partial-anchor',
  SELF_SIGNED_CERT_IN_CHAIN: 'chain.untrusted-root',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'cert.self-signed',
  CERT_UNTRUSTED: 'chain.untrusted-root',
  CERT_REJECTED: 'chain.untrusted-root',
  CERT_SIGNATURE_FAILURE: 'cert.signature-invalid',
  ERR_SSL_PROVIDER_SIGNATURE_FAILURE: 'cert.signature-invalid',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'cert.signature-invalid',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'chain.malformed',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'cert.malformed',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'cert.malformed',
  INVALID_CA: 'chain.not-a-ca',
  PATH_LENGTH_EXCEEDED: 'chain.path-too-long',
  CERT_CHAIN_TOO_LONG: 'chain.too-deep',
  INVALID_PURPOSE: 'cert.eku-missing',
  HOSTNAME_MISMATCH: 'cert.name-mismatch',
  ERR_TLS_CERT_ALTNAME_INVALID: 'cert.name-mismatch',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'cert.san-malformed',
  CERT_REVOKED: 'cert.revoked',
  UNABLE_TO_GET_CRL: 'crl.missing',
  CRL_HAS_EXPIRED: 'crl.expired',
  CRL_NOT_YET_VALID: 'crl.not-yet-valid',
  CRL_SIGNATURE_FAILURE: 'crl.signature-invalid',
  ERROR_IN_CRL_LAST_UPDATE_FIELD: 'crl.malformed',
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 'crl.malformed',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'crl.signature-invalid',
  ERR_CRYPTO_OPERATION_FAILED: 'crl.malformed',

  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'tls.client-cert-missing',
  ERR_SSL_NO_SHARED_CIPHER: 'tls.no-common-cipher',
  ERR_SSL_NO_CIPHER_MATCH: 'tls.no-common-cipher',
  ERR_SSL_NO_CIPHERS_AVAILABLE: 'tls.no-common-cipher',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls.no-common-version',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls.no-common-version',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'tls.no-common-group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'tls.no-common-group',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'tls.no-common-signature',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'tls.no-common-signature',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'tls.alpn-mismatch',
  ERR_SSL_EXCESSIVE_MESSAGE_SIZE: 'tls.chain-too-large',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls.not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls.not-tls',
  ERR_SSL_HTTP_REQUEST: 'tls.not-tls',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'tls.not-tls',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'tls.handshake-timeout',

  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'key.mismatch',
  ERR_OSSL_X509_KEY_TYPE_MISMATCH: 'key.mismatch',
  ERR_OSSL_UNSUPPORTED: 'key.malformed',
  ERR_OSSL_BAD_DECRYPT: 'key.encrypted',
  ERR_SSL_DH_KEY_TOO_SMALL: 'tls.dh-too-small',
  ERR_SSL_EE_KEY_TOO_SMALL: 'key.too-weak',
  ERR_SSL_CA_KEY_TOO_SMALL: 'chain.key-weak',
  ERR_SSL_CA_MD_TOO_WEAK: 'cert.signature-weak',
  ERR_OSSL_PEM_NO_START_LINE: 'file.not-pem',
  ERR_OSSL_PEM_BAD_BASE64_DECODE: 'file.corrupt',
  ERR_OSSL_PEM_BAD_END_LINE: 'file.corrupt',
  ERR_CRYPTO_UNSUPPORTED_OPERATION: 'file.pfx-legacy',

  ECONNREFUSED: 'link.refused',
  ECONNRESET: 'link.reset',
  EPIPE: 'link.reset',
  ETIMEDOUT: 'link.timeout',
  EHOSTUNREACH: 'link.unreachable',
  ENETUNREACH: 'link.unreachable',
  ENOTFOUND: 'dns.not-found',
  EAI_AGAIN: 'dns.unreachable',
  ENOENT: 'file.missing',
  EACCES: 'file.unreadable',
  EPERM: 'file.unreadable',
}

/** Messages that decide where the code says nothing, first match wins. */
const byMessage: readonly (readonly [pattern: RegExp, code: VerdictCode])[] = [
  [/EE certificate key too weak/i, 'cert.key-weak'],
  [/CA certificate key too weak/i, 'chain.key-weak'],
  [/CA signature digest algorithm too weak|md too weak/i, 'cert.signature-weak'],
  [/subtree violation|name constraint|invalid name syntax/i, 'chain.name-constraint'],
  [/unhandled critical extension/i, 'cert.critical-extension'],
  [/key usage does not include certificate signing/i, 'chain.no-cert-sign'],
  [/key usage does not include CRL signing/i, 'crl.no-crl-sign'],
  [/key usage does not include digital signature/i, 'cert.ku-wrong'],
  [/unsupported certificate purpose|unsuitable certificate purpose/i, 'cert.eku-missing'],
  [/policy/i, 'chain.policy'],
  [/failed to parse crl/i, 'crl.malformed'],
  [/unsupported pkcs12/i, 'file.pfx-legacy'],
  [/mac verify failure/i, 'file.pfx-password'],
  [/not enough data/i, 'file.pfx-malformed'],
]

/**
 * Alert number -> what the number alone proves (RFC 8446 §6.2). One about a certificate proves that the other end
 * refused ours: which causes are left is worked out in certificates/alert-verdict.ts.
 */
const byAlert: Readonly<Record<number, VerdictCode>> = {
  41: 'tls.peer-refused',
  42: 'tls.peer-refused',
  43: 'tls.peer-refused',
  44: 'tls.peer-refused',
  45: 'tls.peer-refused',
  46: 'tls.peer-refused',
  48: 'tls.peer-refused',
  49: 'tls.peer-refused',
  51: 'tls.peer-refused',
  70: 'tls.no-common-version',
  112: 'tls.name-unknown',
  116: 'tls.client-cert-missing',
  120: 'tls.alpn-mismatch',
}

/** The number in `...SSL alert number 45`. Absent when the text names none. */
export function alertNumber(message: string): number | undefined {
  const found = /alert number (\d{1,3})/.exec(message)?.[1]
  return found === undefined ? undefined : Number(found)
}

/**
 * `nodeErrorToCode('CERT_HAS_EXPIRED')` -> `cert.expired`. What Node cannot tell apart gets the commoner cause: an
 * issuer that was not sent and an unknown root share a code, and the examiner separates them.
 *
 * @param message needed for `UNSPECIFIED`, alerts and errors without a code
 * @returns `tls.alert` for an alert that names no cause, `tls.handshake-failed` for an error that is not listed
 */
export function nodeErrorToCode(code: string | undefined, message = ''): VerdictCode {
  const alert = alertNumber(message)
  if (alert !== undefined) return byAlert[alert] ?? 'tls.alert'
  if (code !== undefined && Object.hasOwn(byNodeCode, code)) return byNodeCode[code] ?? 'tls.handshake-failed'
  if (code?.startsWith('ERR_OSSL_ASN1_') === true) return 'file.corrupt'
  return byMessage.find(([pattern]) => pattern.test(message))?.[1] ?? 'tls.handshake-failed'
}

/**
 * The same for an error of a handshake: what OpenSSL cannot read then is the certificate of the peer, and no file or
 * key of ours.
 */
export function handshakeErrorToCode(code: string | undefined, message = ''): VerdictCode {
  const found = nodeErrorToCode(code, message)
  return found.startsWith('file.') || found === 'key.malformed' || found === 'key.encrypted' ? 'cert.malformed' : found
}
