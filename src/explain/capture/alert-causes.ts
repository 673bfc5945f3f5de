/**
 * Which causes make the TLS stacks of the field send an alert about a certificate: OpenSSL (also inside Python,
 * HAProxy, nginx, Kamailio and stunnel), GnuTLS, NSS, Schannel, Java, Go, Erlang, wolfSSL and mbedTLS.
 */
import type { VerdictCode } from '../../certificates/verdict-codes.ts'

/** Any fault of a certificate: the number says no more than "refused". */
export const anyFault = 'any'

export interface AlertMeaning {
  /** Faults that a capture can see in the certificate and that bring this number. */
  readonly visible: readonly VerdictCode[] | typeof anyFault
  /** Causes that no capture shows: trust lists, revocation lists and clocks of the end that refuses. */
  readonly hidden: readonly VerdictCode[]
}

const trust: readonly VerdictCode[] = ['chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch']

const meanings: ReadonlyMap<number, AlertMeaning> = new Map<number, AlertMeaning>([
  // Erlang for names, purposes and CAs; also "no agreement".
  [40, { visible: anyFault, hidden: [...trust, 'chain.root-expired'] }],
  // Go and gnutls-cli for everything; OpenSSL for names and weak keys.
  [42, { visible: anyFault, hidden: [...trust, 'chain.root-expired', 'clock.wrong'] }],
  [
    43,
    {
      visible: [
        'cert.eku-missing',
        'chain.eku-narrow',
        'cert.ku-wrong',
        'cert.critical-extension',
        'chain.no-cert-sign',
        'cert.key-weak',
      ],
      hidden: [],
    },
  ],
  [44, { visible: [], hidden: ['cert.revoked', 'chain.revoked'] }],
  // NSS and Erlang call a certificate that is not yet valid expired.
  [
    45,
    {
      visible: ['cert.expired', 'cert.not-yet-valid', 'chain.expired', 'chain.not-yet-valid', 'chain.root-expired'],
      hidden: ['chain.root-expired', 'crl.expired', 'clock.wrong'],
    },
  ],
  // Java for everything; OpenSSL for name constraints, critical extensions and key usage.
  [46, { visible: anyFault, hidden: [...trust, 'chain.root-expired', 'cert.revoked'] }],
  [
    48,
    {
      visible: [
        'cert.self-signed',
        'chain.not-a-ca',
        'chain.no-cert-sign',
        'chain.path-too-long',
        'chain.too-deep',
        'chain.expired',
        'chain.root-expired',
        'cert.signature-invalid',
        'chain.issuer-mismatch',
        'chain.incomplete',
        'chain.untrusted-root',
      ],
      hidden: [...trust, 'crl.missing'],
    },
  ],
  // gnutls-serv for everything; NSS and policies for a peer that is not allowed.
  [49, { visible: anyFault, hidden: [...trust, 'chain.root-expired', 'cert.revoked', 'link.forbidden'] }],
  [
    51,
    {
      visible: ['cert.signature-invalid', 'cert.key-mismatch'],
      hidden: ['cert.key-mismatch', 'cert.signature-invalid'],
    },
  ],
  [80, { visible: anyFault, hidden: [] }],
])

/** Absent: the alert is not about a certificate. */
export function alertMeaning(number: number): AlertMeaning | undefined {
  return meanings.get(number)
}
