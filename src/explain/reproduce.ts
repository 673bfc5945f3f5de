/** The fault of the catalogue that shows a cause in a lab, and the commands to type. */
import type { VerdictCode } from '../verdicts/codes.ts'

interface Showing {
  /** A fault of `siplab faults list`. */
  readonly fault: string
  /** Absent: the node `director`. */
  readonly target?: string
  /** Absent: `edge`. With options where it needs some. */
  readonly lab?: string
  /** What a lab calls it, which sees both ends; absent: the same. */
  readonly named?: VerdictCode
  /** The end that the node is; absent: any. */
  readonly as?: 'server' | 'client'
}

const showings: Partial<Readonly<Record<VerdictCode, Showing>>> = {
  'cert.expired': { fault: 'expired', as: 'server' },
  'cert.not-reloaded': { fault: 'renewed-not-reloaded', as: 'server' },
  'cert.not-yet-valid': { fault: 'not-yet-valid', as: 'server' },
  'cert.self-signed': { fault: 'self-signed', as: 'server' },
  'cert.name-mismatch': { fault: 'wrong-host', as: 'server' },
  'cert.name-not-allowed': { fault: 'client-wrong-name', as: 'client' },
  'cert.san-missing': { fault: 'cn-only', as: 'server' },
  'cert.wildcard': { fault: 'wildcard', as: 'server' },
  'cert.eku-missing': { fault: 'no-server-auth-eku', as: 'server' },
  'cert.eku-absent': { fault: 'no-eku', as: 'server' },
  'cert.ku-wrong': { fault: 'ku-certsign-only', as: 'server' },
  'cert.is-ca': { fault: 'leaf-is-ca', as: 'server' },
  'cert.revoked': { fault: 'revoked', as: 'server' },
  'cert.signature-invalid': { fault: 'bad-signature', as: 'server' },
  'cert.signature-weak': { fault: 'sha1-signature', as: 'server' },
  'cert.key-weak': { fault: 'rsa-1024', as: 'server' },
  'cert.critical-extension': { fault: 'unknown-critical-extension', as: 'server' },
  'cert.must-staple': { fault: 'must-staple', as: 'server' },
  'chain.untrusted-root': { fault: 'untrusted-root', as: 'server' },
  'chain.incomplete': { fault: 'incomplete-chain', as: 'server' },
  'chain.expired': { fault: 'expired-intermediate', as: 'server' },
  'chain.not-yet-valid': { fault: 'not-yet-valid-intermediate', as: 'server' },
  'chain.root-expired': { fault: 'expired-root', as: 'server' },
  'chain.issuer-mismatch': { fault: 'same-name-other-key', as: 'server' },
  'chain.partial-anchor': { fault: 'intermediate-only-trusted', as: 'server' },
  'chain.not-a-ca': { fault: 'not-a-ca-issuer', as: 'server' },
  'chain.no-cert-sign': { fault: 'issuer-no-keycertsign', as: 'server' },
  'chain.path-too-long': { fault: 'path-length-exceeded', as: 'server' },
  'chain.name-constraint': { fault: 'name-constraints-permitted', as: 'server' },
  'chain.eku-narrow': { fault: 'issuer-eku-narrow', as: 'server' },
  'chain.revoked': { fault: 'intermediate-revoked', as: 'server' },
  'chain.key-weak': { fault: 'rsa-1024-ca', as: 'server' },
  'chain.out-of-order': { fault: 'reversed-chain' },
  'crl.missing': { fault: 'crl-missing-for-issuing' },
  'crl.expired': { fault: 'crl-expired' },
  'crl.not-yet-valid': { fault: 'crl-not-yet-valid' },
  'crl.signature-invalid': { fault: 'crl-bad-signature' },
  'crl.no-crl-sign': { fault: 'crl-issuer-no-crlsign' },
  'crl.malformed': { fault: 'crl-garbage' },
  'trust.empty': { fault: 'trust-list-empty' },
  'trust.malformed': { fault: 'trust-list-garbage' },
  'trust.missing': { fault: 'trust-list-missing' },
  'trust.too-long': { fault: 'trust-list-too-long' },
  'key.mismatch': { fault: 'key-mismatch' },
  'key.missing': { fault: 'key-missing' },
  'key.malformed': { fault: 'key-truncated' },
  'key.encrypted': { fault: 'key-encrypted' },
  'key.passphrase-wrong': { fault: 'key-wrong-passphrase' },
  'key.permissions': { fault: 'key-open-to-others' },
  'key.unreadable': { fault: 'key-unreadable' },
  'key.too-weak': { fault: 'rsa-1024-own' },
  'file.missing': { fault: 'cert-missing' },
  'file.empty': { fault: 'cert-empty' },
  'file.der': { fault: 'cert-der' },
  'file.not-pem': { fault: 'cert-garbage' },
  'file.wrong-kind': { fault: 'cert-is-key' },
  'file.corrupt': { fault: 'cert-corrupt' },
  'file.partial': { fault: 'cert-second-corrupt' },
  'file.indented': { fault: 'cert-indented' },
  'tls.client-cert-missing': { fault: 'client-cert-missing', as: 'client' },
  'tls.no-common-version': { fault: 'tls1.0-server', as: 'server' },
  'tls.no-common-cipher': { fault: 'no-common-cipher' },
  'tls.no-common-group': { fault: 'no-common-group' },
  'tls.dh-too-small': { fault: 'dh-too-small' },
  'tls.hello-too-large': { fault: 'hello-too-large', as: 'server' },
  'tls.name-unknown': { fault: 'sni-unknown', as: 'server' },
  'tls.proxy-protocol': { fault: 'proxy-header-missing', as: 'server' },
  'tls.session-resumed': { fault: 'session-resumed', as: 'client' },
  'tls.name-not-checked': { fault: 'name-unchecked', as: 'client' },
  'tls.client-cert-unneeded': { fault: 'client-cert-unneeded', as: 'client' },
  'tls.issuer-not-announced': { fault: 'ca-names-filter' },
  'tls.no-common-signature': { fault: 'no-common-sigalg' },
  'tls.alpn-mismatch': { fault: 'alpn-mismatch' },
  'tls.chain-too-large': { fault: 'too-many-sans' },
  'tls.staple-missing': { fault: 'ocsp-staple-missing' },
  'tls.staple-invalid': { fault: 'ocsp-staple-garbage' },
  'trust.partial': { fault: 'trust-list-second-corrupt' },
  'trust.shared': { fault: 'one-machine-store', target: 'edge' },
  'file.pkcs7': { fault: 'cert-p7b' },
  'file.utf16': { fault: 'cert-utf16' },
  'crl.no-next-update': { fault: 'crl-no-next-update' },
  'crl.unreachable': { fault: 'crl-point-unreachable', target: 'edge', lab: 'edge-pool' },
  'clock.skew': { fault: 'clock-behind', lab: 'edge --movable-clock' },
  'clock.wrong': { fault: 'clock-behind', lab: 'edge --movable-clock', named: 'clock.skew' },
  'config.duplicate-partner': { fault: 'duplicate-partner', target: 'edge' },
  'config.invalid': { fault: 'invalid-entry' },
  'config.local-corrupt': { fault: 'local-corrupt' },
  'dns.not-found': { fault: 'not-found', target: 'dns' },
  'dns.unreachable': { fault: 'silent', target: 'dns' },
  'crl.not-checked': { fault: 'revoked-unchecked', as: 'server' },
  'cert.subject-missing': { fault: 'no-subject', as: 'server' },
  'store.unreachable': { fault: 'down', target: 'store', lab: 'pool' },
  'store.slow': { fault: 'slow', target: 'store', lab: 'pool' },
  'store.permission': { fault: 'permission', target: 'store', lab: 'pool' },
  'store.connections': { fault: 'connections', target: 'store', lab: 'pool' },
  'store.read-only': { fault: 'read-only', target: 'store', lab: 'pool' },
  'store.corrupt': { fault: 'corrupt', target: 'store', lab: 'pool' },
  'directory.unreachable': { fault: 'down', target: 'directory', lab: 'pool' },
  'directory.slow': { fault: 'slow', target: 'directory', lab: 'pool' },
  'directory.permission': { fault: 'permission', target: 'directory', lab: 'pool' },
  'directory.connections': { fault: 'connections', target: 'directory', lab: 'pool' },
  'directory.corrupt': { fault: 'corrupt', target: 'directory', lab: 'pool' },
  'link.cut': { fault: 'cut', target: 'director->fe1' },
  'link.timeout': { fault: 'silent', target: 'director->fe1' },
  'link.reset': { fault: 'reset', target: 'director->fe1' },
}

/** Every cause that a lab can show. */
export const reproducible: readonly VerdictCode[] = Object.keys(showings) as VerdictCode[]

/** What `siplab break` calls the cause when it shows it. */
export function namedInLab(code: VerdictCode): VerdictCode {
  return showings[code]?.named ?? code
}

/** The fault that shows a cause; absent: the catalogue has none. */
export function faultFor(code: VerdictCode): string | undefined {
  return showings[code]?.fault
}

/**
 * `reproduce('cert.expired')` -> `['siplab up edge', 'siplab break director expired --as server']`. Empty: no lab shows
 * it.
 */
export function reproduce(code: VerdictCode): readonly string[] {
  const showing = showings[code]
  if (showing === undefined) return []
  const { fault, target = 'director', lab = 'edge', as } = showing
  const name = target.includes('>') ? `'${target}'` : target
  return [`siplab up ${lab}`, `siplab break ${name} ${fault}${as === undefined ? '' : ` --as ${as}`}`]
}
