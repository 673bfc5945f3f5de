/** A 200 means durable: a front end killed in the middle of its work has lost nothing it acknowledged. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { openPoolStore } from '../../../src/services/store/pool-store.ts'
import { systemClock } from '../../../src/sip/clock.ts'

const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)

/** Registers one user after the other, and says each name when the registration is acknowledged. */
const program = `
import { singleWriterLocation } from ${source('services/location/location.ts')}
import { openPoolStore } from ${source('services/store/pool-store.ts')}
import { parseUri } from ${source('sip/message/index.ts')}
import { systemClock as clock } from ${source('sip/clock.ts')}
const store = await openPoolStore({ kind: 'sqlite', file: process.argv[1] }, { clock })
const location = singleWriterLocation({ clock, store, onLoaded: run })
const binding = {
  contact: 'sip:x@192.0.2.7', q: 1000, expires: 4e12, path: [], instance: undefined, regId: undefined, epid: undefined,
  owner: 'fe1', ownerRoute: undefined, flowBound: false, flow: undefined, userAgent: '', received: '',
}
async function run() {
  for (let from = 0; ; from += 20) {
    await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const aor = 'sip:u' + (from + index) + '@lab.test'
      const outcome = await location.register({
        aor, callId: 'c', cseq: 1, wall: 0, all: false, limit: 10,
        contacts: [{ uri: parseUri('sip:x@192.0.2.7'), binding }],
      })
      if (outcome.kind === 'done') console.log(aor)
    }))
  }
}`

t.test('a killed process has lost no registration it acknowledged', async (t) => {
  const file = join(t.testdir(), 'pool.db')
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === 500) child.kill('SIGKILL')
  }
  await ended
  const store = await openPoolStore({ kind: 'sqlite', file }, { clock: systemClock })
  t.teardown(() => store.close())
  const kept = new Set<string>()
  for await (const rows of store.allBindings()) for (const row of rows) kept.add(row.aor)
  t.ok(acknowledged.length >= 500, `${acknowledged.length} acknowledged`)
  t.same(
    acknowledged.filter((aor) => !kept.has(aor)),
    [],
  )
})
