/** The contacts of a phone, over a phone that only remembers what it is asked for. */
import { fc } from '../support/property.ts'
import t from 'tap'
import { Buddies, readPidf, writePidf } from '../../src/phone/buddies.ts'
import { readRows } from '../../src/phone/contacts.ts'
import { PhoneError, type PhoneAnswer } from '../../src/phone/phone-error.ts'
import type { Phone } from '../../src/phone/types.ts'

const answer = (etag: string): PhoneAnswer => ({
  status: 200,
  reason: 'OK',
  header: (name) => (name === 'SIP-ETag' ? etag : undefined),
})

function remembering({ forgets = false } = {}) {
  const asked: string[] = []
  let published = 0
  let tell: (body: string) => void = () => undefined
  const phone = {
    uri: 'sip:alice@lab.test',
    signedIn: true,
    async setContact(uri: string) {
      asked.push(`contact ${uri}`)
      return answer('')
    },
    async watch(of: string, onDocument: (body: string) => void) {
      asked.push(`watch ${of}`)
      tell = onDocument
      return { of, active: true, refresh: async () => answer(''), end: () => void asked.push(`end ${of}`) }
    },
    async publish(document: string | undefined, etag?: string) {
      asked.push(`${document === undefined ? 'remove' : 'publish'} ${etag ?? 'anew'}`)
      if (forgets && etag !== undefined)
        throw new PhoneError('phone.refused', '412', { status: 412, reason: '', header: () => undefined })
      published += 1
      return answer(`e${published}`)
    },
  } as unknown as Phone
  return { phone, asked, tell: (body: string) => tell(body) }
}

t.test('a buddy is put on the list and watched, once', async (t) => {
  const { phone, asked } = remembering()
  const buddies = new Buddies(phone)
  await buddies.add('sip:bob@lab.test')
  await buddies.add('sip:bob@lab.test')
  t.strictSame(asked, ['contact sip:bob@lab.test', 'watch sip:bob@lab.test'])
})

t.test('what a buddy showed last is kept, and what is no PIDF is not', async (t) => {
  const { phone, tell } = remembering()
  const buddies = new Buddies(phone)
  await buddies.add('sip:bob@lab.test')
  tell(writePidf('sip:bob@lab.test', { status: 'closed', note: 'at lunch' }))
  tell('<presentity/>')
  t.strictSame(buddies.shownBy('sip:bob@lab.test'), { status: 'closed', note: 'at lunch' })
})

t.test('a publication replaces the one before and is removed at the end (RFC 3903 §4)', async (t) => {
  const { phone, asked } = remembering()
  const buddies = new Buddies(phone)
  await buddies.publish({ status: 'open', note: '' })
  await buddies.publish({ status: 'closed', note: '' })
  await buddies.end()
  t.strictSame(asked, ['publish anew', 'publish e1', 'remove e2'])
})

t.test('a publication that the server forgot is made anew (RFC 3903 §4.1)', async (t) => {
  const { phone, asked } = remembering({ forgets: true })
  const buddies = new Buddies(phone)
  await buddies.publish({ status: 'open', note: '' })
  await buddies.publish({ status: 'closed', note: '' })
  t.strictSame(asked, ['publish anew', 'publish e1', 'publish anew'])
})

t.test('any note is read as it was written', async (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (note) => {
      t.equal(readPidf(writePidf('sip:a@lab.test', { status: 'open', note }))?.note, note)
    }),
  )
})

t.test('rows of a search are read under any prefix, those without a URI are not', async (t) => {
  t.strictSame(
    readRows(
      '<m:row m:uri="sip:carol@lab.test" m:displayName="Carol &amp; &#60;Co&#x3e;"/>' +
        '<row uri="sip:d@lab.test" displayName=""/>' +
        '<m:row m:displayName="no one"/>',
    ),
    [
      { uri: 'sip:carol@lab.test', name: 'Carol & <Co>' },
      { uri: 'sip:d@lab.test', name: '' },
    ],
  )
})
