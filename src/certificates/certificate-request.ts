/**
 * What a certificate of the lab shall say, before anyone issues it: the planner writes these, the authority fulfils
 * them.
 */

/** What a certificate may be used for (extended key usage, RFC 5280 §4.2.1.12; `sipDomain` is RFC 5924). */
export type Purpose = 'serverAuth' | 'clientAuth' | 'sipDomain' | 'codeSigning' | 'any'

export type KeyType = 'p256' | 'p384' | 'ed25519' | 'rsa1024' | 'rsa2048' | 'rsa3072'

/**
 * Which of the lab's two authorities signs: its own one, or the stand-in for a public one (edge external face only).
 */
export type Authority = 'internal' | 'public'

/** The five references a server keeps apart; a certificate is assigned to a reference, never to a server. */
export type CertificateReference =
  | 'listener'
  | 'default-outgoing'
  | `static-route:${number}`
  | 'edge-internal'
  | 'edge-external'

export interface CertificateRequest {
  /** File stem in the node's certificate folder, e.g. `fe1-listener`. */
  readonly name: string
  /** Subject CN, e.g. `pool.lab.test`. Empty: no subject. */
  readonly commonName: string
  readonly dnsNames: readonly string[]
  /** URI SANs, e.g. `sip:lab.test` (RFC 5922 §7.1). */
  readonly uriNames: readonly string[]
  readonly ipAddresses: readonly string[]
  /** Empty: no EKU extension at all. */
  readonly purposes: readonly Purpose[]
  readonly authority: Authority
  readonly keyType: KeyType
  /** Validity from issuance, in seconds. */
  readonly validSeconds: number
}
