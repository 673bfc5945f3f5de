import t from 'tap'
import { RecentSeals } from '../../../src/sip/routing/recent-seals.ts'

t.test('knows the last user part of a Call-ID', async (t) => {
  const recent = new RecentSeals()
  recent.note('one@lab.test', 'first')
  recent.note('one@lab.test', 'second')
  t.same([recent.of('one@lab.test'), recent.of('two@lab.test')], ['second', undefined])
})

t.test('forgets a Call-ID when another takes its place, and never gives the other one’s', async (t) => {
  const recent = new RecentSeals()
  const callIds = Array.from({ length: 5000 }, (_, number) => `call-${number}@lab.test`)
  for (const callId of callIds) recent.note(callId, `user of ${callId}`)
  const known = callIds.filter((callId) => recent.of(callId) !== undefined)
  t.ok(known.length > 0 && known.length <= 1024)
  t.ok(known.every((callId) => recent.of(callId) === `user of ${callId}`))
})
