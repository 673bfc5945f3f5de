/** `siplab users remove` while the user is signed in. */
import t from 'tap'
import { addAgain, registered } from '../../support/accounts.ts'
import { sharedLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'

t.test('a user that is removed is signed in no longer', async (t) => {
  const lab = await sharedLab('standard')
  const alice = phoneOf(t, lab, 'alice', { at: 'se', transport: 'tcp' })
  const bob = phoneOf(t, lab, 'bob', { at: 'se', transport: 'tcp' })
  await alice.signIn()
  await bob.signIn()
  t.match(await bob.message(alice.uri, 'there'), { status: 200 })

  await lab.json('users', 'remove', 'alice')
  t.teardown(() => addAgain(lab, 'alice'))
  t.same(await registered(lab, alice, bob), [bob.uri])
  await t.rejects(bob.message(alice.uri, 'and gone'), { message: /404/ })
  await t.rejects(alice.signIn(), { message: /40[134]/ }, 'its flow is worth nothing any more')
})
