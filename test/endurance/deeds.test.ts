/** When a resident owes nothing for a document that it has not seen. */
import t from 'tap'
import { Account } from '../../src/endurance/account.ts'
import { renew, type Stage } from '../../src/endurance/deeds.ts'
import { seeded } from '../../src/endurance/random.ts'
import type { Resident, Watched } from '../../src/endurance/resident.ts'
import type { PhoneAnswer } from '../../src/phone/phone-error.ts'
import type { Phone, Watch } from '../../src/phone/index.ts'

const accepted: PhoneAnswer = { status: 200, reason: 'OK', header: () => undefined }

/** A watcher whose flow was lost, with one subscription. */
function watcher(): { readonly resident: Resident; readonly watched: Watched } {
  const watch: Watch = { of: 'sip:bob@lab.test', active: true, refresh: async () => accepted, end: () => undefined }
  const watched: Watched = { of: watch.of, watch, seen: 0, excused: true, acceptedAt: 0 }
  const phone = { uri: 'sip:alice@lab.test' } as Phone
  const random = seeded(1)
  const watches = new Map([[watch.of, watched]])
  return {
    resident: { phone, random, watched: watches, version: 0, etag: undefined, moving: false, moves: 0 },
    watched,
  }
}

function stage(reaches: () => boolean): Stage {
  const unused = (): never => {
    throw new Error('not for a renewal')
  }
  const account = new Account()
  return { account, residents: [], doors: [], calm: unused, settingsOf: unused, serial: unused, reaches }
}

t.test('a renewal makes up for what was missed with a lost flow', async (t) => {
  const { resident, watched } = watcher()
  await renew(
    stage(() => true),
    resident,
    watched,
  )
  t.equal(watched.excused, false)
})

t.test('a renewal by who is not signed in again makes up for nothing: its NOTIFY goes to the lost flow', async (t) => {
  const { resident, watched } = watcher()
  await renew(
    stage(() => false),
    resident,
    watched,
  )
  t.equal(watched.excused, true)
})
