/** The unmodified client inside, by the director's 301, and outside, through the edge. */
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, noCommunicator, seeEachOther } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { withNtlm } from '../../support/variation.ts'

t.test('a Communicator behind director and edge', { skip: noCommunicator }, async (t) => {
  const lab = await withLab(t, withNtlm(t, 'edge'))

  t.test('signs in inside, at the home pool that the director names', async (t) => {
    const bob = inside(t, lab, 'bob')
    await bob.wait('signed-on')
    t.equal(await bob.quit(), 0)
  })

  t.test('signs in outside, two on one link of the edge, and both talk with one inside', async (t) => {
    const [alice, bob, carol] = [outside(t, lab, 'alice'), outside(t, lab, 'bob'), inside(t, lab, 'carol')]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on'), carol.wait('signed-on')])
    for (const [from, to, name] of [
      [alice, carol, 'carol'],
      [carol, alice, 'alice'],
      [bob, carol, 'carol'],
      [carol, bob, 'bob'],
      [alice, bob, 'bob'],
    ] as const) {
      const seen = to.events.length
      from.send({ cmd: 'im', to: `${name}@lab.test`, text: `hello ${name}` })
      await to.wait('im-received', { text: `hello ${name}` }, seen)
    }
    t.same(await Promise.all([alice.quit(), bob.quit(), carol.quit()]), [0, 0, 0])
  })

  t.test('sees the status of another in less than two seconds, both ways, inside and outside', async (t) => {
    const pairs = [
      { where: 'inside, by the 301 of the director', at: inside, users: ['carol', 'dave'] },
      { where: 'outside, through the edge', at: outside, users: ['alice', 'bob'] },
    ] as const
    for (const { where, at, users } of pairs) {
      const clients = users.map((user) => ({ client: at(t, lab, user), address: `${user}@lab.test` }))
      const [one, other] = clients
      if (one === undefined || other === undefined) throw new Error('two clients')
      await Promise.all(clients.map(({ client }) => client.wait('buddy-list')))
      await seeEachOther(t, where, one, other)
      t.same(await Promise.all(clients.map(({ client }) => client.quit())), [0, 0])
    }
  })
})

function inside(t: Test, lab: TestLab, user: string): Communicator {
  const address = (node: string): string => listenerOf(lab, node, ({ transport }) => transport === 'tls').address
  return new Communicator(t, lab, {
    user,
    server: 'director.lab.test:5061',
    transport: 'tls',
    ca: lab.ready.trust.internal,
    resolve: [`director.lab.test=${address('director')}`, `pool.lab.test=${address('fe1')}`],
  })
}

function outside(t: Test, lab: TestLab, user: string): Communicator {
  const { address, port } = listenerOf(lab, 'edge', ({ port }) => port === 10_443)
  return new Communicator(t, lab, {
    user,
    server: `sip.lab.test:${port}`,
    transport: 'tls',
    ca: lab.ready.trust.public,
    resolve: [`sip.lab.test=${address}`],
  })
}

type Listener = TestLab['ready']['nodes'][number]['listeners'][number]

function listenerOf(lab: TestLab, node: string, wanted: (listener: Listener) => boolean): Listener {
  const found = lab.node(node).listeners.find(wanted)
  if (found === undefined) throw new Error(`${node} has no such listener`)
  return found
}
