import t from 'tap'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'

const tokens = (key: string): FlowTokens =>
  new FlowTokens({ node: 'director.lab.test', key: Buffer.alloc(32, key), flow: () => undefined })

t.test('a dialog token is known again by every server with the key', async (t) => {
  t.ok(tokens('a').isOfDialog(tokens('a').ofDialog('call-1'), 'call-1'))
})

t.test('a dialog token is good for its own Call-ID only', async (t) => {
  t.notOk(tokens('a').isOfDialog(tokens('a').ofDialog('call-1'), 'call-2'))
})

t.test('a dialog token is good for the flows it was made with only', async (t) => {
  const own = tokens('a')
  const user = own.ofDialog('call-1', 'one+two')
  t.same(
    [user, user.replace('one', 'three'), user.replace('+two', ''), user.slice(0, -1)].map((each) =>
      own.isOfDialog(each, 'call-1'),
    ),
    [true, false, false, false],
  )
})

t.test('an ordinary user part is no token', async (t) => {
  t.same(
    ['alice', '', 'd~short', 'a.b.c'].map((user) => tokens('a').isToken(user)),
    [false, false, false, false],
  )
})

t.test('a dialog token of another key is refused', async (t) => {
  t.notOk(tokens('a').isOfDialog(tokens('b').ofDialog('call-1'), 'call-1'))
})

t.test('a dialog token names no flow', async (t) => {
  t.match(tokens('a').read(tokens('a').ofDialog('call-1')), { kind: 'no-token' })
})
