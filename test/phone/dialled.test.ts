import { fc } from '../support/property.ts'
import t from 'tap'
import { dialledUri } from '../../src/phone/dialled.ts'
import { parseUri } from '../../src/sip/message/uri.ts'

t.test('numbers, tel URIs and SIP URIs become what is called', async (t) => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['sip:bob@lab.test', 'sip:bob@lab.test'],
    ['tel:+49-30-1234', 'sip:+49301234@lab.test;user=phone'],
    ['TEL:+1(201)555.0123', 'sip:+12015550123@lab.test;user=phone'],
    ['030 1234', 'sip:0301234@lab.test;user=phone'],
    ['4711', 'sip:4711@lab.test;user=phone'],
    ['*21#', 'sip:*21%23@lab.test;user=phone'],
    ['tel:4711;phone-context=lab.test', 'sip:4711;phone-context=lab.test@lab.test;user=phone'],
    ['tel:+4930;ext=12', 'sip:+4930;ext=12@lab.test;user=phone'],
    ['tel:+4930;isub=1', undefined],
    ['bob', undefined],
    ['', undefined],
    ['1'.repeat(41), undefined],
  ]
  for (const [dialled, uri] of cases) t.equal(dialledUri(dialled, 'lab.test'), uri, dialled)
})

t.test('whatever is dialled, what comes out can be read', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789+-.()*#; tel:ext=') }), (text) => {
      const uri = dialledUri(text, 'lab.test')
      if (uri !== undefined && !/^sips?:/i.test(text.trim())) parseUri(uri)
    }),
  )
})
