import { fc } from '../support/property.ts'
import t from 'tap'
import { explainText } from '../../src/explain/text/index.ts'
import { stacks } from '../../src/explain/text/stacks/index.ts'
import { anyText } from '../support/any-text.ts'

const first = (text: string) => explainText(text).candidates[0]?.code

for (const { name, samples } of stacks)
  t.test(`the samples of ${name} are explained, with the right end`, async (t) => {
    for (const { text, first: code, whose, who } of samples) {
      const answer = explainText(text)
      t.equal(answer.candidates[0]?.code, code, text)
      if (whose !== undefined) t.equal(answer.whoseCertificate, whose, `whose: ${text}`)
      if (who !== undefined) t.equal(answer.whoRefused, who, `who: ${text}`)
    }
  })

t.test('words that programs share are said of the program that wrote the log', async (t) => {
  const text =
    "[ALERT] (1) : config : parsing [haproxy.cfg:9] : 'bind *:5061' : unable to load certificate chain from file " +
    "'/etc/haproxy/a.pem'."
  t.match(explainText(text).candidates[0], { why: /HAProxy prints these words/ })
})

t.test('an exception of .NET names no Java', async (t) => {
  t.equal(explainText('AuthenticationException: the remote certificate is invalid: PartialChain').product, undefined)
  t.equal(explainText('javax.net.ssl.SSLHandshakeException: Empty client certificate chain').product, 'Java')
})

t.test('a fingerprint of the SDP that does not fit blames no chain', async (t) => {
  const lines = [
    'WARNING: [35cab port 30366]: DTLS: Peer certificate rejected - fingerprint mismatch',
    'ERR: [35cab port 30366]: DTLS error: 1 (certificate verify failed)',
  ]
  t.match(explainText(lines.join('\n')), { topic: 'media', whoRefused: undefined, whoseCertificate: undefined })
  t.strictSame(explainText(lines.join('\n')).candidates, [])
})

t.test('a received alert says that the other end refused our certificate, and leaves its causes open', async (t) => {
  for (const text of [
    'error:14094418:SSL routines:SSL3_READ_BYTES:tlsv1 alert unknown ca',
    '804B975C547F0000:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ' +
      'ca:ssl/record/rec_layer_s3.c:1605:SSL alert number 48',
    'error:0A000418',
    'ssl.SSLError: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:992)',
    'remote error: tls: unknown certificate authority',
    'A TLS fatal alert has been received.: Unknown CA',
    'javax.net.ssl.SSLHandshakeException: Received fatal alert: unknown_ca',
    'received fatal alert: UnknownCA',
    'SSL_ERROR_UNKNOWN_CA_ALERT',
    'TLS client: In state connection received SERVER ALERT: Fatal - Unknown CA',
    'The TLS protocol defined fatal alert code is 48. A fatal alert was received: 48.',
    '* TLSv1.3 (IN), TLS alert, unknown CA (560):',
  ]) {
    const { cause, candidates, whoseCertificate, whoRefused } = explainText(text)
    t.match({ whoseCertificate, whoRefused }, { whoseCertificate: 'ours', whoRefused: 'them' }, text)
    t.equal(cause, undefined, text)
    t.match(
      candidates.map(({ code }) => code),
      ['chain.untrusted-root'],
      text,
    )
  }
})

t.test('an alert that we sent says that we refused the certificate of the other end', async (t) => {
  for (const text of [
    'TLS server: In state certify at ssl_handshake.erl:2111 generated SERVER ALERT: Fatal - Unknown CA',
    '* TLSv1.2 (OUT), TLS alert, unknown CA (560):',
    'A fatal alert was generated and sent to the remote endpoint. The TLS protocol defined fatal error code is 48.',
    'SSL3 alert write:fatal:unknown CA',
  ])
    t.match(explainText(text), { whoseCertificate: 'theirs', whoRefused: 'us' }, text)
})

t.test('the depth says which certificate of the chain is meant', async (t) => {
  t.equal(first('depth=0 CN = a\nverify error:num=10:certificate has expired'), 'cert.expired')
  t.equal(first('depth=1 CN = a\nverify error:num=10:certificate has expired'), 'chain.expired')
  t.equal(first('verify error:num=26:unsuitable certificate purpose at depth 1'), 'chain.eku-narrow')
  t.equal(first('x ssl_c_err=0 ssl_c_ca_err=10 SSL client CA chain cannot be verified'), 'chain.expired')
})

t.test('a clock that is wrong stays possible wherever a date is the reason', async (t) => {
  for (const text of ['CERT_HAS_EXPIRED', 'SEC_ERROR_EXPIRED_CERTIFICATE', 'invalid peer certificate: NotValidYet'])
    t.ok(
      explainText(text).candidates.some(({ code }) => code === 'clock.wrong'),
      text,
    )
})

