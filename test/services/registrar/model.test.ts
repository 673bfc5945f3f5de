/** Random histories of REGISTERs against the simplest model of RFC 3261 §10.3 that can be written down. */
import { fc } from '../../support/property.ts'
import t from 'tap'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

interface Register {
  readonly user: number
  readonly call: number
  readonly cseq: number
  /** Host number and seconds; 0 removes. `star`: all. */
  readonly contacts: readonly { readonly host: number; readonly expires: number }[] | 'star'
  /** Seconds that pass before it. */
  readonly wait: number
}

const register = fc.record<Register>({
  user: fc.integer({ min: 0, max: 2 }),
  call: fc.integer({ min: 0, max: 2 }),
  cseq: fc.integer({ min: 1, max: 12 }),
  contacts: fc.oneof(
    { weight: 1, arbitrary: fc.constant('star' as const) },
    {
      weight: 8,
      arbitrary: fc.uniqueArray(
        fc.record({ host: fc.integer({ min: 0, max: 4 }), expires: fc.constantFrom(0, 60, 100, 7200) }),
        { selector: (one) => one.host, maxLength: 3 },
      ),
    },
  ),
  wait: fc.integer({ min: 0, max: 50 }),
})

interface Held {
  readonly call: number
  readonly cseq: number
  /** Seconds. */
  readonly until: number
}

/** Host → binding of one user. Answers the status. */
function applyToModel(held: Map<number, Held>, request: Register, now: number): number {
  const { call, cseq, contacts } = request
  for (const [host, one] of held) if (one.until <= now) held.delete(host)
  const touched = contacts === 'star' ? [...held.keys()] : contacts.map((contact) => contact.host)
  const isOld = touched.some((host) => held.get(host)?.call === call && cseq <= (held.get(host)?.cseq ?? 0))
  if (isOld && !isRepetition(held, request, now)) return 500
  if (contacts === 'star') held.clear()
  else
    for (const { host, expires } of contacts) {
      if (expires === 0) held.delete(host)
      else held.set(host, { call, cseq, until: now + expires })
    }
  return 200
}

/** What the same request would lead to at most 32 s later: it may be one whose answer was lost. */
function isRepetition(held: ReadonlyMap<number, Held>, { call, cseq, contacts }: Register, now: number): boolean {
  if (contacts === 'star') return false
  return contacts.every(({ host, expires }) => {
    const one = held.get(host)
    if (one === undefined) return expires === 0
    const later = now + expires - one.until
    return one.call === call && one.cseq === cseq && later >= 0 && later <= 32
  })
}

t.test('the registrar does what the model does', async (t) => {
  fc.assert(
    fc.property(fc.array(register, { minLength: 1, maxLength: 60 }), (history) => {
      const clock = new FakeClock()
      const location = memoryLocation({ clock })
      const policy = registrar({ location, accounts: undefined, domains: ['lab.test'], clock, self: 'fe1.lab.test' })
      const flow = testFlow({ transport: 'tcp' })
      const users = [new Map<number, Held>(), new Map<number, Held>(), new Map<number, Held>()]
      try {
        for (const one of history) {
          clock.advance(one.wait * 1000)
          const now = clock.wall() / 1000
          const held = users[one.user] ?? new Map<number, Held>()
          const status = applyToModel(held, one, now)
          const headers =
            one.contacts === 'star'
              ? ['Contact: *', 'Expires: 0']
              : one.contacts.map(({ host, expires }) => `Contact: <sip:u@192.0.2.${host}>;expires=${expires}`)
          const decision = policy.decide(
            arrival(
              requestText({ from: `sip:u${one.user}@lab.test`, callId: `call-${one.call}`, cseq: one.cseq, headers }),
              { flow, wall: clock.wall() },
            ),
          ) as Decision & { status: number }
          if (decision.status !== status) throw new Error(`answered ${decision.status}, the model says ${status}`)
          if (status !== 200) continue
          const wanted = [...held].map(([host, { until }]) => `<sip:u@192.0.2.${host}>;expires=${until - now}`).sort()
          const found = contactsOf(decision).sort()
          if (found.join() !== wanted.join())
            throw new Error(`answered ${found.join()}, the model says ${wanted.join()}`)
        }
      } finally {
        location.close()
      }
    }),
    { numRuns: 100 },
  )
  t.pass('100 random histories')
})

function contactsOf(decision: Decision): string[] {
  const { headers = [] } = decision as { headers?: readonly HeaderField[] }
  return headers.filter(([name]) => name === 'Contact').map(([, value]) => value)
}
