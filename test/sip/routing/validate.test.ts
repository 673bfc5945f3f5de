import t from 'tap'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import { proxyBench, route } from '../../support/proxy-bench.ts'
import { request, type RequestChange } from '../../support/sip-messages.ts'

const callee = 'sip:bob@callee.lab.test'

async function refused(change: RequestChange) {
  const bench = proxyBench()
  await bench.arrive(request({ uri: callee, ...change }))
  return { bench, response: bench.caller.response() }
}

// conformance: RFC 3261 §16.3 — requests are validated: URI scheme, Max-Forwards, Proxy-Require
t.test('validation (RFC 3261 §16.3)', async (t) => {
  for (const [uri, what] of [
    ['nobodyKnowsThisScheme:totallyopaquecontent', 'an unknown scheme (rfc4475 unkscm)'],
    ['http://lab.test/', 'another scheme'],
    ['soap.beep://192.0.2.103:3002', 'a scheme that is odd (rfc4475 novelsc)'],
  ] as const) {
    t.test(`refuses ${what} with 416`, async (t) => {
      const { response } = await refused({ uri })
      t.equal(response.status, 416)
    })
  }

  // conformance: RFC 3261 §16.3 step 3 — Max-Forwards 0 is 483
  t.test('refuses Max-Forwards 0 with 483 (rfc4475 zeromf)', async (t) => {
    const { response } = await refused({ maxForwards: 0 })
    t.equal(response.status, 483)
  })

  // conformance: RFC 3261 §16.3 step 5 — an unknown option tag in Proxy-Require is 420 with Unsupported
  t.test('refuses unknown extensions in Proxy-Require with 420 and names them (rfc4475 bext01)', async (t) => {
    const { response } = await refused({
      headers: [['Proxy-Require', 'ms-benotify, nothingSupportsThis, nothingSupportsThisEither']],
    })
    t.same([response.status, response.header('Unsupported')], [420, 'nothingSupportsThis, nothingSupportsThisEither'])
  })

  t.test('refuses a From or To that the seal of a dialog cannot name with 400, and sends nothing', async (t) => {
    for (const method of ['INVITE', 'SUBSCRIBE', 'REFER'])
      for (const ends of [{ from: '<sip:alice@lab.test;x;x>;tag=a' }, { to: '<sip:bob@lab.test;x=1;X=2>' }]) {
        const { arrive, caller, transport } = proxyBench({ decide: () => route(callee) })
        await arrive(request({ method, uri: callee, ...ends }))
        t.same([caller.response().status, transport.flows.size], [400, 1], method)
      }
  })

  t.test('knows ms-benotify', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ method: 'SUBSCRIBE', uri: callee, headers: [['Proxy-Require', 'ms-benotify']] }))
    t.equal(to(7001).lines.length, 1)
  })

  // conformance-limit: RFC 4916 §4 — servers pass From of a re-INVITE or UPDATE on as it is; connected identity is
  //   not vouched for
  t.test('leaves Require alone: it is for the far end', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ uri: callee, headers: [['Require', 'nothingSupportsThis']] }))
    t.equal(to(7001).lines.length, 1)
  })

  t.test('refuses a Max-Breadth that is no number with 400', async (t) => {
    const { response } = await refused({ headers: [['Max-Breadth', 'many']] })
    t.equal(response.status, 400)
  })

  t.test('answers what a policy cannot parse with the status of the fault', async (t) => {
    const { response } = await refused({ headers: [['Route', '<sip:p1.test;lr']] })
    t.equal(response.status, 400)
  })

  t.test('answers 500 when a policy fails, and tells the error', async (t) => {
    const bench = proxyBench({
      decide: () => {
        throw new Error('a bug')
      },
    })
    await bench.arrive(request({ uri: callee }))
    t.match([bench.caller.response().status, bench.errors], [500, [{ message: 'a bug' }]])
  })

  t.test('answers 500 when a policy rejects', async (t) => {
    const bench = proxyBench({
      decide: async () => {
        throw new Error('a bug')
      },
    })
    await bench.arrive(request({ uri: callee }))
    t.match([bench.caller.response().status, bench.errors], [500, [{ message: 'a bug' }]])
  })

  t.test('answers 404 when no policy has a word', async (t) => {
    const bench = proxyBench({ target: [] })
    await bench.arrive(request({ uri: callee }))
    t.same([bench.caller.response().status, bench.told], [404, ['404 route.none']])
  })
})

