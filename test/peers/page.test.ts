import { readFileSync } from 'node:fs'
import t from 'tap'
import { policiesPage } from '../../scripts/docs-policies.ts'

t.test('docs/policies.md is what the files of the peers say now', async (t) => {
  t.equal(readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8'), policiesPage(), 'npm run docs')
})
