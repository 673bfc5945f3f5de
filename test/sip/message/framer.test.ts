import { fc } from '../../support/property.ts'
import t from 'tap'
import {
  defaultLimits,
  type MessageError,
  type MessageLimits,
  type SipMessage,
  StreamFramer,
} from '../../../src/sip/message/index.ts'
import { emptyLine } from '../../../src/sip/message/framer.ts'
import { invite, request } from './messages.ts'

/** What a framer makes of octets, with all that an answer would carry. */
function outcome(octets: Buffer, cuts: readonly number[], limits: MessageLimits): readonly unknown[] {
  const { framer, events, messages, errors } = watch(limits)
  let from = 0
  for (const cut of [...new Set(cuts.map((cut) => cut % octets.length)), octets.length].sort((a, b) => a - b)) {
    framer.push(octets.subarray(from, cut))
    from = cut
  }
  return [
    events,
    messages.map(({ text, body }) => [text, body]),
    errors.map(({ status, message, partial }) => [status, message, partial?.method, partial?.viaBlock()]),
    events.some((event) => event.startsWith('lost')) || framer.pendingBytes,
  ]
}

/** A message of about so many octets in its start line, its head and its body, and one after it. */
function sized(line: number, head: number, body: number): Buffer {
  const text = invite({ body: 'b'.repeat(body), fields: [`X: ${'x'.repeat(head)}`] })
  return Buffer.from(text.replace('sip:bob@', `sip:${'b'.repeat(Math.max(1, line))}@`) + invite(), 'latin1')
}

/** Of each size class: far below a limit, around it, and far above it. */
const sizeClass = (limit: number, most: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: limit - 400, max: limit + 100 }), fc.nat(most))

function watch(limits: MessageLimits = defaultLimits) {
  const events: string[] = []
  const messages: SipMessage[] = []
  const errors: MessageError[] = []
  const framer = new StreamFramer(limits, {
    message: (message) => {
      events.push('message')
      messages.push(message)
    },
    malformed: (error) => {
      events.push(`malformed ${error.code}`)
      errors.push(error)
    },
    ping: () => events.push('ping'),
    pong: () => events.push('pong'),
    lost: (error) => {
      events.push(`lost ${error.code}`)
      errors.push(error)
    },
  })
  const push = (text: string): void => framer.push(Buffer.from(text, 'latin1'))
  return { framer, push, events, messages, errors }
}

