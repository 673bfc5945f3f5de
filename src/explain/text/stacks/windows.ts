/**
 * Windows: Schannel events (36867 to 36888) and HRESULTs as `0x80090325`, `80090325`, signed and unsigned decimal or
 * name. The meaning of a number is that of certificates/windows-codes.ts.
 */
import { findWindowsCode, windowsCodes } from '../../../verdicts/windows-codes.ts'
import type { WindowsCodeName } from '../../../verdicts/windows-codes.ts'
import {
  alertReceived,
  alertSent,
  closed,
  event,
  handshake,
  outside,
  own,
  rank,
  receivedByNumber,
  refused,
  refusedSomehow,
  sets,
} from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'

const untrusted = ['chain.untrusted-root', 'chain.incomplete', 'cert.self-signed'] as const

/** A number says what was wrong, not at which end: Schannel returns it for a refusal and for a received alert. */
const refusal = (...causes: Saying['causes']): Saying => ({ rank: rank.reason, causes })

const meanings: Partial<Readonly<Record<WindowsCodeName, Saying>>> = {
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

function byCode(match: RegExpExecArray): Saying | undefined {
  const word = (match[1] ?? '').replaceAll(' ', '_')
  const entry = findWindowsCode(word)
  return entry === undefined ? undefined : meanings[entry.name]
}

/** Names of the table in canonical form, the longest first. */
const byNames = new RegExp(
  `\\b(${Object.keys(windowsCodes)
    .map((name) => name.toLowerCase().replaceAll('_', ' '))
    .toSorted((a, b) => b.length - a.length)
    .join('|')})\\b`,
)

/** Not TLS, or a version so old that it looks like none. */
const notTls = handshake(['tls.not-tls', 'tls.no-common-version', 'tls.handshake-failed'], 'us')

/** Events 36887 and 36888 in German, French and Spanish. */
const translated: readonly Rule[] = [
  { when: /warnung vom remoteendpunkt empfangen.*?code: ?(\d{1,3})\b/, says: receivedByNumber },
  { when: /alerte irr.cup.rable a .t. re.ue .*?tls est ?:? ?(\d{1,3})\b/, says: receivedByNumber },
  { when: /recibi. una alerta irrecuperable .*?tls es ?:? ?(\d{1,3})\b/, says: receivedByNumber },
  {
    when: /warnung (?:generiert|erstellt) und an den remoteendpunkt gesendet.*?code: ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
  {
    when: /alerte irr.cup.rable a .t. g.n.r.e et envoy.e .*?tls est ?:? ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
  {
    when: /gener. una alerta irrecuperable y se envi. .*?tls es ?:? ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
]

const alertOf = (match: RegExpExecArray): Saying => alertReceived(Number(match[1] ?? match[2]))

export const windows: StackGrammar = {
  name: 'Windows',
  rules: [
    { when: /alert was received.*?code (?:is )?(\d{1,3})\b|alert was received: ?(\d{1,3})\b/, says: alertOf },
    // The event alone, and as XML.
    {
      when: event([36887], /schannel.*alertdesc'>\d/),
      says: { rank: rank.closed, causes: ['tls.alert'], who: 'them' },
    },
    { when: /schannel.*\b36887\b.*alertdesc'>(\d{1,3})\b/, says: receivedByNumber },
    {
      when: event([36888], /schannel.*\b36888\b/),
      says: { rank: rank.closed, causes: ['tls.handshake-failed'], who: 'us' },
    },
    ...translated,
    // State 1203: what came is not TLS at all.
    {
      when: /alert was generated.*?code is 10\. .*state is 1203\b|fatal error code is 10\. .*state is 1203\b/,
      says: notTls,
    },
    {
      when: /alert was generated.*?code is (\d{1,3})\b/,
      says: (match) => alertSent(Number(match[1]), 'schannel'),
      unless: /state is 1203\b/,
    },
    {
      when: /fatal error code is (\d{1,3})\b/,
      says: (match) =>
        match[1] === '40'
          ? {
              rank: rank.refusal,
              causes: [
                'tls.no-common-cipher',
                'tls.no-common-version',
                'tls.client-cert-missing',
                'tls.no-common-signature',
                'tls.no-common-group',
              ],
              who: 'us',
            }
          : alertSent(Number(match[1]), 'schannel'),
      unless: /state is 1203\b/,
    },
    {
      when: event([36874], /none of the cipher suites supported by the client/),
      says: handshake(['tls.no-common-cipher'], 'us'),
    },
    {
      when: event([36871], /fatal error occurred while creating (?:a|an) (?:tls|ssl) (?:client|server) credential/),
      says: own(['config.invalid', 'key.unreadable', 'tls.no-common-version']),
      unless: /state is 10013\b/,
    },
    // 10013: the program wants a version or algorithm that is switched off on this machine.
    { when: /internal error state is 10013\b/, says: handshake(['tls.no-common-version', 'config.invalid'], 'us') },
    {
      when: event(
        [36870],
        /error occurred when attempting to access the (?:tls|ssl) (?:server|client) credential private key/,
      ),
      says: own(['key.unreadable', 'key.missing']),
    },
    {
      when: event([36869], /(?:credential's|server credential) certificate does not have a private key/),
      says: own(['key.missing', 'key.unreadable']),
    },
    {
      when: event([36872], /no suitable default server credential/),
      says: own(['tls.own-cert-missing', 'config.certificate-unassigned']),
    },
    {
      when: event([36876], /certificate received from the remote server has not validated correctly/),
      says: {
        ...refused(
          'chain.untrusted-root',
          'cert.expired',
          'cert.revoked',
          'crl.unreachable',
          'cert.eku-missing',
          'chain.incomplete',
        ),
        rank: rank.refusal,
      },
    },
    {
      when: event([36877], /certificate received from the remote client (?:has not validated|application has not)/),
      says: {
        ...refused(
          'chain.untrusted-root',
          'cert.expired',
          'cert.revoked',
          'crl.unreachable',
          'cert.eku-missing',
          'chain.incomplete',
        ),
        rank: rank.refusal,
      },
    },
    {
      when: event(
        [36881],
        /remote server has (?:either )?expired|received from the remote server has (?:either )?expired/,
      ),
      says: refused('cert.expired', 'cert.not-yet-valid', 'clock.wrong'),
    },
    {
      when: event([36882], /issued by an untrusted certificate authority/),
      says: refused(...untrusted),
    },
    // The sentence of SEC_E_UNTRUSTED_ROOT, which a received alert gives too.
    { when: /chain was issued by an authority that is not trusted/, says: refusal(...untrusted) },
    {
      when: event([36884], /does not contain the expected name|target principal name is incorrect/),
      says: refused('cert.name-mismatch'),
    },
    { when: event([36883], /received from the remote server has been revoked/), says: refused('cert.revoked') },
    {
      when: event([36885], /list of trusted certificate authorities .*too (?:long|large)|trusted issuers? .*truncated/),
      says: own(['trust.too-long']),
    },
    {
      when: event([36886], /no suitable default server credential exists/),
      says: own(['tls.own-cert-missing', 'config.certificate-unassigned']),
    },
    {
      when: /revocation server was offline|unable to check revocation/,
      says: refusal('crl.unreachable', 'crl.missing', 'crl.expired'),
    },
    { when: /(?:^|[^0-9a-z.:-])(0x[0-9a-f]{8})\b/, says: byCode },
    { when: /(?:^|[^0-9a-z.:/-])([89c][0-9a-f]{7})(?![0-9a-z:])/, says: byCode },
    { when: /(?:^|[^0-9a-z.:/])(-?\d{9,10})(?![0-9a-z.:])/, says: byCode },
    { when: byNames, says: byCode },
  ],
  samples: [
    { text: '-2146893022', first: 'cert.name-mismatch' },
    { text: '0x80090325', first: 'chain.untrusted-root' },
    {
      text: 'A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
  ],
}
