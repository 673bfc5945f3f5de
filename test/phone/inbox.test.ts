import t from 'tap'
import { Inbox } from '../../src/phone/inbox.ts'
import { FakeClock } from '../support/fake-clock.ts'

t.test('gives what came before to who asks later, in order', async (t) => {
  const inbox = new Inbox<number>(new FakeClock())
  inbox.deliver(1)
  inbox.deliver(2)
  t.equal(await inbox.next('a number', 10, () => true), 1)
  t.equal(await inbox.next('a number', 10, () => true), 2)
})

t.test('gives each arrival to one who wants it', async (t) => {
  const inbox = new Inbox<number>(new FakeClock())
  const even = inbox.next('an even number', 10, (item) => item % 2 === 0)
  const any = inbox.next('a number', 10, () => true)
  inbox.deliver(3)
  inbox.deliver(4)
  t.strictSame([await even, await any], [4, 3])
})

t.test('gives up after its time, and names what was missed', async (t) => {
  const clock = new FakeClock()
  const inbox = new Inbox<number>(clock)
  const missed = inbox.next('a MESSAGE to sip:alice@lab.test', 500, () => true)
  clock.advance(500)
  await t.rejects(missed, {
    code: 'phone.timeout',
    message: /a MESSAGE to sip:alice@lab\.test: nothing came within 500 ms/,
  })
})

t.test('keeps a bounded number', async (t) => {
  const inbox = new Inbox<number>(new FakeClock())
  for (let item = 0; item < 150; item += 1) inbox.deliver(item)
  t.equal(await inbox.next('a number', 10, () => true), 50)
})