t.test('StreamFramer', async (t) => {
  t.test('gives the same messages however they are split and joined', async (_t) => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (texts, cuts) => {
          const whole = texts.join('')
          const { push, messages } = watch()
          const places = [...new Set(cuts.map((cut) => cut % whole.length)), whole.length].sort((a, b) => a - b)
          let from = 0
          for (const place of places) {
            push(whole.slice(from, place))
            from = place
          }
          return messages.length === texts.length && messages.every((message, at) => message.text === texts[at])
        },
      ),
      { numRuns: 150 },
    )
  })

  // conformance: RFC 3261 §18.3 — one outcome for one octet string, however it is cut
  t.test('makes the same of the same octets in one piece and in many, of every size', async (_t) => {
    const { startLineBytes, headBytes, bodyBytes } = defaultLimits
    const bigBody = fc.oneof(fc.nat(200), fc.nat(200_000), fc.integer({ min: bodyBytes - 2, max: bodyBytes + 2 }))
    fc.assert(
      fc.property(
        fc.record({ line: sizeClass(startLineBytes, 20_000), head: sizeClass(headBytes, 200_000), body: bigBody }),
        fc.array(fc.oneof(fc.nat(200_000), fc.integer({ min: 8_000, max: 8_400 })), { maxLength: 20 }),
        fc.integer({ min: 1, max: 70_000 }),
        ({ line, head, body }, cuts, step) => {
          const octets = sized(line, head, body)
          const steps = Array.from({ length: Math.ceil(octets.length / step) }, (_, at) => at * step)
          const whole = JSON.stringify(outcome(octets, [], defaultLimits))
          return [cuts, steps.slice(0, 2_000)].every(
            (at) => JSON.stringify(outcome(octets, at, defaultLimits)) === whole,
          )
        },
      ),
      {
        numRuns: 50,
        examples: [
          [{ line: 1, head: 10, body: 0 }, [], 1],
          [{ line: 8_200, head: 10, body: 10 }, [8_193, 8_200], 100],
          [{ line: 8_200, head: 70_000, body: 10 }, [], 1_460],
          [{ line: 1, head: 65_536, body: 10 }, [65_536, 65_537], 16_384],
          [{ line: 1, head: 10, body: 200_000 }, [], 1_460],
          [{ line: 1, head: 10, body: bodyBytes + 1 }, [400], 65_536],
        ],
      },
    )
  })

  t.test('makes the same of any octets in one piece and in many, under limits that they meet', async (_t) => {
    const piece = fc.constantFrom(
      '\r\n',
      '\r',
      '\n',
      'INVITE sip:b@h SIP/2.0\r\n',
      'Via: SIP/2.0/TCP h\r\n',
      'l: 3\r\n',
      'abc',
    )
    const limits: MessageLimits = { startLineBytes: 30, headBytes: 400, headerFields: 8, bodyBytes: 40 }
    const messages = fc.oneof(piece, request, fc.string({ maxLength: 30 }), fc.constant(invite()))
    fc.assert(
      fc.property(
        fc.array(messages, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (texts, cuts) => {
          const octets = Buffer.from(texts.join(''), 'latin1')
          if (octets.length === 0) return true
          const each = Array.from({ length: octets.length }, (_, at) => at)
          const whole = JSON.stringify(outcome(octets, [], limits))
          return [cuts, each].every((at) => JSON.stringify(outcome(octets, at, limits)) === whole)
        },
      ),
      { numRuns: 400 },
    )
  })

  t.test('cuts by Content-Length wherever it stands, whatever number ends the head', async (t) => {
    const body = 'v=0\r\no=- 1\r\n'
    const first = invite({ body, fields: ['X-Length: 3'] })
    for (const text of [
      invite({ fields: ['Content-Length: 12', 'Server: 5'] }).replace('Content-Length: 0\r\n', '') + body,
      invite({ fields: ['l: 12', 'Expires: 3600'] }).replace('Content-Length: 0\r\n', '') + body,
      invite({ fields: ['Content-Length: 0', 'Max-Breadth: 60'] }).replace('Content-Length: 0\r\n', ''),
      invite({ fields: ['Content-Length: 12', 'X: 99999999999'] }).replace('Content-Length: 0\r\n', '') + body,
    ]) {
      const { push, messages } = watch()
      push(text + first)
      t.strictSame(
        messages.map(({ text }) => text),
        [text, first],
      )
    }
  })

  t.test('takes no length of a malformed message from its body', async (t) => {
    const { push, events } = watch()
    push(invite({ body: 'a\r\nContent-Length: 900\r\n\r\n' }).replace('branch=z9hG4bK1', ';;') + invite())
    t.strictSame(events, ['malformed via-syntax', 'message'])
  })

  t.test('sees ping and pong between messages, split or not', async (t) => {
    const { push, events } = watch()
    for (const chunk of ['\r\n\r\n', `${invite()}\r`, '\n\r', '\n', invite(), '\r\n', invite()]) push(chunk)
    t.strictSame(events, ['pong', 'ping', 'message', 'pong', 'ping', 'message', 'pong', 'message'])
  })

  t.test('goes on behind a malformed message whose end is known', async (t) => {
    const { push, events, errors } = watch()
    push(invite({ body: 'abc' }).replace('branch=z9hG4bK1', ';;') + invite())
    t.strictSame([events, errors[0]?.partial?.method], [['malformed via-syntax', 'message'], 'INVITE'])
  })

  for (const [what, change, code] of [
    ['is missing', ['Content-Length: 0\r\n', ''], 'content-length-missing'],
    ['is negative', ['Content-Length: 0', 'Content-Length: -1'], 'content-length-syntax'],
    ['is no number', ['Content-Length: 0', 'Content-Length: 0x10'], 'content-length-syntax'],
    ['has two values', ['Content-Length: 0', 'Content-Length: 0\r\nl: 1'], 'content-length-conflict'],
    ['is beyond all bounds', ['Content-Length: 0', 'Content-Length: 99999999999999999999'], 'content-length-syntax'],
  ] as const) {
    t.test(`loses the boundary when Content-Length ${what}`, async (t) => {
      const { push, events } = watch()
      push(invite().replace(change[0], change[1]))
      push(invite())
      t.strictSame(events, [`lost ${code}`])
    })
  }

  t.test('refuses a body over the limit before it comes, with 513 and enough to answer', async (t) => {
    const { push, errors } = watch({ ...defaultLimits, bodyBytes: 10 })
    push(invite({ body: 'elevenbytes' }).slice(0, -11))
    t.match(errors, [{ code: 'body-too-long', status: 513, partial: { method: 'INVITE' } }])
  })

  t.test('refuses an endless start line', async (t) => {
    const { push, events } = watch()
    for (let sent = 0; sent < 65; sent++) push('x'.repeat(1024))
    t.strictSame(events, ['lost start-line-too-long'])
  })

  t.test('refuses an endless header field', async (t) => {
    const { push, events } = watch()
    push('INVITE sip:bob@lab.test SIP/2.0\r\nX: ')
    for (let sent = 0; sent < 1024; sent++) push('x'.repeat(1024))
    t.strictSame(events, ['lost head-too-long'])
  })

  t.test('refuses thousands of header fields', async (t) => {
    const { push, events } = watch()
    push(invite({ fields: Array.from({ length: 5000 }, () => 'X: y') }))
    t.strictSame(events, ['malformed header-fields-too-many'])
  })

  t.test('takes linear time for input that comes octet by octet', async (t) => {
    const body = 'y'.repeat(defaultLimits.bodyBytes)
    const bytes = Buffer.from(invite({ fields: [`X: ${'x'.repeat(60_000)}`], body }), 'latin1')
    const { framer, messages } = watch()
    const before = process.cpuUsage()
    for (let at = 0; at < bytes.length; at++) framer.push(bytes.subarray(at, at + 1))
    const { user } = process.cpuUsage(before)
    // A quadratic reader copies or searches 5 × 10^11 octets here: minutes.
    t.ok(messages.length === 1 && user < 5_000_000, `${user / 1000} ms`)
  })

  t.test('holds no octets when nothing is pending', async (t) => {
    const { framer, push } = watch()
    push(invite().slice(0, 40))
    push(invite().slice(40))
    t.equal(framer.pendingBytes, 0)
  })
})

t.test('the end of a head is found where Buffer finds it (property)', async () => {
  const octets = fc.array(fc.constantFrom(13, 10, 13, 10, 65), { maxLength: 40 })
  fc.assert(
    fc.property(octets, fc.nat({ max: 6 }), (values, from) => {
      const data = Buffer.from(values)
      return emptyLine(data, from) === data.indexOf('\r\n\r\n', from, 'latin1')
    }),
    { numRuns: 1000 },
  )
})
