/** Kamailio 4 to 6 and its tls module, beyond the words of OpenSSL (tls_server.c, tls_domain.c, tls_verify.c). */
import { closed, outside, own, refused } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const kamailio: StackGrammar = {
  name: 'Kamailio',
  rules: [
    {
      when: /server did not present a certificate|client did not present a certificate/,
      says: refused('tls.client-cert-missing'),
    },
    { when: /verify callback.*(?:self[- ]signed)/, says: refused('cert.self-signed') },
    { when: /tls (?:accept|connect|read|write):? ?(?:eof|connection (?:closed|reset))/, says: closed },
    {
      when: /unable to load certificate file/,
      says: { ...own(['file.missing', 'file.not-pem', 'file.corrupt', 'file.unreadable']), rank: 3 },
    },
    {
      when: /unable to load private key/,
      says: { ...own(['key.missing', 'key.malformed', 'key.mismatch', 'key.unreadable', 'key.encrypted']), rank: 3 },
    },
    { when: /unable to load ca list/, says: { ...own(['trust.missing', 'trust.malformed', 'trust.empty']), rank: 3 } },
    { when: /could not resolve|unresolvable destination/, says: outside('dns', 'dns.not-found') },
  ],
  samples: [
    {
      text:
        'ERROR: tls [tls_util.h:50]: tls_err_ret(): TLS accept:error:0A000418:SSL routines::tlsv1 alert ' +
        'unknown ca (sni: sbc.example.test)',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    {
      text: 'Server MUST present valid certificate; TLS write:error: certificate verify failed',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
