import t from 'tap'
import { rank } from '../../../src/sip/routing/best-response.ts'
import { groupTargets } from '../../../src/sip/routing/groups.ts'
import { proxyBench, type ProxyBench, type ProxyOptions, route, settle, target } from '../../support/proxy-bench.ts'
import { request, responseTo } from '../../support/sip-messages.ts'

const hosts = { 'one.lab.test': [7001], 'two.lab.test': [7002], 'three.lab.test': [7003] }
const one = 'sip:bob@one.lab.test'
const two = 'sip:bob@two.lab.test'
const three = 'sip:bob@three.lab.test'

async function forked(options: ProxyOptions = {}, method = 'INVITE'): Promise<ProxyBench> {
  const bench = proxyBench({ hosts, decide: () => route(one, two), ...options })
  await bench.arrive(request({ method }))
  return bench
}

function finals(bench: ProxyBench): string[] {
  return bench.caller.lines.filter((line) => !/ 1\d\d /.test(line)).map((line) => line.split(' ')[1] ?? '')
}

// conformance: RFC 3261 §16.7 — the best answer of a parallel fork
t.test('parallel forking (RFC 3261 §16.6, §16.7)', async (t) => {
  t.test('sends a copy to each target of equal q, with branches of their own', async (t) => {
    const { to } = await forked()
    t.not(to(7001).request().topVia.branch, to(7002).request().topVia.branch)
  })

  t.test('passes every provisional response on', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 180)
    bench.answer(bench.to(7002), 183)
    t.same(bench.caller.lines.slice(1), ['SIP/2.0 180 Answer', 'SIP/2.0 183 Answer'])
  })

  t.test('passes a 2xx at once and cancels the others', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7002), 180)
    bench.answer(bench.to(7001), 200)
    t.same([finals(bench), bench.to(7002).lines.at(-1)], [['200'], `CANCEL ${two} SIP/2.0`])
  })

  t.test('passes the 2xx of two forks that crossed', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 200)
    bench.answer(bench.to(7002), 200)
    t.same(finals(bench), ['200', '200'])
  })

  t.test('passes one 2xx only to a request that is no INVITE', async (t) => {
    const bench = await forked({}, 'MESSAGE')
    bench.answer(bench.to(7001), 200)
    bench.answer(bench.to(7002), 200)
    t.same(finals(bench), ['200'])
  })

  t.test('waits for all before it passes a failure', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 486)
    const early = finals(bench)
    bench.answer(bench.to(7002), 404)
    t.same([early, finals(bench)], [[], ['486']])
  })

  t.test('cancels the others on a 6xx and passes it when they have ended', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7002), 180)
    bench.answer(bench.to(7001), 603)
    const early = finals(bench)
    const cancel = bench.to(7002).lines.at(-1)
    bench.answer(bench.to(7002), 487)
    t.same([early, cancel, finals(bench)], [[], `CANCEL ${two} SIP/2.0`, ['603']])
  })

  t.test('passes a 2xx that arrives after a 6xx', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 603)
    bench.answer(bench.to(7002), 200)
    t.same(finals(bench), ['200'])
  })

  t.test('ends with no transaction left and no timer armed', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 200)
    bench.answer(bench.to(7002), 486)
    bench.clock.advance(33_000)
    t.same(
      [bench.proxy.transactions.counts, bench.wheel.size],
      [{ client: 0, server: 0, open: 0, stray: 0, shed: 0, foreign: 0 }, 0],
    )
  })

  for (const [answers, best] of [
    [[404, 486], '404'],
    [[500, 404], '404'],
    [[302, 404], '302'],
    [[404, 603], '603'],
    [[486, 401], '401'],
    [[404, 407], '407'],
    [[487, 404], '404'],
    [[408, 480], '480'],
    [[503, 500], '500'],
    [[503, 404], '404'],
    [[404, 484], '484'],
    [[301, 600], '600'],
  ] as const) {
    t.test(`of ${answers.join(' and ')} the best is ${best}`, async (t) => {
      const bench = await forked()
      bench.answer(bench.to(7001), answers[0])
      bench.answer(bench.to(7002), answers[1])
      t.same(finals(bench), [best])
    })
  }

  // conformance: RFC 3261 §16.7 step 7 — the challenges of all forks come back together
  t.test('hands back every challenge of all forks (§16.7 step 7)', async (t) => {
    const bench = await forked()
    bench.answer(bench.to(7001), 401, [['WWW-Authenticate', 'Digest realm="one"']])
    bench.answer(bench.to(7002), 407, [['Proxy-Authenticate', 'Digest realm="two"']])
    const response = bench.caller.response()
    t.same(
      [response.header('WWW-Authenticate'), response.header('Proxy-Authenticate')],
      ['Digest realm="one"', 'Digest realm="two"'],
    )
  })

  t.test('goes on when one target cannot be reached', async (t) => {
    const bench = proxyBench({ hosts, decide: () => route(one, two) })
    bench.transport.failing.set(7001, 'cert.expired')
    await bench.arrive(request())
    bench.answer(bench.to(7002), 486)
    t.same(finals(bench), ['486'])
  })
})

