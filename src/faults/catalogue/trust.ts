/** The chain: issuers, roots, signatures and what is sent of them. */
import { nothing } from '../../certificates/der.ts'
import { extension, nameConstraints } from '../../certificates/extensions.ts'
import { daysBefore, dns, type FaultPki, nameOf, presenting, show } from './fault-pki.ts'
import { accepted, type Fault, inFamily, refused, stopsStart, unnoticed } from './fault.ts'
import { belowCa, crossSignedPair, domainOf, longTrustList, mislabelled, selfSignedPresenter, spoilt } from './parts.ts'
import type { Variation } from './variation.ts'

function filtering(pki: FaultPki, announced: string): Variation {
  const { presenter, ...good } = pki.good()
  return {
    ...good,
    presenter: { ...presenter, settings: { filtersByCaNames: true } },
    judge: { trust: [announced], settings: { demands: true } },
  }
}

export const trust: readonly Fault[] = inFamily('trust', [
  /**
   * RFC 5280 §6.1.3. A strict server has another code here, ERR_SSL_PROVIDER_SIGNATURE_FAILURE, a left-over of the
   * queue of errors.
   */
  {
    slug: 'bad-signature',
    sides: ['server', 'client'],
    story: 'One bit of the signature on the certificate of the peer is wrong',
    make: (pki) => presenting(pki, pki.leaf({ wrongSignature: true })),
    expect: refused('cert.signature-invalid', 'CERT_SIGNATURE_FAILURE'),
  },
  /** Java, Go, GnuTLS and Schannel read the announced names; KB 2464556 is the same with a list cut at 16 kB. */
  {
    slug: 'ca-names-filter',
    sides: ['client'],
    breaks: 'judge',
    story: 'The server announces no CA above the certificate of the client, which therefore shows none',
    make: (pki) => filtering(pki, pki.ca({ commonName: 'stranger Root CA' }).pem),
    twin: (pki) => filtering(pki, pki.root.pem),
    expect: refused('tls.issuer-not-announced', 'tls.client-cert-missing'),
  },
  /** The other half of `ca-renewed`. */
  {
    slug: 'ca-renewed-old-copy',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The root was renewed with the same key, and this end has only the old copy',
    make(pki) {
      const { key } = pki.root
      const old = pki.ca({ commonName: 'renewed Root CA', key, notAfter: daysBefore(pki.now, 1) })
      const renewed = pki.ca({ commonName: 'renewed Root CA', key })
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: renewed })),
        judge: { trust: [old.pem, pki.root.pem] },
      }
    },
    twin(pki) {
      const renewed = pki.ca({ commonName: 'renewed Root CA', key: pki.root.key })
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: renewed })),
        judge: { trust: [renewed.pem, pki.root.pem] },
      }
    },
    expect: refused('chain.root-expired', 'CERT_HAS_EXPIRED'),
    nodeSuggests: 'cert.expired',
  },
  /** Control: the same key with new dates, both copies in the trust list. */
  {
    slug: 'ca-renewed',
    sides: ['server', 'client'],
    story: 'The root was renewed with the same key, and this end has the old copy and the new one',
    make(pki) {
      const { key } = pki.root
      const old = pki.ca({ commonName: 'renewed Root CA', key, notAfter: daysBefore(pki.now, 1) })
      const renewed = pki.ca({ commonName: 'renewed Root CA', key })
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: renewed })),
        judge: { trust: [old.pem, renewed.pem, pki.root.pem] },
      }
    },
    expect: accepted,
  },
  /** The root got a new key, the trust list of this end was forgotten. */
  {
    slug: 'ca-rotated',
    sides: ['server', 'client'],
    story: 'The CA of the peer was replaced by one with the same name, and this end still trusts the old one',
    make(pki) {
      const issuing = pki.ca({ subject: nameOf(pki.issuing), issuer: pki.ca({ subject: nameOf(pki.root) }) })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
    },
    expect: refused('chain.issuer-mismatch', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    nodeSuggests: 'chain.untrusted-root',
  },
  /** Control. */
  {
    slug: 'chain-extra',
    sides: ['server', 'client'],
    story: 'The peer also sends the certificate of a CA that did not issue its certificate',
    make: (pki) => ({
      ...pki.good(),
      presenter: show(pki.leaf(), pki.issuing, pki.ca({ commonName: 'bystander CA' })),
    }),
    expect: accepted,
  },
  /** Control: after the leaf the order does not matter (RFC 8446 §4.4.2). */
  {
    slug: 'chain-out-of-order',
    sides: ['server', 'client'],
    story: 'The peer sends its issuers in the wrong order',
    make(pki) {
      const root = pki.ca({ commonName: 'fault lab deep Root CA' })
      const upper = pki.ca({ commonName: 'fault lab Upper CA', issuer: root })
      const lower = pki.ca({ commonName: 'fault lab Lower CA', issuer: upper })
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: lower }), upper, lower),
        judge: { trust: [root.pem, pki.root.pem] },
      }
    },
    expect: accepted,
  },
  /** OpenSSL skips a block with an unknown label without a sound; the other end misses an issuer. */
  {
    slug: 'chain-second-mislabelled',
    sides: ['server', 'client'],
    story: 'The label of the second block in the certificate file of the peer is misspelt',
    make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), { pem: mislabelled(pki.issuing.pem) }) }),
    expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  },
  /** The other half of `cross-signed`. */
  {
    slug: 'cross-signed-old-root-only',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The peer sends an expired cross certificate, and this end trusts only the old root',
    make: (pki) => crossSignedPair(pki).withOldRoot,
    twin: (pki) => crossSignedPair(pki).withNewRoot,
    expect: refused('chain.expired', 'CERT_HAS_EXPIRED'),
    nodeSuggests: 'cert.expired',
  },
  /** Control, the shape of AddTrust: the new root is trusted, so the expired cross certificate does not matter. */
  {
    slug: 'cross-signed',
    sides: ['server', 'client'],
    story: 'The peer sends an expired cross certificate, and this end trusts the new root',
    make: (pki) => crossSignedPair(pki).withNewRoot,
    expect: accepted,
  },
  /** Control. A root of its own: the one of a lab allows one CA below it. */
  {
    slug: 'deep-chain',
    sides: ['server', 'client'],
    story: 'There are twelve CAs between the peer and the root',
    make(pki) {
      const root = pki.ca({ commonName: 'fault lab deep Root CA' })
      const cas = [root]
      for (let depth = 1; depth <= 12; depth += 1)
        cas.unshift(pki.ca({ commonName: `fault lab CA ${depth}`, issuer: cas[0] ?? root }))
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: cas[0] ?? root }), ...cas.slice(0, -1)),
        judge: { trust: [root.pem, pki.root.pem] },
      }
    },
    expect: accepted,
  },
  /** Control: Node completes the chain it sends from its own trust list, so the gap is not visible. */
  {
    slug: 'incomplete-chain-hidden',
    sides: ['server', 'client'],
    story: 'The certificate file of the peer lacks the issuing CA, but the trust list of the peer has it',
    make: (pki) => ({ ...pki.good(), presenter: { ...show(pki.leaf()), trust: pki.root.pem + pki.issuing.pem } }),
    expect: accepted,
  },
  /** RFC 8446 §4.4.2. Windows may fetch the missing link and show nothing wrong. */
  {
    slug: 'incomplete-chain',
    sides: ['server', 'client'],
    story: 'The peer sends its certificate without the issuing CA',
    make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf()) }),
    expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  },
  /**
   * A control for the end that dials: an anchor need not sign itself (RFC 5280 §6.1). A server of Node does not heed
   * the setting.
   */
  {
    slug: 'intermediate-only-trusted-allowed',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end trusts the issuing CA but not its root, and is configured to accept that',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.issuing.pem], settings: { allowPartialTrustChain: true } } }),
    expect: accepted,
    expectClient: refused('chain.partial-anchor', 'UNABLE_TO_GET_ISSUER_CERT'),
  },
  /** Newer Windows refuses it too (KB 2795828). */
  {
    slug: 'intermediate-only-trusted',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end trusts the issuing CA but not its root',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.issuing.pem] } }),
    expect: refused('chain.partial-anchor', 'UNABLE_TO_GET_ISSUER_CERT'),
  },
  /** RFC 5280 §4.2.1.9. */
  {
    slug: 'issuer-no-basic-constraints',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer has no basic constraints',
    make: (pki) => belowCa(pki, { ca: 'omitted' }),
    expect: refused('chain.not-a-ca', 'INVALID_CA'),
  },
  /** RFC 5280 §4.2.1.3. */
  {
    slug: 'issuer-no-keycertsign',
    sides: ['server', 'client'],
    story: 'The key usage of the issuing CA of the peer leaves out keyCertSign',
    make: (pki) => belowCa(pki, { uses: ['cRLSign', 'digitalSignature'] }),
    expect: refused('chain.no-cert-sign', 'UNSPECIFIED'),
  },
  /** The wire does not mind; no server should hold such a certificate. */
  {
    slug: 'leaf-is-ca',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is itself a CA',
    make: (pki) => presenting(pki, pki.leaf({ ca: true })),
    expect: unnoticed('cert.is-ca'),
  },
  /** Control. */
  {
    slug: 'leaf-twice',
    sides: ['server', 'client'],
    story: 'The peer sends its own certificate twice',
    make(pki) {
      const leaf = pki.leaf()
      return { ...pki.good(), presenter: show(leaf, leaf, pki.issuing) }
    },
    expect: accepted,
  },
  /** RFC 5280 §4.2.1.10. */
  {
    slug: 'name-constraints-excluded',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer may not issue for its domain',
    make: (pki) => belowCa(pki, { more: [nameConstraints({ excluded: [domainOf(pki)] })] }),
    twin: (pki) => belowCa(pki, { more: [nameConstraints({ excluded: ['partner.test'] })] }),
    expect: refused('chain.name-constraint', 'UNSPECIFIED'),
  },
  /** RFC 5280 §4.2.1.10. */
  {
    slug: 'name-constraints-permitted',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer may issue for another domain only',
    make: (pki) => belowCa(pki, { more: [nameConstraints({ permitted: ['partner.test'] })] }),
    twin: (pki) => belowCa(pki, { more: [nameConstraints({ permitted: [domainOf(pki)] })] }),
    expect: refused('chain.name-constraint', 'UNSPECIFIED'),
  },
  /** RFC 5280 §4.2.1.9. */
  {
    slug: 'not-a-ca-issuer',
    sides: ['server', 'client'],
    story: 'The certificate of the peer was signed by an ordinary server certificate',
    make(pki) {
      const server = pki.leaf({ commonName: 'other.lab.test', names: [dns('other.lab.test')] })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: server }), server, pki.issuing) }
    },
    expect: refused('chain.not-a-ca', 'UNSPECIFIED'),
    nodeSuggests: 'chain.no-cert-sign',
  },
  /** RFC 5280 §4.2.1.9. */
  {
    slug: 'path-length-exceeded',
    sides: ['server', 'client'],
    story: 'A CA of the peer allows no CA below it, and there is one',
    make(pki) {
      const upper = pki.ca({ commonName: 'fault lab Upper CA', issuer: pki.root, pathLength: 0 })
      const lower = pki.ca({ commonName: 'fault lab Lower CA', issuer: upper })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: lower }), lower, upper) }
    },
    expect: refused('chain.path-too-long', 'PATH_LENGTH_EXCEEDED'),
  },
  /** An order fault that OpenSSL calls a key fault: the first certificate must be the leaf. */
  {
    slug: 'reversed-chain',
    sides: ['server'],
    story: 'The certificate file holds the issuing CA before the certificate of the node',
    make(pki) {
      const leaf = pki.leaf()
      return { ...pki.good(), presenter: { ...show(leaf), certificate: pki.issuing.pem + leaf.pem } }
    },
    expect: stopsStart('chain.out-of-order', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'),
  },
  /** Control. */
  {
    slug: 'root-included',
    sides: ['server', 'client'],
    story: 'The peer sends the root as well',
    make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), pki.issuing, pki.root) }),
    expect: accepted,
  },
  /** The key identifiers differ, so OpenSSL does not even try the signature. */
  {
    slug: 'same-name-other-key',
    sides: ['server', 'client'],
    story: 'The certificate of the peer was signed by a CA that has the name of the trusted one and another key',
    make: (pki) => ({
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: pki.ca({ subject: nameOf(pki.root) }) })),
      judge: { trust: [pki.root.pem] },
    }),
    expect: refused('chain.issuer-mismatch', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    nodeSuggests: 'chain.incomplete',
  },
  /** Control: the very certificate is in the trust list. */
  {
    slug: 'self-signed-pinned',
    sides: ['server', 'client'],
    story: 'The peer presents a certificate that it signed itself, and this end trusts exactly that one',
    make(pki) {
      const presenter = selfSignedPresenter(pki)
      return { ...pki.good(), presenter, judge: { trust: [pki.root.pem, String(presenter.certificate)] } }
    },
    expect: accepted,
  },
  /** RFC 5280 §6.1. */
  {
    slug: 'self-signed',
    sides: ['server', 'client'],
    story: 'The peer presents a certificate that it signed itself',
    make: (pki) => ({ ...pki.good(), presenter: selfSignedPresenter(pki) }),
    expect: refused('cert.self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
  },
  /** Node starts with it and then refuses everybody. */
  {
    slug: 'trust-list-empty',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The trust list of this end is empty',
    make: (pki) => ({ ...pki.good(), judge: { trust: [] } }),
    expect: refused('trust.empty', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    nodeSuggests: 'chain.untrusted-root',
  },
  /** Node starts with it and then refuses everybody. */
  {
    slug: 'trust-list-garbage',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The trust list of this end holds no certificate',
    make: (pki) => ({ ...pki.good(), judge: { trust: ['hello'] } }),
    expect: refused('trust.malformed', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    nodeSuggests: 'chain.untrusted-root',
  },
  /** Node then trusts the public roots: dangerous for MTLS, since anybody may buy a certificate below one. */
  {
    slug: 'trust-list-missing',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end has no trust list at all',
    make: (pki) => ({ ...pki.good(), judge: { trust: undefined } }),
    expect: refused('trust.missing', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    nodeSuggests: 'chain.untrusted-root',
  },
  /** The good entries are kept, the broken one is dropped without a sound. */
  {
    slug: 'trust-list-second-corrupt',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The second entry in the trust list of this end is broken',
    make: (pki) => ({
      ...pki.good(),
      judge: { trust: [pki.root.pem + spoilt(pki.ca({ commonName: 'other Root CA' }).pem)] },
    }),
    expect: unnoticed('trust.partial'),
  },
  /** OpenSSL takes no leaf for an anchor; the list looks full and holds no CA (RFC 5280 §6.1.1 d). */
  {
    slug: 'trust-list-own-leaf',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The trust list of this end holds its own certificate instead of a CA',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.leaf({ commonName: `own.${domainOf(pki)}` }).pem] } }),
    expect: refused('chain.untrusted-root', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
  /** Schannel cuts the list of CA names at 16 kB, and clients then find no certificate to send. */
  {
    slug: 'trust-list-too-long',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The trust list of this end has more names than old peers can read',
    make: (pki) => ({ ...pki.good(), judge: { trust: longTrustList(pki) } }),
    expect: unnoticed('trust.too-long'),
  },
  /** RFC 5280 §4.2. */
  {
    slug: 'unknown-critical-extension',
    sides: ['server', 'client'],
    story: 'The certificate of the peer has a critical extension that neither end knows',
    make: (pki) => presenting(pki, pki.leaf({ more: [extension('1.3.6.1.4.1.99999.1', true, nothing())] })),
    twin: (pki) => presenting(pki, pki.leaf({ more: [extension('1.3.6.1.4.1.99999.1', false, nothing())] })),
    expect: refused('cert.critical-extension', 'UNSPECIFIED'),
  },
  /** Looks like `incomplete-chain` on the wire: what is between the certificate and an unknown root was not sent. */
  {
    slug: 'untrusted-leaf-issuer',
    sides: ['server', 'client'],
    story: 'A root that this end does not trust issued the certificate of the peer directly',
    make: (pki) => ({
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: pki.ca({ commonName: 'stranger Root CA' }) })),
    }),
    expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  },
  /** As `untrusted-root`; the code of Node differs only because the peer sent its root. */
  {
    slug: 'untrusted-root-sent',
    sides: ['server', 'client'],
    story: 'A CA that this end does not trust issued the certificate of the peer; the peer sends the root',
    make(pki) {
      const stranger = pki.ca({ commonName: 'stranger Root CA' })
      const issuing = pki.ca({ commonName: 'stranger Issuing CA', issuer: stranger })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing, stranger) }
    },
    expect: refused('chain.untrusted-root', 'SELF_SIGNED_CERT_IN_CHAIN'),
  },
  /** The chain is complete and ends at a root that the judge does not know. */
  {
    slug: 'untrusted-root',
    sides: ['server', 'client'],
    story: 'A CA that this end does not trust issued the certificate of the peer; the peer does not send the root',
    make(pki) {
      const stranger = pki.ca({ commonName: 'stranger Root CA' })
      const issuing = pki.ca({ commonName: 'stranger Issuing CA', issuer: stranger })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
    },
    expect: refused('chain.untrusted-root', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
])
