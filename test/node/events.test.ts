import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventsPage } from '../../scripts/docs-events.ts'

t.test('docs/events.md is what the table of events says now', async (t) => {
  t.equal(readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8'), eventsPage())
})
