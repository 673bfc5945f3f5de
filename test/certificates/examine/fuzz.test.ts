import t from 'tap'
import { leaf, issuing, now, root } from './chains.ts'
import { subjectAltName } from '../../../src/certificates/extensions.ts'
import { examine } from '../../../src/certificates/examine/index.ts'
import { fuzzCertificates } from '../../support/certificate-fuzz.ts'
import { propertySeed } from '../../support/property.ts'

t.test('no damaged certificate makes the examiner throw (a sample of npm run fuzz:certificates)', async (t) => {
  const { tried, read, foreign } = fuzzCertificates(500, propertySeed)
  t.strictSame(foreign, [])
  t.ok(read > tried / 10, `${read} of ${tried} reached the rules`)
})

t.test('an address with a zone in the CN is no exception of the URL parser', async (t) => {
  const extensions = { '2.5.29.17': subjectAltName([{ kind: 'dns', value: 'fe1.lab.test' }]) }
  const der = leaf({ content: { subject: [['CN', 'fe80::1%eth0']] }, extensions })
  for (const profile of ['webpki', 'modern', 'lcs2005', 'node'] as const) {
    const names = [{ kind: 'ip', value: 'fe80::1%eth0' }] as const
    const request = {
      chain: [der, issuing()],
      anchors: [root()],
      names,
      purpose: 'serverAuth',
      time: now,
      profile,
    } as const
    t.doesNotThrow(() => examine(request), profile)
  }
})
