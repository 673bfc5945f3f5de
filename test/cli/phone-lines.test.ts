import t from 'tap'
import { eventText, readCommand } from '../../src/cli/phone/lines.ts'

t.test('a command is read from words or from JSON', async (t) => {
  t.strictSame(readCommand('message sip:bob@lab.test hello  there'), {
    do: 'message',
    to: 'sip:bob@lab.test',
    text: 'hello there',
  })
  t.strictSame(readCommand('{"do":"message","to":"sip:bob@lab.test","text":"hello","phone":3}'), {
    do: 'message',
    to: 'sip:bob@lab.test',
    text: 'hello',
    phone: 3,
  })
  t.strictSame(readCommand('buddy sip:bob@lab.test'), { do: 'buddy', of: 'sip:bob@lab.test' })
  t.strictSame(readCommand('presence closed at lunch'), { do: 'presence', status: 'closed', note: 'at lunch' })
  t.strictSame(readCommand('search carol c'), { do: 'search', name: 'carol c' })
  t.strictSame(readCommand('sign-out'), { do: 'sign-out' })
  t.strictSame(readCommand('reject'), { do: 'reject', status: 486 })
  t.strictSame(readCommand('reject 603'), { do: 'reject', status: 603 })
  t.strictSame(readCommand('wait 0.5'), { do: 'wait', seconds: 0.5 })
})

t.test('what is no command is named, with what there is', async (t) => {
  t.throws(() => readCommand('dance'), {
    name: 'UsageError',
    message: /"dance": no such command; the commands are sign-in, /,
  })
  t.throws(() => readCommand('call bob'), { message: /"call bob": to: wanted sip:bob@lab\.test/ })
  t.throws(() => readCommand('{"do":'), { message: /wanted one JSON object a line/ })
  t.throws(() => readCommand('{"do":"quit","loud":true}'), { message: /loud/ })
  t.throws(() => readCommand('buddy'), { message: /of: wanted a URI such as sip:bob@lab\.test;/ })
  t.throws(() => readCommand('message'), { message: /to: wanted a URI such as sip:bob@lab\.test;/ })
  for (const line of ['presence', 'presence busy'])
    t.throws(() => readCommand(line), { message: /status: wanted open or closed;/ })
  t.throws(() => readCommand('search'), { message: /name: wanted a part of a name, at most 100 characters;/ })
  t.throws(() => readCommand('reject 200'), { message: /status/ })
})

t.test('an event for people is one sentence', async (t) => {
  const who = { phone: 1, user: 'sip:alice@lab.test' } as const
  t.equal(
    eventText({ event: 'signed-in', target: 'tls pool.lab.test:5061', redirects: 1, ...who }),
    'sip:alice@lab.test signed in at tls pool.lab.test:5061, where the director sent it',
  )
  t.equal(
    eventText({ event: 'ended', call: '1', by: 'them', how: 'refused', status: 486, ...who }),
    'sip:alice@lab.test: the call is over (refused by them, 486)',
  )
})

t.test('a number is called as it is written, a name is no number', async (t) => {
  t.same(readCommand('call 030 1234'), { do: 'call', to: '030 1234' })
  t.same(readCommand('call tel:+49-30-1234'), { do: 'call', to: 'tel:+49-30-1234' })
  t.throws(() => readCommand('call bob'), { message: /wanted sip:bob@lab\.test, tel:\+493012345 or 4711/ })
  t.throws(() => readCommand('call'), { name: 'UsageError' })
})
