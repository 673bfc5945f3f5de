/** The unmodified client and one of another organisation, through the edges of both. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, noCommunicator, seeEachOther } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { variation } from '../../support/variation.ts'

t.test('a Communicator and one of a federated partner', { skip: noCommunicator }, async (t) => {
  // In the mode of 2005 the client can let a user of another organisation see it: `allow` writes its access list.
  const file = variation(t, 'federation', (lab) => {
    lab['profile'] = 'lcs2005'
    lab['authentication'] = { ntlm: 'on' }
  })
  const lab = await withLab(t, file)
  const [alice, erin] = [
    inside(t, lab, { user: 'alice', node: 'fe1', ca: lab.ready.trust.internal }),
    inside(t, lab, {
      user: 'erin',
      node: 'partner-fe1',
      ca: join(lab.data, 'pki', 'partner.test', 'internal-root.pem'),
    }),
  ]
  await Promise.all([alice.wait('buddy-list'), erin.wait('buddy-list')])

  await t.test('send each other messages', async (t) => {
    alice.send({ cmd: 'im', to: 'erin@partner.test', text: 'hello erin' })
    const [received] = await Promise.all([erin.wait('im-received', { text: 'hello erin' }), alice.wait('im-delivered')])
    t.match(received, { from: /alice@lab\.test/ })
    erin.send({ cmd: 'im', to: 'alice@lab.test', text: 'hello alice' })
    const [back] = await Promise.all([alice.wait('im-received', { text: 'hello alice' }), erin.wait('im-delivered')])
    t.match(back, { from: /erin@partner\.test/ })
  })

  await t.test('see the status of each other in less than two seconds, once both have allowed it', async (t) => {
    alice.send({ cmd: 'allow', who: 'erin@partner.test' })
    erin.send({ cmd: 'allow', who: 'alice@lab.test' })
    const [one, other] = [
      { client: alice, address: 'alice@lab.test' },
      { client: erin, address: 'erin@partner.test' },
    ]
    await seeEachOther(t, 'with a federated partner', one, other)
  })

  t.same(await Promise.all([alice.quit(), erin.quit()]), [0, 0])
})

interface Place {
  readonly user: string
  readonly node: string
  readonly ca: string | undefined
}

function inside(t: Test, lab: TestLab, { user, node, ca }: Place): Communicator {
  const { fqdn, listeners } = lab.node(node)
  const listener = listeners.find(({ transport }) => transport === 'tls')
  if (listener === undefined) throw new Error(`${node} has no TLS listener`)
  const pool = fqdn.replace(/^[^.]+/, 'pool')
  return new Communicator(t, lab, {
    user,
    server: `${pool}:${listener.port}`,
    transport: 'tls',
    ca,
    resolve: [`${pool}=${listener.address}`],
  })
}
