import t from 'tap'
import type { CaptureAnswer } from '../../../src/explain/capture/index.ts'
import { explainCapture } from '../../../src/explain/capture/index.ts'
import { captureOf, Conversation } from '../../support/captures.ts'

/** A ClientHello record of TLS 1.2, long enough to be read; X25519 and P-256, RSA and ECDSA. */
function clientHello(padding = 0): Buffer {
  const extensions = Buffer.concat([
    extension(10, Buffer.from([0, 4, 0, 29, 0, 23])),
    extension(13, Buffer.from([0, 4, 4, 3, 4, 1])),
    extension(21, Buffer.alloc(padding)),
  ])
  const suites = Buffer.from([0xc0, 0x2b, 0xc0, 0x2f])
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0, extensions.length >> 8, extensions.length & 255]),
    extensions,
  ])
  return record(22, Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]))
}

function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 255, value.length >> 8, value.length & 255]), value])
}

function record(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]), content])
}

function alert(number: number): Buffer {
  return record(21, Buffer.from([2, number]))
}

function explain(conversation: Conversation): Promise<CaptureAnswer> {
  return explainCapture(captureOf(conversation.packets))
}

const opened = (): Conversation => new Conversation().open()
const greeted = (): Conversation => opened().say('dialler', clientHello())

t.test('trouble of TCP is told apart:', async (t) => {
  const cases: readonly (readonly [string, Conversation, object])[] = [
    ['no answer to SYN', new Conversation().syn().wait(1000).syn(), { candidates: [{ code: 'link.timeout' }] }],
    ['a reset in place of an answer', new Conversation().syn().reset('acceptor'), { cause: { code: 'link.refused' } }],
    [
      'a dialler that resets',
      opened()
        .say('dialler', Buffer.from([22, 3, 1]))
        .reset('dialler'),
      { candidates: [{ code: 'link.reset' }] },
    ],
    [
      'an acceptor that resets',
      greeted().reset('acceptor'),
      { candidates: [{ code: 'link.reset' }, { code: 'tls.proxy-protocol' }] },
    ],
    ['an acceptor that closes', greeted().close('acceptor'), { candidates: [{ code: 'tls.handshake-failed' }] }],
    ['a silent acceptor', greeted().wait(3000).close('dialler'), { cause: { code: 'tls.handshake-timeout' } }],
    [
      'an acceptor that resets without taking the hello',
      opened().send('dialler', clientHello()).reset('acceptor'),
      { candidates: [{ code: 'tls.proxy-protocol' }, { code: 'link.reset' }], whoRefused: 'acceptor' },
    ],
    [
      'large segments that never arrive',
      largeLost(),
      { candidates: [{ code: 'link.large-segments-lost' }, { code: 'tls.handshake-timeout' }] },
    ],
  ]
  for (const [name, conversation, wanted] of cases)
    t.test(name, async (t) => t.match(await explain(conversation), wanted))
})

/** The first segment of a large hello is sent again and again. */
function largeLost(): Conversation {
  const hello = clientHello(2000).subarray(0, 1400)
  const conversation = opened().send('dialler', hello)
  const sent = conversation.packets.at(-1)
  if (sent === undefined) throw new Error('nothing was sent')
  conversation.packets.push({ ...sent, at: sent.at + 300 }, { ...sent, at: sent.at + 900 })
  return conversation
}

t.test('one direction only names no cause', async (t) => {
  const packets = greeted().packets.filter(({ octets }) => octets[15] === 10)
  t.match(await explainCapture(captureOf(packets)), {
    cause: undefined,
    candidates: [],
    connections: [{ state: 'unclear' }],
    evidence: [{}, { found: /one direction only/ }],
  })
})

