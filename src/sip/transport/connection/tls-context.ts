/** From a face's material to what Node wants: the rules of every secure connection, in one place. */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { NamedCertificate, TlsMaterial, TlsTuning } from '../types.ts'

/**
 * No ticket: a resumed session skips every certificate check. No renegotiation: a TLS 1.2 peer could come back with
 * another certificate after the judgement.
 */
const secureOptions = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION

/** A fault of the lab resumes sessions, and the judges refuse them. */
const resuming = constants.SSL_OP_NO_RENEGOTIATION

/**
 * The whole set, for `createSecureContext` and `setSecureContext` alike: one that lacks `ca` would trust Node's own
 * roots.
 */
export function contextOptions(material: TlsMaterial): SecureContextOptions {
  if (material.ca.length === 0) throw new TypeError('the trust list is empty: every peer would be refused')
  return {
    ca: [...material.ca],
    minVersion: material.minVersion,
    maxVersion: material.maxVersion,
    secureOptions: material.tuning?.resumes === true ? resuming : secureOptions,
    ...(material.certificate === '' ? {} : { cert: material.certificate, key: material.key }),
    ...(material.crl === undefined ? {} : { crl: [...material.crl] }),
    ...(material.ciphers === undefined ? {} : { ciphers: material.ciphers }),
    ...tunedContext(material.tuning),
  }
}

/** The context of a second name: the same rules, another certificate. It inherits nothing from the first context. */
export function namedContext(material: TlsMaterial, { certificate, key }: NamedCertificate): SecureContext {
  return createSecureContext(contextOptions({ ...material, certificate, key }))
}

function tunedContext({
  ecdhCurve,
  sigalgs,
  dhparam,
  allowPartialTrustChain,
  passphrase,
}: TlsTuning = {}): SecureContextOptions {
  return {
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
    ...(sigalgs === undefined ? {} : { sigalgs }),
    ...(dhparam === undefined ? {} : { dhparam }),
    ...(allowPartialTrustChain === undefined ? {} : { allowPartialTrustChain }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

/** The TLS options beside the context: the protocol names of ALPN. */
export function alpnOf({ tuning }: TlsMaterial): { readonly ALPNProtocols?: string[] } {
  return tuning?.alpn === undefined ? {} : { ALPNProtocols: [...tuning.alpn] }
}

/** What one face shows when it dials. Made once: parsing key and certificates costs a third of a handshake. */
export interface OutgoingTls {
  readonly material: TlsMaterial
  readonly context: SecureContext
  /** The newest session by server, where a fault of the lab resumes them: `127.0.41.11:5061`. */
  readonly sessions: Map<string, Buffer>
}

export function outgoingTls(material: TlsMaterial): OutgoingTls {
  return { material, context: createSecureContext(contextOptions(material)), sessions: new Map() }
}
