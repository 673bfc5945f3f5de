/** The sealed record of a dialog: what it says, and that nobody else can make or move one. */
import { fc } from '../../support/property.ts'
import t from 'tap'
import {
  decoded,
  type DialogRecord,
  encoded,
  organisationText,
  readHop,
} from '../../../src/sip/routing/dialog-record.ts'
import { flowsIn, FlowTokens } from '../../../src/sip/routing/flow-token.ts'

function tokens(key = 'one', pool = 'pool.lab.test', node = 'fe1.lab.test'): FlowTokens {
  return new FlowTokens({ node, pool, key: Buffer.from(key.repeat(16)), flow: () => undefined })
}

const record: DialogRecord = {
  caller: { identity: encoded('sip:alice@lab.test'), uri: encoded('sip:alice@lab.test'), organisation: '', hop: 'w' },
  callee: {
    identity: encoded('sip:bob@lab.test'),
    uri: encoded('sip:sales@lab.test'),
    organisation: '',
    hop: 'audp_127.0.0.1_5070',
  },
}
const name = { callId: 'call-1', tag: 'a' }
const byCaller = { callId: 'call-1', fromTag: 'a', toTag: 'b' }
const byCallee = { callId: 'call-1', fromTag: 'b', toTag: 'a' }

t.test('the tag in From says which end sends', async (t) => {
  const user = tokens().seal(record, name, 'one')
  t.match(tokens().recognise(user, byCaller), { kind: 'dialog', isCaller: true, sender: record.caller })
  t.match(tokens().recognise(user, byCallee), { kind: 'dialog', isCaller: false, sender: record.callee })
  t.equal(flowsIn(user), 'one')
})

t.test(
  'of another Call-ID, of another tag, with one tag for both ends, or without one, it is of no dialog',
  async (t) => {
    const user = tokens().seal(record, name)
    for (const other of [
      { ...byCaller, callId: 'call-2' },
      { ...byCaller, fromTag: 'x' },
      { ...byCaller, toTag: 'a' },
      { ...byCaller, toTag: undefined },
    ])
      t.same(tokens().recognise(user, other), { kind: 'not-this' }, JSON.stringify(other))
  },
)

t.test('another key makes another seal', async (t) => {
  t.same(tokens('two').recognise(tokens().seal(record, name), byCaller), { kind: 'not-this' })
})

t.test('a seal proves a dialog to every node of the pool that made it, and to no other server', async (t) => {
  const user = tokens().seal(record, name, 'one')
  t.match(tokens('one', 'pool.lab.test', 'fe2.lab.test').recognise(user, byCaller), { kind: 'dialog' })
  for (const other of ['edge.lab.test', 'director.lab.test', 'pool2.lab.test'])
    t.same(tokens('one', other).recognise(user, byCaller), { kind: 'not-this' }, other)
})

t.test('no octet of it can change', async (t) => {
  const user = tokens().seal(record, name, 'one+two')
  const reader = tokens()
  fc.assert(
    fc.property(fc.nat(user.length - 1), fc.constantFrom(...'ax0+~.%!*w'), (at, character) => {
      if (user[at] === character) return
      const changed = user.slice(0, at) + character + user.slice(at + 1)
      t.not(reader.recognise(changed, { ...byCaller }).kind, 'dialog', changed)
    }),
  )
})

t.test('every record is read as it was written', async (t) => {
  const written = fc.string({ unit: fc.constantFrom(...'azAZ09.-_~%@*!/?#:;=&+é'), minLength: 1, maxLength: 120 })
  const side = fc.record({
    identity: fc.oneof(
      written.map(encoded),
      written.map((text) => encoded(`sip:${text}`)),
    ),
    uri: fc.string().map((text) => encoded(`sip:${text}@lab.test`)),
    organisation: fc.domain().map(organisationText),
    hop: fc.constantFrom('w', 's127.0.0.1', 'fab.1.fe1.lab.test', 'atcp_2001_db8__1_5060'),
  })
  fc.assert(
    fc.property(side, side, fc.string({ minLength: 1 }), (caller, callee, tag) => {
      const user = tokens().seal({ caller, callee }, { callId: 'c', tag })
      t.match(tokens().recognise(user, { callId: 'c', fromTag: tag, toTag: `${tag}x` }), {
        kind: 'dialog',
        sender: caller,
        other: callee,
      })
    }),
    { numRuns: 50 },
  )
})

t.test('whatever is written in its place is read without an error', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      tokens().recognise(`${before}f~${after}`, byCaller)
      tokens().isToken(`${before}+f~${after}`)
      tokens().isToken(`${before}+e~${after}`)
    }),
  )
})

t.test('a seal of an earlier version is known as such', async (t) => {
  const record = 'Ualice%40lab.test++s127.0.0.1+bob%40lab.test+++w+0123456789abcdef'
  for (const user of ['one+d~0123456789abcdef', 'd~0123456789abcdef', `e~${record}`, `one+two+e~${record}`]) {
    t.same(tokens().recognise(user, byCaller), { kind: 'old' }, user)
    t.ok(tokens().isToken(user), user)
  }
})

t.test('a user whose name begins as a record does is recorded like any other', async (t) => {
  for (const mark of ['d~', 'e~', 'f~']) {
    const odd = encoded(`sip:${mark}0123456789abcd@lab.test`)
    const caller = { ...record.caller, uri: odd, identity: odd }
    for (const flows of ['', 'one'])
      t.match(tokens().recognise(tokens().seal({ ...record, caller }, name, flows), byCaller), { sender: caller }, mark)
  }
})

t.test('an ordinary user part is no token', async (t) => {
  t.same(
    ['alice', '', 'd~short', 'a.b.c'].map((user) => tokens().isToken(user)),
    [false, false, false, false],
  )
  t.same(tokens().recognise('alice', byCaller), { kind: 'unsealed' })
})

t.test('an address-of-record is short, and comes back unless it was too long to keep', async (t) => {
  t.same(
    ['sip:alice@lab.test', 'tel:+49301', 'sip:a%20b@lab.test', `sip:${'x'.repeat(500)}@lab.test`].map((aor) =>
      decoded(encoded(aor)),
    ),
    ['sip:alice@lab.test', 'tel:+49301', 'sip:a%20b@lab.test', undefined],
  )
  t.ok(encoded(`sip:${'x'.repeat(500)}@lab.test`).length < 30)
})

t.test('a hop tells how the end is reached', async (t) => {
  t.same(['w', 's127.0.0.1', 'fab.1.fe1.lab.test', 'atcp_2001_db8__1_5060'].map(readHop), [
    { kind: 'token' },
    { kind: 'server', address: '127.0.0.1' },
    { kind: 'flow', claim: 'ab.1.fe1.lab.test' },
    { kind: 'address', transport: 'tcp', address: '2001:db8::1', port: 5060 },
  ])
})