t.test('what is no TLS is told apart:', async (t) => {
  const invite = Buffer.from('INVITE sip:bob@lab.test SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n')
  const answer = Buffer.from('SIP/2.0 400 Bad Request\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n')
  const proxy = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1000 5061\r\n')
  const notTls = { cause: { code: 'tls.not-tls' } }
  const cases: readonly (readonly [string, Conversation, object])[] = [
    [
      'plain SIP to a TLS port',
      opened().say('dialler', invite).say('acceptor', alert(10)),
      { ...notTls, whoRefused: 'acceptor' },
    ],
    [
      'plain HTTP to a TLS port',
      opened().say('dialler', Buffer.from('GET / HTTP/1.1\r\n\r\n')).close('acceptor'),
      notTls,
    ],
    ['a SIP answer to a ClientHello', greeted().say('acceptor', answer), { ...notTls, whoRefused: 'dialler' }],
    [
      'a PROXY header that the acceptor does not expect',
      opened().say('dialler', proxy).close('acceptor'),
      { candidates: [{ code: 'tls.not-tls' }, { code: 'tls.proxy-protocol' }], whoRefused: 'acceptor' },
    ],
  ]
  for (const [name, conversation, wanted] of cases)
    t.test(name, async (t) => t.match(await explain(conversation), wanted))

  t.test('plain SIP that is answered is well', async (t) => {
    const found = await explain(opened().say('dialler', invite).say('acceptor', answer))
    t.match(found, {
      candidates: [],
      connections: [{ state: 'well' }],
      sip: [{ callId: '1' }, { firstLine: /^SIP\/2.0 400/ }],
    })
  })
})

t.test('an alert after the ClientHello', async (t) => {
  const refused = (number: number): Conversation => greeted().say('acceptor', alert(number)).close('acceptor')
  const cases: readonly (readonly [number, string])[] = [
    [70, 'tls.no-common-version'],
    [112, 'tls.name-unknown'],
    [120, 'tls.alpn-mismatch'],
  ]
  for (const [number, code] of cases)
    t.test(`${number} is ${code}`, async (t) =>
      t.match(await explain(refused(number)), { cause: { code }, whoRefused: 'acceptor' }),
    )

  t.test('40 keeps what the offer does not exclude', async (t) => {
    t.match(await explain(refused(40)), {
      cause: undefined,
      candidates: [
        { code: 'tls.no-common-cipher' },
        { code: 'tls.no-common-group' },
        { code: 'tls.no-common-signature' },
      ],
    })
  })

  t.test('that answers a close says nothing about the cause', async (t) => {
    const conversation = greeted().close('acceptor').say('dialler', alert(50))
    t.match(await explain(conversation), { candidates: [{ code: 'tls.handshake-failed' }] })
  })
})

t.test('segments that come out of order and twice are put into order', async (t) => {
  const { packets } = opened().say('dialler', clientHello(), 20).say('acceptor', alert(112))
  const data = packets.filter(({ octets }) => octets.length > 40 && octets[15] === 10)
  const rest = packets.filter((packet) => !data.includes(packet))
  const shuffled = [...rest.slice(0, 3), ...data.toReversed(), ...data, ...rest.slice(3)]
  t.match(await explainCapture(captureOf(shuffled)), {
    cause: { code: 'tls.name-unknown' },
    connections: [{ tcp: { notCaptured: { dialler: 0 } } }],
  })
})

t.test('octets that are acknowledged and not captured are counted, not called lost', async (t) => {
  const { packets } = opened().say('dialler', clientHello(3000), 1000).say('acceptor', alert(112))
  const without = packets.filter((_, index) => index !== 4)
  t.match(await explainCapture(captureOf(without)), { connections: [{ tcp: { notCaptured: { dialler: 1000 } } }] })
})

t.test('a new SYN with the same ports begins a new connection', async (t) => {
  const first = greeted().close('acceptor').close('dialler')
  const second = new Conversation(undefined, Date.UTC(2026, 10, 28, 13))
    .open()
    .say('dialler', clientHello())
    .reset('acceptor')
  t.match(await explainCapture(captureOf([...first.packets, ...second.packets])), {
    counts: { connections: 2, broken: 2 },
  })
})

