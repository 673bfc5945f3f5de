/** KB 836410: a renewal lost the access rights of the key; links bled away one by one, and the next start failed. */
import { type Fault, stopsStart } from './fault.ts'

export const keyUnreadable: Fault = {
  slug: 'key-unreadable',
  family: 'files',
  sides: ['server'],
  story: 'The account of the service may not read the key file',
  make: (pki) => ({ ...pki.good(), presenter: { ...pki.good().presenter, keyMode: 0o000 } }),
  expect: stopsStart('key.unreadable'),
}