/** The copy that went out comes in again, as a loop or by way of another element. */
let laps = 0

function again(copy: SipRequest, change: (text: string) => string = (text) => text): SipRequest {
  const text = change(copy.text).replace(
    '\r\nVia:',
    `\r\nVia: SIP/2.0/TLS other.lab.test;branch=z9hG4bKlap${++laps}\r\nVia:`,
  )
  const message = parseText(text)
  if (message.kind === 'request') return message
  throw new TypeError('not a request')
}

// conformance: RFC 3261 §16.3 step 4 — a loop is 482, a spiral goes on
// conformance: RFC 5393 §4.2 — what decides where a request goes is part of the branch
t.test('loops and spirals (RFC 3261 §16.3 step 4, RFC 5393 §4.2)', async (t) => {
  t.test('refuses a request that comes back unchanged with 482', async (t) => {
    const { arrive, to, transport } = proxyBench()
    await arrive(request({ uri: callee }))
    const back = transport.accept()
    await arrive(again(to(7001).request()), back)
    t.equal(back.response().status, 482)
  })

  t.test('takes a request that comes back with another Request-URI: a spiral', async (t) => {
    const { arrive, to, transport } = proxyBench()
    await arrive(request({ uri: callee }))
    const back = transport.accept()
    await arrive(
      again(to(7001).request(), (text) => text.replace(callee, 'sip:carol@callee.lab.test')),
      back,
    )
    t.same([back.lines, to(7001).lines.at(-1)], [['SIP/2.0 100 Trying'], 'INVITE sip:carol@callee.lab.test SIP/2.0'])
  })

  t.test('takes a request that comes back with another Route', async (t) => {
    const { arrive, to, transport } = proxyBench({ hosts: { 'p2.lab.test': [7002] } })
    await arrive(request({ uri: callee }))
    const back = transport.accept()
    await arrive(
      again(to(7001).request(), (text) => text.replace('\r\nFrom', '\r\nRoute: <sip:p2.lab.test;lr>\r\nFrom')),
      back,
    )
    t.same(back.lines, ['SIP/2.0 100 Trying'])
  })

  t.test('takes a request that comes back with another flow token in the value that names us', async (t) => {
    const { arrive, to, transport } = proxyBench()
    const own = (token: string): string => `\r\nRoute: <sip:${token}@internal.lab.test;lr>\r\nFrom`
    const back = [transport.accept(), transport.accept()]
    await arrive(again(request({ uri: callee }), (text) => text.replace('\r\nFrom', own('t1'))))
    await arrive(
      again(to(7001).request(), (text) => text.replace('\r\nFrom', own('t2'))),
      back[0],
    )
    await arrive(
      again(to(7001).request(), (text) => text.replace('\r\nFrom', own('t2'))),
      back[1],
    )
    t.same(
      back.map((flow) => flow.lines),
      [['SIP/2.0 100 Trying'], ['SIP/2.0 482 Loop Detected']],
    )
  })

  t.test('finds a loop that closes on the second lap of a spiral', async (t) => {
    const { arrive, to, transport } = proxyBench({
      decide: ({ requestUri }) => route(requestUri.includes('bob') ? 'sip:carol@callee.lab.test' : callee),
    })
    const back = [transport.accept(), transport.accept()]
    await arrive(request({ uri: callee }))
    await arrive(again(to(7001).request()), back[0])
    await arrive(again(to(7001).request()), back[1])
    t.same([back[0]?.lines, back[1]?.response().status], [['SIP/2.0 100 Trying'], 482])
  })

  t.test('is not fooled by a branch another element made', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ uri: callee, via: 'SIP/2.0/TLS internal.lab.test:5061;branch=z9hG4bKq3f9c1a07.0.0.abc' }))
    t.equal(to(7001).lines.length, 1)
  })
})

