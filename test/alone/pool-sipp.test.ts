/** SIPp phones over TLS through a pool, while each of its front ends is killed in turn. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { controlClient } from '../../src/lab/control-client.ts'
import { findHaproxy } from '../../src/lab/nodes/haproxy.ts'
import type { Registration } from '../../src/node/control/control-api.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { missing } from '../support/debian-program.ts'
import { killUnderLoad } from '../support/kill-under-load.ts'
import { withLab } from '../support/lab.ts'

const noHaproxy = findHaproxy() === undefined ? 'HAProxy is not installed (apt-get install haproxy)' : false

t.test('SIPp through a pool whose front ends are killed', { skip: missing('sipp') || noHaproxy }, async (t) => {
  const lab = await withLab(t, 'pool')
  const folder = mkdtempSync(join(tmpdir(), 'siplab-sipp-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))

  /**
   * Requests of others that this front end has not answered; asked until there is none, for less than Timer F would
   * take (RFC 3261 §17.1.2.2: 32 s).
   */
  async function openTransactions(name: string): Promise<number> {
    const client = controlClient(name, nodeFolder(lab.data, name))
    for (let attempt = 0; ; attempt += 1) {
      const { openServerTransactions: open = -1 } = await client.get<Readonly<Record<string, number>>>('/metrics')
      if (open === 0 || attempt === 100) return open
      await delay(100)
    }
  }

  for (const victim of ['fe1', 'fe2']) {
    t.test(`nothing acknowledged is lost, and nothing hangs, when ${victim} is killed`, async (t) => {
      const counts = await killUnderLoad({
        ready: lab.ready,
        folder: join(folder, victim),
        seconds: 3,
        rate: 10,
        kill: () => void process.kill(lab.node(victim).pid ?? 0, 'SIGKILL'),
        start: () => lab.run('node', 'start', victim),
        registrations: () => lab.json<readonly Registration[]>('registrations'),
      })
      t.comment(JSON.stringify(counts))
      t.match(counts, {
        calls: 60,
        messages: 60,
        callsLost: 0,
        messagesLost: 0,
        hanging: 0,
        unknown: 0,
        registrationsLost: 0,
      })
      t.strictSame(
        await Promise.all(['fe1', 'fe2'].map((name) => openTransactions(name))),
        [0, 0],
        'no front end still waits for an answer',
      )
      t.ok(counts.breaks > 0, 'somebody hung on the node that was killed')
      t.ok(
        counts.established > 20 && counts.messagesAnswered > 20 && counts.registersAnswered > 10,
        'most of it went through',
      )
    })
  }
})
