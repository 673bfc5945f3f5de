/**
 * The Windows and SIPPROXY error codes an administrator of those servers would look for, one table. winerror.h, sspi
 * and the OCS documentation.
 */
import type { WindowsCode } from './verdict.ts'

/** Name -> code and meaning. Several names share a meaning but never a number. */
export const windowsCodes = {
  CERT_E_EXPIRED: ['0x800B0101', 'expired or not yet valid: one code for both ends of the validity period'],
  CERT_E_VALIDITYPERIODNESTING: ['0x800B0102', 'validity periods of the chain do not nest'],
  CERT_E_ROLE: ['0x800B0103', 'an end certificate is used as a CA, or the reverse'],
  CERT_E_PATHLENCONST: ['0x800B0104', 'a path length constraint is violated'],
  CERT_E_CRITICAL: ['0x800B0105', 'an unknown extension is marked critical'],
  CERT_E_PURPOSE: ['0x800B0106', 'the certificate is used for a purpose its key usage excludes'],
  CERT_E_ISSUERCHAINING: ['0x800B0107', 'the parent did not issue the child'],
  CERT_E_MALFORMED: ['0x800B0108', 'a field of the certificate is missing or empty'],
  CERT_E_UNTRUSTEDROOT: ['0x800B0109', 'the chain ends in a root that is not trusted'],
  CERT_E_CHAINING: ['0x800B010A', 'no chain to a trusted root could be built'],
  CERT_E_REVOKED: ['0x800B010C', 'the issuer revoked the certificate'],
  CERT_E_UNTRUSTEDTESTROOT: ['0x800B010D', 'the root is the test root'],
  CERT_E_REVOCATION_FAILURE: ['0x800B010E', 'the revocation check could not be completed'],
  CERT_E_CN_NO_MATCH: ['0x800B010F', 'the name in the certificate is not the name wanted'],
  CERT_E_WRONG_USAGE: ['0x800B0110', 'the certificate is not valid for the requested usage'],
  CERT_E_UNTRUSTEDCA: ['0x800B0112', 'a CA of the chain is not trusted'],
  CERT_E_INVALID_POLICY: ['0x800B0113', 'the certificate has an invalid policy'],
  CERT_E_INVALID_NAME: ['0x800B0114', 'a name is outside the permitted names, or excluded'],
  TRUST_E_CERT_SIGNATURE: ['0x80096004', 'the signature of the certificate cannot be verified'],
  TRUST_E_BASIC_CONSTRAINTS: ['0x80096019', 'a basic constraint is violated'],
  CRYPT_E_NOT_FOUND: ['0x80092004', 'object or property not found'],
  CRYPT_E_NO_KEY_PROPERTY: ['0x8009200B', 'no private key belongs to the certificate'],
  CRYPT_E_REVOKED: ['0x80092010', 'the certificate is revoked'],
  CRYPT_E_NO_REVOCATION_CHECK: ['0x80092012', 'revocation could not be checked for the certificate'],
  CRYPT_E_REVOCATION_OFFLINE: ['0x80092013', 'the revocation server was offline'],
  CRYPT_E_ASN1_BADTAG: ['0x8009310B', 'ASN.1 tag met that was not expected'],
  NTE_BAD_KEY: ['0x80090003', 'the key is bad'],
  NTE_PERM: ['0x80090010', 'access denied'],
  NTE_BAD_PUBLIC_KEY: ['0x80090015', 'the public key is invalid for the operation'],
  NTE_BAD_KEYSET: ['0x80090016', 'the key set does not exist or cannot be read'],
  SEC_E_UNSUPPORTED_FUNCTION: ['0x80090302', 'the requested function (protocol version) is not supported'],
  SEC_E_INVALID_TOKEN: ['0x80090308', 'what came is no TLS message that can be read'],
  SEC_E_LOGON_DENIED: ['0x8009030C', 'refused by policy'],
  SEC_E_UNKNOWN_CREDENTIALS: ['0x8009030D', 'the credentials were not recognised (private key not readable)'],
  SEC_E_NO_CREDENTIALS: ['0x8009030E', 'no credentials: no certificate to offer'],
  SEC_I_INCOMPLETE_CREDENTIALS: ['0x00090320', 'the server asked for a client certificate and none was given'],
  SEC_E_WRONG_PRINCIPAL: ['0x80090322', 'the target principal name is incorrect'],
  SEC_E_TIME_SKEW: ['0x80090324', 'the clocks differ too much for Kerberos; often mistaken for an expired certificate'],
  SEC_E_UNTRUSTED_ROOT: ['0x80090325', 'the chain was issued by an authority that is not trusted'],
  SEC_E_ILLEGAL_MESSAGE: ['0x80090326', 'the handshake broke: unexpected or badly formed message'],
  SEC_E_CERT_UNKNOWN: ['0x80090327', 'an unknown error while the certificate was processed'],
  SEC_E_CERT_EXPIRED: ['0x80090328', 'the received certificate has expired'],
  SEC_E_ALGORITHM_MISMATCH: ['0x80090331', 'no common algorithm'],
  SEC_E_CERT_WRONG_USAGE: ['0x80090349', 'the certificate may not be used for this'],
  SEC_E_APPLICATION_PROTOCOL_MISMATCH: ['0x80090367', 'no common application protocol'],
  ERROR_INVALID_PASSWORD: ['0x80070056', 'the password is wrong'],
  ERROR_INTERNET_TIMEOUT: ['0x80072EE2', 'the request timed out (12002)'],
  ERROR_INTERNET_NAME_NOT_RESOLVED: ['0x80072EE7', 'the name was not found (12007)'],
  ERROR_INTERNET_CANNOT_CONNECT: ['0x80072EFD', 'the connection failed (12029)'],
  ERROR_INTERNET_CONNECTION_RESET: ['0x80072EFF', 'the connection was reset (12031)'],
  ERROR_INTERNET_SEC_CERT_DATE_INVALID: ['0x80072F05', 'a date in the certificate is wrong, or it has expired (12037)'],
  ERROR_INTERNET_SEC_CERT_CN_INVALID: ['0x80072F06', 'the name in the certificate is not the name wanted (12038)'],
  ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED: ['0x80072F0C', 'the server asks for a client certificate (12044)'],
  ERROR_INTERNET_INVALID_CA: ['0x80072F0D', 'the CA of the certificate is unknown (12045)'],
  ERROR_INTERNET_SECURITY_CHANNEL_ERROR: ['0x80072F7D', 'the TLS channel failed (12157)'],
  ERROR_INTERNET_SEC_INVALID_CERT: ['0x80072F89', 'the certificate is invalid (12169)'],
  ERROR_INTERNET_SEC_CERT_REVOKED: ['0x80072F8A', 'the certificate is revoked (12170)'],
  ERROR_WINHTTP_SECURE_FAILURE: ['0x80072F8F', 'the certificate was refused, often because the clock is wrong (12175)'],
  WSAECONNRESET: ['0x80072746', 'connection reset by the peer (10054)'],
  WSAETIMEDOUT: ['0x8007274C', 'connection attempt timed out (10060)'],
  WSAECONNREFUSED: ['0x8007274D', 'connection refused (10061)'],
  WSAHOST_NOT_FOUND: ['0x80072AF9', 'no such host (11001)'],
  SIPPROXY_E_TRIAL_PERIOD_OVER: [
    '0xC3E93C23',
    'the evaluation period of the product is over, or update KB 974571 makes it seem so; the number is ' +
      'documented, the name is not',
  ],
  SIPPROXY_E_UNKNOWN_USER_OR_EPID: ['0xC3E93C2F', 'the endpoint is gone'],
  SIPPROXY_E_ROUTING: ['0xC3E93C5E', 'a Route was refused'],
  SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT: ['0xC3E93C62', 'no usable certificate for outgoing connections'],
  SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH: ['0xC3E93D67', 'the certificate of the peer lacks the expected FQDN'],
  SIPPROXY_E_EPROUTING_MSG_ALLOWED_DOMAIN_NO_SRV_MATCH: ['0xC3E93D6F', 'the SRV targets are outside the domain'],
} as const satisfies Readonly<Record<string, readonly [hresult: string, meaning: string]>>

