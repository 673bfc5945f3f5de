/** RFC 8446 §4.2.7. */
import { broken, type Fault } from './fault.ts'
import { groups } from './parts.ts'

export const noCommonGroup: Fault = {
  slug: 'no-common-group',
  family: 'protocol',
  sides: ['server'],
  story: 'The two ends allow different groups for the key exchange',
  make: (pki) => groups(pki, 'P-384', 'P-256'),
  twin: (pki) => groups(pki, 'P-256', 'P-256'),
  expect: broken('tls.no-common-group', { presenter: 'ERR_SSL_NO_SUITABLE_KEY_SHARE', judge: 'alert 40' }),
  nodeSuggests: 'tls.alert',
  versions: ['TLSv1.3'],
}
