/** A trace that was kept is told again, without the lab's messages of now. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sharedLab } from '../../support/lab.ts'

const entry = {
  time: '2026-11-29T12:00:00.000Z',
  node: 'fe1',
  kind: 'message',
  direction: 'in',
  transport: 'tls',
  local: '127.0.41.11:5061',
  remote: '127.0.41.21:40312',
  text: 'INVITE sip:bob@lab.test SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n',
}

t.test('a trace in a file becomes text', async (t) => {
  const lab = await sharedLab('edge')
  const file = join(t.testdir(), 'trace.jsonl')
  writeFileSync(file, `${JSON.stringify(entry)}\n`)
  t.match(await lab.run('trace', '--from', file), { status: 0, stdout: /INVITE sip:bob@lab\.test/ })
})

t.test('a line that is no entry is named, with its place', async (t) => {
  const lab = await sharedLab('edge')
  const file = join(t.testdir(), 'trace.jsonl')
  writeFileSync(file, `${JSON.stringify(entry)}\n{"node":1}\n`)
  t.match(await lab.run('trace', '--from', file), { status: 2, stderr: /trace\.jsonl, line 2: wanted a line of/ })
})
