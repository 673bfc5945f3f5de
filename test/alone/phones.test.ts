/** Debian's phones, as they are: they sign in, call, are called and write, over TLS through the edge and inside. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { missing } from '../support/debian-program.ts'
import { baresip, linphone, noLinphone, type DebianPhone, type PhoneAccount } from '../support/debian-phones.ts'
import { Buddies } from '../../src/phone/index.ts'
import { ownFolder } from '../support/own-folder.ts'
import { phoneOf } from '../support/phones.ts'
import { until } from '../support/until.ts'
import { withLab } from '../support/lab.ts'

const lab = await withLab(t, 'edge')
const folder = ownFolder(t)

/** `external`: through the access proxy; `internal`: at their home. */
function account(login: string, side: 'external' | 'internal', peer: string): PhoneAccount {
  const { dns, trust, users } = lab.ready
  return {
    login,
    password: users.find((user) => user.login === login)?.password ?? '',
    proxy: side === 'external' ? 'sip.lab.test:10443' : 'pool.lab.test:5061',
    root: (side === 'external' ? trust.public : trust.internal) ?? '',
    dns: `${dns[side].address}:${dns[side].port}`,
    folder: join(folder, `${side}-${login}`),
    peer: `sip:${peer}@lab.test`,
  }
}

async function talk(t: Test, caller: DebianPhone, callee: DebianPhone, uri: string): Promise<void> {
  await caller.call(uri)
  await callee.connected()
  await caller.hangUp()
  await Promise.all([caller.ended(), callee.ended()])
  t.pass(`${caller.name} calls ${callee.name}`)
}

async function write(t: Test, from: DebianPhone, to: DebianPhone, text: string): Promise<void> {
  await from.write(text)
  await to.heard(text)
  t.pass(`${from.name} writes to ${to.name}`)
}

async function meet(
  t: Test,
  one: readonly [DebianPhone, string],
  other: readonly [DebianPhone, string],
): Promise<void> {
  await Promise.all([one[0].signedIn(), other[0].signedIn()])
  await talk(t, one[0], other[0], other[1])
  await talk(t, other[0], one[0], one[1])
  await write(t, one[0], other[0], 'the first letter')
  await write(t, other[0], one[0], 'the second letter')
}

for (const [side, users] of [
  ['external', ['alice', 'bob']],
  ['internal', ['carol', 'dave']],
] as const) {
  const [first, second] = users
  const where = side === 'external' ? 'through the edge' : 'at their home'
  const uris = [`sip:${first}@lab.test`, `sip:${second}@lab.test`] as const
  // conformance: RFC 3428 §4 — MESSAGE between Debian's phones, through the edge and inside
  t.test(`baresip and Linphone over TLS ${where}`, { skip: missing('baresip') || noLinphone() }, async (t) => {
    const one = await baresip(t, account(first, side, second))
    const other = await linphone(t, account(second, side, first))
    await meet(t, [one, uris[0]], [other, uris[1]])
  })
}

// conformance: RFC 3856 §6 — presence between Debian's phones and a sip.js phone: PUBLISH, SUBSCRIBE, NOTIFY
t.test(
  'a sip.js phone sees baresip and is seen by Linphone',
  { skip: missing('baresip') || noLinphone() },
  async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    const seen: string[] = []
    const buddies = new Buddies(alice, (_, { status }) => void seen.push(status))
    await alice.signIn()
    await buddies.publish({ status: 'open', note: '' })

    const bob = await baresip(t, account('bob', 'external', 'alice'))
    await bob.signedIn()
    await buddies.add('sip:bob@lab.test')
    bob.shows('offline')
    await until(() => seen.at(-1) === 'closed')
    bob.shows('online')
    await until(() => seen.at(-1) === 'open')
    t.pass('what baresip publishes is what the sip.js phone sees')

    const dave = await linphone(t, account('dave', 'internal', 'alice'))
    await dave.signedIn()
    await dave.sees('open')
    await buddies.publish({ status: 'closed', note: '' })
    await dave.sees('closed')
    t.pass('what the sip.js phone publishes is what Linphone sees')

    for (const phone of [bob, dave]) {
      await phone.write('the first letter')
      t.match(await alice.nextMessage(), { text: 'the first letter' })
    }
    for (const [login, phone] of [
      ['bob', bob],
      ['dave', dave],
    ] as const) {
      t.match(await alice.message(`sip:${login}@lab.test`, 'the second letter'), { status: 200 })
      await phone.heard('the second letter')
    }
    await buddies.end()
  },
)
