import { deepStrictEqual, equal } from 'node:assert/strict'
import { fc } from '../../support/property.ts'
import t from 'tap'
import {
  answer,
  parseText,
  type RequestEdits,
  type SipRequest,
  type SipResponse,
  writeRequest,
  writeResponse,
} from '../../../src/sip/message/index.ts'
import { invite, request as anyRequest } from './messages.ts'

const none: RequestEdits = {
  requestUri: undefined,
  maxForwards: 69,
  via: 'SIP/2.0/TLS proxy.lab.test;branch=z9hG4bKp',
  dropRoutes: 0,
  pushRoutes: [],
  appendRoute: undefined,
  recordRoutes: [],
  remove: [],
  add: [],
}

function asRequest(text: string): SipRequest {
  const message = parseText(text)
  if (message.kind !== 'request') throw new Error('a response')
  return message
}

function asResponse(text: string): SipResponse {
  const message = parseText(text)
  if (message.kind !== 'response') throw new Error('a request')
  return message
}

function edited(text: string, edits: Partial<RequestEdits>): SipRequest {
  return asRequest(writeRequest(asRequest(text), { ...none, ...edits }))
}

const routes = (request: SipRequest): readonly string[] => request.addresses('Route').map(({ uri }) => uri.text)

t.test('writeRequest', async (t) => {
  t.test('leaves every line it was not told to change, in order, and the body', async (_t) => {
    fc.assert(
      fc.property(anyRequest, (text) => {
        const written = writeRequest(asRequest(text), none)
        const [head = '', ...body] = text.split('\r\n\r\n')
        const untouched = head.replace(/^[^\r]*\r\n/, '').replace(/(^|\r\n)Max-Forwards:[^\r]*/i, '')
        const rest = written
          .replace(/^[^\r]*\r\n/, '')
          .replace(`Via: ${none.via}\r\n`, '')
          .replace(/(^|\r\n)Max-Forwards: 69(?=\r\n)/, '')
        return rest.replace(/^\r\n/, '') === [untouched.replace(/^\r\n/, ''), ...body].join('\r\n\r\n')
      }),
      { numRuns: 200 },
    )
  })

  t.test('drops and pushes Route values as told, on one line or many', async (_t) => {
    fc.assert(
      fc.property(anyRequest, fc.nat(4), (text, dropRoutes) => {
        const before = asRequest(text)
        const after = edited(text, { dropRoutes, pushRoutes: ['<sip:push.test;lr>'], appendRoute: '<sip:last.test>' })
        return (
          JSON.stringify(routes(after)) ===
          JSON.stringify(['sip:push.test;lr', ...routes(before).slice(dropRoutes), 'sip:last.test'])
        )
      }),
      { numRuns: 200 },
    )
  })

  t.test('puts its Via on top and keeps the others', async (_t) => {
    fc.assert(
      fc.property(anyRequest, (text) => {
        const vias = edited(text, {}).vias()
        return (
          vias[0]?.text === none.via &&
          JSON.stringify(vias.slice(1).map((via) => via.text)) ===
            JSON.stringify(
              asRequest(text)
                .vias()
                .map((via) => via.text),
            )
        )
      }),
      { numRuns: 150 },
    )
  })

  t.test('stamps the top Via with source and port where rport was asked for', async (t) => {
    const request = asRequest(invite())
    request.stampTopVia('192.0.2.9', 40001)
    t.match(
      writeRequest(request, none),
      '\r\nVia: SIP/2.0/TLS client.lab.test:5061;branch=z9hG4bK1;rport=40001;received=192.0.2.9\r\n',
    )
  })
  t.test('stamps nothing when sent-by is the source and rport was not asked for', async (t) => {
    const request = asRequest(invite().replace('client.lab.test:5061', '192.0.2.9').replace(';rport', ''))
    request.stampTopVia('192.0.2.9', 40001)
    t.match(writeRequest(request, none), '\r\nVia: SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK1\r\n')
  })
  t.test('replaces what the peer claimed in received', async (t) => {
    const request = asRequest(invite().replace(';rport', ';received=198.51.100.1;x=y'))
    request.stampTopVia('2001:db8::1', 40001)
    t.same([request.topVia.received, request.topVia.parameters.get('x')], ['2001:db8::1', 'y'])
  })
  t.test('stamps only the top of several values on one line', async (t) => {
    const request = asRequest(invite().replace(';rport', ';rport, SIP/2.0/UDP b.test;branch=z9hG4bKb;rport'))
    request.stampTopVia('192.0.2.9', 7)
    t.strictSame(
      request.vias().map((via) => via.rport),
      [7, 0],
    )
  })
  t.test('adds Max-Forwards where it was missing', async (t) => {
    t.equal(edited(invite().replace('Max-Forwards: 70\r\n', ''), {}).maxForwards, 69)
  })
  t.test('adds Content-Length to what came without in a datagram', async (t) => {
    t.equal(edited(invite({ body: 'abc' }).replace('Content-Length: 3\r\n', ''), {}).header('Content-Length'), '3')
  })
  t.test('puts Record-Route above those that are there, wherever they stand', async (t) => {
    const text = invite().replace('\r\nVia', '\r\nRecord-Route: <sip:old.test;lr>\r\nVia')
    t.strictSame(edited(text, { recordRoutes: ['<sip:new.test;lr>'] }).headers('Record-Route'), [
      '<sip:new.test;lr>',
      '<sip:old.test;lr>',
    ])
  })
  t.test('removes in every spelling and adds', async (t) => {
    const after = edited(invite({ fields: ['k: a', 'X-A: 1', 'Supported: b', 'x-a: 2'] }), {
      remove: ['supported', 'x-a'],
      add: [['X-B', '3']],
    })
    t.strictSame([after.headers('Supported'), after.headers('X-A'), after.header('X-B')], [[], [], '3'])
  })
  t.test('changes the Request-URI', async (t) => {
    t.equal(edited(invite(), { requestUri: 'sip:bob@192.0.2.1' }).requestUri, 'sip:bob@192.0.2.1')
  })
})

