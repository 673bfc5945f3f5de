/** Debian's phones, as they are: they sign in, call, are called and write, over TLS through the edge and inside. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { missing } from '../support/debian-program.ts'
import { baresip, linphone, noLinphone, type DebianPhone, type PhoneAccount } from '../support/debian-phones.ts'
import { ownFolder } from '../support/own-folder.ts'
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
