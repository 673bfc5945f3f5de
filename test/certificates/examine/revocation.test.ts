import t from 'tap'
import { crlDistributionPoint, keyUsage } from '../../../src/certificates/extensions.ts'
import { writeCrl } from '../../../src/certificates/write-certificate.ts'
import { codes, issuing, issuingName, judge, keys, leaf, root } from './chains.ts'
import { chain, earlier, issuingCrl, oddCrl, partition, revocationCases, revokedLeaf, rootCrl, scope } from './crls.ts'

t.test('without CRLs nothing is checked, and that is said', async (t) => {
  t.match(judge({ chain }), { accepted: true, revocation: 'not-checked' })
})

t.test('with a CRL for every CA', async (t) => {
  for (const [name, { crls, code }] of Object.entries(revocationCases)) {
    t.test(name, async (t) => {
      const examination = judge({ chain, crls })
      t.equal(examination.accepted, code === undefined)
      t.equal(codes(examination)[0], code)
    })
  }
})

t.test('a partition counts for the certificate that names it, octet by octet', async (t) => {
  const url = 'http://pki.lab.test/1.crl'
  const named = leaf({ extensions: { cdp: crlDistributionPoint(url) } })
  const crls = [rootCrl(), oddCrl({ extensions: [scope(partition(url))] })]
  t.equal(judge({ chain: [named, issuing()], crls }).accepted, true)
  t.equal(
    judge({
      chain: [named, issuing()],
      crls: [rootCrl(), oddCrl({ extensions: [scope(partition('http://pki.lab.test/%31.crl'))] })],
    }).accepted,
    false,
  )
})

t.test('a CA without cRLSign cannot speak about revocation', async (t) => {
  const silent = issuing({ extensions: { '2.5.29.15': keyUsage('keyCertSign') } })
  t.match(judge({ chain: [revokedLeaf, silent], crls: [rootCrl(), issuingCrl()] }), {
    accepted: false,
    faults: [{ code: 'crl.no-crl-sign', index: 0 }],
  })
})

t.test('a CRL without nextUpdate is used and mentioned', async (t) => {
  const endless = writeCrl({ number: 1, thisUpdate: earlier, revoked: [] }, { name: issuingName, key: keys.issuing })
  t.match(judge({ chain, crls: [rootCrl(), endless] }), {
    accepted: true,
    faults: [{ code: 'crl.no-next-update', refuses: false }],
  })
})

t.test('the rule books lay a CRL aside that is not in their form', async (t) => {
  t.match(judge({ chain, crls: [oddCrl({ version: 2 })], profile: 'webpki' }), {
    accepted: true,
    revocation: 'not-checked',
  })
  t.equal(
    judge({ chain, crls: [rootCrl(), oddCrl({ version: 2 })], profile: 'modern' }).accepted,
    false,
    'the lab fails closed',
  )
})

t.test('the root of the chain needs no CRL of its own', async (t) => {
  t.equal(
    judge({
      chain,
      anchors: [root(), root({ content: { subject: [['CN', 'Other']] } })],
      crls: [rootCrl(), issuingCrl()],
    }).accepted,
    true,
  )
})
