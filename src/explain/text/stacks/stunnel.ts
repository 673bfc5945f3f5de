/** stunnel 5, beyond the words of OpenSSL (verify.c, client.c). */
import { closed, handshake, rank, refused, refusedSomehow } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const stunnel: StackGrammar = {
  name: 'stunnel',
  rules: [
    {
      when: /connection reset: \d+ byte|connection closed: .*\b0 byte|tls closed \(ssl read\)|tls socket closed/,
      says: closed,
    },
    {
      when: /cert: (?:no matching (?:host ?name|ip)|subject checks? failed|host ?name .*not match|checks? failed)/,
      says: refused('cert.name-mismatch'),
    },
    {
      when: /cert: certificate not found in local repository/,
      says: refused('chain.untrusted-root', 'cert.self-signed'),
    },
    {
      when: /rejected by cert|cert: (?:pre-)?verification (?:error|failed)|certificate verification failed/,
      says: refusedSomehow,
    },
    // A warning: stunnel goes on.
    {
      when: /insecure file permissions/,
      says: { rank: rank.outside, causes: ['key.permissions'], whose: 'ours' },
    },
    { when: /rejected by ocsp/, says: refused('cert.revoked', 'crl.unreachable') },
    {
      when: /peer suddenly disconnected|connection closed.*in ssl (?:accept|connect)|ssl socket closed .*abruptly/,
      says: closed,
    },
    {
      when: /sni: no virtual|sni: unknown|unknown sni|sni: .*not found/,
      says: handshake(['tls.name-unknown'], 'us'),
      unless: /\(sni: unknown\)/,
    },
    {
      when: /(?:tls handshake|s?ssl_(?:accept|connect)|ssl (?:accept|connect)).*(?:time ?out|timeout ?busy exceeded)|timeoutbusy exceeded/,
      says: handshake(['tls.handshake-timeout']),
    },
  ],
  samples: [
    {
      text: 'LOG4[0]: CERT: Pre-verification error: self-signed certificate',
      first: 'cert.self-signed',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'LOG4[1]: Rejected by CERT at depth=0: CN=sbc.example.test',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
