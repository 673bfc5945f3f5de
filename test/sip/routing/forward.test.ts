import t from 'tap'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipResponse } from '../../../src/sip/message/types.ts'
import { followAnyRoute, proxyBench, route, settle, target } from '../../support/proxy-bench.ts'
import { facts, request, responseTo } from '../../support/sip-messages.ts'

const callee = 'sip:bob@callee.lab.test'

// conformance: RFC 3261 §16.6 — a request is copied and changed in the steps of the section
t.test('forwarding a request (RFC 3261 §16.6)', async (t) => {
  t.test('sends one copy to the target, and 100 back', async (t) => {
    const { arrive, to, caller } = proxyBench()
    await arrive(request({ uri: callee }))
    t.same([to(7001).lines, caller.lines], [[`INVITE ${callee} SIP/2.0`], ['SIP/2.0 100 Trying']])
  })

  t.test('puts the Request-URI of the target into the copy (step 2)', async (t) => {
    const { arrive, to } = proxyBench({ decide: () => route('sip:bob@callee.lab.test:6060;x=1') })
    await arrive(request({ uri: 'sip:bob@lab.test' }))
    t.equal(to(7001).request().requestUri, 'sip:bob@callee.lab.test:6060;x=1')
  })

  t.test('counts Max-Forwards down, and starts at 70 without one (step 3)', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ uri: callee, maxForwards: 12 }))
    const counted = to(7001).request().maxForwards
    const { parseText } = await import('../../../src/sip/message/index.ts')
    const without = parseText(request({ uri: callee }).text.replace(/Max-Forwards: 70\r\n/, ''))
    if (without.kind === 'request') await arrive(without)
    t.same([counted, to(7001).request().maxForwards], [11, 70])
  })

  // conformance: RFC 3326 §2 — a Reason that came along is passed on as it is
  t.test('passes a Reason on', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ method: 'OPTIONS', uri: callee, headers: [['Reason', 'Q.850;cause=16;text="x"']] }))
    t.strictSame(to(7001).request().headers('Reason'), ['Q.850;cause=16;text="x"'])
  })

  t.test('adds a Via with its own sent-by and branch on top of the others (step 8)', async (t) => {
    const { arrive, to, proxy } = proxyBench()
    await arrive(request({ uri: callee, branch: 'z9hG4bKcaller' }))
    const vias = to(7001).request().vias()
    t.match(vias, [
      {
        transport: 'TLS',
        host: 'internal.lab.test',
        port: 5061,
        branch: new RegExp(`^${proxy.transactions.branchPrefix}`),
      },
      { branch: 'z9hG4bKcaller' },
    ])
  })

  t.test('record-routes what forms a dialog, with the name of the face (step 4)', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ uri: callee }))
    t.equal(to(7001).request().header('Record-Route'), '<sip:internal.lab.test:5061;transport=tls;lr>')
  })

  t.test(
    'keeps in Record-Route under which identity the next hop is dialled, and dials later requests of the dialog ' +
      'under it',
    async (t) => {
      const asked: (string | undefined)[] = []
      const { arrive, to } = proxyBench({
        target: [
          followAnyRoute(),
          { name: 'route', decide: () => route(target(callee, { identity: 'static-route:2' })) },
        ],
        settings: {
          locate: ({ host }, face, identity) => {
            asked.push(identity)
            return [{ transport: 'tls', address: '127.0.41.50', port: 7001, verifyName: host, face, host }]
          },
        },
      })
      await arrive(request({ uri: callee }))
      const recorded = to(7001).request().header('Record-Route') ?? ''
      await arrive(
        request({ method: 'BYE', uri: callee, to: '<sip:bob@lab.test>;tag=b', headers: [['Route', recorded]] }),
      )
      t.same(
        [recorded, asked],
        ['<sip:internal.lab.test:5061;transport=tls;lr;identity=static-route:2>', ['static-route:2', 'static-route:2']],
      )
    },
  )

  t.test('does not record-route a MESSAGE', async (t) => {
    const { arrive, to } = proxyBench()
    await arrive(request({ method: 'MESSAGE', uri: callee }))
    t.equal(to(7001).request().header('Record-Route'), undefined)
  })

  // conformance: RFC 6157 §3.1 — two Record-Route values where the sides differ, as in transport and address family
  t.test('writes two Record-Route values where the sides differ, the leaving side on top (RFC 5658)', async (t) => {
    const { arrive, to } = proxyBench({
      faces: { external: {}, internal: {} },
      decide: () => route(target(callee, { face: 'internal' })),
    })
    await arrive(request({ uri: callee }))
    t.same(
      to(7001)
        .request()
        .addresses('Record-Route')
        .map(({ uri }) => uri.host),
      ['internal.lab.test', 'external.lab.test'],
    )
  })

  t.test('adds and removes the header fields the policies asked for (step 5)', async (t) => {
    const { arrive, to } = proxyBench({
      admit: [
        {
          name: 'mark',
          decide: ({ remarks }) => {
            remarks.add.push(['P-Asserted-Identity', '<sip:alice@lab.test>'])
            remarks.remove.push('subject')
            return { kind: 'pass' }
          },
        },
      ],
    })
    await arrive(request({ uri: callee, headers: [['Subject', 'x']] }))
    const copy = to(7001).request()
    t.same([copy.header('P-Asserted-Identity'), copy.header('Subject')], ['<sip:alice@lab.test>', undefined])
  })

  // conformance: RFC 3327 §5.3 — the Path of a binding becomes the Route of a request
  t.test('pushes the Path of a binding as Route and sends to its top (step 6)', async (t) => {
    const { arrive, to } = proxyBench({
      hosts: { 'edge.lab.test': [7009] },
      decide: () => route(target('sip:bob@10.0.0.9:4000', { routes: ['<sip:tok@edge.lab.test;lr>'] })),
    })
    await arrive(request())
    t.same(
      [to(7009).request().requestUri, to(7009).request().header('Route')],
      ['sip:bob@10.0.0.9:4000', '<sip:tok@edge.lab.test;lr>'],
    )
  })

  t.test('follows an explicit next hop and leaves the Request-URI alone (step 7)', async (t) => {
    const { arrive, to } = proxyBench({
      hosts: { 'director.lab.test': [7010] },
      decide: () => route(target('sip:bob@lab.test', { nextHop: 'sip:director.lab.test;transport=tls' })),
    })
    await arrive(request())
    t.equal(to(7010).request().requestUri, 'sip:bob@lab.test')
  })

  t.test('sends on exactly the flow of a binding', async (t) => {
    const { arrive, transport, proxy } = proxyBench({
      target: [{ name: 'binding', decide: () => route(target('sip:bob@10.0.0.9:4000', { flow: phone?.id })) }],
    })
    const phone = transport.accept({ face: 'internal' })
    await arrive(request())
    t.same([phone.lines, proxy.transactions.counts.client], [['INVITE sip:bob@10.0.0.9:4000 SIP/2.0'], 1])
  })

  t.test('answers a client 480 the moment that flow is gone', async (t) => {
    const { arrive, transport, caller } = proxyBench({
      target: [{ name: 'binding', decide: () => route(target('sip:bob@10.0.0.9:4000', { flow: phone?.id })) }],
    })
    const phone = transport.accept({ face: 'internal' })
    phone.close()
    await arrive(request())
    t.equal(caller.response().status, 480)
  })

  // conformance: RFC 3261 §18.1.1 — a large request goes over TCP, and over UDP where TCP is refused
  t.test('takes TCP for a request too large for UDP (RFC 3261 §18.1.1)', async (t) => {
    const { arrive, transport } = proxyBench({ transport: 'udp' })
    await arrive(
      request({
        uri: callee,
        via: 'SIP/2.0/UDP 127.0.41.99:40000;branch=z9hG4bKbig',
        body: 'x'.repeat(1200),
        headers: [['Content-Type', 'text/plain']],
      }),
    )
    t.same(
      transport.dialled.map(({ transport }) => transport),
      ['tcp'],
    )
  })

  t.test('falls back to UDP when the large request finds no TCP', async (t) => {
    const { arrive, transport, to } = proxyBench({ transport: 'udp' })
    const connect = transport.connect.bind(transport)
    transport.connect = async (hop) => {
      if (hop.transport === 'tcp') throw Object.assign(new Error('refused'), { code: 'connect.refused' })
      return connect(hop)
    }
    await arrive(request({ uri: callee, body: 'x'.repeat(1200), headers: [['Content-Type', 'text/plain']] }))
    t.equal(to(7001).transport, 'udp')
  })
})

