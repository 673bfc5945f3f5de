/**
 * The one table of alerts: what a number proves, for logs, captures and connections of our own. A received alert says
 * that the other end refused; its number names several causes, and which ones depends on the TLS stack that sent it.
 * The sets come from runs of real stacks against each other, and from `ssl_x509err2alert` of OpenSSL
 * (ssl/statem/statem_lib.c) and RFC 8446 §6.2.
 */
import type { VerdictCode } from '../verdicts/codes.ts'

/** TLS implementations whose alerts differ. A stack that is not listed gets the set of all stacks. */
export type AlertSender =
  | 'openssl'
  | 'gnutls'
  | 'nss'
  | 'schannel'
  | 'java'
  | 'go'
  | 'erlang'
  | 'node'
  | 'mbedtls'
  | 'wolfssl'

/** What a peer refuses in a certificate that it can read. */
const certificateTrouble = [
  'chain.untrusted-root',
  'chain.incomplete',
  'cert.expired',
  'cert.name-mismatch',
  'cert.self-signed',
  'cert.eku-missing',
  'cert.not-yet-valid',
  'chain.root-expired',
  'chain.expired',
  'chain.issuer-mismatch',
  'chain.eku-narrow',
  'cert.signature-invalid',
  'cert.signature-weak',
  'cert.key-weak',
  'chain.name-constraint',
  'chain.not-a-ca',
  'chain.path-too-long',
  'cert.critical-extension',
] as const satisfies readonly VerdictCode[]

const unknownCa = [
  'chain.untrusted-root',
  'chain.incomplete',
  'cert.self-signed',
  'chain.issuer-mismatch',
  'chain.root-expired',
  'chain.expired',
  'chain.not-a-ca',
  'chain.path-too-long',
  'crl.missing',
] as const satisfies readonly VerdictCode[]

const noTrust = [
  'chain.untrusted-root',
  'chain.incomplete',
  'chain.issuer-mismatch',
] as const satisfies readonly VerdictCode[]

const everyDate = [
  'cert.expired',
  'chain.expired',
  'chain.root-expired',
  'crl.expired',
  'cert.not-yet-valid',
  'clock.wrong',
] as const satisfies readonly VerdictCode[]

interface AlertEntry {
  /** RFC 8446 §6: the name of the registry. */
  readonly name: string
  /** Whether it is about the certificate of the end that receives it. */
  readonly aboutCertificate: boolean
  readonly causes: readonly VerdictCode[]
  /** Stacks send it for any fault of a certificate: `causes` are the commonest. */
  readonly anyFault?: true
  /** Rarer causes, visible only in a capture. */
  readonly captured?: readonly VerdictCode[]
  /**
   * Causes that no capture shows, being in the lists and the clock of the end that refuses, likeliest first. Absent:
   * the number says nothing about a certificate that looks good.
   */
  readonly hidden?: readonly VerdictCode[]
  /** Where a stack is known to send it for fewer or other causes. */
  readonly from?: Partial<Readonly<Record<AlertSender, readonly VerdictCode[]>>>
}

const noAgreement = [
  'tls.no-common-cipher',
  'tls.client-cert-missing',
  'tls.no-common-signature',
  'tls.no-common-group',
] as const satisfies readonly VerdictCode[]

