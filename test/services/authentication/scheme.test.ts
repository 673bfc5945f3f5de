import { fc } from '../../support/property.ts'
import t from 'tap'
import { readAuthorization } from '../../../src/services/authentication/scheme.ts'

t.test('reads quoted and plain values, escapes undone', async (t) => {
  const read = readAuthorization(
    'Digest username="al\\"ice", realm="SIP Communications Service" , NC=00000001,qop=auth, gssapi-data=""',
  )
  t.equal(read?.scheme, 'digest')
  t.same(Object.fromEntries(read?.parameters ?? []), {
    username: 'al"ice',
    realm: 'SIP Communications Service',
    nc: '00000001',
    qop: 'auth',
    'gssapi-data': '',
  })
})

t.test('a scheme alone has no parameters', async (t) => {
  t.same(readAuthorization('NTLM')?.parameters.size, 0)
})

for (const value of ['Digest username="open', 'Digest a=1 b=2', 'Digest a=1, a=2', 'Digest =x']) {
  t.test(`${value} is not read`, async (t) => {
    t.equal(readAuthorization(value), undefined)
  })
}

t.test('no text takes it down, or long', async (t) => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => (readAuthorization(`Digest ${text}`), true)))
  const start = process.cpuUsage().user
  readAuthorization(`Digest a="${'\\"'.repeat(100_000)}`)
  readAuthorization(`Digest ${' '.repeat(100_000)}`)
  readAuthorization(`Digest ${'a'.repeat(100_000)}`)
  readAuthorization(`Digest a=${' '.repeat(100_000)}b`)
  t.ok(process.cpuUsage().user - start < 1_000_000, 'less than a second of this processor')
})

t.test('what was written in quotes is read back', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 50 }),
      (text) => readAuthorization(`Digest a="${text.replace(/["\\]/g, '\\$&')}", b=1`)?.parameters.get('a') === text,
    ),
  )
  t.pass('100 texts')
})
