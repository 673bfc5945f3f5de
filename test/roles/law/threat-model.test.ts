import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { threatModelPage, threats } from '../../../scripts/docs-threat-model.ts'
import { rows } from '../../../src/roles/law/table.ts'

t.test('docs/threat-model.md is what the table of the law says now', async (t) => {
  t.equal(readFileSync('docs/threat-model.md', 'utf8'), threatModelPage(), 'npm run docs')
})

t.test('each threat names rows that exist and a test that exists', async (t) => {
  const names = new Set(rows.map(({ name }) => name))
  for (const threat of threats) {
    t.ok(
      threat.rows.every((row) => names.has(row)),
      threat.wants,
    )
    t.ok(existsSync(threat.test), threat.test)
  }
})