t.test('writeResponse', async (t) => {
  t.test('drops the top Via only', async (_t) => {
    fc.assert(
      fc.property(anyRequest, (text) => {
        const reply = asResponse(answer(asRequest(text), 200, { toTag: 't' }))
        const vias = asRequest(text).vias()
        if (vias.length === 1)
          return !writeResponse(reply, { dropTopVia: true, remove: [], add: [] }).includes('\r\nVia:')
        const after = asResponse(writeResponse(reply, { dropTopVia: true, remove: [], add: [] }))
        return (
          JSON.stringify(after.vias().map(({ text }) => text)) === JSON.stringify(vias.slice(1).map(({ text }) => text))
        )
      }),
      { numRuns: 150 },
    )
  })
})

t.test('answer', async (t) => {
  t.test('copies what an answer must have, with full names and Content-Length last', async (t) => {
    const request = asRequest(
      invite({ fields: ['Record-Route: <sip:p.test;lr>'] })
        .replace('Call-ID', 'i')
        .replace('From', 'f'),
    )
    request.stampTopVia('192.0.2.9', 5)
    t.equal(
      answer(request, 180, { toTag: 'b2', headers: [['Contact', '<sip:b@x>']] }),
      'SIP/2.0 180 Ringing\r\nVia: SIP/2.0/TLS client.lab.test:5061;branch=z9hG4bK1;rport=5;received=192.0.2.9\r\n' +
        'From: "Alice" <sip:alice@lab.test>;tag=a1\r\nTo: <sip:bob@lab.test>;tag=b2\r\nCall-ID: c1@lab.test\r\n' +
        'CSeq: 1 INVITE\r\nRecord-Route: <sip:p.test;lr>\r\nContact: <sip:b@x>\r\nContent-Length: 0\r\n\r\n',
    )
  })
  t.test('says of any request what it must, whatever stands between those fields', async () => {
    fc.assert(
      fc.property(anyRequest, (text) => {
        const request = asRequest(text)
        request.stampTopVia('192.0.2.9', 5)
        const reply = asResponse(answer(request, 486, { toTag: 'b2' }))
        deepStrictEqual(
          reply.vias().map(({ text }) => text),
          request.vias().map(({ text }) => text),
        )
        for (const name of ['From', 'Call-ID', 'CSeq']) equal(reply.header(name), request.header(name))
        equal(reply.header('To'), `${request.header('To')}${request.toTag === undefined ? ';tag=b2' : ''}`)
        const fields = 5 + request.headers('Via').length
        equal(
          reply.text
            .trimEnd()
            .replace(/\r\n[ \t]+/g, ' ')
            .split('\r\n').length,
          1 + fields,
        )
      }),
      { numRuns: 150 },
    )
  })
  t.test('writes what came folded or with other names as one usual line', async (t) => {
    const request = asRequest(
      invite().replace('Via: ', 'v : ').replace('To: ', 't:\r\n ').replace('CSeq: 1 ', 'CSEQ: 1\r\n\t'),
    )
    request.stampTopVia('192.0.2.9', 5)
    t.match(
      answer(request, 486, { toTag: 'b2' }),
      /^SIP\/2.0 486 Busy Here\r\nVia: SIP.*;rport=5;received=192\.0\.2\.9\r\n(.*\r\n)*To: <sip:bob@lab\.test>;tag=b2\r\n(.*\r\n)*CSeq: 1 INVITE\r\n/,
    )
  })
  t.test('corrects what the sender claims of itself in its Via', async (t) => {
    const request = asRequest(invite().replace(';rport', ';rport=7;received=203.0.113.1'))
    request.stampTopVia('192.0.2.9', 5)
    t.match(
      answer(request, 486),
      /\r\nVia: SIP\/2\.0\/TLS client\.lab\.test:5061;branch=z9hG4bK1;rport=5;received=192\.0\.2\.9\r\n/,
    )
  })
  t.test('gives the Timestamp of the request back in a 100, and in no other', async (t) => {
    const request = asRequest(invite({ fields: ['timestamp : 54.21'] }))
    t.equal(asResponse(answer(request, 100)).header('Timestamp'), '54.21')
    t.equal(asResponse(answer(request, 180)).header('Timestamp'), undefined)
  })

  t.test('adds no tag to 100', async (t) => {
    t.equal(asResponse(answer(asRequest(invite()), 100, { toTag: 'x' })).toTag, undefined)
  })
  t.test('adds no Record-Route to an error', async (t) => {
    t.strictSame(
      asResponse(answer(asRequest(invite({ fields: ['Record-Route: <sip:p.test;lr>'] })), 404)).headers('Record-Route'),
      [],
    )
  })
})
