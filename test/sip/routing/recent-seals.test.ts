import t from 'tap'
import { RecentSeals } from '../../../src/sip/routing/recent-seals.ts'

t.test('knows the last two user parts of a dialog: two values may stand in its route', async (t) => {
  const recent = new RecentSeals()
  for (const user of ['first', 'second', 'third']) recent.note('one@lab.test', 'a', user)
  t.same(
    ['first', 'second', 'third'].map((user) => recent.has('one@lab.test', 'a', user)),
    [false, true, true],
  )
  t.notOk(recent.has('two@lab.test', 'a', 'third'), 'another Call-ID')
  t.notOk(recent.has('one@lab.test', 'b', 'third'), 'another tag of the caller')
})

t.test('forgets a Call-ID when another takes its place, and never takes the other one’s for its own', async (t) => {
  const recent = new RecentSeals()
  const callIds = Array.from({ length: 5000 }, (_, number) => `call-${number}@lab.test`)
  for (const callId of callIds) recent.note(callId, 'a', `user of ${callId}`)
  const known = callIds.filter((callId) => recent.has(callId, 'a', `user of ${callId}`))
  t.ok(known.length > 0 && known.length <= 1024)
  t.notOk(callIds.some((callId, at) => recent.has(callId, 'a', `user of ${callIds[at + 1]}`)))
})
