/** docs/conformance.md is what the tags in the tests say now, and says something of every RFC that siplab names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { allTags, conformancePage, subjects, tagsIn } from '../../scripts/docs-conformance.ts'

const tags = allTags()

t.test('docs/conformance.md is current', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/conformance.md'), 'utf8')
  t.equal(page, conformancePage(tags), 'npm run docs')
})

t.test('every RFC of the list has a tag', async (t) => {
  const tagged = new Set(tags.map(({ rfc }) => rfc))
  t.strictSame(
    [...subjects.keys()].filter((rfc) => !tagged.has(rfc)),
    [],
  )
})

t.test('every tag but a limit stands above a test', async (t) => {
  t.strictSame(
    tags.filter(({ kind, test }) => kind === 'done' && test === undefined),
    [],
  )
})

t.test('a tag has an RFC, a section, what holds and the title below it', async (t) => {
  const tag = '//' + ' conformance'
  t.strictSame(tagsIn(`${tag}: RFC 5626 §7 — one flow\n//   of an instance\n t.test('one', async`, 'test/x.test.ts'), [
    { rfc: 5626, section: '§7', kind: 'done', text: 'one flow of an instance', file: 'test/x.test.ts', test: 'one' },
  ])
  t.match(tagsIn(`${tag}-limit: RFC 3608 — none\nfor (const x of y)\n  t.test(\`is \${x}\`, `, 'x'), [
    { rfc: 3608, section: '', kind: 'limit', test: 'is …' },
  ])
  t.throws(() => tagsIn(`${tag}: outbound works`, 'x'), { message: /^x:1: wanted "RFC 5626 §7/ })
})
