import { join } from 'node:path'
import t from 'tap'
import { EventLog } from '../../src/node/event-log.ts'
import { ownFolder } from '../support/own-folder.ts'

t.test('an event file that cannot be written costs the file its events, not the service', async (t) => {
  const log = new EventLog(join(ownFolder(t), 'events.jsonl'), { node: 'fe1', profile: 'modern' }, () => 0)
  const followed: string[] = []
  log.follow(({ event }) => followed.push(event))
  await log.close()
  log.append('service.starting', {})
  log.append('service.ready', {})
  t.strictSame(followed, ['service.starting', 'service.ready'])
  t.equal(log.file.lost, 2)
})
