/** Node.js 18 to 24, beyond the words of OpenSSL (lib/_tls_wrap.js, lib/internal/errors.js). */
import { closed, handshake, own, rank, refused, outside } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const node: StackGrammar = {
  name: 'Node.js',
  rules: [
    { when: /err tls cert altname invalid|does not match certificate's altnames/, says: refused('cert.name-mismatch') },
    { when: /err tls cert altname format/, says: refused('cert.san-malformed') },
    { when: /err tls handshake timeout|tls handshake timeout/, says: handshake(['tls.handshake-timeout']) },
    { when: /err tls dh param size/, says: handshake(['tls.dh-too-small'], 'us') },
    { when: /client network socket disconnected before secure tls/, says: closed },
    { when: /socket hang up/, says: closed },
    { when: /(?:read|write) econnreset|\bcode: 'econnreset'|\bepipe\b/, says: closed },
    // Errors of the connection itself say more than what follows from them.
    { when: /connect etimedout/, says: { rank: rank.outside, causes: ['tls.handshake-timeout', 'link.timeout'] } },
    {
      when: /enoent: no such file or directory, open/,
      says: own(['file.missing'], { key: ['key.missing'], trust: ['trust.missing'] }),
    },
    { when: /error: not enough data\b/, says: own(['file.pfx-malformed', 'file.corrupt', 'file.empty']) },
    { when: /err crypto unsupported operation/, says: own(['file.pfx-legacy', 'key.malformed']) },
    { when: /connect econnrefused/, says: outside('tcp', 'link.refused') },
  ],
  samples: [
    {
      text: "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames",
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
    { text: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', first: 'chain.incomplete', whose: 'theirs', who: 'us' },
  ],
}
