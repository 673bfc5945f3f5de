import t from 'tap'
import { extendedKeyUsage, subjectAltName } from '../../../src/certificates/extensions.ts'
import { explain, toVerdict } from '../../../src/certificates/examine/index.ts'
import { hour, issuing, judge, leaf, now } from './chains.ts'

const expired = leaf({
  content: {
    serial: '610a3b5c',
    notAfter: new Date(now.getTime() - 72 * hour),
    notBefore: new Date(now.getTime() - 96 * hour),
  },
  extensions: { '2.5.29.37': extendedKeyUsage('codeSigning') },
})
const observer = { node: 'director', link: 'director->fe1', direction: 'outgoing' } as const

t.test('a verdict joins the first cause and all the others', async (t) => {
  t.match(toVerdict(judge({ chain: [expired, issuing()] }), observer), {
    code: 'cert.expired',
    ...observer,
    certificate: {
      subject: 'CN=fe1.lab.test',
      subjectAltNames: ['DNS:fe1.lab.test'],
      serial: '610a3b5c',
      serialReversed: '5c3b0a61',
    },
    message: /CN=fe1\.lab\.test/,
    rule: /RFC 5280 §4\.1\.2\.5/,
    found:
      `leaf notAfter: ended ${new Date(now.getTime() - 72 * hour).toISOString().replace('.000Z', 'Z')}, 3 d ` +
      'ago by the clock of director',
    windows: { hresult: '0x800B0101', name: 'CERT_E_EXPIRED' },
    fix: String,
    others: [{ code: 'cert.eku-missing', node: 'director' }],
  })
})

t.test('no fault, no verdict', async (t) => t.equal(toVerdict(judge()), undefined))

t.test('a fault without others stands alone', async (t) => {
  const verdict = toVerdict(judge({ chain: [leaf()] }))
  t.match(verdict, { code: 'chain.incomplete' })
  t.notOk(Object.hasOwn(verdict ?? {}, 'others'))
})

t.test('what cannot be read is explained without a certificate', async (t) => {
  const [fault] = judge({ chain: [Buffer.from('3000', 'hex')] }).faults
  t.match(fault === undefined ? undefined : explain(fault), { code: 'cert.malformed', found: /at octet/ })
})

t.test('a hostile certificate does not make a long verdict', async (t) => {
  const names = Array.from({ length: 3000 }, (_, at) => ({ kind: 'dns', value: `h${at}.lab.test` }) as const)
  const long = leaf({
    content: { subject: [['CN', 'x'.repeat(100_000)]] },
    extensions: { '2.5.29.17': subjectAltName(names) },
  })
  const verdict = toVerdict(judge({ chain: [long, issuing()] }))
  t.ok(JSON.stringify(verdict).length < 40_000)
  t.equal(verdict?.certificate?.subjectAltNames.at(-1), 'and 2800 more')
})
