/** The unmodified client and one of another organisation, through the edges of both. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, noCommunicator, seeEachOther } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { variation } from '../../support/variation.ts'

t.test('a Communicator and one of a federated partner', { skip: noCommunicator }, async (t) => {
  const { alice, erin } = await bothSignedOn(t, 'lcs2005')

  await t.test('send each other messages', async (t) => {
    alice.send({ cmd: 'im', to: 'erin@partner.test', text: 'hello erin' })
    const [received] = await Promise.all([erin.wait('im-received', { text: 'hello erin' }), alice.wait('im-delivered')])
    t.match(received, { from: /alice@lab\.test/ })
    erin.send({ cmd: 'im', to: 'alice@lab.test', text: 'hello alice' })
    const [back] = await Promise.all([alice.wait('im-received', { text: 'hello alice' }), erin.wait('im-delivered')])
    t.match(back, { from: /erin@partner\.test/ })
  })

  await t.test('see the status of each other in less than two seconds, once both have allowed it', async (t) => {
    // In the mode of 2005 the client writes its access list.
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

t.test('in the mode of 2007 a status is closed to a federated partner', { skip: noCommunicator }, async (t) => {
  const { alice, erin } = await bothSignedOn(t, 'ocs2007')
  const [one, other] = [
    { client: alice, address: 'alice@lab.test' },
    { client: erin, address: 'erin@partner.test' },
  ]
  await t.test('the name is seen, no status', async (t) => {
    // One after the other: this client ends its own session when an INVITE of the same person comes in, so two first
    // messages that cross are both lost.
    await closedTo(t, one, other)
    await closedTo(t, other, one)
  })
  await t.test('the subscription that waits shows it as soon as the user opens it, both ways', async (t) => {
    await Promise.all([opensFor(t, one, other), opensFor(t, other, one)])
  })
  await t.test('and no more when the user blocks it', async (t) => {
    const seen = alice.events.length
    erin.send({ cmd: 'access', who: one.address, level: 'Blocked' })
    const offline = { who: `sip:${other.address}`, presence: { online: false } }
    t.match(await alice.wait('presence', offline, seen), { presence: { online: false } })
  })
  t.same(await Promise.all([alice.quit(), erin.quit()]), [0, 0])
})

interface Person {
  readonly client: Communicator
  /** `erin@partner.test` */
  readonly address: string
}

async function closedTo(
  t: Test,
  { client: watcher, address: own }: Person,
  { client, address }: Person,
): Promise<void> {
  const sent = watcher.events.length
  watcher.send({ cmd: 'add-buddy', who: address, group: 'Work' })
  await watcher.wait('sip', { dir: 'out', line: new RegExp(`^SUBSCRIBE sip:${address}`) }, sent)
  // What the other publishes now comes before the next message, and must not be seen.
  client.send({ cmd: 'status', status: 'busy', note: '' })
  await client.wait('sip', { dir: 'out', line: /^SERVICE / }, client.events.length)
  client.send({ cmd: 'im', to: own, text: 'closed' })
  await watcher.wait('im-received', { text: 'closed' })
  const shown = watcher.events.filter(({ event, who }) => event === 'presence' && who === `sip:${address}`)
  t.same(
    shown.filter(({ presence }) => (presence as { readonly online?: boolean }).online === true),
    [],
  )
}

async function opensFor(t: Test, { client: watcher, address: to }: Person, { client, address }: Person): Promise<void> {
  const [seen, said] = [watcher.events.length, watcher.events.length]
  client.send({ cmd: 'access', who: to, level: 'Public' })
  const status = { who: `sip:${address}`, presence: { status: 'busy' } }
  t.match(await watcher.wait('presence', status, seen), { presence: { online: true } })
  const subscribed = watcher.events
    .slice(said)
    .filter(({ event, line }) => event === 'sip' && /^SUBSCRIBE /.test(String(line)))
  t.same(subscribed, [], 'nothing was asked again')
}

/** Alice at home, and erin of the partner. */
async function bothSignedOn(
  t: Test,
  profile: string,
): Promise<{ readonly alice: Communicator; readonly erin: Communicator }> {
  const file = variation(t, 'federation', (lab) => {
    lab['profile'] = profile
    lab['authentication'] = { ntlm: 'on' }
  })
  const lab = await withLab(t, file)
  const alice = inside(t, lab, { user: 'alice', node: 'fe1', ca: lab.ready.trust.internal })
  const ca = join(lab.data, 'pki', 'partner.test', 'internal-root.pem')
  const erin = inside(t, lab, { user: 'erin', node: 'partner-fe1', ca })
  await Promise.all([alice.wait('buddy-list'), erin.wait('buddy-list')])
  return { alice, erin }
}

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
