import t from 'tap'
import { FakeFlow } from '../../support/fake-transport.ts'
import { ackFor, cancelFor, request, responseTo } from '../../support/sip-messages.ts'
import { clientBench, respond, transactionBench } from '../../support/transaction-bench.ts'

// conformance: RFC 3261 §17.2.3 — requests find their transaction, those of RFC 2543 too
t.test('matching requests (RFC 3261 §17.2.3)', async (t) => {
  t.test('tells requests of one branch apart by sent-by', async (t) => {
    const { layer, requests } = transactionBench()
    for (const host of ['one.lab.test', 'two.lab.test'])
      layer.onRequest(request({ via: `SIP/2.0/TLS ${host};branch=z9hG4bKsame` }), new FakeFlow())
    t.equal(requests.length, 2)
  })

  t.test('knows each of them again, also after the first has ended', async (t) => {
    const { layer, requests } = transactionBench()
    const one = request({ method: 'MESSAGE', via: 'SIP/2.0/TLS one.lab.test;branch=z9hG4bKsame' })
    const two = request({ method: 'MESSAGE', via: 'SIP/2.0/TLS two.lab.test;branch=z9hG4bKsame' })
    for (const message of [one, two, one, two]) layer.onRequest(message, new FakeFlow())
    respond(requests[0], 200)
    layer.onRequest(two, new FakeFlow())
    t.equal(requests.length, 2)
  })

  t.test('knows each of a thousand again that are under way, answered or not', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const messages = Array.from({ length: 1000 }, () => request({ method: 'MESSAGE' }))
    for (const message of messages) layer.onRequest(message, flow)
    for (let number = 0; number < 1000; number += 3) respond(requests[number], 200)
    for (const message of messages) layer.onRequest(message, flow)
    const { open, server } = layer.counts
    for (const transaction of requests) if (transaction.proceeding) respond(transaction, 200)
    for (const message of messages) layer.onRequest(message, flow)
    t.same([requests.length, open, server, layer.counts.open, layer.counts.server], [1000, 666, 1000, 0, 1000])
  })

  t.test('tells requests of one branch apart by method', async (t) => {
    const { layer, requests } = transactionBench()
    for (const method of ['INVITE', 'MESSAGE'])
      layer.onRequest(request({ method, branch: 'z9hG4bKsame' }), new FakeFlow())
    t.equal(requests.length, 2)
  })

  t.test('a request without a branch is known again whatever else is in its Via', async (t) => {
    const { layer, requests, acks } = transactionBench()
    const via = 'SIP/2.0/UDP 127.0.0.1:45076;x;x'
    const invite = request({ via })
    const flow = new FakeFlow({ transport: 'udp' })
    layer.onRequest(invite, flow)
    layer.onRequest(invite, flow)
    respond(requests[0], 486)
    layer.onRequest(request({ method: 'ACK', via, callId: invite.callId, to: '<sip:bob@lab.test>;tag=b1' }), flow)
    t.same([requests.length, acks.length], [1, 0])
  })

  for (const [what, via] of [
    ['without a branch', 'SIP/2.0/tls 127.0.0.1:45076'],
    ['whose branch has no cookie', 'SIP/2.0/UDP 127.0.0.1:45076;branch=1'],
    ['whose branch is nothing but the cookie (rfc4475 badbranch)', 'SIP/2.0/UDP 127.0.0.1:45076;branch=z9hG4bK'],
  ] as const) {
    t.test(`a request ${what}`, async (t) => {
      t.test('is known again by the rules of RFC 2543', async (t) => {
        const { layer, requests } = transactionBench()
        const invite = request({ via })
        layer.onRequest(invite, new FakeFlow({ transport: 'udp' }))
        layer.onRequest(invite, new FakeFlow({ transport: 'udp' }))
        t.equal(requests.length, 1)
      })

      t.test('is not taken for another of the same dialog', async (t) => {
        const { layer, requests } = transactionBench()
        const common = { method: 'MESSAGE', via, callId: 'c', to: '<sip:bob@lab.test>;tag=b' }
        layer.onRequest(request({ ...common, cseq: 2 }), new FakeFlow())
        layer.onRequest(request({ ...common, cseq: 3 }), new FakeFlow())
        t.equal(requests.length, 2)
      })

      t.test('has the ACK of its failure absorbed when the To tag is ours', async (t) => {
        const { layer, requests, acks } = transactionBench()
        const invite = request({ via })
        layer.onRequest(invite, new FakeFlow())
        respond(requests[0], 486)
        layer.onRequest(ackFor(invite, 'b1'), new FakeFlow())
        t.same([acks.length, layer.counts.server], [0, 0])
      })

      t.test('leaves an ACK with another To tag to the user', async (t) => {
        const { layer, requests, acks } = transactionBench()
        const invite = request({ via })
        layer.onRequest(invite, new FakeFlow())
        respond(requests[0], 486)
        layer.onRequest(ackFor(invite, 'other'), new FakeFlow())
        t.equal(acks.length, 1)
      })

      t.test('is found by its CANCEL', async (t) => {
        const { layer, requests, cancels } = transactionBench()
        const invite = request({ via })
        const flow = new FakeFlow()
        layer.onRequest(invite, flow)
        layer.onRequest(cancelFor(invite), flow)
        t.same(cancels, requests)
      })
    })
  }
})

