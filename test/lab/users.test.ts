/** `siplab users disable` and `remove` while the user is signed in. */
import t from 'tap'
import { withLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'

t.test('a user that is removed is signed in no longer', async (t) => {
  const lab = await withLab(t, 'standard')
  const [alice, bob] = ['alice', 'bob'].map((user) => phoneOf(t, lab, user, { at: 'se', transport: 'tcp' }))
  if (alice === undefined || bob === undefined) throw new Error('two phones')
  await alice.signIn()
  await bob.signIn()
  t.match(await bob.message(alice.uri, 'there'), { status: 200 })

  await lab.json('users', 'remove', 'alice')
  t.same(await registered(lab), [bob.uri])
  await t.rejects(bob.message(alice.uri, 'and gone'), { message: /404/ })
  await t.rejects(alice.signIn(), { message: /40[134]/ }, 'its flow is worth nothing any more')
})

t.test('a user that is disabled or removed is unknown to both front ends of a pool', async (t) => {
  const lab = await withLab(t, 'pool')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  const bob = phoneOf(t, lab, 'bob', { at: 'fe2', transport: 'tls' })
  await alice.signIn()
  await bob.signIn()
  await lab.json('users', 'disable', 'alice')
  t.same(await registered(lab), [bob.uri])
  await t.rejects(bob.message(alice.uri, 'gone'), { message: /404/ })
  await t.rejects(alice.signIn(), { message: /403/ })
  await lab.json('users', 'enable', 'alice')
  await alice.signIn()
  t.match(await bob.message(alice.uri, 'back again'), { status: 200 })
  await lab.json('users', 'remove', 'alice')
  t.same(await registered(lab), [bob.uri])
  await t.rejects(bob.message(alice.uri, 'gone'), { message: /404/ })
})

async function registered(lab: Awaited<ReturnType<typeof withLab>>): Promise<readonly string[]> {
  return (await lab.json<readonly { readonly aor: string }[]>('registrations')).map(({ aor }) => aor)
}