// conformance: RFC 3261 §11.2 — OPTIONS to the server itself is answered with what it can do
t.test('OPTIONS for the proxy itself', async (t) => {
  t.test('gets 200 with what it can do', async (t) => {
    const { arrive, caller } = proxyBench()
    await arrive(request({ method: 'OPTIONS', uri: 'sip:internal.lab.test:5061;transport=tls' }))
    const response = caller.response()
    t.match(
      [response.status, response.header('Allow'), response.header('Accept'), response.header('Supported')],
      [200, /INVITE/, 'application/sdp', /ms-benotify/],
    )
  })

  t.test('is subject to who may talk to it', async (t) => {
    const { arrive, caller } = proxyBench({
      admit: [{ name: 'no', decide: () => ({ kind: 'refuse', status: 403, because: 'peer.not-trusted' }) }],
    })
    await arrive(request({ method: 'OPTIONS', uri: 'sip:internal.lab.test' }))
    t.equal(caller.response().status, 403)
  })

  // conformance: RFC 3261 §11.2 — OPTIONS with a user part to a server name is answered as without
  t.test('with a user part is answered as without', async (t) => {
    const { arrive, caller, transport } = proxyBench({ decide: () => route(callee) })
    await arrive(request({ method: 'OPTIONS', uri: 'sip:ping@internal.lab.test' }))
    t.same([caller.response().status, transport.flows.size], [200, 1])
  })

  // conformance: RFC 3261 §16.3 step 3 — what this server answers itself it answers with Max-Forwards 0 too
  t.test('is answered with Max-Forwards 0 too, and a REGISTER that is answered here', async (t) => {
    const told: (readonly [string, number])[] = []
    for (const [method, uri] of [
      ['OPTIONS', 'sip:internal.lab.test'],
      ['OPTIONS', 'sip:ping@internal.lab.test'],
      ['OPTIONS', 'sip:lab.test'],
      ['OPTIONS', callee],
      ['REGISTER', 'sip:lab.test'],
      ['REGISTER', callee],
      ['MESSAGE', 'sip:lab.test'],
    ] as const) {
      const { arrive, caller } = proxyBench({
        decide: ({ requestUri }) =>
          requestUri === callee ? route(callee) : { kind: 'answer', status: 200, headers: [], body: '' },
        settings: { domains: ['lab.test'] },
      })
      await arrive(request({ method, uri, maxForwards: 0 }))
      told.push([`${method} ${uri}`, caller.response().status])
    }
    t.same(told, [
      ['OPTIONS sip:internal.lab.test', 200],
      ['OPTIONS sip:ping@internal.lab.test', 200],
      ['OPTIONS sip:lab.test', 200],
      [`OPTIONS ${callee}`, 483],
      ['REGISTER sip:lab.test', 200],
      [`REGISTER ${callee}`, 483],
      ['MESSAGE sip:lab.test', 483],
    ])
  })

  // conformance: RFC 3261 §8.2.2.3 — an option tag in Require that this server does not support is answered 420
  t.test('with an unknown option tag in Require is answered 420', async (t) => {
    const { arrive, caller } = proxyBench()
    const headers = [['Require', 'Path, foo']] as const
    await arrive(request({ method: 'OPTIONS', uri: 'sip:internal.lab.test', headers }))
    t.same([caller.response().status, caller.response().header('Unsupported')], [420, 'foo'])
  })
})

t.test('decisions', async (t) => {
  t.test('answer: status, header fields and body as the policy gave them', async (t) => {
    const { arrive, caller } = proxyBench({
      decide: () => ({ kind: 'answer', status: 200, headers: [['Contact', '<sip:x@y>;expires=60']], body: '' }),
    })
    await arrive(request({ method: 'REGISTER', uri: 'sip:lab.test' }))
    t.same([caller.response().status, caller.response().header('Contact')], [200, '<sip:x@y>;expires=60'])
  })

  t.test('refuse: with diagnostics', async (t) => {
    const { arrive, caller } = proxyBench({
      decide: () => ({ kind: 'refuse', status: 403, because: 'link.forbidden' }),
    })
    await arrive(request())
    t.same(
      [caller.lines, caller.response().header('ms-diagnostics')],
      [['SIP/2.0 403 Forbidden'], '1;reason="link.forbidden"'],
    )
  })

  t.test('drop: no answer and nothing left', async (t) => {
    const { arrive, caller, proxy, wheel } = proxyBench({ decide: () => ({ kind: 'drop', because: 'test' }) })
    await arrive(request())
    t.same([caller.sent, proxy.transactions.counts.server, wheel.size], [[], 0, 0])
  })

  t.test('route to nowhere: 480', async (t) => {
    const { arrive, caller } = proxyBench({ decide: () => route() })
    await arrive(request())
    t.equal(caller.response().status, 480)
  })

  t.test('a promise is awaited, and the caller hears 100 meanwhile', async (t) => {
    const { arrive, caller } = proxyBench({ decide: async () => ({ kind: 'refuse', status: 403, because: 'x' }) })
    await arrive(request())
    t.same(caller.lines, ['SIP/2.0 100 Trying', 'SIP/2.0 403 Forbidden'])
  })
})
