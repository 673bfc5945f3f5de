/** coturn 4.5 and 4.6, the TURN server beside a SIP edge (src/apps/relay/mainrelay.c). */
import { own } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const coturn: StackGrammar = {
  name: 'coturn',
  rules: [
    // Of a file that this account may not read too.
    { when: /cannot find certificate file:/, says: own(['file.missing', 'file.unreadable']) },
    { when: /cannot find private key file:/, says: own(['key.missing', 'key.unreadable']) },
    {
      when: /listeners because certificate file is not set properly/,
      says: own(['file.missing', 'file.unreadable', 'config.invalid']),
    },
    {
      when: /listeners because private key file is not set properly/,
      says: own(['key.missing', 'key.unreadable', 'config.invalid']),
    },
    {
      when: /(?:tls|ssl)[\d.]*: error: no certificate found/,
      says: own(['file.unreadable', 'file.not-pem', 'file.empty', 'file.wrong-kind']),
    },
    {
      when: /error: no valid private key found, or invalid private key password/,
      says: own(['key.unreadable', 'key.malformed', 'key.passphrase-wrong', 'key.encrypted']),
    },
  ],
  samples: [
    {
      text: 'turnserver: 0: WARNING: cannot find certificate file: turn_server_cert.pem (1)',
      first: 'file.missing',
      whose: 'ours',
      who: 'us',
    },
    { text: '0: (1): ERROR: TLS: ERROR: no certificate found', first: 'file.unreadable', whose: 'ours', who: 'us' },
    {
      text: '0: (1): ERROR: DTLS: ERROR: no valid private key found, or invalid private key password provided',
      first: 'key.unreadable',
      whose: 'ours',
      who: 'us',
    },
  ],
}
