/** What is taken off a response for who sent it. */
import t from 'tap'
import { parseText } from '../../../src/sip/message/index.ts'
import type { HeaderField, SipResponse } from '../../../src/sip/message/types.ts'
import { proxyBench, type ProxyBench, route, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const forged: readonly HeaderField[] = [
  ['ms-diagnostics', '1000;reason="forged"'],
  ['Server', 'phone'],
]
const onInternal = { internal: { stripResponse: () => ['ms-diagnostics'] } }

async function answered(bench: ProxyBench, ...statuses: readonly number[]): Promise<readonly (string | undefined)[]> {
  await bench.arrive(request({ uri: 'sip:bob@callee.lab.test' }))
  for (const status of statuses) bench.answer(bench.to(7001), status, forged)
  return answers(bench).map(of)
}

function answers({ caller }: ProxyBench): readonly SipResponse[] {
  return caller.sent
    .map((text) => parseText(text))
    .filter((message) => message.kind === 'response')
    .filter(({ status }) => status > 100)
}

function of(response: SipResponse): string {
  return `${response.status} ${response.header('ms-diagnostics') ?? '-'} ${response.header('Server') ?? '-'}`
}

t.test('a provisional and a final answer go on without it', async (t) => {
  t.same(await answered(proxyBench({ faces: onInternal }), 183, 200), ['183 - phone', '200 - phone'])
})

t.test('so does a failure, which waits for others first', async (t) => {
  t.same(await answered(proxyBench({ faces: onInternal }), 488), ['488 - phone'])
})

t.test('so does a further 2xx after the call was let go', async (t) => {
  const bench = proxyBench({ faces: onInternal })
  const [first] = await answered(bench, 200)
  bench.answer(bench.to(7001), 200, [...forged, ['X-Second', '1']])
  t.same([first, answers(bench).map(of)], ['200 - phone', ['200 - phone', '200 - phone']])
})

t.test('the face the answer came in on decides, and its other edits come on top', async (t) => {
  const bench = proxyBench({
    faces: {
      external: { editResponse: () => ({ remove: ['server'], add: [] }) },
      internal: { stripResponse: (_, from) => (from.face === 'internal' ? ['ms-diagnostics'] : []) },
    },
    decide: () => route(target('sip:bob@callee.lab.test', { face: 'internal' })),
  })
  t.same(await answered(bench, 200), ['200 - -'])
})

t.test('nothing changes where nothing is to be taken off', async (t) => {
  t.same(await answered(proxyBench({ faces: { internal: { stripResponse: () => [] } } }), 200), [
    '200 1000;reason="forged" phone',
  ])
})
