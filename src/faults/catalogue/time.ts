/** Validity: dates that lie in the past, in the future, or too close. */
import { daysAfter, daysBefore, presenting, show } from './fault-pki.ts'
import { accepted, type Fault, inFamily, refused, stopsStart } from './fault.ts'

export const time: readonly Fault[] = inFamily('time', [
  /** Node has the same code for the leaf and its issuer. */
  {
    slug: 'expired-intermediate',
    sides: ['server', 'client'],
    story: 'The certificate of the issuing CA expired yesterday, the certificate of the peer is valid',
    make(pki) {
      const issuing = pki.ca({
        commonName: 'fault lab Issuing CA, old',
        issuer: pki.root,
        notAfter: daysBefore(pki.now, 1),
      })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
    },
    expect: refused('chain.expired', 'CERT_HAS_EXPIRED'),
    nodeSuggests: 'cert.expired',
  },
  /** The incident of 2006: Node starts without complaint, the service of old did not. */
  {
    slug: 'expired-own-at-start',
    sides: ['server'],
    story: 'The certificate of the node itself expired yesterday',
    make: (pki) => presenting(pki, pki.leaf({ notBefore: daysBefore(pki.now, 31), notAfter: daysBefore(pki.now, 1) })),
    expect: stopsStart('cert.expired'),
  },
  /** A trusted but expired root is still refused by Node; RFC 5280 leaves it open. */
  {
    slug: 'expired-root',
    sides: ['server', 'client'],
    story: 'The root that both ends trust expired yesterday',
    make(pki) {
      const root = pki.ca({ commonName: 'fault lab Root CA, old', notAfter: daysBefore(pki.now, 1) })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
    },
    twin(pki) {
      const root = pki.ca({ commonName: 'fault lab Root CA, old' })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
    },
    expect: refused('chain.root-expired', 'CERT_HAS_EXPIRED'),
    nodeSuggests: 'cert.expired',
  },
  /** RFC 5280 §4.1.2.5. */
  {
    slug: 'expired',
    sides: ['server', 'client'],
    story: 'The peer presents a certificate that expired yesterday',
    make: (pki) => presenting(pki, pki.leaf({ notBefore: daysBefore(pki.now, 31), notAfter: daysBefore(pki.now, 1) })),
    expect: refused('cert.expired', 'CERT_HAS_EXPIRED'),
  },
  /** Node has the same code for the leaf and its issuer. */
  {
    slug: 'not-yet-valid-intermediate',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer becomes valid tomorrow',
    make(pki) {
      const issuing = pki.ca({
        commonName: 'fault lab Issuing CA, new',
        issuer: pki.root,
        notBefore: daysAfter(pki.now, 1),
      })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
    },
    expect: refused('chain.not-yet-valid', 'CERT_NOT_YET_VALID'),
    nodeSuggests: 'cert.not-yet-valid',
  },
  /** Suspect the clock of the node first. */
  {
    slug: 'not-yet-valid-own-at-start',
    sides: ['server'],
    story: 'The certificate of the node itself becomes valid tomorrow',
    make: (pki) => presenting(pki, pki.leaf({ notBefore: daysAfter(pki.now, 1) })),
    expect: stopsStart('cert.not-yet-valid'),
  },
  /** RFC 5280 §4.1.2.5. Windows has one code for both ends of the window. */
  {
    slug: 'not-yet-valid',
    sides: ['server', 'client'],
    story: 'The peer presents a certificate that becomes valid tomorrow',
    make: (pki) => presenting(pki, pki.leaf({ notBefore: daysAfter(pki.now, 1) })),
    expect: refused('cert.not-yet-valid', 'CERT_NOT_YET_VALID'),
  },
  /** Control: a certificate of one minute is as good as one of a year. */
  {
    slug: 'short-lived',
    sides: ['server', 'client'],
    story: 'The peer presents a certificate that expires in a minute',
    make: (pki) => presenting(pki, pki.leaf({ notAfter: new Date(pki.now + 60_000) })),
    expect: accepted,
  },
])
