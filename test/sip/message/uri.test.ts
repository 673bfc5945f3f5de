import { deepStrictEqual } from 'node:assert/strict'
import { fc } from '../../support/property.ts'
import t from 'tap'
import {
  addressOfRecord,
  equalUris,
  MessageError,
  parseNameAddress,
  parseUri,
  parseVia,
  unescape,
} from '../../../src/sip/message/index.ts'
import { uriText } from '../../../src/sip/message/uri.ts'
import { uri as anyUri } from './messages.ts'

t.test('parseUri', async (t) => {
  t.test('reads all parts', async (t) => {
    const uri = parseUri('SIPS:alice:pw@Lab.TEST:5061;Transport=TLS;lr;%6Cx=%41?Subject=a&b=c')
    t.strictSame(
      [uri.scheme, uri.user, uri.host, uri.port, [...uri.parameters], uri.headers],
      [
        'sips',
        'alice:pw',
        'lab.test',
        5061,
        [
          ['transport', 'TLS'],
          ['lr', undefined],
          ['lx', '%41'],
        ],
        'Subject=a&b=c',
      ],
    )
  })
  // conformance: RFC 5118 §4.1 — IPv6 references
  t.test('reads IPv6 references', async (t) => {
    t.match(parseUri('sip:[2001:DB8::1]:5070;lr'), { host: '[2001:db8::1]', port: 5070 })
  })

  for (const [host, plain] of [
    ['LAB.test', 'lab.test'],
    ['lab.test.', 'lab.test'],
    ['lab.test..', 'lab.test'],
    ['.', '.'],
    ['...', '.'],
    ['192.0.2.1.', '192.0.2.1'],
    ['[0:0:0:0:0:0:0:1]', '[::1]'],
    ['[2001:0DB8:0:0:0:0:0:0001]', '[2001:db8::1]'],
    ['[::ffff:192.0.2.1]', '192.0.2.1'],
    ['[0:0:0:0:0:FFFF:C000:0201]', '192.0.2.1'],
    ['[::ffff:0:1]', '0.0.0.1'],
    ['[::192.0.2.1]', '[::c000:201]'],
  ] as const)
    t.test(`reads ${host} as ${plain}, in maddr and Via as well`, async (t) => {
      t.equal(parseUri(`sip:bob@${host}:5061;lr`).host, plain)
      t.equal(parseUri(`sip:lab.test;maddr=${host}`).parameters.get('maddr'), plain)
      t.equal(parseVia(`SIP/2.0/TLS ${host}:5061;branch=z9hG4bK1`).host, plain)
    })

  for (const [value, plain] of [
    ['::1', '[::1]'],
    ['0:0:0:0:0:0:0:1', '[::1]'],
    ['%5B::1%5D', '[::1]'],
    ['[::1].', '[::1]'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['%31%32%37.0.0.1', '127.0.0.1'],
    ['fe1%2Elab.test%2e', 'fe1.lab.test'],
    ['::1%25lo', '[::1]'],
    ['[fe80::0:1%25eth0]', '[fe80::1]'],
    ['%2531', '%2531'],
    ['x%0d%0aVia:y', 'x%0d%0aVia:y'],
    ['x%3Blr', 'x%3Blr'],
  ] as const)
    t.test(`reads maddr=${value} as ${plain}`, async (t) => {
      t.equal(parseUri(`sip:lab.test;maddr=${value};lr`).parameters.get('maddr'), plain)
    })

  for (const host of ['evil%2Etest', 'lab.test%2e', 'lab.test%00'])
    t.test(`refuses the escape in the host ${host}`, async (t) => {
      t.throws(() => parseUri(`sip:bob@${host}`), { code: 'uri-syntax' })
    })

  // conformance: RFC 5118 §4.10 — three colons, which the grammar of RFC 3261 allowed, are read as two
  t.test('reads three colons as two', async (t) => {
    t.match(parseUri('sip:user@[2001:db8:::192.0.2.1]:5070'), { host: '[2001:db8::c000:201]', port: 5070 })
    t.match(parseVia('SIP/2.0/UDP [2001:DB8:::9:1]:5070;branch=z9hG4bK1'), { host: '[2001:db8::9:1]', port: 5070 })
  })

  // conformance: RFC 5118 §4.2 — an address without brackets, or an impossible one in brackets, is refused
  for (const address of [
    '[::1::2]',
    '[1:2:3:4:5:6:7:8:9]',
    '[12345::1]',
    '[1:2:3]',
    '[::300.0.0.1]',
    '[1::2:::3]',
    '[::::]',
    '[:1]',
    '[]',
    '[192.0.2.1]',
    '[fe80::1%25eth0]',
    '2001:db8::1',
  ])
    t.test(`refuses the host ${address}`, async (t) => {
      t.throws(() => parseUri(`sip:bob@${address}`), { code: 'uri-syntax', status: 400 })
      t.throws(() => parseVia(`SIP/2.0/UDP ${address};branch=z9hG4bK1`), { code: 'via-syntax', status: 400 })
    })
  t.test('reads tel', async (t) => {
    t.match(parseUri('tel:+1-201-555-0123;ext=7'), { scheme: 'tel', user: '+1-201-555-0123', host: '' })
  })
  t.test('keeps other schemes opaque', async (t) => {
    t.match(parseUri('urn:service:sos'), { scheme: 'urn', user: undefined, text: 'urn:service:sos' })
  })
  for (const text of [
    '',
    'sip',
    'sip:',
    ':x',
    'sip:@host',
    'sip:a b@host',
    'sip:a@host:0',
    'sip:a@host:99999',
    'sip:a@host;',
    'sip:a@host;;lr',
    'sip:a%4@host',
    'sip:a@[::1',
    'sip:a@b@c',
    '<sip:a@b>',
    'sip:a@host;lr;lr',
    'tel:',
    'tel:x',
  ]) {
    t.test(`refuses ${JSON.stringify(text)}`, async (t) => {
      t.throws(() => parseUri(text), { name: 'MessageError', code: 'uri-syntax', status: 400 })
    })
  }
  t.test('throws only MessageError', async (_t) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary-ascii' }),
          fc.string({ unit: fc.constantFrom(...'sip:tel@;=?%[]<>"., 1a') }),
        ),
        (text) => {
          for (const read of [parseUri, parseVia, parseNameAddress]) {
            try {
              read(text)
            } catch (error) {
              if (!(error instanceof MessageError)) throw error
            }
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

// conformance: RFC 3261 §19.1.4 — one comparison of URIs, a missing transport equals a missing one only
t.test('a URI that gets another host keeps its parameters, escaped names too', async (t) => {
  const name = fc
    .array(fc.constantFrom('a', 'maddr', '%3B', '%20', '%3E', '%25', '%0D', '%61', '+'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 3, selector: (each) => unescape(each) }), (names) => {
      const uri = parseUri(`sips:bob@lab.test${names.map((each, at) => `;${each}=${at}`).join('')}`)
      const moved = parseUri(uriText(uri, 'gw.test:5070'))
      deepStrictEqual([[...moved.parameters], moved.host, moved.port], [[...uri.parameters], 'gw.test', 5070])
    }),
  )
  t.equal(
    uriText(parseUri('sip:bob@lab.test;x%3Bmaddr=192.0.2.1?a=b'), 'gw.test'),
    'sip:bob@gw.test;x%3Bmaddr=192.0.2.1',
  )
})

t.test('equalUris', async (t) => {
  for (const [a, b, equal] of [
    ['sip:bob@192.0.2.1:7777', 'sip:bob@192.0.2.1:7777;transport=tcp', false],
    ['sip:bob@192.0.2.1', 'sip:bob@192.0.2.1;transport=udp', false],
    ['sip:bob@192.0.2.1;transport=UDP', 'sip:bob@192.0.2.1;Transport=udp', true],
    ['sip:bob@lab.test', 'sip:bob@lab.test;gr=urn:x', false],
    ['sip:bob@[2001:DB8:0:0::1]:5060', 'sip:bob@[2001:db8::1]:5060', true],
    ['sip:bob@[2001:db8::1]', 'sip:bob@[2001:db8::2]', false],
    ['sip:bob@lab.test;x=[1]', 'sip:bob@lab.test;x=%5b1%5D', true],
    // RFC 3261 §19.1.4
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5', true],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
      true,
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
      true,
    ],
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', false],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;maddr=192.0.2.1', false],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off', false],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
    ['sip:%00@host', 'sip:%00%00@host', false],
    ['sip:a@host', 'sips:a@host', false],
    ['tel:+1-201-555', 'tel:+1201555', true],
  ] as const) {
    t.test(`${a} ${equal ? 'equals' : 'differs from'} ${b}`, async (t) => {
      t.strictSame([equalUris(parseUri(a), parseUri(b)), equalUris(parseUri(b), parseUri(a))], [equal, equal])
    })
  }
  t.test('every URI equals itself', async (_t) => {
    fc.assert(fc.property(anyUri, (text) => equalUris(parseUri(text), parseUri(text))))
  })
})

t.test('addressOfRecord', async (t) => {
  for (const [text, key] of [
    ['SIPS:%61lice@LAB.test:5061;transport=tls?a=b', 'sip:alice@lab.test'],
    ['sip:null-%00-null@example.com', 'sip:null-%00-null@example.com'],
    ['sip:a%2fb:secret@x.test', 'sip:a%2Fb@x.test'],
    ['sip:lab.test', 'sip:lab.test'],
    ['tel:+1-201-555', 'tel:+1201555'],
  ] as const) {
    t.test(`${text} is ${key}`, async (t) => {
      t.equal(addressOfRecord(parseUri(text)), key)
    })
  }
  t.test('equal users have one key', async (_t) => {
    fc.assert(
      fc.property(
        anyUri,
        (text) => addressOfRecord(parseUri(addressOfRecord(parseUri(text)))) === addressOfRecord(parseUri(text)),
      ),
    )
  })
})

t.test('parseNameAddress', async (t) => {
  t.test('gives parameters behind a bare URI to the header field', async (t) => {
    const { uri, parameters } = parseNameAddress('sip:a@b;unknown')
    t.strictSame([uri.text, [...parameters]], ['sip:a@b', [['unknown', undefined]]])
  })
  t.test('unquotes display names and parameters', async (t) => {
    const { displayName, parameters } = parseNameAddress('"A \\"B\\" \\\\" <sip:a@b;lr> ; +sip.instance = "<urn:x>"')
    t.strictSame([displayName, parameters.get('+sip.instance')], ['A "B" \\', '<urn:x>'])
  })
})

t.test('parseVia', async (t) => {
  t.test('reads odd blanks, lower-case transport, IPv6, and rport without a value', async (t) => {
    t.match(parseVia('SIP / 2.0/ tls [2001:DB8::9]:5061 ;rport; branch = z9hG4bKx'), {
      transport: 'TLS',
      host: '[2001:db8::9]',
      port: 5061,
      rport: 0,
      branch: 'z9hG4bKx',
      received: undefined,
    })
  })
  t.test('does without a branch', async (t) => {
    t.equal(parseVia('SIP/2.0/tls 192.0.2.1:1').branch, undefined)
  })
})

t.test('unescape decodes once', async (t) => {
  t.equal(unescape('v%61lue%25%34%31'), 'value%41')
})

t.test('a URI read before is the same again, and keeps nothing of another with as many characters', async (t) => {
  const texts = Array.from({ length: 2000 }, (_, number) => `sip:user${1000 + number}@lab.test:5061;transport=tls`)
  for (const text of [...texts, ...texts]) {
    const uri = parseUri(text)
    if (uri.text !== text || `sip:${uri.user}@lab.test:5061;transport=tls` !== text)
      t.fail(`${text} was read as ${uri.text}`)
  }
  t.equal(parseUri('sip:alice@lab.test'), parseUri('sip:alice@lab.test'))
})
