import { fc } from '../support/property.ts'
import t from 'tap'
import { harmless, harmlessLine } from '../../src/reports/harmless.ts'
import { anyText } from '../support/any-text.ts'

t.test('control and bidirectional characters become visible', async (t) => {
  t.equal(harmless('a\u001b]0;title\u0007b'), 'a\\u001b]0;title\\u0007b')
  t.equal(harmless('a\u009b2Jb\u202ec\u2066d\u007f'), 'a\\u009b2Jb\\u202ec\\u2066d\\u007f')
  t.equal(harmless('line\r\nnext\tcell\nover\rwritten'), 'line\r\nnext\tcell\nover\\u000dwritten')
})

t.test('characters without a shape become visible, and letters that are joined stay joined', async (t) => {
  t.equal(harmless('s\u200bip\u00ad\u2060.lab\u{e0041}'), 's\\u200bip\\u00ad\\u2060.lab\\udb40\\udc41')
  t.equal(harmless('می\u200cخواهم \u{1f469}\u200d\u{1f52c}'), 'می\u200cخواهم \u{1f469}\u200d\u{1f52c}')
})

t.test('colours stay only where the command paints', async (t) => {
  const text = '\u001b[31mred\u001b[39m\u001b[2J'
  t.equal(harmless(text, true), '\u001b[31mred\u001b[39m\\u001b[2J')
  t.equal(harmless(text), '\\u001b[31mred\\u001b[39m\\u001b[2J')
})

t.test('JSON keeps its meaning', async () => {
  fc.assert(fc.property(anyText(), (text) => JSON.parse(harmless(JSON.stringify({ text }))).text === text))
})

t.test('what a peer wrote begins no line of its own where one line is wanted', async (t) => {
  t.equal(harmlessLine('one\r\ntwo\tthree\u202e'), 'one\\u000d\\u000atwo\\u0009three\\u202e')
  fc.assert(
    fc.property(anyText(), (text) => !/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(harmlessLine(text))),
  )
})

t.test('nothing harmful is left of any text', async () => {
  fc.assert(
    fc.property(
      anyText(),
      (text) => !/[\u0000-\u0008\u001b\u0080-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(harmless(text)),
    ),
  )
})
