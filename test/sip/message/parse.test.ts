import { deepStrictEqual } from 'node:assert/strict'
import { fc } from '../../support/property.ts'
import t from 'tap'
import { defaultLimits, MessageError, parseDatagram, parseText } from '../../../src/sip/message/index.ts'
import { head, invite, request } from './messages.ts'

t.test('parseDatagram', async (t) => {
  t.test('never throws anything but MessageError, whatever the octets', async (_t) => {
    const sane = Buffer.from(invite({ fields: ['Contact: <sip:a@b>;q=0.5'], body: 'x' }), 'latin1')
    const mutated = fc
      .array(fc.tuple(fc.nat(sane.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const copy = Buffer.from(sane)
        for (const [at, octet] of changes) copy[at] = octet
        return copy
      })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
          mutated,
        ),
        (bytes) => {
          try {
            const message = parseDatagram(bytes)
            message.vias()
            message.addresses('Contact')
            message.addresses('Route')
            if (message.kind === 'request') message.uri.host.toString()
            return message.from.text !== '' && message.to.text !== ''
          } catch (error) {
            return error instanceof MessageError
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  t.test('reads the URIs of From and To alone as it reads them with their fields', async (t) => {
    fc.assert(
      fc.property(request, (text) => {
        const [alone, whole] = [parseText(text), parseText(text)]
        deepStrictEqual([alone.fromUri, alone.toUri], [whole.from.uri, whole.to.uri])
      }),
      { numRuns: 100 },
    )
    for (const value of [
      '"a <b>" <sip:alice@lab.test;lr>;x="<"',
      'sip:alice@lab.test;lr',
      '<tel:+1-201;phone-context=a>',
    ]) {
      const text = invite().replace(/^From: .*$/m, `From: ${value};tag=9f`)
      t.strictSame(parseText(text).fromUri, parseText(text).from.uri, value)
    }
  })

  t.test('keeps every octet of a message', async (_t) => {
    fc.assert(
      fc.property(request, (text) => parseDatagram(Buffer.from(text, 'latin1')).text === text),
      { numRuns: 200 },
    )
  })

  t.test('reads the same from octets and from text', async (_t) => {
    fc.assert(
      fc.property(request, (text) => {
        const [a, b] = [parseDatagram(Buffer.from(text, 'latin1')), parseText(text)]
        return (
          a.callId === b.callId &&
          a.fromTag === b.fromTag &&
          a.branch === b.branch &&
          a.topVia.text === b.topVia.text &&
          a.branch === a.topVia.branch &&
          a.fromTag === a.from.parameters.get('tag')
        )
      }),
      { numRuns: 100 },
    )
  })

  t.test('takes the rest of the datagram as body when Content-Length is absent', async (t) => {
    t.equal(parseText(invite({ body: 'abc' }).replace('Content-Length: 3\r\n', '')).body, 'abc')
  })
  t.test('drops octets behind the body', async (t) => {
    t.equal(parseText(`${invite({ body: 'abc' })}INVITE again`).body, 'abc')
  })
  t.test('skips empty lines in front', async (t) => {
    t.equal(parseDatagram(Buffer.from(`\r\n\r\n${invite()}`)).method, 'INVITE')
  })
  t.test('never takes octets of an earlier message for its own', async (t) => {
    parseText(invite())
    t.throws(() => parseText(invite().slice(0, 60)), { code: 'head-incomplete' })
  })

  for (const [what, text, code, status] of [
    ['two From fields', invite({ fields: ['f: <sip:x@y>'] }), 'header-field-repeated', 400],
    ['a missing To', invite().replace('To: ', 'X-To: '), 'header-field-missing', 400],
    ['a CSeq of another method', invite().replace('1 INVITE', '1 BYE'), 'cseq-method-mismatch', 400],
    ['a CSeq without a blank', invite().replace('1 INVITE', '1INVITE'), 'cseq-syntax', 400],
    ['Max-Forwards above 255', invite().replace('Max-Forwards: 70', 'Max-Forwards: 256'), 'max-forwards-syntax', 400],
    ['a Via port above 65535', invite().replace(':5061', ':65536'), 'via-syntax', 400],
    ['a line without a colon', invite({ fields: ['nonsense'] }), 'header-field-syntax', 400],
    ['a header field name with a blank in it', invite({ fields: ['X Y: z'] }), 'header-field-syntax', 400],
    [
      'a lone line feed in a field',
      invite({ fields: ['Subject: x\nRoute: <sip:evil.test>'] }),
      'header-field-syntax',
      400,
    ],
    ['a lone line feed in a display name', invite().replace('"Alice"', '"Al\nice"'), 'header-field-syntax', 400],
    ['a lone line feed in a reason phrase', head('SIP/2.0 200 OK\nX: y', []), 'start-line-syntax', 400],
    ['SIP/3.0', invite({ line: 'INVITE sip:bob@lab.test SIP/3.0' }), 'version-unsupported', 505],
    [
      'a start line over the limit',
      invite({ line: `INVITE sip:${'b'.repeat(9000)}@lab.test SIP/2.0` }),
      'start-line-too-long',
      414,
    ],
    ['a head over the limit', invite({ fields: [`X: ${'x'.repeat(1024 * 1024)}`] }), 'head-too-long', 513],
    [
      'more header fields than allowed',
      invite({ fields: Array.from({ length: 300 }, () => 'X: y') }),
      'header-fields-too-many',
      513,
    ],
    ['a body over the limit', invite({ body: 'x'.repeat(defaultLimits.bodyBytes + 1) }), 'body-too-long', 513],
    ['a status code of 99', head('SIP/2.0 099 Odd', []), 'status-code-range', 400],
  ] as const) {
    t.test(`refuses ${what}`, async (t) => {
      t.throws(() => parseText(text), { name: 'MessageError', code, status })
    })
  }

  t.test('accepts two equal Content-Length fields', async (t) => {
    t.equal(parseText(invite({ fields: ['l: 3'], body: 'abc' })).body, 'abc')
  })
  t.test('never offers to answer an ACK', async (t) => {
    try {
      parseText(invite({ line: 'ACK sip:bob@lab.test SIP/2.0' }))
      t.fail('an ACK with the CSeq of an INVITE was read')
    } catch (error) {
      t.equal(error instanceof MessageError && error.partial === undefined, true)
    }
  })
})

t.test('header access', async (t) => {
  const message = parseText(
    invite({
      fields: [
        'k: path, gruu',
        'SUPPORTED: timer',
        'X-Note: one\r\n  two',
        'o: presence',
        'Warning: 399 a "x, y", 399 b "z"',
      ],
    }),
  )
  t.test('finds long, compact and odd spellings', async (t) => {
    t.strictSame(
      [message.list('Supported'), message.header('event'), message.header('x-note'), message.header('Subject')],
      [['path', 'gruu', 'timer'], 'presence', 'one two', undefined],
    )
  })
  t.test('splits lists outside quotes only', async (t) => {
    t.strictSame(message.list('Warning'), ['399 a "x, y"', '399 b "z"'])
  })
})