export type WindowsCodeName = keyof typeof windowsCodes

/** `windowsCode('CERT_E_EXPIRED')` -> `{ hresult: '0x800B0101', name: 'CERT_E_EXPIRED', inferred: false }`. */
export function windowsCode(name: WindowsCodeName, inferred = false): WindowsCode {
  return { hresult: windowsCodes[name][0], name, inferred }
}

export interface WindowsCodeEntry {
  readonly hresult: string
  readonly name: WindowsCodeName
  readonly meaning: string
}

/**
 * Finds a code by number or name, however it is written: `0x800B0101`, `800b0101`, `-2146762495` (the same as a signed
 * 32-bit decimal, as event texts have it) or `CERT_E_EXPIRED`. Absent when the table does not hold it.
 */
export function findWindowsCode(text: string): WindowsCodeEntry | undefined {
  const wanted = text.trim()
  const number = asHresult(wanted)
  for (const [name, [hresult, meaning]] of Object.entries(windowsCodes)) {
    if (hresult !== number && name !== wanted.toUpperCase()) continue
    return { hresult, name: name as WindowsCodeName, meaning }
  }
  return undefined
}

function asHresult(text: string): string | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return `0x${text.slice(2).toUpperCase().padStart(8, '0')}`
  if (/^-?\d{9,10}$/.test(text)) return `0x${(Number(text) >>> 0).toString(16).toUpperCase().padStart(8, '0')}`
  if (/^[0-9a-f]{8}$/i.test(text)) return `0x${text.toUpperCase()}`
  return undefined
}
