/** SIPp, over UDP and TCP, against the two topologies that need no certificate. */
import t from 'tap'
import { accepts } from '../support/accepts.ts'
import { missing } from '../support/debian-program.ts'
import { freePort } from '../support/free-port.ts'
import { withLab } from '../support/lab.ts'
import { sippAt } from '../support/sipp-scenario.ts'
import { until } from '../support/until.ts'

const calls = 20

for (const { topology, node } of [
  { topology: 'standard', node: 'se' },
  { topology: 'enterprise', node: 'fe1' },
] as const) {
  t.test(`SIPp against ${topology}`, { skip: missing('sipp') }, async (t) => {
    const lab = await withLab(t, topology)

    for (const transport of ['udp', 'tcp'] as const) {
      t.test(`REGISTER with digest over ${transport}, and ${calls} calls through the server`, async (t) => {
        const port = await freePort()
        const bob = await sippAt(t, lab, { node, transport, user: 'bob', port })
        t.equal(await bob('register', '-m', '1'), '', 'bob signs in')
        const alice = await sippAt(t, lab, { node, transport, user: 'alice', port: await freePort() })
        const callee = bob('callee', '-m', String(calls))
        // A datagram is sent again until SIPp listens; a connection is not.
        if (transport === 'tcp') await until(() => accepts(port))
        t.equal(await alice('caller', '-m', String(calls), '-r', '40', '-key', 'callee', 'bob'), '', 'alice calls')
        t.equal(await callee, '', 'bob is called')
      })
    }

    t.test('a wrong password is challenged again', async (t) => {
      const bob = await sippAt(t, lab, {
        node,
        transport: 'udp',
        user: 'bob',
        port: await freePort(),
        password: 'wrong',
      })
      t.match(await bob('register', '-m', '1'), /401/)
    })
  })
}
