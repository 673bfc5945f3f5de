import { fc } from '../support/property.ts'
import t from 'tap'
import { escaped } from '../../src/reports/markup.ts'

t.test('escaped text', async (t) => {
  t.test('keeps tab, line ends and every script', async (t) => {
    t.equal(escaped('a\tb\r\nc é 漢 😀'), 'a\tb\r\nc é 漢 😀')
  })

  t.test('has no markup', async (t) => {
    t.equal(escaped('<a href="x">&amp;'), '&lt;a href=&quot;x&quot;&gt;&amp;amp;')
  })

  for (const [name, text] of [
    ['NUL', '\0'],
    ['BEL', '\u0007'],
    ['ESC', '\u001B'],
    ['DEL', '\u007F'],
    ['a C1 control', '\u0085'],
    ['half a surrogate pair', '\uD800'],
    ['the other half', '\uDC00'],
    ['a noncharacter', '\uFFFF'],
  ] as const)
    t.test(`shows ${name} as U+FFFD`, async (t) => {
      t.equal(escaped(`a${text}b`), 'a\uFFFDb')
    })

  t.test('has no character that changes the direction of text', async (t) => {
    t.equal(escaped('a\u202eb\u2066c\u200f'), 'a\\u202eb\\u2066c\\u200f')
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', '<', ...'\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff'),
        }),
        (text) => /^(?:a|&lt;|\\u[0-9a-f]{4})*$/.test(escaped(text)),
      ),
    )
  })

  t.test('has only characters of XML 1.0, and no markup, whatever the text', async (t) => {
    const units = fc.array(fc.oneof(fc.constantFrom(0, 0x26, 0x3c, 0xd83d, 0xde00), fc.nat(0xffff)))
    fc.assert(
      fc.property(units, (codes) => {
        const plain = escaped(String.fromCharCode(...codes)).replaceAll(/&(?:amp|lt|gt|quot);/g, '')
        return plain.isWellFormed() && !/[^\t\n\r\x20-\uFFFD]|[&<>"]/.test(plain)
      }),
    )
    t.pass()
  })
})