t.test('a response on its way back (RFC 3261 §16.7)', async (t) => {
  t.test('loses our Via and keeps the rest', async (t) => {
    const { arrive, to, caller, answer } = proxyBench()
    await arrive(request({ uri: callee, branch: 'z9hG4bKcaller' }))
    answer(to(7001), 180)
    t.match(facts(caller.response()), { status: 180, toTag: 'b7001', branch: 'z9hG4bKcaller' })
  })

  t.test('is not passed on when it is a 100', async (t) => {
    const { arrive, to, caller, answer } = proxyBench()
    await arrive(request({ uri: callee }))
    answer(to(7001), 100)
    t.equal(caller.sent.length, 1)
  })

  // conformance: RFC 4320 §4.1 — a provisional answer to another request than INVITE is not passed on
  t.test('is not passed on when it is provisional and answers another method than INVITE (RFC 4320)', async (t) => {
    const { arrive, to, caller, answer } = proxyBench()
    await arrive(request({ method: 'MESSAGE', uri: callee }))
    answer(to(7001), 183)
    t.equal(caller.sent.length, 0)
  })

  t.test('is edited for the face it goes out of', async (t) => {
    const { arrive, to, caller, answer } = proxyBench({
      faces: {
        internal: { editResponse: () => ({ remove: ['ms-diagnostics'], add: [['ms-user-logon-data', 'RemoteUser']] }) },
      },
    })
    await arrive(request({ uri: callee }))
    answer(to(7001), 200, [['ms-diagnostics', '1;reason="x"']])
    t.same(
      [caller.response().header('ms-diagnostics'), caller.response().header('ms-user-logon-data')],
      [undefined, 'RemoteUser'],
    )
  })

  t.test('is edited for each further 2xx too', async (t) => {
    const { arrive, to, caller, answer } = proxyBench({
      faces: { internal: { editResponse: (_, { request }) => ({ remove: [], add: [['X-Call', request.callId]] }) } },
    })
    await arrive(request({ uri: callee, callId: 'kept' }))
    answer(to(7001), 200)
    answer(to(7001), 200)
    t.equal(caller.response().header('X-Call'), 'kept')
  })

  // conformance: RFC 6026 §7.1 — further 2xx reach the caller
  t.test('reaches the caller for each further 2xx (RFC 6026)', async (t) => {
    const { arrive, to, caller, answer } = proxyBench()
    await arrive(request({ uri: callee }))
    answer(to(7001), 200)
    answer(to(7001), 200)
    t.equal(caller.lines.filter((line) => line.includes(' 200 ')).length, 2)
  })

  // conformance: RFC 3261 §18.2.2 — a response whose flow is gone finds the caller by address
  t.test('finds the caller by address when its flow is gone (RFC 3261 §18.2.2)', async (t) => {
    const { arrive, to, caller, answer, transport } = proxyBench()
    await arrive(
      request({ uri: callee, via: 'SIP/2.0/TLS peer.lab.test:5061;received=127.0.41.77;branch=z9hG4bKback' }),
    )
    caller.close()
    answer(to(7001), 200)
    t.match(transport.dialled.at(-1), {
      transport: 'tls',
      address: caller.remote.address,
      port: 5061,
      verifyName: 'peer.lab.test',
    })
  })

  t.test('is dropped when its flow is gone and nobody vouches for the caller', async (t) => {
    const { arrive, to, caller, answer, transport, told } = proxyBench({ settings: { dialsBack: () => false } })
    await arrive(request({ uri: callee, via: 'SIP/2.0/TCP peer.lab.test:22;branch=z9hG4bKback' }))
    const before = transport.dialled.length
    caller.close()
    answer(to(7001), 200)
    t.equal(transport.dialled.length, before)
    t.ok(told.includes('dropped response.not-dialled'))
  })

  t.test('is lost alone when its flow is gone and the Via below ours cannot be read', async (t) => {
    for (const dialsBack of [true, false])
      for (const status of [180, 200, 486]) {
        const bench = proxyBench({ settings: { dialsBack: () => dialsBack } })
        await bench.arrive(request({ uri: callee }))
        const { text } = responseTo(bench.to(7001).request(), status)
        bench.caller.close()
        const broken = parseText(text.replace(/\r\nVia: SIP\/2.0\/TLS 127[^\r]*/, '\r\nVia: !!!')) as SipResponse
        t.doesNotThrow(() => bench.proxy.transactions.onResponse(broken, bench.to(7001)))
        await settle()
        t.match(bench.errors, [{ code: 'via-syntax' }])
        t.equal(bench.told.includes(`${status} passed`), status >= 200)
      }
  })

  t.test('whose Via below ours cannot be read breaks nothing when a client of RFC 2543 acknowledges it', async (t) => {
    const bench = proxyBench({ transport: 'udp' })
    const via = 'SIP/2.0/UDP 127.0.41.99:40000'
    await bench.arrive(request({ uri: callee, via, callId: 'old' }))
    const { text } = responseTo(bench.to(7001).request(), 486)
    const broken = parseText(text.replace(/\r\nVia: SIP\/2.0\/UDP 127[^\r]*/, '\r\nVia: !!!')) as SipResponse
    bench.proxy.transactions.onResponse(broken, bench.to(7001))
    const ack = request({ method: 'ACK', uri: callee, via, callId: 'old', to: '<sip:bob@lab.test>;tag=b1' })
    t.doesNotThrow(() => bench.proxy.transactions.onRequest(ack, bench.caller))
    t.same(bench.errors, [])
  })
})
