/** A calendar moved while the nodes run: one node alone, and all of them past the end of their certificates. */
import t from 'tap'
import { hasMovableClock } from '../../src/lab/clock.ts'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { eventsOf } from '../support/events.ts'
import { withLab, type TestLab } from '../support/lab.ts'

const missing = hasMovableClock() ? false : 'libfaketime is not installed (Debian package libfaketime)'
if (missing !== false) console.error(`test/lab/clock.test.ts skips: ${missing}`)

t.test('a lab with movable clocks', { skip: missing }, async (t) => {
  const lab = await withLab(t, 'edge', { up: ['--movable-clock'] })

  t.test('one node a month ahead writes its own time, and the others keep theirs', async (t) => {
    await lab.json('clock', 'edge', '+31d')
    await lab.json('certs', 'trial', 'edge', '--valid', '90d', '--reference', 'edge-internal', '--assign')
    const [last, other] = [await lastEvent(lab, 'edge'), await lastEvent(lab, 'fe1')]
    t.ok(Date.parse(last.time) - Date.parse(other.time) > 30 * 86_400_000, `${last.time} against ${other.time}`)
    await lab.json('clock', 'edge', '+0')
  })

  t.test('a wrong clock is a cause: the peer that is late refuses, and the verdict names the skew', async (t) => {
    await lab.json('clock', 'fe1', '+200d')
    await lab.json('certs', 'trial', 'director', '--valid', '30d', '--assign')
    const outcome = await lab.run('break', 'director', 'short-lived', '--json')
    const { verdict } = JSON.parse(outcome.stdout) as {
      readonly verdict?: { readonly code: string; readonly others?: readonly { readonly code: string }[] }
    }
    t.match(verdict, { code: 'clock.skew' })
    t.ok(
      verdict?.others?.some(({ code }) => code === 'cert.expired'),
      JSON.stringify(verdict?.others),
    )
    await lab.json('clock', 'fe1', '+0')
    await lab.run('heal', 'director')
  })

  t.test('two years ahead every service of 2005 shuts down', async (t) => {
    await lab.json('clock', 'all', '+730d')
    for (const node of ['edge', 'director', 'fe1'])
      t.match(await lab.change((change) => change.event === 'node-stopped' && change.node === node), {
        exit: 1,
        verdict: { code: 'cert.expired' },
      })
  })
})

async function lastEvent(lab: TestLab, node: string): Promise<NodeEvent> {
  const last = (await eventsOf(lab, node)).at(-1)
  if (last === undefined) throw new Error(`${node} has no event`)
  return last
}
