/** Control: servers of 2003 sent and read no SNI; the name is checked all the same. */
import { accepted, type Fault } from './fault.ts'

export const noSni: Fault = {
  slug: 'no-sni',
  family: 'names',
  sides: ['server'],
  story: 'The client sends no SNI',
  make: (pki) => ({ ...pki.good(), withoutSni: true }),
  expect: accepted,
}
