/** What registrations and calls see of a store that goes away and comes back. */
import t from 'tap'
import { singleWriterLocation } from '../../../src/services/location/location.ts'
import { localTargets } from '../../../src/services/registrar/local-targets.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'
import { postgresqlMissing, startPostgresql } from '../../support/postgresql.ts'

const clock = systemClock
const missing = await postgresqlMissing()

t.test('a store lost while running', { skip: missing ?? false }, async (t) => {
  const server = await startPostgresql()
  t.teardown(() => server.close())
  const ups: (() => void)[] = []
  const downs: (() => void)[] = []
  const store = await openPoolStore(
    { kind: 'postgresql', url: server.url },
    {
      clock,
      onHealth({ state }) {
        for (const wake of (state === 'up' ? ups : downs).splice(0)) wake()
      },
    },
  )
  t.teardown(() => store.close())
  const loads: number[] = []
  const location = await new Promise<ReturnType<typeof singleWriterLocation>>((resolve) => {
    const opened = singleWriterLocation({
      clock,
      store,
      onLoaded: (result) => {
        if (typeof result === 'number') loads.push(result)
        setImmediate(() => resolve(opened))
      },
    })
  })
  t.teardown(() => location.close())
  const register = registrar({ location, accounts: undefined, domains: ['lab.test'], clock, self: 'fe1.lab.test' })
  const targets = localTargets({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    self: 'fe1.lab.test',
    isOpen: () => true,
  })
  const flow = testFlow({ transport: 'tcp' })
  let cseq = 0
  const signIn = async (user: string): Promise<Decision> =>
    register.decide(
      arrival(
        requestText({ from: `sip:${user}@lab.test`, cseq: ++cseq, headers: [`Contact: <sip:${user}@192.0.2.50>`] }),
        { flow, wall: clock.wall() },
      ),
    )
  const call = async (user: string): Promise<Decision> =>
    targets.decide(
      arrival(requestText({ method: 'INVITE', uri: `sip:${user}@lab.test` }), { flow, wall: clock.wall() }),
    )
  const holding = setInterval(() => undefined, 60_000)
  t.teardown(() => clearInterval(holding))

  t.match(await signIn('alice'), { kind: 'answer', status: 200 })
  const down = new Promise<void>((resolve) => downs.push(resolve))
  await server.kill()
  await down
  t.match(
    await signIn('bob'),
    { kind: 'refuse', status: 504, because: 'store.unreachable' },
    'a REGISTER that cannot be made durable is not acknowledged',
  )
  t.match(await call('alice'), { kind: 'route' }, 'calls go on from memory')

  const up = new Promise<void>((resolve) => ups.push(resolve))
  await server.start()
  await up
  t.match(await signIn('bob'), { kind: 'answer', status: 200 }, 'registrations work again without a restart')
  t.equal(
    (await store.bindingsOf('sip:alice@lab.test')).length,
    1,
    'what was acknowledged with 200 before is still there',
  )
  t.same(loads, [0], 'memory is filled once')
})
