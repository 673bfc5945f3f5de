/** Vonage. */
import { period, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const vonageSip: PeerPolicy = {
  name: 'vonage-sip',
  title: 'Vonage',
  kind: 'service',
  about: 'Nothing usable was found on certificates: ask the provider.',
  checked: '2026-11-28',
  dials: unknown(),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [period({ id: 'current' })],
  sources: {},
}
