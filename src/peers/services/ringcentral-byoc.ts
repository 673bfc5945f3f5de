/** RingCentral BYOC. */
import { period, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const ringcentralByoc: PeerPolicy = {
  name: 'ringcentral-byoc',
  title: 'RingCentral BYOC',
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
