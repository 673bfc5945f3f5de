import t from 'tap'
import { alertVerdict } from '../../src/certificates/alert-verdict.ts'
import { daysAfter, faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'

const now = Date.now()
const pki = faultPki({ now })
const chain = String(show(pki.leaf(), pki.issuing).certificate)
const shown = { chain, purpose: 'clientAuth', now } as const

t.test('alertVerdict', async (t) => {
  for (const number of [42, 43, 44, 45, 46, 48, 49])
    t.test(`alert ${number} says that the other end refused ours, and names the certificate`, async (t) => {
      t.match(alertVerdict(number, shown), {
        whoseCertificate: 'ours',
        whoRefused: 'them',
        message: /^The other end refused our certificate CN=/,
        certificate: { subject: /CN=/ },
      })
    })

  t.test('never calls a certificate expired that is valid by our clock: the other clock comes first', async (t) => {
    const found = alertVerdict(45, shown)
    t.not(found?.code, 'cert.expired')
    t.equal(found?.candidates?.[0]?.code, 'clock.wrong')
    t.notOk(found?.candidates?.some(({ code }) => code === 'cert.expired' || code === 'cert.not-yet-valid'))
  })

  t.test('keeps the expired certificate among the causes where it has expired', async (t) => {
    const later = { ...shown, now: now + 10 * 365 * 86_400_000 }
    t.equal(alertVerdict(45, later)?.candidates?.[0]?.code, 'cert.expired')
    t.match(alertVerdict(45, later)?.found, /by our clock our certificate is expired/)
  })

  t.test('lists the name that was dialled among the causes of alert 42, and no malformed certificate', async (t) => {
    const codes = alertVerdict(42, { ...shown, purpose: 'serverAuth' })?.candidates?.map(({ code }) => code) ?? []
    t.ok(codes.includes('cert.name-mismatch'))
    t.notOk(codes.includes('cert.malformed'))
  })

  const seen = [
    ['cert.not-yet-valid', 42, pki.leaf({ notBefore: daysAfter(now, 2), notAfter: daysAfter(now, 9) })],
    ['cert.eku-missing', 46, pki.leaf({ purposes: ['codeSigning'] })],
    ['cert.signature-invalid', 42, pki.leaf({ wrongSignature: true })],
  ] as const
  for (const [code, number, leaf] of seen)
    t.test(`what can be seen in our certificate comes first: ${code}`, async (t) => {
      const certificate = String(show(leaf, pki.issuing).certificate)
      t.equal(alertVerdict(number, { ...shown, chain: certificate })?.candidates?.[0]?.code, code)
    })

  t.test('a leaf that is sent alone lets the missing chain come first', async (t) => {
    t.equal(alertVerdict(48, { ...shown, chain: pki.leaf().pem })?.candidates?.[0]?.code, 'chain.incomplete')
  })

  t.test('a good date leaves the clock of the other end, behind any number that is sent for dates', async (t) => {
    for (const number of [42, 45, 46, 49])
      t.ok(
        alertVerdict(number, shown)?.candidates?.some(({ code }) => code === 'clock.wrong'),
        String(number),
      )
  })

  t.test('a signature that our own issuer verifies is not called invalid', async (t) => {
    const found = alertVerdict(51, shown)
    t.equal(found?.code, 'tls.peer-refused')
    t.notOk(found?.candidates?.some(({ code }) => code === 'cert.signature-invalid'))
  })

  t.test('does not take alert 49 for a missing entry in a list of servers alone', async (t) => {
    const found = alertVerdict(49, shown)
    t.match([found?.code, found?.candidates?.[0]?.code], ['tls.peer-refused', 'chain.untrusted-root'])
  })

  t.test('is silent about alerts that are not about a certificate, and without a certificate', async (t) => {
    t.equal(alertVerdict(70, shown), undefined)
    t.equal(alertVerdict(45, { ...shown, chain: '' }), undefined)
  })
})
