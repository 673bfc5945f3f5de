// A lab in tap: `npx tap edge.test.mjs`.
import { startLab } from 'siplab'
import t from 'tap'

t.test('a call through the edge', async (t) => {
  const lab = await startLab('edge')
  t.teardown(() => lab.stop())

  const alice = lab.phone('alice', { from: 'outside' })
  const bob = lab.phone('bob', { from: 'inside' })
  await Promise.all([alice.signIn(), bob.signIn()])
  await alice.message(bob.uri, 'hello')
  const { text, from } = await bob.nextMessage()
  t.strictSame([text, from], ['hello', alice.uri])

  t.test('fails when the link to the front end is cut, and the reason is known', async (t) => {
    await lab.break('director->fe1', 'cut')
    await t.rejects(alice.message(bob.uri, 'are you there?'))
    t.match(lab.failures().at(-1), { verdict: { code: 'link.cut', link: 'director->fe1' } })
  })
})