t.test('the words around a file name say whether it is the certificate, the key or the trust list', async (t) => {
  const missing = 'error:80000002:system library::No such file or directory'
  t.equal(first(`cannot load certificate "/etc/sip/a.pem": BIO_new_file() failed (SSL: ${missing})`), 'file.missing')
  t.equal(first(`cannot load certificate key "/etc/sip/a.key": BIO_new_file() failed (SSL: ${missing})`), 'key.missing')
  t.equal(
    first(`load_ca_list(): Unable to load CA list file '/etc/sip/ca.pem'\nload_ca_list:${missing}`),
    'trust.missing',
  )
  t.match(explainText("Error: ENOENT: no such file or directory, open '/etc/a.pem'"), {
    whoseCertificate: 'ours',
    whoRefused: 'us',
  })
})

t.test('a text in the dress of any logger gives the same answer', async (t) => {
  const line = 'error:0A000412:SSL routines::sslv3 alert bad certificate'
  const wanted = explainText(line).candidates
  for (const text of [
    `Nov 20 09:14:00 sbc kamailio[2211]: ${line}`,
    `<133>1 2026-11-20T09:14:02.113Z sbc kamailio[2211]: ${line}`,
    `2026-11-20T09:14:02.113Z [thread-7 0x7f2a4c001700] ERROR ${line}`,
    JSON.stringify({ level: 50, time: 1_795_886_042_113, hostname: 'sbc', msg: line }),
    JSON.stringify({ log: `${line}\n`, stream: 'stderr' }),
    `kamailio-1  | ${line}`,
    `> ${line}`,
    line.toUpperCase(),
    line.toLowerCase(),
    `Hi all, since Monday the log says "${line}". What is wrong?`,
    `first\r\n${line}\r\nlast\r\n`,
    `﻿${line}`,
  ])
    t.strictSame(explainText(text).candidates, wanted, text)
})

t.test('a Windows code is known in every notation', async (t) => {
  for (const text of [
    '0x80090325',
    '0X80090325',
    '80090325',
    '-2146893019',
    '2148074277',
    'SEC_E_UNTRUSTED_ROOT',
    'sec_e_untrusted_root',
    '0x80090325(SEC_E_UNTRUSTED_ROOT)',
    'Error code 0x80090325 (SEC_E_UNTRUSTED_ROOT).',
  ]) {
    const answer = explainText(text)
    t.equal(answer.candidates[0]?.code, 'chain.untrusted-root', text)
    t.equal(answer.notes.length, 1, `${text} is explained once`)
  }
})

t.test('an event number is known however it is spelt', async (t) => {
  for (const text of [
    'Event 14428, LS Protocol Stack',
    'event 14428',
    'Event ID 14428',
    'Event ID: 14428',
    'EventID-14428',
    'LS Protocol Stack 14428',
    'LS PROTOCOL STACK 14428',
  ])
    t.ok(explainText(text).candidates.length > 1, text)
  for (const [text, code] of [
    ['Event ID 36870', 'key.unreadable'],
    ['Event ID 36882', 'chain.untrusted-root'],
    ['event id 36884', 'cert.name-mismatch'],
    ['Event ID 36874', 'tls.no-common-cipher'],
    ['Event 14517', 'config.duplicate-partner'],
  ] as const)
    t.equal(first(text), code, text)
})

t.test('the four messages of an LCS server that cannot start are about its own certificate', async (t) => {
  const answer = explainText(
    'A configured certificate could not be loaded from store. The serial number is attached for reference. ' +
      'Serial number: 2BC39559B72F70F684488A8713467C6A. Extended Error Code: 0x800B0101.\n' +
      'Unable to initialize the protocol stack. The service has to stop\n' +
      'The service is shutting down due to an internal error\n' +
      'MSFT_SIPRoutingSetting could not be read',
  )
  t.equal(answer.candidates[0]?.code, 'cert.expired')
  t.match(answer, { whoseCertificate: 'ours', whoRefused: 'us' })
  t.ok(answer.notes.some((note) => note.includes('CERT_E_EXPIRED')))
  t.ok(answer.notes.some((note) => note.includes('6A7C4613878A4884F6702FB75995C32B')))
})

