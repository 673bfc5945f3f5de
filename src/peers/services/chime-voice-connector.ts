/** Amazon Chime SDK Voice Connector. */
import { inferred, period, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const chimeVoiceConnector: PeerPolicy = {
  name: 'chime-voice-connector',
  title: 'Amazon Chime SDK Voice Connector',
  kind: 'service',
  about: 'TLS on 5061 with SRTP where encryption is on; callers are allowed by address.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'AC1'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The addresses of the SBC are in the allow list.'],
  periods: [period({ id: 'current' })],
  sources: {
    AC1: 'docs.aws.amazon.com, Chime SDK, edit-voicecon and create-voicecon',
  },
}