// conformance: RFC 3261 §17.1.3 — responses find their transaction
t.test('matching responses (RFC 3261 §17.1.3)', async (t) => {
  // conformance: RFC 6026 §7.3 — a response of no transaction is dropped and counted
  t.test('drops and counts a response that belongs to no transaction (RFC 6026 §7.3)', async (t) => {
    const { layer, strays } = transactionBench()
    layer.onResponse(responseTo(request(), 200), new FakeFlow())
    t.same([strays.length, layer.counts.stray], [1, 1])
  })

  t.test('drops one with the branch of the request and another method', async (t) => {
    const { layer, flow, told, sent } = clientBench('MESSAGE', 'tls')
    const other = sent().text.replaceAll('MESSAGE', 'INFO')
    layer.onResponse(
      responseTo(
        {
          ...sent(),
          method: 'INFO',
          headers: sent().headers.bind(sent()),
          header: sent().header.bind(sent()),
          callId: sent().callId,
          cseq: 1,
          fromTag: 'a1',
          toTag: undefined,
          text: other,
        },
        200,
      ),
      flow,
    )
    t.same([told, layer.counts.stray], [[], 1])
  })

  t.test('does not give a late one to the next tenant of the slot', async (t) => {
    const { layer, flow, sent } = clientBench('MESSAGE', 'tls')
    const late = responseTo(sent(), 200)
    layer.onResponse(late, flow)
    const told: number[] = []
    const next = layer.client('MESSAGE', 'l00p', {
      onResponse: ({ status }) => void told.push(status),
      onTimeout() {},
      onTransportError() {},
    })
    next?.send(request({ method: 'MESSAGE', branch: next.branch }).text, flow)
    layer.onResponse(late, flow)
    t.same([told, layer.counts.stray, layer.counts.client], [[], 1, 1])
  })

  for (const tail of [
    '',
    '.',
    '0',
    '0.',
    '0.0',
    '..x',
    '-1.0.x',
    '99999999999999.0.x',
    '0.99.l00p',
    '0.0.other',
    'é.0.x',
  ]) {
    t.test(`drops one whose branch is ours up to "${tail}"`, async (t) => {
      const { layer, flow, told } = clientBench('MESSAGE', 'tls')
      layer.onResponse(
        responseTo(
          request({ method: 'MESSAGE', via: `SIP/2.0/TLS h;branch=${layer.branchPrefix}${encodeURI(tail)}` }),
          200,
        ),
        flow,
      )
      t.same([told, layer.counts.stray], [[], 1])
    })
  }
})

t.test('a branch cannot be guessed from another one of the same layer', async (t) => {
  const { layer } = transactionBench()
  const user = { onResponse() {}, onTimeout() {}, onTransportError() {} }
  const branches = Array.from({ length: 1000 }, () => {
    const tx = layer.client('INVITE', 'l00p', user)
    tx?.abandon()
    return tx?.branch
  })
  t.equal(new Set(branches).size, 1000)
})

// conformance: RFC 3261 §9.2 — a CANCEL is answered here; without its INVITE it is 481
t.test('CANCEL (RFC 3261 §9.2)', async (t) => {
  t.test('is answered 200 here and reported with its INVITE', async (t) => {
    const { layer, requests, cancels } = transactionBench()
    const flow = new FakeFlow()
    const invite = request()
    layer.onRequest(invite, flow)
    layer.onRequest(cancelFor(invite), flow)
    t.same([flow.lines, cancels], [['SIP/2.0 200 OK'], requests])
  })

  t.test('is answered 481 when there is nothing to cancel', async (t) => {
    const { layer, cancels } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(cancelFor(request()), flow)
    t.same([flow.response().status, cancels], [481, []])
  })

  t.test('is answered again when it is repeated over UDP, and reported once', async (t) => {
    const { layer, cancels } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const invite = request()
    layer.onRequest(invite, flow)
    const cancel = cancelFor(invite)
    layer.onRequest(cancel, flow)
    layer.onRequest(cancel, flow)
    t.same([flow.lines.length, cancels.length], [2, 1])
  })
})