t.test('packets that were recorded only in part', async (t) => {
  const answer = await explainCapture(captureOf(greeted().close('acceptor').packets, { snapshot: 60 }))
  t.match(answer, { candidates: [], connections: [{ state: 'unclear' }] }, 'prove nothing about the hello')
  t.match(answer.problems, [/recorded only in part; record again with tcpdump -s 0/])
})

t.test('a capture of TLS 1.3 that ends behind the ServerHello names no end that closes', async (t) => {
  const answer = await explain(
    greeted().say('acceptor', Buffer.concat([serverHello13(), record(23, Buffer.alloc(900))])),
  )
  t.match(answer, { candidates: [], connections: [{ state: 'unclear', answer: { needsKeylog: true } }] })
})

t.test('a capture that has each packet twice loses no segments', async (t) => {
  const flight = Buffer.concat([serverHello12(), handshake(11, Buffer.alloc(2700, 1))])
  const { packets } = greeted().send('acceptor', flight.subarray(0, 1400)).send('acceptor', flight.subarray(1400))
  const twice = captureOf(packets.flatMap((packet) => [packet, packet]))
  t.match(await explainCapture(twice), { connections: [{ state: 'unclear' }] })
})

t.test('what follows octets that are not in the capture is not blamed', async (t) => {
  const flight = Buffer.concat([serverHello12(), handshake(11, Buffer.alloc(2000, 1))])
  t.test('a reset', async (t) => {
    const { packets } = greeted().say('acceptor', flight).reset('dialler')
    const without = packets.filter(({ octets }) => octets.length < 500)
    t.match(await explainCapture(captureOf(without)), { candidates: [], connections: [{ state: 'unclear' }] })
  })
  t.test('silence', async (t) => {
    const { packets } = greeted().say('acceptor', flight).wait(60_000).acknowledge('dialler')
    const without = packets.filter(({ octets }) => octets.length < 500)
    t.match(await explainCapture(captureOf(without)), { candidates: [], connections: [{ state: 'unclear' }] })
  })
  t.test('a message that began before them', async (t) => {
    const message = handshake(11, Buffer.concat([Buffer.from([0, 0, 57, 0, 0, 54]), Buffer.alloc(54, 0x30)])).subarray(
      5,
    )
    const conversation = greeted()
      .say('acceptor', Buffer.concat([serverHello12(), record(22, message.subarray(0, 40))]))
      .say('acceptor', record(22, message.subarray(40)))
    const lost = conversation.packets.length - 2
    const { packets } = conversation.say('acceptor', record(22, Buffer.alloc(24, 14))).say('dialler', alert(42))
    const answer = await explainCapture(captureOf(packets.filter((_, index) => index !== lost)))
    t.notMatch(answer, { candidates: [{ code: 'cert.malformed' }] })
  })
})

t.test('a reset in a capture that begins in the middle is not blamed', async (t) => {
  const { packets } = greeted()
    .say('acceptor', record(23, Buffer.alloc(100)))
    .reset('dialler')
  t.match(await explainCapture(captureOf(packets.slice(-3))), { connections: [{ state: 'unclear' }] })
})

t.test('an empty Certificate says that one was asked for', async (t) => {
  const conversation = greeted()
    .say('acceptor', serverHello12())
    .say('dialler', handshake(11, Buffer.alloc(3)))
    .say('acceptor', alert(40))
  t.match(await explain(conversation), {
    cause: { code: 'tls.client-cert-missing' },
    whoseCertificate: 'dialler',
    whoRefused: 'acceptor',
  })
})

function handshake(type: number, body: Buffer): Buffer {
  return record(22, Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]))
}

function serverHello12(): Buffer {
  return handshake(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 9), Buffer.from([0, 0xc0, 0x2f, 0])]))
}

/** The extension supported_versions says TLS 1.3. */
function serverHello13(): Buffer {
  const extensions = extension(43, Buffer.from([3, 4]))
  const head = [Buffer.from([3, 3]), Buffer.alloc(32, 9), Buffer.from([0, 0x13, 2, 0, 0, extensions.length])]
  const body = Buffer.concat([...head, extensions])
  return record(22, Buffer.concat([Buffer.from([2, 0, 0, body.length]), body]))
}
