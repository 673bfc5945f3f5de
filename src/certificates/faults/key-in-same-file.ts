/** Control. */
import { accepted, type Fault } from './fault.ts'
import { sameFile } from './parts.ts'

export const keyInSameFile: Fault = {
  slug: 'key-in-same-file',
  family: 'files',
  sides: ['server', 'client'],
  story: 'Certificate and key lie in one file',
  make: (pki) => sameFile(pki),
  expect: accepted,
}
