/** Revocation: CRLs and stapled OCSP responses. */
import { demandStaple } from '../../certificates/extensions.ts'
import { daysAfter, daysBefore, presenting, show } from './fault-pki.ts'
import { accepted, broken, type Fault, inFamily, refused, stopsStart, unnoticed } from './fault.ts'
import { crlWithoutNextUpdate, judgedByCrl, revoking, spoiltCrl, stapled, withCrls } from './parts.ts'

export const revocation: readonly Fault[] = inFamily('revocation', [
  /** RFC 5280 §6.3.3. */
  {
    slug: 'crl-bad-signature',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The CRL of the issuing CA is signed by another key',
    make: (pki) => judgedByCrl(pki, spoiltCrl(pki)),
    twin: withCrls,
    expect: refused('crl.signature-invalid', 'CRL_SIGNATURE_FAILURE'),
  },
  /** Of several CRLs in one text only the first is read. */
  {
    slug: 'crl-concatenated',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end holds both CRLs in one file',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.goodCrls().join('')] } }),
    twin: withCrls,
    expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
  },
  /** A stale CRL still revokes. */
  {
    slug: 'crl-expired-revoked',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is revoked by a CRL that is stale itself',
    make(pki) {
      const leaf = pki.leaf()
      const stale = pki.crl(pki.issuing, {
        thisUpdate: daysBefore(pki.now, 8),
        nextUpdate: daysBefore(pki.now, 1),
        ...revoking(pki, leaf),
      })
      return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), stale] } }
    },
    twin: withCrls,
    expect: refused('cert.revoked', 'CERT_REVOKED'),
  },
  /** The quiet outage: a forgotten CRL stops everything. */
  {
    slug: 'crl-expired',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The CRL of the issuing CA became stale yesterday',
    make: (pki) =>
      judgedByCrl(
        pki,
        pki.crl(pki.issuing, { thisUpdate: daysBefore(pki.now, 8), nextUpdate: daysBefore(pki.now, 1) }),
      ),
    twin: withCrls,
    expect: refused('crl.expired', 'CRL_HAS_EXPIRED'),
  },
  /** Node does not start with it. */
  {
    slug: 'crl-garbage',
    sides: ['server'],
    breaks: 'judge',
    story: 'A CRL file of this end cannot be read',
    make: (pki) => judgedByCrl(pki, 'hello'),
    twin: withCrls,
    expect: stopsStart('crl.malformed', 'ERR_CRYPTO_OPERATION_FAILED'),
  },
  /** RFC 5280 §4.2.1.3. */
  {
    slug: 'crl-issuer-no-crlsign',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer may sign certificates but not CRLs',
    make(pki) {
      const issuing = pki.ca({ commonName: 'fault lab Issuing CA, no CRLs', issuer: pki.root, uses: ['keyCertSign'] })
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: issuing }), issuing),
        judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), pki.crl(issuing)] },
      }
    },
    twin: withCrls,
    expect: refused('crl.no-crl-sign', 'UNSPECIFIED'),
  },
  /** Once CRLs are used, every CA of the chain needs one. */
  {
    slug: 'crl-missing-for-issuing',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end holds a CRL of the root but none of the issuing CA',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root)] } }),
    twin: withCrls,
    expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
  },
  /** Once CRLs are used, every CA of the chain needs one, the root too. */
  {
    slug: 'crl-missing-for-root',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end holds a CRL of the issuing CA but none of the root',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.issuing)] } }),
    twin: withCrls,
    expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
  },
  /** Control: the newest CRL wins, in any order. */
  {
    slug: 'crl-newer-unrevokes',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is on an old CRL and no longer on the newest',
    make(pki) {
      const leaf = pki.leaf()
      const old = pki.crl(pki.issuing, { thisUpdate: daysBefore(pki.now, 2), ...revoking(pki, leaf) })
      const newer = pki.crl(pki.issuing, { number: 2, thisUpdate: daysBefore(pki.now, 1) })
      return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), newer, old] } }
    },
    expect: accepted,
  },
  /** Never stale: accepted, and a way to miss every later revocation. */
  {
    slug: 'crl-no-next-update',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The CRL of the issuing CA names no next update',
    make: (pki) => judgedByCrl(pki, crlWithoutNextUpdate(pki)),
    expect: unnoticed('crl.no-next-update'),
  },
  /** A way round the CRL: give every context the same trust list and the same CRLs, or use no contexts for MTLS. */
  {
    slug: 'crl-not-on-sni-context',
    sides: ['client'],
    notOnNode: 'no-lab',
    breaks: 'judge',
    story: 'The server has a second context for one name, without its CRLs, and a revoked client asks for that name',
    make(pki) {
      const leaf = pki.leaf()
      const crls = [pki.crl(pki.root), pki.crl(pki.issuing, revoking(pki, leaf))]
      return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls, settings: { contextWithoutCrl: true } } }
    },
    expect: unnoticed('crl.not-checked'),
  },
  /** Compare the clocks of this node and of the issuer. */
  {
    slug: 'crl-not-yet-valid',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The CRL of the issuing CA becomes valid tomorrow',
    make: (pki) =>
      judgedByCrl(pki, pki.crl(pki.issuing, { thisUpdate: daysAfter(pki.now, 1), nextUpdate: daysAfter(pki.now, 8) })),
    twin: withCrls,
    expect: refused('crl.not-yet-valid', 'CRL_NOT_YET_VALID'),
  },
  /** OpenSSL insists on the label `X509 CRL`; some tools write `CRL`. */
  {
    slug: 'crl-wrong-label',
    sides: ['server'],
    breaks: 'judge',
    story: 'A CRL file of this end has the label CRL',
    make: (pki) => judgedByCrl(pki, pki.crl(pki.issuing).replaceAll('X509 CRL', 'CRL')),
    twin: withCrls,
    expect: stopsStart('crl.malformed', 'ERR_CRYPTO_OPERATION_FAILED'),
  },
  /** Node has the same code for the leaf and its issuer. */
  {
    slug: 'intermediate-revoked',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer is revoked',
    make(pki) {
      const issuing = pki.ca({ commonName: 'fault lab Issuing CA, revoked', issuer: pki.root })
      const crls = [pki.crl(pki.root, revoking(pki, issuing)), pki.crl(issuing)]
      return {
        ...pki.good(),
        presenter: show(pki.leaf({ issuer: issuing }), issuing),
        judge: { trust: [pki.root.pem], crls },
      }
    },
    twin: withCrls,
    expect: refused('chain.revoked', 'CERT_REVOKED'),
    nodeSuggests: 'cert.revoked',
  },
  /** RFC 7633: Node ignores it. */
  {
    slug: 'must-staple',
    sides: ['server'],
    story: 'The certificate of the server requires a stapled OCSP answer, and the server staples none',
    make: (pki) => presenting(pki, pki.leaf({ more: [demandStaple()] })),
    expect: unnoticed('cert.must-staple'),
  },
  /** An error instead of an answer breaks the handshake: answer with nothing. */
  {
    slug: 'ocsp-responder-error',
    sides: ['server'],
    story: 'The server ends the handshake with an error, because its OCSP responder fails',
    make: (pki) => stapled(pki, 'error'),
    twin: (pki) => stapled(pki, 'nothing'),
    expect: broken('tls.staple-invalid', { presenter: 'the responder is down', judge: 'ECONNRESET' }),
    nodeSuggests: 'link.reset',
  },
  /** Node hands the octets on and checks nothing. */
  {
    slug: 'ocsp-staple-garbage',
    sides: ['server'],
    story: 'The server staples octets that are no OCSP answer',
    make: (pki) => stapled(pki, 'garbage'),
    expect: unnoticed('tls.staple-invalid'),
  },
  /** Node does not mind. */
  {
    slug: 'ocsp-staple-missing',
    sides: ['server'],
    story: 'The client asks for a stapled OCSP answer and gets none',
    make: (pki) => stapled(pki, 'nothing'),
    expect: unnoticed('tls.staple-missing'),
  },
  /** Without CRLs nothing is ever checked; say so in every report. */
  {
    slug: 'revoked-unchecked',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'The certificate of the peer is revoked, and this end holds no CRL',
    make: (pki) => presenting(pki, pki.leaf()),
    expect: unnoticed('crl.not-checked'),
  },
  /** RFC 5280 §6.3. */
  {
    slug: 'revoked',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is revoked',
    make(pki) {
      const leaf = pki.leaf()
      return {
        ...presenting(pki, leaf),
        judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), pki.crl(pki.issuing, revoking(pki, leaf))] },
      }
    },
    twin: withCrls,
    expect: refused('cert.revoked', 'CERT_REVOKED'),
  },
])
