/** Why a copy is cancelled (RFC 3326), and answers that end here (RFC 3261 §16.7 step 3). */
import t from 'tap'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipResponse } from '../../../src/sip/message/types.ts'
import { proxyBench, type ProxyBench, type ProxyOptions, route } from '../../support/proxy-bench.ts'
import { cancelFor, request, responseTo } from '../../support/sip-messages.ts'

const hosts = { 'one.lab.test': [7001], 'two.lab.test': [7002] }

async function ringing(options: ProxyOptions = {}): Promise<ProxyBench & { cancel(reason?: string): Promise<void> }> {
  const bench = proxyBench({ hosts, decide: () => route('sip:bob@one.lab.test', 'sip:bob@two.lab.test'), ...options })
  const invite = request()
  await bench.arrive(invite)
  for (const port of [7001, 7002]) bench.answer(bench.to(port), 180)
  return {
    ...bench,
    async cancel(reason) {
      const cancel = cancelFor(invite)
      const text = reason === undefined ? cancel.text : cancel.text.replace('\r\nCall-ID', `\r\n${reason}\r\nCall-ID`)
      const read = parseText(text)
      if (read.kind === 'request') await bench.arrive(read)
    },
  }
}

function reasonAt(bench: ProxyBench, port: number): string | undefined {
  const last = bench.to(port).request()
  return last.method === 'CANCEL' ? last.header('Reason') : `no CANCEL, ${last.method}`
}

// conformance: RFC 3326 §3.1 — the CANCEL to the others says that the call was completed elsewhere
t.test('a call that is answered elsewhere', async (t) => {
  const bench = await ringing()
  bench.answer(bench.to(7001), 200)
  t.equal(reasonAt(bench, 7002), 'SIP;cause=200;text="Call completed elsewhere"')
})

t.test('a call that is declined for all', async (t) => {
  const bench = await ringing()
  bench.answer(bench.to(7001), 603)
  t.equal(reasonAt(bench, 7002), 'SIP;cause=603;text="Decline"')
})

// conformance: RFC 3326 §2 — the Reason of the caller's CANCEL goes along
t.test('the reason of the caller goes along, and none is made up', async (t) => {
  const plain = await ringing()
  await plain.cancel()
  t.equal(reasonAt(plain, 7001), undefined)
  const told = await ringing()
  await told.cancel('Reason: Q.850;cause=26\r\nReason: SIP;cause=200;text="elsewhere"')
  t.equal(reasonAt(told, 7002), 'Q.850;cause=26, SIP;cause=200;text="elsewhere"')
})

t.test('a call whose Timer C ends', async (t) => {
  const bench = await ringing()
  bench.clock.advance(181_100)
  t.equal(reasonAt(bench, 7001), 'SIP;cause=408;text="Request Timeout"')
})

/** The answer with our Via alone. */
function ending(bench: ProxyBench, port: number, status: number): SipResponse {
  const sent = bench.to(port).request()
  const whole = responseTo(sent, status, [], `b${port}`).text
  const read = parseText(whole.replace(/(\r\nVia: [^\r]*)(\r\nVia: [^\r]*)+/, '$1'))
  if (read.kind === 'response') return read
  throw new TypeError('no response')
}

// conformance: RFC 3261 §16.7 step 3 — a response with no Via but ours is dropped and counted
t.test('an answer that ends here is dropped and counted, and the request waits on', async (t) => {
  for (const method of ['INVITE', 'MESSAGE']) {
    const bench = proxyBench({ hosts, decide: () => route('sip:bob@one.lab.test') })
    await bench.arrive(request({ method }))
    for (const status of [180, 200, 486])
      bench.proxy.transactions.onResponse(ending(bench, 7001, status), bench.to(7001))
    t.same(
      [bench.caller.lines.filter((line) => !/ 100 /.test(line)), bench.proxy.transactions.counts.stray, bench.told],
      [[], 3, Array.from({ length: 3 }, () => 'dropped response.ends-here')],
      method,
    )
    bench.answer(bench.to(7001), 200)
    t.equal(bench.caller.response().status, 200)
  }
})
