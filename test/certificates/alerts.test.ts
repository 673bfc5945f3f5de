import t from 'tap'
import { alertByName } from '../../src/certificates/alert-words.ts'
import { alertName, candidatesForAlert, isAboutCertificate } from '../../src/certificates/alerts.ts'

t.test('an alert keeps every cause for which stacks send it', async (t) => {
  t.ok(candidatesForAlert({ number: 45 }).includes('cert.not-yet-valid'))
  t.ok(candidatesForAlert({ number: 42 }).length > 10)
  t.strictSame(candidatesForAlert({ number: 112 }), ['tls.name-unknown'])
})

t.test('the stack that sent the alert narrows the causes', async (t) => {
  t.notOk(candidatesForAlert({ number: 45, stack: 'openssl' }).includes('cert.not-yet-valid'))
  t.ok(candidatesForAlert({ number: 46, stack: 'java' }).length > 10)
})

t.test('a number outside the registry names no cause', async (t) => {
  t.strictSame(candidatesForAlert({ number: 200 }), ['tls.alert'])
  t.equal(alertName(200), undefined)
})

t.test('an alert is known by the words of every stack', async (t) => {
  for (const words of ['unknown ca', 'UnknownCA', 'unknown_ca', 'CA is unknown', 'unknown certificate authority'])
    t.equal(alertByName(words), 48, words)
  for (const words of ['certificate unknown', 'CertificateUnknown', 'unknown certificate'])
    t.equal(alertByName(words), 46, words)
  t.equal(alertByName('fine weather'), undefined)
})

t.test('alerts about certificates are told apart', async (t) => {
  t.ok([42, 43, 44, 45, 46, 48, 49, 116].every(isAboutCertificate))
  t.notOk([10, 40, 70, 80, 112, 120, 999].some(isAboutCertificate))
})
