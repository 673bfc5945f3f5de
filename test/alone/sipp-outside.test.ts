/** SIPp as phones outside, on `edge` and `federation`: it signs in, calls and refers; nothing may be refused. */
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { accepts } from '../support/accepts.ts'
import { repository } from '../support/command.ts'
import { missing } from '../support/debian-program.ts'
import { freePort } from '../support/free-port.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { ownFiles } from '../support/own-folder.ts'
import { outsideWay } from '../support/sipp-outside.ts'
import { sippOf } from '../support/sipp-scenario.ts'
import { until } from '../support/until.ts'

const calls = 10
/** SIPp reads the first challenge alone, and knows MD5 alone. */
const files = ownFiles(
  t,
  Object.fromEntries(
    ['edge', 'federation'].map((name) => [
      `${name}.yaml`,
      `${readFileSync(join(repository, 'config', `${name}.yaml`), 'utf8')}authentication: { algorithms: [MD5] }\n`,
    ]),
  ),
)

for (const { topology, peer, peerAt, third } of [
  { topology: 'edge', peer: 'bob', peerAt: 'edge', third: 'sip:carol@lab.test' },
  { topology: 'federation', peer: 'erin', peerAt: 'partner-edge', third: 'sip:frank@partner.test' },
])
  t.test(`SIPp outside, on the lab ${topology}`, { skip: missing('sipp') }, async (t) => {
    const lab = await withLab(t, join(files, `${topology}.yaml`))
    const alice = await outside(t, lab, 'alice', 'edge')
    const callee = await outside(t, lab, peer, peerAt)
    t.equal(await callee.play('register', '-m', '1'), '', `${peer} signs in`)
    t.equal(await alice.play('register', '-m', '1'), '', 'alice signs in')
    const uri = lab.ready.users.find(({ login }) => login === peer)?.uri ?? ''
    const called = callee.play('referee', '-m', String(calls))
    await until(() => accepts(callee.port))
    const keys = ['-key', 'peer', uri, '-key', 'third', third]
    t.equal(
      await alice.play('referrer', '-m', String(calls), '-r', '10', ...keys),
      '',
      `alice calls and refers ${peer}`,
    )
    t.equal(await called, '', `${peer} is called and referred`)
  })

async function outside(
  t: Test,
  lab: TestLab,
  user: string,
  node: string,
): Promise<{ readonly port: number; readonly play: ReturnType<typeof sippOf> }> {
  const port = await freePort()
  const { server } = await outsideWay(t, lab, node, port)
  return { port, play: sippOf(t, lab, { server, transport: 'tcp', user, port }) }
}
