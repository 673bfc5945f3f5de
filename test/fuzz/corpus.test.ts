import t from 'tap'
import { errorOf, fuzz, type FuzzTarget, random, testOf } from '../support/fuzz/fuzz.ts'
import { openTarget, targetNames } from '../support/fuzz/targets.ts'

for (const name of targetNames)
  t.test(`${name}: good input and the findings of the past are read or refused, and a few damaged ones`, async (t) => {
    const target = await openTarget(name)
    t.teardown(() => target.close?.())
    t.ok(target.corpus.length > 0)
    for (const octets of target.corpus) t.equal(await errorOf(target, octets, random(1)), undefined)
    const { findings } = await fuzz([target], 1, (inputs) => inputs >= 40)
    t.strictSame(
      findings.map((finding) => testOf(finding)),
      [],
    )
  })

t.test('a reader that fails is found, with the same octets from the same seed, once for each kind', async (t) => {
  const broken: FuzzTarget = {
    name: 'broken',
    corpus: [Buffer.from('good')],
    words: ['BAD'],
    read(octets) {
      if (octets.includes('BAD')) throw new TypeError(`no such thing at ${octets.length}`)
    },
  }
  const first = await run()
  const second = await run()
  t.match(first.findings, [{ target: 'broken', error: /^TypeError: no such thing/ }])
  t.strictSame(
    first.findings.map(({ octets, input }) => [octets, input]),
    second.findings.map(({ octets, input }) => [octets, input]),
  )
  t.match(first.findings.map(testOf), [/errorOf\(await openTarget\('broken'\), octets, random\(1\)\)/])

  function run() {
    return fuzz([broken], 7, (inputs) => inputs >= 500)
  }
})
