import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventNumber } from '../../src/node/events.ts'
import { eventsPage } from '../../scripts/docs-events.ts'

t.test('docs/events.md is what the table of events says now', async (t) => {
  t.equal(readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8'), eventsPage())
})

t.test('an event has the number of its profile', async (t) => {
  t.equal(eventNumber('certificate.not-loaded', 'ocs2007', 'cert.expired'), 14397)
  t.equal(eventNumber('certificate.not-loaded', 'lcs2005', 'cert.expired'), undefined)
  t.equal(eventNumber('service.stack-failed', 'ocs2007', undefined), 12326)
})

t.test('a link that is down has the number of TLS failures for those alone', async (t) => {
  t.equal(eventNumber('link.down', 'ocs2007', 'cert.name-mismatch'), 14428)
  t.equal(eventNumber('link.down', 'ocs2007', 'link.refused'), undefined)
  t.equal(eventNumber('link.down', 'lcs2005', 'cert.name-mismatch'), undefined)
})
