/** Before TLS answers: the name in SNI, the size of the ClientHello, a PROXY header. */
import { dns, type FaultPki, show } from './fault-pki.ts'
import { broken, type Fault, inFamily, refused } from './fault.ts'
import { domainOf } from './parts.ts'
import type { EndSettings, Variation } from './variation.ts'

/** A server that refuses every name it has no certificate for, as `strict-sni` of HAProxy does. */
function strict(pki: FaultPki, knownNames: readonly string[], client: EndSettings = {}): Variation {
  const { presenter, ...good } = pki.good()
  return {
    ...good,
    presenter: { ...presenter, settings: { door: 'known-names', knownNames } },
    judge: { trust: [pki.root.pem], settings: client },
  }
}

function atDoor(pki: FaultPki, door: 'small-hello' | 'proxy-header', client: EndSettings = {}): Variation {
  const { presenter, ...good } = pki.good()
  return {
    ...good,
    presenter: { ...presenter, settings: { door } },
    judge: { trust: [pki.root.pem], settings: client },
  }
}

/** The right certificate for the name, that of another host for every other name and for none. */
function twoHosts(pki: FaultPki, sni: string): Variation {
  const { presenter, ...good } = pki.good()
  const other = `other.${domainOf(pki)}`
  return {
    ...good,
    presenter: {
      ...show(pki.leaf({ commonName: other, names: [dns(other)] }), pki.issuing),
      settings: { named: { name: pki.name, certificate: String(presenter.certificate), key: String(presenter.key) } },
    },
    judge: { trust: [pki.root.pem], settings: { sni } },
  }
}

function withoutOwn(pki: FaultPki, settings: EndSettings): Variation {
  const { presenter, ...good } = pki.good()
  return {
    ...good,
    presenter: { ...presenter, settings },
    judge: { trust: [pki.root.pem], settings: { showsNothing: true } },
  }
}

/** Either end alone changes nothing: a client that keeps no session offers none. */
function resuming(pki: FaultPki, client: EndSettings): Variation {
  const { presenter, ...good } = pki.good()
  return {
    ...good,
    presenter: { ...presenter, settings: client },
    judge: { trust: [pki.root.pem], settings: { resumes: true } },
  }
}

const nameUnknown = broken('tls.name-unknown', { presenter: 'tls.name-unknown', judge: 'alert 112' })

export const opening: readonly Fault[] = inFamily('protocol', [
  /** SIP over WSS behind a listener for servers: browsers and phones have no certificate. */
  {
    slug: 'browser-without-certificate',
    sides: ['server'],
    story: 'Every listener requires a certificate, also for WSS, and the client has none, like a browser',
    make: (pki) => withoutOwn(pki, { demands: true }),
    twin: (pki) => withoutOwn(pki, {}),
    expect: broken('tls.client-cert-missing', { presenter: 'tls.client-cert-missing', judge: 'closed' }),
    nodeSuggests: 'tls.handshake-failed',
  },
  /** Without SNI a server shows its default certificate (RFC 6066 §3), which may be that of another host. */
  {
    slug: 'default-certificate-of-another',
    sides: ['server'],
    story: 'The client sends no SNI, and the default certificate of the server belongs to another host',
    make: (pki) => twoHosts(pki, ''),
    twin: (pki) => twoHosts(pki, pki.name),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** X25519MLKEM768 makes a ClientHello of 1.6 kB. Under TLS 1.2 alone no key share is sent. */
  {
    slug: 'hello-too-large',
    sides: ['server'],
    story: 'The server, or a device in front of it, resets connections that begin with a ClientHello over 600 octets',
    make: (pki) => atDoor(pki, 'small-hello'),
    twin: (pki) => atDoor(pki, 'small-hello', { ecdhCurve: 'X25519:P-256' }),
    expect: broken('tls.hello-too-large', { presenter: 'tls.hello-too-large', judge: 'ECONNRESET' }),
    nodeSuggests: 'link.reset',
    versions: ['TLSv1.3'],
  },
  /** A balancer in front of the server writes one; who dials past the balancer does not. */
  {
    slug: 'proxy-header-missing',
    sides: ['server'],
    story: 'The server expects a PROXY header, and the client begins with TLS',
    make: (pki) => atDoor(pki, 'proxy-header'),
    twin: (pki) => atDoor(pki, 'proxy-header', { sendsProxyHeader: true }),
    expect: broken('tls.proxy-protocol', { presenter: 'tls.proxy-protocol', judge: 'ECONNRESET' }),
    nodeSuggests: 'link.reset',
  },
  /** The other half of `proxy-header-missing`. */
  {
    slug: 'proxy-header-unawaited',
    sides: ['server'],
    breaks: 'judge',
    story: 'The client sends a PROXY header before its ClientHello, and the server expects none',
    make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], settings: { sendsProxyHeader: true } } }),
    expect: broken('tls.proxy-protocol', { presenter: 'tls.proxy-protocol', judge: 'ECONNRESET' }),
    nodeSuggests: 'link.reset',
  },
  /** RFC 8446 §2.2: the certificate of the client is judged once, and not again when it has ended or is revoked. */
  {
    slug: 'session-resumed',
    sides: ['client'],
    shows: 'second-connection',
    story: 'The two ends resume a TLS session, so that the server does not check the certificate of the client again',
    make: (pki) => resuming(pki, { resumes: true }),
    twin: (pki) => resuming(pki, {}),
    expect: broken('tls.session-resumed', { presenter: 'tls.session-resumed', judge: 'tls.session-resumed' }),
  },
  /** Servers of 2003 sent no SNI, and some stacks send none for a name without a dot. */
  {
    slug: 'sni-missing',
    sides: ['server'],
    breaks: 'judge',
    story: 'The client sends no SNI, and the server refuses every ClientHello without a name that it knows',
    make: (pki) => strict(pki, [pki.name], { sni: '' }),
    twin: (pki) => strict(pki, [pki.name]),
    expect: nameUnknown,
  },
  /** RFC 6066 §3 forbids addresses in SNI. */
  {
    slug: 'sni-numeric',
    sides: ['server'],
    breaks: 'judge',
    story: 'The client sends an address as SNI, and the server refuses every name that it does not know',
    make: (pki) => strict(pki, [pki.name], { sni: '192.0.2.1' }),
    twin: (pki) => strict(pki, [pki.name]),
    expect: nameUnknown,
  },
  /** The host was renamed, or its certificate is kept under the old name. */
  {
    slug: 'sni-unknown',
    sides: ['server'],
    story: 'The server has no certificate for the name in the SNI of the client',
    make: (pki) => strict(pki, [`other.${domainOf(pki)}`]),
    twin: (pki) => strict(pki, [pki.name]),
    expect: nameUnknown,
  },
])
