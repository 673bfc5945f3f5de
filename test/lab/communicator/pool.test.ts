/** The unmodified client in a pool: through the balancer, and across a front end that is killed. */
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, noCommunicator, seeEachOther } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { findHaproxy } from '../../../src/lab/nodes/haproxy.ts'
import { postgresqlMissing } from '../../support/postgresql.ts'
import { until } from '../../support/until.ts'
import { withNtlm } from '../../support/variation.ts'

const missing =
  (await postgresqlMissing()) ?? (findHaproxy() === undefined ? 'no haproxy (apt-get install haproxy)' : undefined)

t.test('a Communicator in a pool', { skip: noCommunicator || (missing ?? false) }, async (t) => {
  const lab = await withLab(t, withNtlm(t, 'pool'))

  t.test('signs in through the balancer, and two of them talk', async (t) => {
    const [alice, bob] = [client(t, lab, 'alice', 'pool'), client(t, lab, 'bob', 'pool')]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    await talk(alice, bob, 'bob')
    await talk(bob, alice, 'alice')
    t.same(await Promise.all([alice.quit(), bob.quit()]), [0, 0])
  })

  t.test('sees the status of another in less than two seconds, both ways, through the balancer', async (t) => {
    const [carol, dave] = [client(t, lab, 'carol', 'pool'), client(t, lab, 'dave', 'pool')]
    await Promise.all([carol.wait('buddy-list'), dave.wait('buddy-list')])
    const [one, other] = [
      { client: carol, address: 'carol@lab.test' },
      { client: dave, address: 'dave@lab.test' },
    ]
    await seeEachOther(t, 'in the pool, through the balancer', one, other)
    t.same(await Promise.all([carol.quit(), dave.quit()]), [0, 0])
  })

  t.test('is told to sign in elsewhere when its front end is drained', async (t) => {
    const [alice, bob] = [client(t, lab, 'alice', 'fe1'), client(t, lab, 'bob', 'fe2')]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    const drained = await lab.run('drain', 'fe1')
    t.equal(drained.status, 0, drained.stderr)
    t.match(await alice.wait('connection-error'), { reason: /user moved|rejected/ })
    const again = client(t, lab, 'alice', 'fe2')
    await again.wait('signed-on')
    await talk(bob, again, 'alice')
    t.same(await Promise.all([again.quit(), bob.quit()]), [0, 0])
    t.equal((await lab.run('node', 'restart', 'fe1')).status, 0)
  })

  t.test('goes on watching across front ends when one of them is killed', async (t) => {
    const second = (): number => Math.floor(Date.now() / 1000)
    const begun = second()
    const [alice, bob] = [client(t, lab, 'alice', 'fe1'), client(t, lab, 'bob', 'fe2')]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    await alice.wait('buddy-list')
    alice.send({ cmd: 'add-buddy', who: 'bob@lab.test', group: 'Work' })
    await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: true } })
    await lab.kill('fe2')
    await bob.wait('connection-error')
    const seen = alice.events.length
    // The client makes its Call-ID of the second in which it starts: the same one again would be an old REGISTER.
    await until(() => second() > begun + 1)
    const again = client(t, lab, 'bob', 'fe1')
    await again.wait('signed-on')
    again.send({ cmd: 'status', status: 'busy', note: 'back again' })
    await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { status: 'busy', text: /back again/ } }, seen)
    await talk(alice, again, 'bob')
    t.same(await Promise.all([alice.quit(), again.quit()]), [0, 0])
  })
})

async function talk(from: Communicator, to: Communicator, name: string): Promise<void> {
  const seen = to.events.length
  from.send({ cmd: 'im', to: `${name}@lab.test`, text: `hello ${name}` })
  await to.wait('im-received', { text: `hello ${name}` }, seen)
}

/** The name of the pool leads to the balancer, or to one front end, as a DNS round robin would have it. */
function client(t: Test, lab: TestLab, user: string, node: 'pool' | 'fe1' | 'fe2'): Communicator {
  const listener = lab.node(node).listeners.find(({ transport }) => transport === 'tls')
  if (listener === undefined) throw new Error(`${node} has no TLS listener`)
  return new Communicator(t, lab, {
    user,
    server: `pool.lab.test:${listener.port}`,
    transport: 'tls',
    ca: lab.ready.trust.internal,
    resolve: [`pool.lab.test=${listener.address}`],
  })
}
