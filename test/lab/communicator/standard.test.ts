/** The unmodified client at one Standard Edition server, over TCP. */
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, type CommunicatorOptions, noCommunicator } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'

t.test('a Communicator at the Standard Edition', { skip: noCommunicator }, async (t) => {
  const lab = await withLab(t, 'standard')

  for (const login of [undefined, 'bob', 'bob@lab.test', 'LAB\\bob'])
    t.test(`signs in with the login ${login ?? 'left out'}`, async (t) => {
      const bob = atStandard(t, lab, { user: 'bob', ...(login === undefined ? {} : { login }) })
      await bob.wait('signed-on')
      t.equal(await bob.quit(), 0)
    })

  t.test('is refused with a wrong password', async (t) => {
    const bob = atStandard(t, lab, { user: 'bob', password: 'wrong' })
    const { reason } = await bob.wait('connection-error')
    t.same([reason, await bob.ended], ['Authentication failed', 2])
  })

  t.test('talks with another, both ways', async (t) => {
    const [alice, bob] = [atStandard(t, lab, { user: 'alice' }), atStandard(t, lab, { user: 'bob' })]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    alice.send({ cmd: 'im', to: 'bob@lab.test', text: 'hello bob' })
    await Promise.all([bob.wait('im-received', { text: 'hello bob' }), alice.wait('im-delivered')])
    bob.send({ cmd: 'im', to: 'alice@lab.test', text: 'hello alice' })
    await alice.wait('im-received', { text: 'hello alice' })
    t.same([await alice.quit(), await bob.quit()], [0, 0])
  })
})

function atStandard(
  t: Test,
  lab: TestLab,
  options: Pick<CommunicatorOptions, 'user' | 'login' | 'password'>,
): Communicator {
  const listener = lab.node('se').listeners.find(({ transport }) => transport === 'tcp')
  if (listener === undefined) throw new Error('se has no TCP listener')
  const name = lab.node('se').fqdn
  return new Communicator(t, lab, {
    ...options,
    server: `${name}:${listener.port}`,
    transport: 'tcp',
    resolve: [`${name}=${listener.address}`],
  })
}
