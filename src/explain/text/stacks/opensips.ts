/** OpenSIPS 2 to 3.5, tls_openssl and tls_wolfssl, beyond the words of the library. */
import { broken, closed, handshake, own, refusedSomehow } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const opensips: StackGrammar = {
  name: 'OpenSIPS',
  rules: [
    { when: /failed to (?:accept|connect):.*rc=0|new tls connection .* failed/, says: { ...closed } },
    { when: /\btls handshake failed|tls (?:accept|connect) error|pre-tls handshake/, says: broken, unless: /-\d{3}/ },
    {
      when: /no tls (?:server|client) domain found/,
      says: handshake(['config.invalid', 'tls.own-cert-missing'], 'us'),
    },
    { when: /certificate validation failed|verify callback.*failure/, says: refusedSomehow },
    {
      when: /(?:unable|failed) to load (?:the )?certificate/,
      says: { ...own(['file.missing', 'file.not-pem', 'file.corrupt']), rank: 3 },
    },
  ],
  samples: [
    {
      text: 'TLS errstack: error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
