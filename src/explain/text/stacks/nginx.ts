/** nginx 1.18 to 1.27 with stream or http SSL, beyond the words of OpenSSL (ngx_event_openssl.c). */
import { closed, handshake, own, refused } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const nginx: StackGrammar = {
  name: 'nginx',
  rules: [
    { when: /client sent no required ssl certificate/, says: refused('tls.client-cert-missing') },
    { when: /upstream ssl certificate does not match/, says: refused('cert.name-mismatch') },
    { when: /peer closed connection in ssl handshake/, says: closed },
    { when: /(?:104|\b54): connection reset by peer/, says: closed },
    { when: /broken header: .* while reading proxy protocol/, says: handshake(['tls.proxy-protocol'], 'us') },
    { when: /(?:client|upstream) timed out .*while ssl handshaking/, says: handshake(['tls.handshake-timeout']) },
    {
      when: /no "?ssl certificate"? is defined for/,
      says: own(['tls.own-cert-missing', 'config.certificate-unassigned']),
    },
    {
      when: /ssl stapling"? ignored, issuer certificate not found/,
      says: own(['chain.incomplete', 'tls.staple-missing']),
    },
    { when: /client sent plain http request to https port/, says: handshake(['tls.not-tls'], 'us') },
  ],
  samples: [
    {
      text:
        '2026/11/28 17:55:04 [info] 1#1: *1 client sent no required SSL certificate while SSL handshaking, ' +
        'client: 192.0.2.20, server: 192.0.2.10:5061',
      first: 'tls.client-cert-missing',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
