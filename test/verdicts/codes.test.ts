import { readFileSync } from 'node:fs'
import t from 'tap'
import { verdictsPage } from '../../scripts/docs-verdicts.ts'
import { findVerdictCode, isVerdictCode, verdict, verdictCodes } from '../../src/verdicts/codes.ts'
import { findWindowsCode, windowsCode, windowsCodes } from '../../src/verdicts/windows-codes.ts'

t.test('a Windows code', async (t) => {
  for (const text of ['0x800B0101', '0x800b0101', '800B0101', '-2146762495', 'CERT_E_EXPIRED', 'cert_e_expired']) {
    t.test(`is found as ${text}`, async (t) => {
      t.match(findWindowsCode(text), { hresult: '0x800B0101', name: 'CERT_E_EXPIRED' })
    })
  }

  t.test('that is not listed is absent', async (t) => {
    t.equal(findWindowsCode('0x00000001'), undefined)
  })

  t.test('stands once in the table', async (t) => {
    const numbers = Object.values(windowsCodes).map(([hresult]) => hresult)
    t.equal(new Set(numbers).size, numbers.length)
  })

  t.test('says whether the mapping is ours', async (t) => {
    t.same(windowsCode('NTE_PERM', true), { hresult: '0x80090010', name: 'NTE_PERM', inferred: true })
  })
})

t.test('a verdict', async (t) => {
  const certificate = {
    subject: 'CN=fe1.lab.test',
    issuer: 'CN=ca',
    subjectAltNames: [],
    serial: '01',
    serialReversed: '01',
    notBefore: '',
    notAfter: '',
    fingerprint: '',
  }

  t.test('names the certificate in its sentence', async (t) => {
    t.equal(verdict('cert.expired', { certificate }).message, 'The certificate CN=fe1.lab.test has expired')
  })

  t.test('keeps a subject with $& as it stands', async (t) => {
    t.equal(
      verdict('cert.expired', { certificate: { ...certificate, subject: 'CN=$&' } }).message,
      'The certificate CN=$& has expired',
    )
  })

  t.test('is a whole sentence without a certificate', async (t) => {
    t.equal(verdict('cert.expired').message, 'The certificate has expired')
  })

  t.test('takes every given detail over the table', async (t) => {
    t.match(verdict('cert.expired', { fix: 'do it', rule: 'so' }), {
      fix: 'do it',
      rule: 'so',
      windows: { hresult: '0x800B0101', inferred: false },
    })
  })
})

t.test('the table of verdict codes', async (t) => {
  t.test('has dotted lower-case codes only', async (t) => {
    t.same(
      verdictCodes.filter(({ code }) => !/^[a-z]+\.[a-z0-9-]+$/.test(code)),
      [],
    )
  })

  t.test('has a page that is current', async (t) => {
    t.equal(readFileSync(new URL('../../docs/verdicts.md', import.meta.url), 'utf8'), verdictsPage())
  })

  t.test('knows its codes and no others', async (t) => {
    t.same(
      [isVerdictCode('cert.expired'), isVerdictCode('toString'), findVerdictCode('cert.nonsense')],
      [true, false, undefined],
    )
  })

  t.test('holds every code that the contract names', async (t) => {
    const contract = readFileSync(new URL('../../docs/contract.md', import.meta.url), 'utf8')
    const named = [...contract.matchAll(/`((?:cert|chain|tls|link|dns|route|config|store)\.[a-z-]+)`/g)].map(
      ([, code = '']) => code,
    )
    t.same(
      named.filter((code) => !isVerdictCode(code)),
      [],
    )
  })
})
