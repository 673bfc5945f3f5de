import { fc } from '../support/property.ts'
import t from 'tap'
import { didYouMean, nearestName } from '../../src/topology/nearest-name.ts'

const nodes = ['edge', 'director', 'fe1', 'fe2', 'dns']

t.test('finds the name that was meant', async (t) => {
  t.equal(nearestName('dierctor', nodes), 'director')
  t.equal(nearestName('FE1', nodes), 'fe1')
  t.equal(nearestName('exipred', ['expired', 'expired-root', 'revoked']), 'expired')
  t.equal(nearestName('trial-certificate', ['trial-certificate-expiry', 'revoked']), 'trial-certificate-expiry')
})

t.test('says nothing where no name is near', async (t) => {
  t.equal(didYouMean('pool-of-seven', nodes), '')
  t.equal(didYouMean('', nodes), '')
  t.equal(didYouMean('sip:zed@lab.test', ['sip:bob@lab.test', 'sip:alice@lab.test']), '', 'only the domain is alike')
})

t.test('a known name is nearest to itself, whatever else there is', async () => {
  fc.assert(fc.property(fc.constantFrom(...nodes), (name) => nearestName(name, nodes) === name))
})

t.test('any text gets an answer that is known, or none', async () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => {
      const found = nearestName(text, nodes)
      return found === undefined || nodes.includes(found)
    }),
  )
})
