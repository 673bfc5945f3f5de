/** A 3xx gives no right: whoever answers may name any host, and nothing is sent there. */
import t from 'tap'
import { forbids } from '../../../src/roles/law/law.ts'
import { peerKinds } from '../../../src/roles/law/table.ts'
import { proxyBench, route, settle, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const hosts = { 'one.lab.test': [7001], 'evil.test': [7777] }

for (const peer of peerKinds.filter((kind) => kind !== 'ourselves'))
  t.test(`a Contact of a 3xx is not dialled for a ${peer}, also where redirections are followed`, async (t) => {
    const law = forbids(
      new Map([['internal', { border: 'home', peerOf: () => peer, identityOf: () => 'user' } as const]]),
    )
    const isAsked = peer === 'stranger' || peer === 'client'
    const bench = proxyBench({
      hosts,
      decide: () => route(target('sip:bob@one.lab.test', { by: 'binding' })),
      forward: { recurse: true },
      settings: { forbids: law },
    })
    await bench.arrive(request({ method: 'INVITE' }))
    if (!isAsked && bench.transport.dialled.length > 0)
      bench.answer(bench.to(7001), 302, [['Contact', '<sip:bob@evil.test:7777;transport=tls>']])
    await settle()
    t.notOk(bench.transport.dialled.some(({ port }) => port === 7777))
    const final = bench.caller.lines.findLast((line) => !/ 1\d\d /.test(line))?.split(' ')[1]
    t.equal(
      final,
      peer === 'partner' || isAsked ? '403' : '302',
      'the caller learns of it, and is judged when it comes',
    )
  })

t.test('without a law the Contact is dialled: the test above could fail', async (t) => {
  const bench = proxyBench({ hosts, decide: () => route('sip:bob@one.lab.test'), forward: { recurse: true } })
  await bench.arrive(request({ method: 'INVITE' }))
  bench.answer(bench.to(7001), 302, [['Contact', '<sip:bob@evil.test:7777;transport=tls>']])
  await settle()
  t.ok(bench.transport.dialled.some(({ port }) => port === 7777))
})
