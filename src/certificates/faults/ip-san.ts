/** Control: an address is found in a SAN of the IP kind only. */
import { accepted, type Fault } from './fault.ts'
import { named } from './parts.ts'

export const ipSan: Fault = {
  slug: 'ip-san',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled by its address, which stands in its SAN',
  make: (pki) => ({ ...named(pki, pki.name, [{ kind: 'ip', value: '127.0.0.1' }]), wantedName: '127.0.0.1' }),
  expect: accepted,
}
