import t from 'tap'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { onFlowClosed, registrar } from '../../../src/services/registrar/registrar.ts'
import type { RegistrarOptions } from '../../../src/services/registrar/registrar.ts'
import { localTargets } from '../../../src/services/registrar/local-targets.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function service(t: { teardown(work: () => void): unknown }, options: Partial<RegistrarOptions> = {}) {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const open = new Set<number>()
  const accounts = { account: (aor: string) => (/alice|bob/.test(aor) ? { aor, login: '', displayName: '', homePool: '', remote: true, enabled: true } : undefined) }
  const policy = registrar({ location, accounts, domains: ['lab.test'], clock, self: 'fe1.lab.test', ...options })
  const targets = localTargets({ location, accounts, domains: ['lab.test'], self: 'fe1.lab.test', isOpen: (flow) => open.has(flow) })
  return {
    clock,
    location,
    register(parts: RequestParts, flow: Flow = testFlow()) {
      open.add(flow.id)
      return policy.decide(arrival(requestText(parts), { flow, wall: clock.wall() }))
    },
    call: (uri: string, parts: RequestParts = {}) => targets.decide(arrival(requestText({ method: 'INVITE', uri, to: 'sip:alice@lab.test', from: 'sip:bob@lab.test', ...parts }), { wall: clock.wall() })),
    close(flow: Flow) {
      open.delete(flow.id)
      return onFlowClosed(location, flow)
    },
  }
}

function values(decision: Decision | Promise<Decision>, name: string): readonly string[] {
  const { headers = [] } = decision as { headers?: readonly HeaderField[] }
  return headers.filter(([one]) => one === name).map(([, value]) => value)
}

t.test('a first REGISTER is answered 200 with its Contact, Expires and Date', async (t) => {
  const { register } = service(t)
  const decision = register({ headers: ['Contact: <sip:alice@192.0.2.9:5070;transport=tcp>', 'Expires: 600'] })
  t.match(decision, { kind: 'answer', status: 200 })
  t.same(values(decision, 'Contact'), ['<sip:alice@192.0.2.9:5070;transport=tcp>;expires=600'])
  t.same(values(decision, 'Expires'), ['600'])
  t.same(values(decision, 'Date'), ['Mon, 02 Jan 2006 12:00:00 GMT'])
})