const alerts: Readonly<Record<number, AlertEntry>> = {
  0: { name: 'close_notify', aboutCertificate: false, causes: ['tls.peer-refused', 'tls.handshake-failed'] },
  10: {
    name: 'unexpected_message',
    aboutCertificate: false,
    causes: ['tls.handshake-failed', 'tls.no-common-version'],
  },
  20: { name: 'bad_record_mac', aboutCertificate: false, causes: ['tls.handshake-failed', 'tls.alert'] },
  21: { name: 'decryption_failed', aboutCertificate: false, causes: ['tls.alert'] },
  22: { name: 'record_overflow', aboutCertificate: false, causes: ['tls.handshake-failed', 'tls.not-tls'] },
  30: { name: 'decompression_failure', aboutCertificate: false, causes: ['tls.alert'] },
  40: {
    name: 'handshake_failure',
    aboutCertificate: false,
    anyFault: true,
    hidden: [...noTrust, 'chain.root-expired'],
    causes: [
      ...noAgreement,
      'cert.eku-missing',
      'cert.name-mismatch',
      'chain.eku-narrow',
      'chain.not-a-ca',
      'chain.path-too-long',
      'tls.dh-too-small',
    ],
    from: {
      openssl: noAgreement,
      go: noAgreement,
      gnutls: noAgreement,
      erlang: [
        'cert.eku-missing',
        'cert.name-mismatch',
        'chain.eku-narrow',
        'chain.not-a-ca',
        'chain.path-too-long',
        'tls.client-cert-missing',
        'tls.no-common-cipher',
      ],
    },
  },
  41: { name: 'no_certificate', aboutCertificate: true, causes: ['tls.client-cert-missing'] },
  42: {
    name: 'bad_certificate',
    aboutCertificate: true,
    anyFault: true,
    hidden: [...noTrust, 'chain.root-expired', 'clock.wrong'],
    causes: [...certificateTrouble, 'cert.san-missing', 'tls.client-cert-missing'],
    from: {
      openssl: [
        'cert.name-mismatch',
        'cert.not-yet-valid',
        'cert.signature-weak',
        'cert.key-weak',
        'crl.not-yet-valid',
        'clock.wrong',
      ],
      node: ['cert.name-mismatch', 'cert.not-yet-valid', 'cert.signature-weak', 'cert.key-weak', 'clock.wrong'],
      erlang: [
        'cert.self-signed',
        'cert.signature-invalid',
        'chain.issuer-mismatch',
        'chain.name-constraint',
        'cert.signature-weak',
      ],
      nss: ['cert.name-mismatch', 'cert.signature-invalid', 'cert.critical-extension', 'chain.name-constraint'],
    },
  },
  43: {
    name: 'unsupported_certificate',
    aboutCertificate: true,
    hidden: [],
    causes: ['cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong', 'cert.critical-extension'],
    captured: ['chain.no-cert-sign', 'cert.key-weak'],
    from: {
      openssl: ['cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong'],
      erlang: ['cert.critical-extension', 'cert.eku-missing'],
    },
  },
  44: {
    name: 'certificate_revoked',
    aboutCertificate: true,
    hidden: ['cert.revoked', 'chain.revoked'],
    causes: ['cert.revoked', 'chain.revoked'],
  },
  45: {
    name: 'certificate_expired',
    aboutCertificate: true,
    hidden: ['chain.root-expired', 'crl.expired', 'clock.wrong'],
    causes: everyDate,
    captured: ['chain.not-yet-valid'],
    from: {
      openssl: ['cert.expired', 'chain.expired', 'chain.root-expired', 'crl.expired', 'clock.wrong'],
      erlang: ['cert.expired', 'chain.expired', 'chain.root-expired', 'cert.not-yet-valid', 'clock.wrong'],
    },
  },
  46: {
    name: 'certificate_unknown',
    aboutCertificate: true,
    anyFault: true,
    hidden: [...noTrust, 'chain.root-expired', 'cert.revoked'],
    causes: [...certificateTrouble, 'cert.ku-wrong', 'cert.revoked', 'crl.expired', 'crl.missing'],
    from: { openssl: ['chain.name-constraint', 'cert.critical-extension', 'crl.missing', 'chain.policy'] },
  },
  47: { name: 'illegal_parameter', aboutCertificate: false, causes: ['tls.handshake-failed', 'tls.no-common-group'] },
  48: {
    name: 'unknown_ca',
    aboutCertificate: true,
    hidden: [...noTrust, 'crl.missing'],
    causes: unknownCa,
    captured: ['chain.no-cert-sign', 'chain.too-deep', 'cert.signature-invalid'],
    from: {
      schannel: ['chain.untrusted-root', 'chain.incomplete', 'cert.self-signed'],
      erlang: ['chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch', 'cert.self-signed'],
    },
  },
  49: {
    name: 'access_denied',
    aboutCertificate: true,
    anyFault: true,
    hidden: [...noTrust, 'chain.root-expired', 'cert.revoked', 'link.forbidden'],
    causes: [
      'chain.untrusted-root',
      'chain.incomplete',
      'cert.expired',
      'cert.self-signed',
      'cert.not-yet-valid',
      'chain.expired',
      'chain.root-expired',
      'chain.issuer-mismatch',
      'cert.revoked',
      'cert.signature-invalid',
      'cert.signature-weak',
      'chain.name-constraint',
      'chain.not-a-ca',
      'cert.critical-extension',
      'cert.name-not-allowed',
    ],
  },
  50: { name: 'decode_error', aboutCertificate: false, causes: ['tls.handshake-failed', 'cert.malformed'] },
  51: {
    name: 'decrypt_error',
    aboutCertificate: true,
    hidden: ['cert.key-mismatch', 'cert.signature-invalid'],
    causes: ['cert.signature-invalid'],
    captured: ['cert.key-mismatch'],
  },
  60: { name: 'export_restriction', aboutCertificate: false, causes: ['tls.alert'] },
  70: { name: 'protocol_version', aboutCertificate: false, causes: ['tls.no-common-version'] },
  71: {
    name: 'insufficient_security',
    aboutCertificate: false,
    causes: ['tls.no-common-cipher', 'tls.no-common-signature'],
  },
  80: {
    name: 'internal_error',
    aboutCertificate: false,
    anyFault: true,
    hidden: [],
    causes: ['cert.name-mismatch', 'chain.incomplete', 'tls.no-common-version', 'tls.session-context', 'tls.alert'],
  },
  86: { name: 'inappropriate_fallback', aboutCertificate: false, causes: ['tls.no-common-version'] },
  90: { name: 'user_canceled', aboutCertificate: false, causes: ['tls.peer-refused', 'tls.alert'] },
  100: { name: 'no_renegotiation', aboutCertificate: false, causes: ['tls.legacy-renegotiation', 'tls.alert'] },
  109: {
    name: 'missing_extension',
    aboutCertificate: false,
    causes: ['tls.no-common-signature', 'tls.no-common-group'],
  },
  110: { name: 'unsupported_extension', aboutCertificate: false, causes: ['tls.handshake-failed', 'tls.alert'] },
  111: { name: 'certificate_unobtainable', aboutCertificate: true, causes: ['tls.peer-refused', 'tls.alert'] },
  112: { name: 'unrecognized_name', aboutCertificate: false, causes: ['tls.name-unknown'] },
  113: {
    name: 'bad_certificate_status_response',
    aboutCertificate: true,
    causes: ['tls.staple-invalid', 'tls.staple-missing'],
  },
  114: { name: 'bad_certificate_hash_value', aboutCertificate: false, causes: ['tls.alert'] },
  115: { name: 'unknown_psk_identity', aboutCertificate: false, causes: ['tls.session-resumed', 'tls.alert'] },
  116: { name: 'certificate_required', aboutCertificate: true, causes: ['tls.client-cert-missing'] },
  120: { name: 'no_application_protocol', aboutCertificate: false, causes: ['tls.alpn-mismatch'] },
}

