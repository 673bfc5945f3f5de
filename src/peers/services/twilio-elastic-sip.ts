/** Twilio Elastic SIP Trunking. */
import { inferred, period, read, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const twilioElasticSip: PeerPolicy = {
  name: 'twilio-elastic-sip',
  title: 'Twilio Elastic SIP Trunking',
  kind: 'service',
  about: 'TLS on 5061, both ways.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'TW1'),
  endpoints: [],
  revocation: unknown(),
  duties: ['Error 32222: the TLS version is not allowed. Error 32209: secure transport is required.'],
  periods: [
    period({
      id: 'dual',
      until: '2026-07-31',
      tlsMin: read('TLSv1.2', 'TW1'),
      shows: reported('either', 'U3'),
    }),
    period({
      id: 'server-only',
      since: '2026-08-01',
      tlsMin: read('TLSv1.2', 'TW1'),
      shows: reported(['serverAuth'], 'U3'),
      note: 'The rotation was announced for this day or later; it may have come earlier.',
    }),
  ],
  sources: {
    TW1: 'twilio.com, error 32222 and changelog of 29 Mar 2022',
    U3: 'livekit/sip #593 (Feb 2026), quotes a letter of Twilio',
  },
}
