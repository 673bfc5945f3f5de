import { fc } from '../../support/property.ts'
import t from 'tap'
import { parseXml, writeXml, XmlError } from '../../../src/services/presence/xml.ts'

t.test('a document is read with names, attributes and text', async (t) => {
  const root = parseXml('<?xml version="1.0"?><!-- n --><m:a x="1" y=\'2&amp;3\'>t&#x41;<b/><![CDATA[<&]]></m:a>')
  t.match(root, { name: 'a', qualified: 'm:a', text: 'tA<&', children: [{ name: 'b' }] })
  t.same(
    [...root.attributes],
    [
      ['x', '1'],
      ['y', '2&3'],
    ],
  )
})

for (const [what, text] of [
  ['a DTD', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ['an entity of its own', '<a>&x;</a>'],
  ['a parameter entity', '<a>%x;</a'],
  ['a processing instruction', '<a><?php x ?></a>'],
  ['a character that XML has not', '<a>&#0;</a>'],
  ['half of a surrogate pair', '<a>&#xD800;</a>'],
  ['two roots', '<a/><b/>'],
  ['another end tag', '<a></b>'],
  ['an attribute twice', '<a x="1" x="2"/>'],
  ['nothing', ''],
] as const)
  t.test(`${what} is refused`, async (t) => {
    t.throws(() => parseXml(text), { code: 'xml-syntax' })
  })

t.test('size, depth and number are bounded before anything is built', async (t) => {
  t.throws(() => parseXml(`<a>${' '.repeat(128 * 1024)}</a>`), /at most 131072/)
  t.throws(() => parseXml('<a>'.repeat(25) + '</a>'.repeat(25)), /deeper than 24/)
  t.throws(() => parseXml(`<a>${'<b/>'.repeat(4000)}</a>`), /more than 4000 elements/)
})

t.test('any text gives a document or an XmlError, and every document cut short is refused', async () => {
  const piece = fc.constantFrom(
    '<a>',
    '</a>',
    '<b x="1"/>',
    '&amp;',
    '&x;',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    'x',
    ' ',
  )
  const hostile = fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(hostile, (text) => {
      try {
        parseXml(text)
      } catch (error) {
        return error instanceof XmlError
      }
      return true
    }),
  )
  const whole = '<a x="1"><b>text</b><c/></a>'
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (end) => {
      try {
        parseXml(whole.slice(0, end))
      } catch (error) {
        return error instanceof XmlError
      }
      return false
    }),
  )
})

t.test('what is written is read again as it was', async () => {
  const text = fc.string({ unit: 'grapheme' }).map((each) => each.replace(/[\x00-\x1f\x7f]/g, '').trim())
  fc.assert(
    fc.property(text, text, (attribute, content) => {
      const xml = `<a x="${escape(attribute)}">${escape(content)}</a>`
      const latin = (value: string): string => Buffer.from(value, 'utf8').toString('latin1')
      const first = parseXml(latin(xml))
      const second = parseXml(latin(writeXml(first)))
      return second.text === first.text && second.attributes.get('x') === attribute && first.text === content
    }),
  )
})

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
}
