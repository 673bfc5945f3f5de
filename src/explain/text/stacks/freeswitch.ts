/** FreeSWITCH 1.6 to 1.10 with sofia-sip (tport_tls.c, sofia.c), drachtio too, beyond OpenSSL. */
import { aboutTls, closed, own, refused, refusedSomehow } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const freeswitch: StackGrammar = {
  name: 'FreeSWITCH, sofia-sip, drachtio',
  rules: [
    {
      when: /error creating sip ua for profile/,
      says: own(['file.corrupt', 'file.missing', 'file.not-pem', 'key.malformed', 'key.mismatch', 'config.invalid']),
    },
    {
      when: /peer name mismatch|subject(?:s)? mismatch|no matching subject|peer certificate subject/,
      says: refused('cert.name-mismatch'),
      only: aboutTls,
    },
    {
      when: /tport tls.*(?:peer )?certificate (?:verification|validation) failed|peer certificate (?:not|verification)/,
      says: refusedSomehow,
    },
    { when: /tls setup failed|tls (?:connection )?setup failed/, says: closed },
    { when: /tls accept .*failed|tport tls accept/, says: closed },
    {
      when: /invalid tls cert|tls (?:cert|key) .*(?:does not exist|missing)/,
      says: own(['file.missing', 'key.missing', 'file.not-pem']),
    },
  ],
  samples: [
    {
      text: 'Error Creating SIP UA for profile: internal (sip:mod_sofia@192.0.2.10:5060) ATTEMPT 1 (RETRY IN 5 SEC)',
      first: 'file.corrupt',
      whose: 'ours',
      who: 'us',
    },
  ],
}