t.test('a thread id, a thumbprint and a UUID are no serials', async (t) => {
  t.match(explainText('A9 4A 8F E5 CC B1 9B A6 1C 4C 08 73 D3 91 E9 87 98 2F BB D3'), { kind: 'thumbprint' })
  t.match(explainText('2f1b7c9e-5a44-4c1e-9d2a-0b6f3d7e8a91'), { kind: 'uuid' })
  t.match(explainText('804B975C547F0000:error:0A000418:SSL routines::tlsv1 alert unknown ca'), {
    kind: 'text',
    identifier: undefined,
    notes: [],
  })
  t.match(explainText('0x7f2a4c001700 ERROR error:0A000418'), { kind: 'text', notes: [] })
})

t.test('a serial of any length is shown in both orders', async (t) => {
  for (const [text, reversed] of [
    ['4A1C09B2E7D350', '50D3E7B2091C4A'],
    ['5202FBA7CF1487', '8714CFA7FB0252'],
    ['1f01dd8745486af1733b2747e26485a5bb76f1e', '1E6FB75B5A48267E74B23317AF865474D81DF001'],
    ['serial: 00:c4:5e:12:9a:77:01', '01779A125EC400'],
  ] as const)
    t.match(explainText(text), { kind: 'serial', identifier: { reversed } }, text)
})

t.test('trouble outside TLS blames no certificate', async (t) => {
  for (const [text, topic] of [
    ['SIP/2.0 401 Unauthorized', 'sip'],
    ['SIP/2.0 404 Not Found\nReason: SIP;cause=404;text="User unknown"', 'sip'],
    ['getaddrinfo ENOTFOUND sbc.example.test', 'dns'],
    ['connect ECONNREFUSED 192.0.2.10:5061', 'tcp'],
    ['write error: No space left on device', 'disk'],
    ['ICE failed, add a STUN server and see about:webrtc for more details', 'ice'],
    ['ms-diagnostics: 1008;reason="Unable to resolve DNS SRV record"', 'dns'],
  ] as const) {
    const answer = explainText(text)
    t.equal(answer.topic, topic, text)
    t.notOk(
      answer.candidates.some(({ code }) => /^(?:cert|chain|trust|key|crl)\./.test(code)),
      text,
    )
  }
})

t.test('an unknown text is said to be unknown', async (t) => {
  for (const text of [
    '',
    'the quick brown fox',
    'Event ID: 14999',
    'permission denied for table location',
    'Verify return code: 0 (ok)',
    '12345',
    'http://example.test/a?b=c',
  ])
    t.match(explainText(text), { candidates: [], notes: [], identifier: undefined }, text)
})

t.test('a log is grouped by link, with counts and times', async (t) => {
  const failure = (second: number, address: string) =>
    `2026/11/28 17:56:${String(second).padStart(2, '0')} [info] 9920#9920: *${second} client SSL certificate ` +
    `verify error: (10:certificate has expired) while SSL handshaking, client: ${address}, server: ` +
    '192.0.2.10:5061'
  const log = [
    failure(1, '192.0.2.20'),
    'something else',
    failure(2, '192.0.2.20'),
    failure(3, '192.0.2.30'),
    failure(4, '192.0.2.20'),
  ].join('\n')
  t.match(explainText(log).failures, [
    {
      link: '192.0.2.20',
      count: 3,
      firstLine: 1,
      lastLine: 5,
      firstTime: '2026/11/28 17:56:01',
      lastTime: '2026/11/28 17:56:04',
    },
    { link: '192.0.2.30', count: 1 },
  ])
})

t.test('no text makes the explanation throw, and no answer is without its parts', async () => {
  const fragments = stacks.flatMap(({ samples }) => samples.map(({ text }) => text))
  const piece = fc.oneof(
    anyText({ maxLength: 80 }),
    fc.constantFrom(...fragments, '{"', '\\n', '0x', '\u0000', '"}', 'depth='),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('', '\n', ' ', '{"msg":"'), (pieces, glue) => {
      const answer = explainText(pieces.join(glue))
      const codes = answer.candidates.map(({ code }) => code)
      return (
        new Set(codes).size === codes.length &&
        (answer.cause === undefined) === (codes.length !== 1) &&
        answer.evidence.every(({ found }) => found.length <= 200) &&
        answer.notes.length <= 100
      )
    }),
    { numRuns: 200 },
  )
})

t.test('long hostile lines are read in time that grows with their length only', async (t) => {
  for (const unit of [
    '0x800B0101 ',
    'ab:',
    'error',
    'signed by unknown authority (possibly because of ',
    'tls alert ',
    '{"a":',
    'a.b-',
    ';a="b"',
    'x509: ',
    '((((',
    '\\n',
    'key usage ',
  ]) {
    const began = performance.now()
    explainText(unit.repeat(Math.ceil(400_000 / unit.length)))
    t.ok(performance.now() - began < 15_000, unit)
  }
})