/** Causes of an end that closes without an alert: it may mind anything. The commonest first. */
export const causesOfSilence: readonly VerdictCode[] = [
  ...certificateTrouble,
  'cert.name-not-allowed',
  'cert.revoked',
  'crl.expired',
  'link.forbidden',
]

export interface AlertEvidence {
  readonly number: number
  /** The stack that sent the alert. Absent: unknown, and every cause of every stack stays. */
  readonly stack?: AlertSender
}

/**
 * `candidatesForAlert({ number: 45, stack: 'openssl' })` -> the causes for which this sender sends it, the commonest
 * first.
 *
 * @returns `['tls.alert']` for a number that says nothing about a cause
 */
export function candidatesForAlert({ number, stack }: AlertEvidence): readonly VerdictCode[] {
  const entry = alerts[number]
  if (entry === undefined) return ['tls.alert']
  return (stack === undefined ? undefined : entry.from?.[stack]) ?? entry.causes
}

export interface CapturedAlert {
  /** Causes that a capture can show; `any`: the number says no more than "refused". */
  readonly visible: readonly VerdictCode[] | 'any'
  /** Causes that stay where a capture shows nothing wrong. */
  readonly hidden: readonly VerdictCode[]
}

/** What an alert that is seen in a capture says of the certificate it answers. Absent: nothing. */
export function capturedAlert(number: number): CapturedAlert | undefined {
  const entry = alerts[number]
  if (entry?.hidden === undefined) return undefined
  return {
    visible: entry.anyFault === true ? 'any' : [...entry.causes, ...(entry.captured ?? [])],
    hidden: entry.hidden,
  }
}

/** `alertName(48)` -> `unknown_ca`. Absent for numbers outside the registry. */
export function alertName(number: number): string | undefined {
  return alerts[number]?.name
}

/** Whether stacks send it for a certificate as well as for other trouble: 40 and 80. */
export function isSentForAnything(number: number): boolean {
  return alerts[number]?.anyFault === true
}

/** Whether the alert is about the certificate that its receiver showed (or did not show). */
export function isAboutCertificate(number: number): boolean {
  return alerts[number]?.aboutCertificate === true
}