// conformance: RFC 3261 §16.6 — targets by q, those of equal q at one time
t.test('serial forking', async (t) => {
  const serial = { decide: () => route(target(one, { q: 500 }), target(two, { q: 900 }), target(three, { q: 500 })) }

  t.test('tries the highest q first and those of equal q at one time', async (t) => {
    const bench = await forked(serial)
    const first = [...bench.transport.dialled].map(({ port }) => port)
    bench.answer(bench.to(7002), 486)
    await settle()
    t.same([first, bench.transport.dialled.map(({ port }) => port)], [[7002], [7002, 7001, 7003]])
  })

  t.test('stops after a 6xx', async (t) => {
    const bench = await forked(serial)
    bench.answer(bench.to(7002), 600)
    t.same([finals(bench), bench.transport.dialled.length], [['600'], 1])
  })

  t.test('stops after a 2xx', async (t) => {
    const bench = await forked(serial)
    bench.answer(bench.to(7002), 200)
    t.same([finals(bench), bench.transport.dialled.length], [['200'], 1])
  })

  t.test('gives back the best answer of all groups', async (t) => {
    const bench = await forked(serial)
    bench.answer(bench.to(7002), 404)
    const { settle } = await import('../../support/proxy-bench.ts')
    await settle()
    bench.answer(bench.to(7001), 500)
    bench.answer(bench.to(7003), 486)
    t.same(finals(bench), ['404'])
  })
})

// conformance: RFC 3261 §16.5 — the Contacts of a 3xx are further targets where that is set
t.test('3xx recursion (RFC 3261 §16.5)', async (t) => {
  const contacts = [['Contact', `<${two}>;q=0.5, <${three}>;q=0.9`]] as const

  t.test('passes a redirection on unless it is set to follow', async (t) => {
    const bench = await forked({ decide: () => route(one) })
    bench.answer(bench.to(7001), 302, contacts)
    t.same(finals(bench), ['302'])
  })

  t.test('tries the Contacts by q when set to follow', async (t) => {
    const bench = await forked({ decide: () => route(one), forward: { recurse: true } })
    bench.answer(bench.to(7001), 302, contacts)
    const { settle } = await import('../../support/proxy-bench.ts')
    await settle()
    bench.answer(bench.to(7003), 486)
    await settle()
    bench.answer(bench.to(7002), 200)
    t.same([bench.transport.dialled.map(({ port }) => port), finals(bench)], [[7001, 7003, 7002], ['200']])
  })

  t.test('passes the redirection on when it names nothing new', async (t) => {
    const bench = await forked({ decide: () => route(two), forward: { recurse: true } })
    bench.answer(bench.to(7002), 302, [['Contact', '<sip:bob@lab.test>']])
    t.same(finals(bench), ['302'])
  })

  t.test('leads to no target that is in the set already', async (t) => {
    const bench = await forked({ decide: () => route(one, target(two, { q: 500 })), forward: { recurse: true } })
    bench.answer(bench.to(7001), 302, [['Contact', `<${one}>, <${two}>`]])
    await settle()
    bench.answer(bench.to(7002), 486)
    await settle()
    t.same([bench.transport.dialled.map(({ port }) => port), finals(bench)], [[7001, 7002], ['302']])
  })

  t.test('leads to no Contact with a header part: a Request-URI has none (RFC 3261 §19.1.1)', async (t) => {
    const bench = await forked({ decide: () => route(one), forward: { recurse: true } })
    bench.answer(bench.to(7001), 302, [['Contact', `<${two}?Replaces=1>`]])
    await settle()
    t.same([bench.transport.dialled.map(({ port }) => port), finals(bench)], [[7001], ['302']])
  })

  // conformance: RFC 5630 §5.3 — a 3xx does not lead from sips to sip
  t.test('never falls back from sips to sip', async (t) => {
    const bench = proxyBench({ hosts, decide: () => route('sips:bob@one.lab.test'), forward: { recurse: true } })
    await bench.arrive(request({ uri: 'sips:bob@lab.test' }))
    bench.answer(bench.to(7001), 302, contacts)
    t.same(finals(bench), ['302'])
  })
})

// conformance: RFC 5393 §5 — Max-Breadth is split between the copies; 0 is 440
t.test('Max-Breadth (RFC 5393 §5)', async (t) => {
  t.test('is split between the copies', async (t) => {
    const bench = proxyBench({ hosts, decide: () => route(one, two) })
    await bench.arrive(request({ headers: [['Max-Breadth', '9']] }))
    t.same(
      [7001, 7002].map((port) => bench.to(port).request().headers('Max-Breadth')),
      [['4'], ['4']],
    )
  })

  t.test('starts at 60', async (t) => {
    const bench = await forked({ decide: () => route(one) })
    t.equal(bench.to(7001).request().header('Max-Breadth'), '60')
  })

  t.test('makes the rest of a group wait when it is too small', async (t) => {
    const bench = proxyBench({ hosts, decide: () => route(one, two) })
    await bench.arrive(request({ headers: [['Max-Breadth', '1']] }))
    t.same(
      bench.transport.dialled.map(({ port }) => port),
      [7001],
    )
  })

  t.test('of 0 is refused with 440', async (t) => {
    const bench = proxyBench({ hosts })
    await bench.arrive(request({ headers: [['Max-Breadth', '0']] }))
    t.equal(bench.caller.response().status, 440)
  })
})

t.test('groups keep the order of targets with equal q', async (t) => {
  const groups = groupTargets(
    [target('a', { q: 1 }), target('b', { q: 2 }), target('c', { q: 1 }), target('d', { q: 2 })],
    60,
  )
  t.same(
    groups.map((group) => group.map(({ uri }) => uri)),
    [
      ['b', 'd'],
      ['a', 'c'],
    ],
  )
})

t.test('a 503 ranks below every other answer', async (t) => {
  t.ok([300, 400, 408, 487, 500, 504, 599, 600].every((status) => rank(status) < rank(503)))
})

t.test('a target that is no URI ends in 504, and the others go on', async (t) => {
  const bench = proxyBench({ hosts, decide: () => route('no uri', two) })
  await bench.arrive(request())
  const sent = bench.to(7002).request()
  bench.proxy.transactions.onResponse(responseTo(sent, 200), bench.to(7002))
  t.same(finals(bench), ['200'])
})
