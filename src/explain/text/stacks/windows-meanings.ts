/**
 * What the numbers of Windows prove, and the sentences that Windows prints for them (winerror.h, sspi): servers and
 * .NET often log the sentence alone.
 */
import type { WindowsCodeName } from '../../../verdicts/windows-codes.ts'
import { closed, outside, own, rank, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Rule, Saying } from '../grammar.ts'

export const untrusted = ['chain.untrusted-root', 'chain.incomplete', 'cert.self-signed'] as const

/** A number says what was wrong, not at which end: Schannel returns it for a refusal and for a received alert. */
export const refusal = (...causes: Saying['causes']): Saying => ({ rank: rank.reason, causes })

export const meanings: Partial<Readonly<Record<WindowsCodeName, Saying>>> = {
  CERT_E_EXPIRED: refusal('cert.expired', 'cert.not-yet-valid', 'clock.wrong'),
  SEC_E_CERT_EXPIRED: refusal('cert.expired', 'clock.wrong'),
  CERT_E_VALIDITYPERIODNESTING: refusal('chain.expired'),
  CERT_E_ROLE: refusal('chain.not-a-ca'),
  CERT_E_PATHLENCONST: refusal('chain.path-too-long'),
  CERT_E_CRITICAL: refusal('cert.critical-extension'),
  CERT_E_PURPOSE: refusal('cert.ku-wrong', 'cert.eku-missing'),
  CERT_E_ISSUERCHAINING: refusal('chain.issuer-mismatch'),
  CERT_E_MALFORMED: refusal('cert.malformed', 'cert.name-missing'),
  CERT_E_UNTRUSTEDROOT: refusal(...untrusted, 'chain.partial-anchor'),
  CERT_E_UNTRUSTEDCA: refusal('chain.untrusted-root', 'chain.not-a-ca'),
  CERT_E_CHAINING: refusal('chain.incomplete', 'chain.untrusted-root', 'chain.issuer-mismatch'),
  CERT_E_REVOKED: refusal('cert.revoked', 'chain.revoked'),
  CRYPT_E_REVOKED: refusal('cert.revoked', 'chain.revoked'),
  CERT_E_REVOCATION_FAILURE: refusal('crl.unreachable', 'crl.missing', 'crl.expired'),
  CRYPT_E_NO_REVOCATION_CHECK: refusal('crl.missing', 'crl.unreachable', 'cert.crl-point-missing'),
  CRYPT_E_REVOCATION_OFFLINE: refusal('crl.unreachable', 'crl.missing', 'crl.expired'),
  CERT_E_CN_NO_MATCH: refusal('cert.name-mismatch'),
  CERT_E_WRONG_USAGE: refusal('cert.eku-missing', 'chain.eku-narrow'),
  CERT_E_INVALID_POLICY: refusal('chain.policy'),
  CERT_E_INVALID_NAME: refusal('chain.name-constraint'),
  TRUST_E_CERT_SIGNATURE: refusal('cert.signature-invalid', 'cert.signature-weak'),
  TRUST_E_BASIC_CONSTRAINTS: refusal('chain.not-a-ca', 'chain.path-too-long'),
  CRYPT_E_NOT_FOUND: own(['file.missing', 'config.certificate-unassigned']),
  CRYPT_E_NO_KEY_PROPERTY: own(['key.missing', 'key.unreadable']),
  CRYPT_E_ASN1_BADTAG: own(['file.corrupt', 'file.wrong-kind']),
  NTE_BAD_KEY: own(['key.malformed', 'key.unreadable']),
  NTE_PERM: own(['key.unreadable']),
  NTE_BAD_PUBLIC_KEY: own(['key.mismatch', 'key.malformed']),
  NTE_BAD_KEYSET: own(['key.missing', 'key.unreadable']),
  SEC_E_UNSUPPORTED_FUNCTION: { rank: rank.reason, causes: ['tls.no-common-version', 'tls.no-common-cipher'] },
  SEC_E_LOGON_DENIED: refusal('link.forbidden', 'tls.client-cert-missing', 'cert.name-not-allowed'),
  SEC_E_UNKNOWN_CREDENTIALS: own(['key.unreadable', 'key.missing']),
  SEC_E_NO_CREDENTIALS: own(['tls.own-cert-missing', 'key.missing', 'config.certificate-unassigned']),
  SEC_I_INCOMPLETE_CREDENTIALS: { rank: rank.reason, causes: ['tls.client-cert-missing'], whose: 'ours' },
  SEC_E_WRONG_PRINCIPAL: refused('cert.name-mismatch'),
  SEC_E_TIME_SKEW: { rank: rank.reason, causes: ['clock.wrong', 'clock.skew'] },
  SEC_E_UNTRUSTED_ROOT: refusal(...untrusted),
  SEC_E_ILLEGAL_MESSAGE: {
    rank: rank.refusal,
    causes: ['tls.handshake-failed', 'tls.no-common-cipher', 'tls.not-tls', 'tls.no-common-version'],
  },
  SEC_E_CERT_UNKNOWN: {
    rank: rank.refusal,
    causes: ['cert.eku-missing', 'cert.name-mismatch', 'cert.malformed', 'chain.untrusted-root', 'chain.eku-narrow'],
  },
  SEC_E_ALGORITHM_MISMATCH: { rank: rank.reason, causes: ['tls.no-common-version', 'tls.no-common-cipher'] },
  SEC_E_CERT_WRONG_USAGE: refusal('cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong'),
  SEC_E_APPLICATION_PROTOCOL_MISMATCH: { rank: rank.reason, causes: ['tls.alpn-mismatch'] },
  ERROR_INVALID_PASSWORD: own(['file.pfx-password', 'key.passphrase-wrong']),
  SEC_E_INVALID_TOKEN: {
    rank: rank.refusal,
    causes: ['tls.not-tls', 'tls.no-common-version', 'tls.handshake-failed'],
  },
  ERROR_INTERNET_INVALID_CA: refused(...untrusted),
  ERROR_INTERNET_SEC_CERT_DATE_INVALID: refused(...sets.anyDate, 'chain.expired'),
  ERROR_INTERNET_SEC_CERT_CN_INVALID: refused('cert.name-mismatch'),
  ERROR_INTERNET_SEC_CERT_REVOKED: refused('cert.revoked', 'chain.revoked'),
  ERROR_INTERNET_SEC_INVALID_CERT: refusedSomehow,
  ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED: { rank: rank.reason, causes: ['tls.client-cert-missing'], whose: 'ours' },
  ERROR_INTERNET_SECURITY_CHANNEL_ERROR: {
    rank: rank.refusal,
    causes: ['tls.handshake-failed', 'tls.no-common-version', 'tls.no-common-cipher', 'tls.client-cert-missing'],
  },
  ERROR_WINHTTP_SECURE_FAILURE: {
    ...refusedSomehow,
    causes: ['cert.expired', 'clock.wrong', ...refusedSomehow.causes.filter((code) => code !== 'cert.expired')],
  },
  ERROR_INTERNET_NAME_NOT_RESOLVED: outside('dns', 'dns.not-found'),
  ERROR_INTERNET_TIMEOUT: outside('tcp', 'link.timeout'),
  ERROR_INTERNET_CANNOT_CONNECT: outside('tcp', 'link.refused', 'link.timeout'),
  ERROR_INTERNET_CONNECTION_RESET: closed,
  WSAECONNRESET: closed,
  WSAETIMEDOUT: outside('tcp', 'link.timeout'),
  WSAECONNREFUSED: outside('tcp', 'link.refused'),
  WSAHOST_NOT_FOUND: outside('dns', 'dns.not-found'),
  SIPPROXY_E_TRIAL_PERIOD_OVER: outside('service'),
  SIPPROXY_E_ROUTING: outside('sip', 'route.no-target'),
  SIPPROXY_E_UNKNOWN_USER_OR_EPID: outside('sip', 'route.no-target'),
  SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT: own([
    'tls.own-cert-missing',
    'crl.unreachable',
    'config.certificate-unassigned',
  ]),
  SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH: refused('cert.name-not-allowed', 'cert.name-mismatch'),
  SIPPROXY_E_EPROUTING_MSG_ALLOWED_DOMAIN_NO_SRV_MATCH: outside('dns', 'dns.srv-outside-domain'),
}

