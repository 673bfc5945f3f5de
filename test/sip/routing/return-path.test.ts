import t from 'tap'
import { sendBack } from '../../../src/sip/routing/return-path.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import type { NextHop } from '../../../src/sip/transport/types.ts'

const response = (sentBy: string, received: string): string =>
  `SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP ${sentBy};branch=z9hG4bK1;received=${received}\r\n` +
  'From: <sip:a@lab.test>;tag=1\r\nTo: <sip:b@lab.test>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n' +
  'Content-Length: 0\r\n\r\n'

/**
 * Sends one response back where only `open` addresses answer and DNS knows `names`; what was tried, what came of it.
 */
async function sent(
  text: string,
  world: { readonly open: readonly string[]; readonly names?: Readonly<Record<string, readonly string[]>> },
): Promise<{
  readonly tried: readonly string[]
  readonly lost: string | undefined
  readonly asked: readonly string[]
}> {
  const tried: string[] = []
  const asked: string[] = []
  let lost: string | undefined
  const transport = {
    existing: () => undefined,
    connect: async (hop: NextHop) => {
      tried.push(hop.address)
      if (!world.open.includes(hop.address)) throw new Error('nobody listens')
      return { send: () => true } as unknown as Flow
    },
  }
  const locate = (uri: { readonly text: string; readonly host: string }): readonly NextHop[] => {
    asked.push(uri.text)
    return (world.names?.[uri.host] ?? []).map(
      (address): NextHop => ({ transport: 'tcp', address, port: 5060, verifyName: undefined, face: 'internal' }),
    )
  }
  await sendBack({ transport, locate, face: 'internal' }, text, (why) => (lost = why))
  return { tried, lost, asked }
}

t.test('a response whose flow is gone goes to the address the request came from', async (t) => {
  t.match(await sent(response('phone.lab.test:5070', '192.0.2.7'), { open: ['192.0.2.7'] }), {
    tried: ['192.0.2.7'],
    lost: undefined,
    asked: [],
  })
})

// conformance: RFC 3263 §5 — a response whose way back is closed goes where the sent-by leads
t.test('when nobody listens there it goes where the name in sent-by leads (RFC 3263 §5)', async (t) => {
  const world = { open: ['192.0.2.9'], names: { 'phone.lab.test': ['192.0.2.8', '192.0.2.9'] } }
  t.match(await sent(response('phone.lab.test:5070', '192.0.2.7'), world), {
    tried: ['192.0.2.7', '192.0.2.8', '192.0.2.9'],
    lost: undefined,
  })
})

t.test('a sent-by without a port is asked for without one, so that SRV decides', async (t) => {
  t.match(await sent(response('phone.lab.test', '192.0.2.7'), { open: [] }), {
    asked: ['sip:phone.lab.test;transport=tcp'],
  })
})

t.test('a response that nobody takes is lost, once', async (t) => {
  t.match(await sent(response('192.0.2.7:5070', '192.0.2.7'), { open: [] }), {
    tried: ['192.0.2.7'],
    lost: 'response.unreachable',
  })
})
