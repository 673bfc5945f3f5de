/** Logs in the dress in which they come: octets, colours, records, broken lines, and several failures in one log. */
import t from 'tap'
import { adviceFor } from '../../src/explain/advice.ts'
import { explainText } from '../../src/explain/text/index.ts'
import { explainStream } from '../../src/explain/text/stream.ts'

const line = 'ERROR: TLS accept:error:0A000418:SSL routines::tlsv1 alert unknown ca'

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}

t.test('UTF-16 without a byte order mark is read as what it is', async (t) => {
  const little = Buffer.from(`${line}\r\n`, 'utf16le')
  for (const octets of [little, Buffer.from(little).swap16()])
    t.match(await explainStream(once(octets)), { whoseCertificate: 'ours', whoRefused: 'them' })
})

t.test('the colours of a terminal hide no word', async (t) => {
  for (const text of [
    'tlsv1 alert \u001b[1munknown\u001b[0m \u001b[31mca\u001b[0m\u001b[K',
    '\u001b[31mSSL alert\u001b[0m number \u001b[1;33m48\u001b[0m',
    '#033[1;31mERROR#033[0m SSL routines::tlsv1 alert #033[1munknown ca#033[0m',
  ])
    t.match(explainText(text), { whoseCertificate: 'ours', whoRefused: 'them' }, JSON.stringify(text))
})

t.test('the journal writes a message with colours as an array of octets', async (t) => {
  const record = { MESSAGE: [...Buffer.from(`\u001b[31m${line}\u001b[0m`)], PRIORITY: '3' }
  t.match(explainText(JSON.stringify(record)), { whoseCertificate: 'ours', whoRefused: 'them' })
})

t.test('a line that a mail program has broken is read as one', async (t) => {
  const text = 'SSL certificate problem: unable to get local issuer\ncertificate'
  t.equal(explainText(text).candidates[0]?.code, 'chain.untrusted-root')
})

t.test('failures at different times are different failures, each with its own cause', async (t) => {
  const log = [
    `Nov 28 09:14:02 sbc kamailio[2211]: ${line} 192.0.2.20`,
    'Nov 28 09:20:03 sbc kamailio[2211]: ERROR: TLS connect:error:0A000086:SSL routines::certificate verify failed',
    'Nov 28 09:20:03 sbc kamailio[2211]: NOTICE: verify error:num=10:certificate has expired depth=0',
    'Nov 28 10:00:00 sbc kamailio[2211]: ERROR: error:0A00010B:SSL routines::wrong version number 198.51.100.7',
    'Nov 28 10:00:05 sbc kamailio[2211]: ERROR: error:0A0000C7:SSL routines::peer did not return a certificate',
  ].join('\n')
  const found = explainText(log).failures.map(({ firstLine, lastLine, causes }) => [firstLine, lastLine, causes[0]])
  t.strictSame(
    found.toSorted(([a], [b]) => Number(a) - Number(b)),
    [
      [1, 1, 'chain.untrusted-root'],
      [2, 3, 'cert.expired'],
      [4, 4, 'tls.not-tls'],
      [5, 5, 'tls.client-cert-missing'],
    ],
  )
})

t.test('lines that name different ends are different failures, in the same second too', async (t) => {
  const at = (address: string, text: string) =>
    `${address}:41504 [28/Nov/2026:17:57:26.589] sip~ SSL handshake failure ${text}`
  const log = [
    at('192.0.2.20', '(error:0A000418:SSL routines::tlsv1 alert unknown ca)'),
    at('192.0.2.30', '(error:0A000102:SSL routines::unsupported protocol)'),
  ].join('\n')
  t.strictSame(
    explainText(log)
      .failures.map(({ link, causes }) => [link, causes[0]])
      .toSorted(),
    [
      ['192.0.2.20', 'chain.untrusted-root'],
      ['192.0.2.30', 'tls.no-common-version'],
    ],
  )
})

t.test('the number of a process is no address of the other end', async (t) => {
  t.equal(explainText(`Nov 28 09:14:02 sbc kamailio[2211]: ${line}`).failures[0]?.link, undefined)
  t.equal(explainText(`${line} from [2001:db8::7]:5061`).failures[0]?.link, '[2001:db8::7]:5061')
})

t.test('a remedy is the one for its cause', async (t) => {
  for (const [text, wanted] of [
    ['The certificate of TLSContext 0 will expire in 29 days, certificate expires in 29 days', /before that day/],
    ['Error: Unsupported PKCS12 PFX data', /with AES/],
    ['Mac verify error: invalid password?', /password of the container/],
    ['Insecure file permissions on /etc/stunnel/stunnel.pem', /chmod 600/],
    ['Event ID 36885', /remove the roots/],
  ] as const)
    t.match(adviceFor(explainText(text))[0]?.remedy, wanted, text)
})

t.test('a service that may not read its key is not told that others may', async (t) => {
  for (const text of ['0x80090010', 'Event ID 36870', '0x8009030D', 'Keyset does not exist'])
    t.notOk(
      explainText(text).candidates.some(({ code }) => code === 'key.permissions'),
      text,
    )
})
