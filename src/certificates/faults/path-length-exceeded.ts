/** RFC 5280 §4.2.1.9. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const pathLengthExceeded: Fault = {
  slug: 'path-length-exceeded',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'A CA of the peer allows no CA below it, and there is one',
  make(pki) {
    const upper = pki.ca({ commonName: 'fault lab Upper CA', issuer: pki.root, pathLength: 0 })
    const lower = pki.ca({ commonName: 'fault lab Lower CA', issuer: upper })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: lower }), lower, upper) }
  },
  expect: refused('chain.path-too-long', 'PATH_LENGTH_EXCEEDED'),
}