t.test('bounds', async (t) => {
  t.test('a full server table turns new requests away with 503 and Retry-After', async (t) => {
    const { layer, requests } = transactionBench({ limits: { server: 2, reserve: 0 } })
    const flow = new FakeFlow()
    for (let count = 0; count < 3; count++) layer.onRequest(request(), flow)
    t.match(
      [requests.length, flow.response().status, flow.response().header('Retry-After'), layer.counts.shed],
      [2, 503, /^\d+$/, 1],
    )
  })

  t.test('the ACK for a 503 that nothing is kept of ends here', async (t) => {
    const { layer, acks } = transactionBench({ limits: { server: 0, reserve: 0 } })
    const flow = new FakeFlow()
    const invite = request()
    layer.onRequest(invite, flow)
    layer.onRequest(ackFor(invite, flow.response().toTag ?? ''), flow)
    t.equal(acks.length, 0)
  })

  t.test('the reserve still takes what belongs to a dialog', async (t) => {
    const { layer, requests } = transactionBench({ limits: { server: 1, reserve: 1 } })
    layer.onRequest(request(), new FakeFlow())
    layer.onRequest(request({ method: 'BYE', to: '<sip:bob@lab.test>;tag=b' }), new FakeFlow())
    t.equal(requests.length, 2)
  })

  t.test('a source that has filled the table turns away itself, and no other that holds less', async (t) => {
    const { layer, requests } = transactionBench({ limits: { server: 20, reserve: 20 } })
    const from = (remote: string): FakeFlow => new FakeFlow({ remote })
    for (let count = 0; count < 100; count++) layer.onRequest(request(), from('192.0.2.66'))
    t.equal(requests.length, 20)
    for (const remote of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.66']) layer.onRequest(request(), from(remote))
    t.equal(requests.length, 23)
    for (let count = 0; count < 100; count++) layer.onRequest(request(), from(`192.0.2.${count}`))
    t.equal(requests.length, 30, 'half of the reserve stays for calls in progress')
    layer.onRequest(request({ method: 'BYE', to: '<sip:bob@lab.test>;tag=b' }), from('192.0.2.66'))
    t.equal(requests.length, 31)
  })

  t.test('what sources hold is counted anew after a second', async (t) => {
    const { clock, layer, requests } = transactionBench({ limits: { server: 10, reserve: 20 } })
    const from = (remote: string): FakeFlow => new FakeFlow({ remote })
    for (let count = 0; count < 10; count++) layer.onRequest(request(), from('192.0.2.66'))
    for (let count = 0; count < 20; count++) layer.onRequest(request(), from('192.0.2.1'))
    t.equal(requests.length, 19)
    for (const one of requests.slice(10)) respond(one, 200)
    layer.onRequest(request(), from('192.0.2.1'))
    t.equal(requests.length, 19)
    clock.advance(1000)
    layer.onRequest(request(), from('192.0.2.1'))
    t.equal(requests.length, 20)
  })

  t.test('answered calls do not count against new ones, and the oldest of them gives way', async (t) => {
    const { layer, requests } = transactionBench({ limits: { server: 1, reserve: 0, absorbing: 2 } })
    for (let count = 0; count < 4; count++) {
      layer.onRequest(request(), new FakeFlow())
      respond(requests[count], 200)
    }
    t.same([requests.length, layer.counts.server], [4, 2])
  })

  t.test('a refused INVITE is not kept while its ACK is awaited, nor what was remembered of it', async (t) => {
    const { layer, requests } = transactionBench()
    layer.onRequest(request(), new FakeFlow())
    respond(requests[0], 403)
    t.equal(requests[0]?.context, undefined)
    t.throws(() => requests[0]?.request, /no longer kept/)
  })

  t.test('refused INVITEs without ACK keep 64 MB together, and the oldest gives way', async (t) => {
    const { layer, requests } = transactionBench()
    const long = 'x'.repeat(60_000)
    for (let count = 0; count < 1200; count++) {
      const via = `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${count};x=${long}`
      layer.onRequest(request({ via }), new FakeFlow({ transport: 'udp' }))
      respond(requests[count], 403)
    }
    const { server } = layer.counts
    t.ok(server > 1000 && server < 1130, `${server} are kept`)
  })

  t.test('a full client table gives no transaction', async (t) => {
    const { layer } = transactionBench({ limits: { client: 1 } })
    const user = { onResponse() {}, onTimeout() {}, onTransportError() {} }
    const first = layer.client('INVITE', '', user)
    const second = layer.client('INVITE', '', user)
    first?.abandon()
    t.same([second, layer.client('INVITE', '', user) === undefined], [undefined, false])
  })

  t.test('new work can be shed while calls in progress go on', async (t) => {
    const { layer, requests } = transactionBench({ shed: () => 7 })
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    layer.onRequest(request({ method: 'BYE', to: '<sip:bob@lab.test>;tag=b' }), flow)
    t.same(
      [flow.response(0).status, flow.response(0).header('Retry-After'), requests.map(({ request }) => request.method)],
      [503, '7', ['BYE']],
    )
  })
})

t.test('a closed layer ends everything without callbacks', async (t) => {
  const { clock, layer, told, flow } = clientBench('INVITE', 'udp')
  layer.onRequest(request(), flow)
  layer.close()
  clock.advance(60_000)
  t.same([told, layer.counts.client, layer.counts.server, clock.pending], [[], 0, 0, 0])
})
