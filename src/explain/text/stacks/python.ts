/** Python 3 ssl and pyOpenSSL, beyond the words of OpenSSL (Modules/_ssl.c, Lib/ssl.py). */
import { closed, handshake, own, rank, refused, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const python: StackGrammar = {
  name: 'Python',
  rules: [
    {
      when: /hostname mismatch, certificate is not valid for|doesn't match (?:either of )?'|ip address mismatch, certificate/,
      says: refused('cert.name-mismatch'),
    },
    {
      when: /sslzeroreturnerror|connection has been closed \(eof\)|ssleoferror|eof occurred in violation/,
      says: closed,
    },
    { when: /connectionreseterror|\[errno 104\]|\[winerror 10054\]/, says: closed },
    { when: /handshake operation timed out/, says: handshake(['tls.handshake-timeout']) },
    {
      when: /filenotfounderror/,
      says: { ...own(['file.missing', 'key.missing', 'trust.missing'], sets.missingFile), rank: rank.reason },
    },
    { when: /check hostname requires server hostname/, says: own(['config.invalid']) },
  ],
  samples: [
    {
      text:
        'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ' +
        'certificate is not yet valid (_ssl.c:992)',
      first: 'cert.not-yet-valid',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'ssl.SSLError: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:992)',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
  ],
}
