import t from 'tap'
import type { DialogRecord } from '../../../src/sip/routing/dialog-record.ts'
import { RecentSeals } from '../../../src/sip/routing/recent-seals.ts'

const side = { identity: '', uri: '', organisation: '', hop: 'w' }
const record: DialogRecord = { caller: side, callee: side }

t.test('knows the last two user parts of a dialog: two values may stand in its route', async (t) => {
  const recent = new RecentSeals()
  for (const user of ['first', 'second', 'third']) recent.note('one@lab.test', 'a', user, record)
  t.same(
    ['first', 'second', 'third'].map((user) => recent.find('one@lab.test', user)),
    [undefined, { tag: 'a', record }, { tag: 'a', record }],
  )
  t.equal(recent.find('two@lab.test', 'third'), undefined, 'another Call-ID')
})

t.test('forgets a Call-ID when another takes its place, and never takes the other one’s for its own', async (t) => {
  const recent = new RecentSeals()
  const callIds = Array.from({ length: 5000 }, (_, number) => `call-${number}@lab.test`)
  for (const callId of callIds) recent.note(callId, 'a', `user of ${callId}`, record)
  const known = callIds.filter((callId) => recent.find(callId, `user of ${callId}`) !== undefined)
  t.ok(known.length > 0 && known.length <= 1024)
  t.notOk(callIds.some((callId, at) => recent.find(callId, `user of ${callIds[at + 1]}`) !== undefined))
})

t.test('takes no other user part with the same MAC, and none with another MAC', async (t) => {
  const recent = new RecentSeals()
  recent.note('one@lab.test', 'a', 'f~Halice+bob+0123456789abcdef', record)
  t.strictSame(recent.find('one@lab.test', 'f~Halice+bob+0123456789abcdef'), { tag: 'a', record })
  t.equal(recent.find('one@lab.test', 'f~Halice+eve+0123456789abcdef'), undefined)
  t.equal(recent.find('one@lab.test', 'f~Halice+bob+0123456789abcdeg'), undefined)
})
