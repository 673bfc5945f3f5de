import t from 'tap'
import { sendBack } from '../../../src/sip/routing/return-path.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import type { NextHop } from '../../../src/sip/transport/types.ts'

const response = (sentBy: string, received: string): string =>
  `SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP ${sentBy};branch=z9hG4bK1;received=${received}\r\n` +
  'From: <sip:a@lab.test>;tag=1\r\nTo: <sip:b@lab.test>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n' +
  'Content-Length: 0\r\n\r\n'

/** Sends responses back, one after the other, to a peer that came from 192.0.2.7; what was tried, what came of it. */
async function sent(
  texts: readonly string[],
  isOpen: boolean,
): Promise<{ readonly tried: readonly string[]; readonly lost: readonly string[] }> {
  const tried: string[] = []
  const lost: string[] = []
  const transport = {
    existing: () => undefined,
    connect: async (hop: NextHop) => {
      tried.push(`${hop.address}:${hop.port}`)
      if (!isOpen) throw new Error('nobody listens')
      return { send: () => true } as unknown as Flow
    },
  }
  const flow = { face: 'internal', remote: { address: '192.0.2.7', port: 40_001 }, notes: new Map<string, unknown>() }
  for (const text of texts) await sendBack({ transport, flow }, text, (why) => lost.push(why))
  return { tried, lost }
}

t.test('a response whose flow is gone goes to the address the request came from', async (t) => {
  t.strictSame(await sent([response('phone.lab.test:5070', '192.0.2.7')], true), {
    tried: ['192.0.2.7:5070'],
    lost: [],
  })
})

t.test('no name and no address in Via leads anywhere else', async (t) => {
  for (const via of [response('phone.lab.test:22', '192.0.2.99'), response('192.0.2.99:22', '192.0.2.99')])
    t.strictSame(await sent([via], false), { tried: ['192.0.2.7:22'], lost: ['response.unreachable'] })
})

t.test('a peer that cannot be dialled is dialled once, whatever else it is owed', async (t) => {
  const text = response('phone.lab.test', '192.0.2.7')
  t.strictSame(await sent([text, text, text], false), {
    tried: ['192.0.2.7:5060'],
    lost: Array<string>(3).fill('response.unreachable'),
  })
})

t.test('a client of WebSocket is not dialled: nothing listens there', async (t) => {
  const text = response('x.invalid', '192.0.2.7').replace('SIP/2.0/TCP', 'SIP/2.0/WSS')
  t.strictSame(await sent([text], true), { tried: [], lost: ['flow.closed'] })
})
