import t from 'tap'
import { breachesIn, outermostFunctions } from '../../scripts/functions.ts'

const lines = (count: number): string => 'a()\n'.repeat(count)

t.test('a function counts from its first to its last line, types included', async (t) => {
  t.match(outermostFunctions(`function f(\n  a: string,\n): void {\n${lines(2)}}\n`), [
    { name: 'f', line: 1, lines: 6 },
  ])
})

t.test('what stands inside another function is not counted by itself', async (t) => {
  t.match(outermostFunctions('const f = () => {\n  function g() {}\n}\n'), [{ name: 'f', lines: 3 }])
  t.equal(outermostFunctions('const f = () => {\n  function g() {}\n}\n').length, 1)
})

t.test('a function of 40 lines is short enough, one of 41 is not', async (t) => {
  const found = (count: number) =>
    breachesIn([{ file: 'a.ts', text: `class C {\n  #m() {\n${lines(count)}  }\n}\n` }], new Set())
  t.same(found(38), [])
  t.match(found(39), [/^a\.ts:2: m has 41 lines/])
})

t.test('a long function may be named, and a name that is not needed is reported', async (t) => {
  const files = [{ file: 'a.ts', text: `function f() {\n${lines(40)}}\n` }]
  t.same(breachesIn(files, new Set(['a.ts:f'])), [])
  t.match(breachesIn(files, new Set(['a.ts:f', 'a.ts:g'])), [/a\.ts:g is no function/])
})

t.test('a constructor takes four arguments', async (t) => {
  const found = (text: string) => breachesIn([{ file: 'a.ts', text: `class C { constructor(${text}) {} }` }], new Set())
  t.same(found('a, b, c, d'), [])
  t.match(found('a: A, b: B, c: C, d: D, e: E'), [/constructor takes 5 arguments/])
})
