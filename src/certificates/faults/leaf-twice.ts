/** Control. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const leafTwice: Fault = {
  slug: 'leaf-twice',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends its own certificate twice',
  make(pki) {
    const leaf = pki.leaf()
    return { ...pki.good(), presenter: show(leaf, leaf, pki.issuing) }
  },
  expect: accepted,
}
