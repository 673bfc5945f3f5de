import t from 'tap'
import { carriesAny, fieldSet, parseText } from '../../../src/sip/message/index.ts'

const words = fieldSet(['p-asserted-identity', 'referred-by', 'ms-diagnostics'])

function carries(...lines: readonly string[]): boolean {
  const head = [
    'MESSAGE sip:bob@lab.test SIP/2.0',
    'Via: SIP/2.0/TLS h;branch=z9hG4bK1',
    'Max-Forwards: 70',
    'From: <sip:a@lab.test>;tag=1',
    'To: <sip:b@lab.test>',
    'Call-ID: c',
    'CSeq: 1 MESSAGE',
    ...lines,
    'Content-Length: 0',
  ]
  return carriesAny(parseText(`${head.join('\r\n')}\r\n\r\n`), words)
}

for (const line of [
  'P-Asserted-Identity: <sip:x@y>',
  'p-ASSERTED-identity:<sip:x@y>',
  'MS-Diagnostics : 1',
  'b: <sip:x@y>',
  'Referred-By: <sip:x@y>',
  'ms-diagnostics:\r\n 1000',
]) {
  t.test(`a field of the set is found as ${JSON.stringify(line)}`, async (t) => t.ok(carries(line)))
}

t.test('fields that begin alike are not mistaken for it', async (t) => {
  t.notOk(
    carries(
      'P-Access-Network-Info: x',
      'Min-Expires: 1',
      'ms-diagnostics-public: 1',
      'Refer-To: <sip:x@y>',
      'm: <sip:a@h>',
      'Priority: urgent',
    ),
  )
})

t.test('a set knows its fields by their long names', async (t) => {
  t.same(fieldSet(['B', 'P-Asserted-Identity']).names, ['referred-by', 'p-asserted-identity'])
})
