import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { silence } from '../../src/cli/silence.ts'
import { labFolder, type LabRecord, writeRecord } from '../../src/lab/lab-folder.ts'
import { verdict } from '../../src/verdicts/codes.ts'
import { ownFolder } from '../support/own-folder.ts'

const root = ownFolder(t)
const record: LabRecord = {
  topology: 'edge',
  name: 'edge',
  network: 41,
  ports: {},
  movableClock: false,
  startedAt: '2026-11-29T00:00:00.000Z',
  stopped: {},
}
const ended = { at: '2026-11-29T08:00:00.000Z', exit: 1, verdict: verdict('cert.expired') }

function folderOf(name: string, stopped: LabRecord['stopped']): ReturnType<typeof labFolder> {
  const folder = labFolder(join(root, name))
  mkdirSync(folder.root, { recursive: true })
  writeRecord(folder, { ...record, stopped })
  return folder
}

t.test('a node that ended has its reason as soon as the supervisor wrote it down', async (t) => {
  const folder = folderOf('soon', {})
  const asked = silence(folder, 'fe1', 60_000)
  writeRecord(folder, { ...record, stopped: { fe1: ended } })
  t.strictSame(await asked, { state: 'stopped', since: ended.at, exit: 1, verdict: ended.verdict })
})

t.test('a node that is silent and did not end says where to look', async (t) => {
  const folder = folderOf('never', { director: ended })
  t.match(await silence(folder, 'fe1', 0), {
    state: 'silent',
    verdict: { message: /does not answer on its control socket; siplab events fe1/ },
  })
})