/** Sentences that no other rule knows. Like the numbers they do not say at which end. */
const sentences: Partial<Readonly<Record<WindowsCodeName, RegExp>>> = {
  CERT_E_EXPIRED: /certificate is not within its validity period when verifying/,
  SEC_E_CERT_EXPIRED: /the received certificate has expired/,
  CERT_E_ROLE: /can only be used as an end-entity is being used as a ca/,
  CERT_E_PATHLENCONST: /path length constraint in the certification chain has been violated/,
  CERT_E_CRITICAL: /contains an unknown extension that is marked 'critical'/,
  CERT_E_PURPOSE: /used for a purpose other than the ones specified by its ca/,
  CERT_E_ISSUERCHAINING: /parent of a given certificate in fact did not issue that child/,
  CERT_E_UNTRUSTEDROOT: /terminated in a root certificate which is not trusted by the trust provider/,
  CERT_E_CHAINING: /certificate chain could not be built to a trusted root authority/,
  CERT_E_REVOKED: /certificate was explicitly revoked by its issuer/,
  CERT_E_CN_NO_MATCH: /certificate's cn name does not match the passed value/,
  CERT_E_WRONG_USAGE: /certificate is not valid for the requested usage/,
  CERT_E_INVALID_NAME: /name is not included in the permitted list or is explicitly excluded/,
  TRUST_E_CERT_SIGNATURE: /signature of the certificate cannot be verified/,
  TRUST_E_BASIC_CONSTRAINTS: /basic constraint extension of a certificate has not been observed/,
  SEC_E_ILLEGAL_MESSAGE: /message received was unexpected or badly formatted/,
  SEC_E_INVALID_TOKEN: /token supplied to the function is invalid/,
  SEC_E_CERT_UNKNOWN: /unknown error occurred while processing the certificate/,
  SEC_E_NO_CREDENTIALS: /no credentials are available in the security package/,
  SEC_E_TIME_SKEW: /clocks on the client and server machines are skewed/,
}

export const sentenceRules: readonly Rule[] = Object.entries(sentences).flatMap(([name, when]) => {
  const says = meanings[name as WindowsCodeName]
  return says === undefined ? [] : [{ when, says }]
})
