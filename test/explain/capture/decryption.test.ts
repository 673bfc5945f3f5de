import { ownFolder } from '../../support/own-folder.ts'
import t from 'tap'
import { explainCapture, type CaptureAnswer } from '../../../src/explain/capture/index.ts'
import { captureOf, Conversation } from '../../support/captures.ts'
import { testCa } from '../../support/openssl-certificates.ts'
import { recordTls, type RecordedTls } from '../../support/recorded-tls.ts'

const ca = testCa(ownFolder(t))
const server = ca.leaf('sbc.lab.test')
const client = ca.leaf('peer.lab.test')
const expired = ca.leaf('old.lab.test', { days: -1 })
const shows = { cert: server.certificate, key: server.key, ca: ca.root, requestCert: true, rejectUnauthorized: true }
const dials = { cert: client.certificate, key: client.key, ca: ca.root, servername: 'sbc.lab.test' }

const talk = {
  request: 'OPTIONS sip:lab.test SIP/2.0\r\nCall-ID: sealed\r\nContent-Length: 0\r\n\r\n',
  answer: 'SIP/2.0 200 OK\r\nCall-ID: sealed\r\nContent-Length: 0\r\n\r\n',
}

function conversationOf({ flights }: RecordedTls): Conversation {
  const conversation = new Conversation(undefined, Date.now()).open()
  for (const { from, octets } of flights)
    octets.length === 0 ? conversation.close(from) : conversation.say(from, octets)
  return conversation
}

function explain(recorded: RecordedTls, keylog = recorded.keylog): Promise<CaptureAnswer> {
  return explainCapture(captureOf(conversationOf(recorded).packets), { keylog })
}

const suites: readonly (readonly [string, object])[] = [
  ['TLS 1.3, AES-128-GCM', { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' }],
  ['TLS 1.3, AES-256-GCM', { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' }],
  ['TLS 1.3, ChaCha20-Poly1305', { minVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
  ['TLS 1.3, AES-128-CCM', { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_CCM_SHA256' }],
  ['TLS 1.2, AES-128-GCM', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
  ['TLS 1.2, AES-256-GCM', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }],
  ['TLS 1.2, ChaCha20-Poly1305', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }],
  ['TLS 1.2, AES-128-CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }],
  ['TLS 1.2, AES-256-CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384' }],
]

t.test('a key log opens the SIP of', async (t) => {
  for (const [name, limits] of suites)
    t.test(name, async (t) => {
      const recorded = await recordTls({ ...dials, ...limits }, { ...shows, ...limits }, talk)
      t.match(await explain(recorded), {
        connections: [
          {
            state: 'well',
            tls: { serverName: 'sbc.lab.test', opened: true, certificates: { dialler: { sent: 2, findings: [] } } },
          },
        ],
        sip: [
          { transport: 'tls', source: '192.0.2.10:40312', firstLine: 'OPTIONS sip:lab.test SIP/2.0', callId: 'sealed' },
          { transport: 'tls', source: '192.0.2.20:5061', firstLine: 'SIP/2.0 200 OK' },
        ],
      })
    })

  t.test('a capture that carries its keys in pcapng', async (t) => {
    const recorded = await recordTls(dials, shows, talk)
    const capture = captureOf(conversationOf(recorded).packets, { format: 'pcapng', secrets: recorded.keylog })
    t.match(await explainCapture(capture), { counts: { keys: 1, sipMessages: 2 } })
  })
})

t.test('under TLS 1.3 an expired certificate of the dialler', async (t) => {
  const recorded = await recordTls({ ...dials, cert: expired.certificate, key: expired.key }, shows, talk)

  t.test('is the cause, with a key log', async (t) => {
    t.match(await explain(recorded), {
      cause: { code: 'cert.expired' },
      whoseCertificate: 'dialler',
      whoRefused: 'acceptor',
      needsKeylog: false,
    })
  })

  t.test('is hidden without one, and the answer says so', async (t) => {
    const answer = await explain(recorded, '')
    t.match(answer, { cause: undefined, needsKeylog: true, connections: [{ tls: { opened: false } }] })
    t.notMatch(answer.candidates, [{ code: /^cert\./ }])
  })

  t.test('stays hidden with the key log of another connection', async (t) => {
    const other = await recordTls(dials, shows, talk)
    t.match(await explain(recorded, other.keylog), { cause: undefined, needsKeylog: true })
  })
})

t.test('under TLS 1.2 the certificates are judged without a key log:', async (t) => {
  const limits = { maxVersion: 'TLSv1.2' } as const

  t.test('an expired certificate of the acceptor', async (t) => {
    const recorded = await recordTls(
      { ...dials, ...limits, servername: 'old.lab.test' },
      { ...shows, ...limits, cert: expired.certificate, key: expired.key },
      talk,
    )
    t.match(await explain(recorded, ''), {
      cause: { code: 'cert.expired' },
      whoseCertificate: 'acceptor',
      whoRefused: 'dialler',
    })
  })

  t.test('a name that was not dialled', async (t) => {
    const recorded = await recordTls(
      { ...dials, ...limits, servername: 'other.lab.test' },
      { ...shows, ...limits },
      talk,
    )
    t.match(await explain(recorded, ''), {
      cause: { code: 'cert.name-mismatch' },
      whoseCertificate: 'acceptor',
      whoRefused: 'dialler',
    })
  })

  t.test('no certificate of the dialler', async (t) => {
    const recorded = await recordTls(
      { ca: ca.root, servername: 'sbc.lab.test', ...limits },
      { ...shows, ...limits },
      talk,
    )
    t.match(await explain(recorded, ''), {
      cause: { code: 'tls.client-cert-missing' },
      whoseCertificate: 'dialler',
      whoRefused: 'acceptor',
    })
  })
})

t.test('no version in common is said of the acceptor', async (t) => {
  const recorded = await recordTls({ ...dials, maxVersion: 'TLSv1.2' }, { ...shows, minVersion: 'TLSv1.3' }, talk)
  t.match(await explain(recorded), { cause: { code: 'tls.no-common-version' }, whoRefused: 'acceptor' })
})

t.test('a renewed certificate in the file shows that the server was not reloaded', async (t) => {
  const { X509Certificate } = await import('node:crypto')
  const limits = { maxVersion: 'TLSv1.2' } as const
  const renewed = new X509Certificate(ca.leaf('old.lab.test').certificate).raw
  const recorded = await recordTls(
    { ...dials, ...limits, servername: 'old.lab.test' },
    { ...shows, ...limits, cert: expired.certificate, key: expired.key },
    talk,
  )
  const capture = captureOf(conversationOf(recorded).packets)
  t.match(await explainCapture(capture, { onDisk: [renewed] }), { cause: { code: 'cert.not-reloaded' } })
})
