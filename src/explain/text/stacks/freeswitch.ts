/** FreeSWITCH 1.6 to 1.10 with sofia-sip (tport_tls.c, sofia.c), drachtio too, beyond OpenSSL. */
import { aboutTls, broken, own, refused, refusedSomehow } from '../grammar.ts'
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
    { when: /tls (?:connection )?setup failed|tls accept .*failed/, says: broken },
    {
      when: /invalid local certificate:/,
      says: own(['file.missing', 'file.not-pem', 'file.corrupt', 'file.unreadable']),
    },
    { when: /invalid private key:/, says: own(['key.missing', 'key.malformed', 'key.mismatch', 'key.unreadable']) },
    { when: /error loading ca list:/, says: own(['trust.missing', 'trust.malformed', 'trust.empty']) },
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
