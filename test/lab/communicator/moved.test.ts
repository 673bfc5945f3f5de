/** A user that is moved to another home, while its unmodified client is signed in at the old one. */
import { join } from 'node:path'
import t from 'tap'
import { Communicator, noCommunicator } from '../../support/communicator.ts'
import { withLab } from '../../support/lab.ts'
import { ownFiles } from '../../support/own-folder.ts'

const twoHomes = `name: two-homes
about: Two Standard Edition servers.
profile: lcs2005
authentication: { ntlm: on }
domain: lab.test
hosts:
  se1: { role: standard-edition }
  se2: { role: standard-edition }
users:
  alice: { password: alice-2005, home: se1 }
`

t.test(
  'a client whose user is moved is signed off, and signs in at the new home',
  { skip: noCommunicator },
  async (t) => {
    const lab = await withLab(t, join(ownFiles(t, { 'two-homes.yaml': twoHomes }), 'two-homes.yaml'))
    const at = (node: string): Communicator => {
      const { fqdn, listeners } = lab.node(node)
      const listener = listeners.find(({ transport }) => transport === 'tls')
      if (listener === undefined) throw new Error(`${node} has no TLS listener`)
      return new Communicator(t, lab, {
        user: 'alice',
        server: `${fqdn}:${listener.port}`,
        transport: 'tls',
        ca: lab.ready.trust.internal,
        resolve: [`${fqdn}=${listener.address}`],
      })
    }
    const alice = at('se1')
    await alice.wait('signed-on')
    const moved = await lab.run('users', 'add', 'sip:alice@lab.test', '--password', 'alice-2005', '--home', 'se2')
    t.equal(moved.status, 0, moved.stderr)
    t.match(await alice.wait('connection-error'), { reason: /user moved|rejected/ })
    const again = at('se2')
    await again.wait('signed-on')
    t.equal(await again.quit(), 0)
  },
)
