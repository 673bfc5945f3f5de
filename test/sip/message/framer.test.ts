import fc from 'fast-check'
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
      { numRuns: 300 },
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
    for (let sent = 0; sent < 64; sent++) push('x'.repeat(1024))
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
    { numRuns: 5000 },
  )
})
