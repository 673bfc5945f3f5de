import t from 'tap'
import { Journal } from '../../src/check/index.ts'
import { fromVerdict } from '../../src/check/step.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const certificate = {
  subject: 'CN=director.lab.test',
  issuer: 'CN=CA',
  subjectAltNames: [],
  serial: '742f',
  serialReversed: '2f74',
  fingerprint: 'AA:BB',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2026-02-01T00:00:00Z',
}
const expired = fromVerdict(verdict('cert.expired', { certificate }))

function remedyOf(place: ConstructorParameters<typeof Journal>[1]): string | undefined {
  const journal = new Journal(undefined, place)
  journal.put('certificate', 'certificate', expired)
  return journal.steps[0]?.remedy
}

t.test('a remedy names the node that holds the certificate', async (t) => {
  const remedy = remedyOf({ ownerOf: (serial) => (serial === '742f' ? 'director' : undefined) })
  t.match(remedy, /of director: siplab certs renew director$/)
})

t.test('a certificate that no node of the lab holds leaves the placeholder', async (t) => {
  t.match(remedyOf({ ownerOf: () => undefined }), /siplab certs renew NODE$/)
})

t.test('a server outside the lab gets no command of siplab', async (t) => {
  t.notMatch(remedyOf({ outside: 'sbc1.contoso.test' }), /siplab|NODE/)
})
