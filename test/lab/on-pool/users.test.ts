/** `siplab users remove` on a pool. */
import t from 'tap'
import { addAgain, registered } from '../../support/accounts.ts'
import { sharedLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'

t.test('a user that is removed is unknown to both front ends of a pool', async (t) => {
  const lab = await sharedLab('pool')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  const bob = phoneOf(t, lab, 'bob', { at: 'fe2', transport: 'tls' })
  await alice.signIn()
  await bob.signIn()
  await lab.json('users', 'remove', 'alice')
  t.teardown(() => addAgain(lab, 'alice'))
  t.same(await registered(lab, alice, bob), [bob.uri])
  await t.rejects(bob.message(alice.uri, 'gone'), { message: /404/ })
})
