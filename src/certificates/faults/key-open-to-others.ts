/** Keys are for their owner alone. */
import { type Fault, stopsStart } from './fault.ts'

export const keyOpenToOthers: Fault = {
  slug: 'key-open-to-others',
  family: 'files',
  sides: ['server'],
  story: 'The key file may be read by everybody',
  make: (pki) => ({ ...pki.good(), presenter: { ...pki.good().presenter, keyMode: 0o644 } }),
  expect: stopsStart('key.permissions'),
}
