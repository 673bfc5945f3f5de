/** Names: who the certificate says it is, and who was dialled. */
import { dns, show } from './fault-pki.ts'
import { accepted, broken, type Fault, inFamily, refused, unnoticed } from './fault.ts'
import { domainOf, manyNames, named } from './parts.ts'

export const names: readonly Fault[] = inFamily('names', [
  /** Node never looks at the name of a client: this check is ours. */
  {
    slug: 'client-wrong-name',
    sides: ['client'],
    story: 'The certificate of the dialling server carries a name that is on no list',
    make: (pki) => named(pki, `stranger.${domainOf(pki)}`, [dns(`stranger.${domainOf(pki)}`)]),
    expect: refused('cert.name-not-allowed', 'cert.name-not-allowed'),
  },
  /** A DNS SAN switches the CN off. */
  {
    slug: 'cn-matches-san-does-not',
    sides: ['server'],
    story: 'The subject of the server is the name that was dialled, its SAN is another',
    make: (pki) => named(pki, pki.name, [dns(`other.${domainOf(pki)}`)]),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Normal for LCS 2005; RFC 9525 does not read the CN any more. */
  {
    slug: 'cn-only',
    sides: ['server'],
    story: 'The certificate of the server has its name in the subject only',
    make: (pki) => named(pki, pki.name, []),
    expect: unnoticed('cert.san-missing'),
  },
  /** Control. */
  {
    slug: 'duplicate-sans',
    sides: ['server'],
    story: 'The certificate of the server carries the same name three times',
    make: (pki) => named(pki, pki.name, [dns(pki.name), dns(pki.name), dns(pki.name)]),
    expect: accepted,
  },
  /** Control: dial the A-label, as `url.domainToASCII` gives it. */
  {
    slug: 'internationalised',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server has an internationalised name',
    make: (pki) => ({
      ...named(pki, 'xn--mnchen-3ya.lab.test', [dns('xn--mnchen-3ya.lab.test')]),
      wantedName: 'xn--mnchen-3ya.lab.test',
    }),
    expect: accepted,
  },
  /** An address written as a DNS name is no address. */
  {
    slug: 'ip-as-dns-san',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled by its address, which is in its SAN as a DNS name',
    make: (pki) => ({ ...named(pki, pki.name, [dns('127.0.0.1')]), wantedName: '127.0.0.1' }),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** The CN never stands for an address. */
  {
    slug: 'ip-in-cn',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled by its address, which is in its subject',
    make: (pki) => ({ ...named(pki, '127.0.0.1', []), wantedName: '127.0.0.1' }),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Dial by name, always. */
  {
    slug: 'ip-not-in-san',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled by its address, and the certificate carries only its name',
    make: (pki) => ({ ...pki.good(), wantedName: '127.0.0.1' }),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Control: an address is found in a SAN of the IP kind only. */
  {
    slug: 'ip-san',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled by its address, which is in its SAN',
    make: (pki) => ({ ...named(pki, pki.name, [{ kind: 'ip', value: '127.0.0.1' }]), wantedName: '127.0.0.1' }),
    expect: accepted,
  },
  /** The other half of `pool-name-missing`. */
  {
    slug: 'machine-name-missing',
    sides: ['server'],
    story: 'The machine is dialled, and the certificate carries only the name of the pool',
    make: (pki) => named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`)]),
    twin: (pki) => named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`), dns(pki.name)]),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Control: 97 kB of PEM. */
  {
    slug: 'many-sans',
    sides: ['server'],
    story: 'The certificate of the server carries three thousand names',
    make: (pki) => named(pki, pki.name, manyNames(pki, 3000)),
    expect: accepted,
  },
  /** Control: case does not count in host names. */
  {
    slug: 'name-case',
    sides: ['server'],
    story: 'The certificate of the server carries its name in capitals',
    make: (pki) => named(pki, pki.name.toUpperCase(), [dns(pki.name.toUpperCase())]),
    expect: accepted,
  },
  /** The defaults of OpenSIPS and Kamailio: any certificate of the CA will do (OpenSIPS issue 3064). */
  {
    slug: 'name-unchecked',
    sides: ['server', 'client'],
    breaks: 'judge',
    story: 'This end accepts every name, and the certificate of the peer carries that of a stranger',
    make: (pki) => ({
      ...named(pki, `stranger.${domainOf(pki)}`, [dns(`stranger.${domainOf(pki)}`)]),
      judge: { trust: [pki.root.pem], settings: { checksNoName: true } },
    }),
    expect: unnoticed('tls.name-not-checked'),
  },
  /** Control: servers of 2003 sent and read no SNI; the name is checked all the same. */
  {
    slug: 'no-sni',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The client sends no SNI',
    make: (pki) => ({ ...pki.good(), withoutSni: true }),
    expect: accepted,
  },
  /** LCS wants a subject that equals the FQDN. */
  {
    slug: 'no-subject',
    sides: ['server'],
    story: 'The certificate of the server has a SAN and no subject',
    make: (pki) => named(pki, '', [dns(pki.name)]),
    expect: unnoticed('cert.subject-missing'),
  },
  /** The classic of OCS: the subject is the pool, the SAN holds pool and machine. */
  {
    slug: 'pool-name-missing',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The pool is dialled, and the certificate carries only the name of the machine',
    make: (pki) => ({
      ...pki.good(),
      presenter: show(pki.leaf({ commonName: pki.name, names: [dns(pki.name)] }), pki.issuing),
      wantedName: `pool.${domainOf(pki)}`,
    }),
    twin: (pki) => ({
      ...named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`), dns(pki.name)]),
      wantedName: `pool.${domainOf(pki)}`,
    }),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Node falls back to the CN whenever there is no DNS SAN. */
  {
    slug: 'san-email-only',
    sides: ['server'],
    story: 'The only SAN of the server is an e-mail address',
    make: (pki) => named(pki, pki.name, [{ kind: 'email', value: `admin@${domainOf(pki)}` }]),
    expect: unnoticed('cert.name-mismatch'),
  },
  /** RFC 5922 §7.1 reads `URI:sip:` first and finds the domain, not the host; Node does not read it. */
  {
    slug: 'san-sip-uri-only',
    sides: ['server'],
    story: 'The only SAN of the server is the SIP URI of its domain',
    make: (pki) => named(pki, pki.name, [{ kind: 'uri', value: `sip:${domainOf(pki)}` }]),
    expect: unnoticed('cert.name-mismatch'),
  },
  /** The certificate message passes the 100 kB that OpenSSL reads. */
  {
    slug: 'too-many-sans',
    sides: ['server'],
    story: 'The certificate of the server carries five thousand names',
    make: (pki) => named(pki, pki.name, manyNames(pki, 5000)),
    twin: (pki) => named(pki, pki.name, manyNames(pki, 3000)),
    expect: broken('tls.chain-too-large', { presenter: 'alert 47', judge: 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE' }),
  },
  /** Control for Node; RFC 5280 §4.2.1.6 wants no dot at the end. */
  {
    slug: 'trailing-dot',
    sides: ['server'],
    story: 'The name in the certificate of the server ends with a dot',
    make: (pki) => named(pki, pki.name, [dns(`${pki.name}.`)]),
    expect: accepted,
  },
  /** A wildcard never stands for no label. */
  {
    slug: 'wildcard-bare-domain',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled by the bare domain of its wildcard',
    make: (pki) => ({ ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]), wantedName: domainOf(pki) }),
    twin: (pki) => named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** Node takes it. */
  {
    slug: 'wildcard-cn',
    sides: ['server'],
    story: 'The subject of the server is a wildcard, and there is no SAN',
    make: (pki) => named(pki, `*.${domainOf(pki)}`, []),
    expect: unnoticed('cert.wildcard'),
  },
  /** Node takes it, RFC 9525 §6.3 does not. */
  {
    slug: 'wildcard-partial',
    sides: ['server'],
    story: 'The wildcard of the server stands for a part of a label',
    make: (pki) => named(pki, pki.name, [dns(`${pki.name.slice(0, 2)}*.${domainOf(pki)}`)]),
    expect: unnoticed('cert.wildcard'),
  },
  /** A wildcard stands for one label (RFC 9525 §6.3). */
  {
    slug: 'wildcard-two-labels',
    sides: ['server'],
    notOnNode: 'dialled-name',
    story: 'The server is dialled two labels below its wildcard',
    make: (pki) => ({
      ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
      wantedName: `a.b.${domainOf(pki)}`,
    }),
    twin: (pki) => ({
      ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
      wantedName: `b.${domainOf(pki)}`,
    }),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
  /** RFC 5922 §7.2 forbids wildcards for SIP; Node takes one for one label. */
  {
    slug: 'wildcard',
    sides: ['server'],
    story: 'The certificate of the server carries a wildcard for its domain',
    make: (pki) => named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
    expect: unnoticed('cert.wildcard'),
  },
  /** RFC 5922 §7.2. */
  {
    slug: 'wrong-host',
    sides: ['server'],
    story: 'The certificate of the server carries another name than the one that was dialled',
    make: (pki) => named(pki, `other.${domainOf(pki)}`, [dns(`other.${domainOf(pki)}`)]),
    expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
  },
])
