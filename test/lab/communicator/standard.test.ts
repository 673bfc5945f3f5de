/** The unmodified client at one Standard Edition server, over TCP. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { Communicator, type CommunicatorOptions, noCommunicator, seeEachOther } from '../../support/communicator.ts'
import { ownFiles } from '../../support/own-folder.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { withNtlm } from '../../support/variation.ts'

t.test('a Communicator at the Standard Edition', { skip: noCommunicator }, async (t) => {
  const lab = await withLab(t, withNtlm(t, 'standard'))

  for (const login of [undefined, 'bob', 'bob@lab.test', 'LAB\\bob'])
    t.test(`signs in with the login ${login ?? 'left out'}`, async (t) => {
      const bob = atStandard(t, lab, { user: 'bob', ...(login === undefined ? {} : { login }) })
      await bob.wait('signed-on')
      t.equal(await bob.quit(), 0)
    })

  t.test('is refused with a wrong password', async (t) => {
    const bob = atStandard(t, lab, { user: 'bob', password: 'wrong' })
    const { reason } = await bob.wait('connection-error')
    t.same([reason, await bob.ended], ['Authentication failed', 2])
  })

  t.test('talks with another, both ways', async (t) => {
    const [alice, bob] = [atStandard(t, lab, { user: 'alice' }), atStandard(t, lab, { user: 'bob' })]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    alice.send({ cmd: 'im', to: 'bob@lab.test', text: 'hello bob' })
    await Promise.all([bob.wait('im-received', { text: 'hello bob' }), alice.wait('im-delivered')])
    bob.send({ cmd: 'im', to: 'alice@lab.test', text: 'hello alice' })
    await alice.wait('im-received', { text: 'hello alice' })
    t.same([await alice.quit(), await bob.quit()], [0, 0])
  })

  t.test('keeps contacts over a sign-off, shows presence, and finds users', (t) => presenceStory(t, lab))

  t.test('sees the status of another in less than two seconds, both ways', async (t) => {
    const [carol, dave] = [atStandard(t, lab, { user: 'carol' }), atStandard(t, lab, { user: 'dave' })]
    await Promise.all([carol.wait('buddy-list'), dave.wait('buddy-list')])
    const [one, other] = [
      { client: carol, address: 'carol@lab.test' },
      { client: dave, address: 'dave@lab.test' },
    ]
    await seeEachOther(t, 'at the Standard Edition', one, other)
    t.same(await Promise.all([carol.quit(), dave.quit()]), [0, 0])
  })

  t.test(
    'is signed off when its account is disabled, may come back, and is signed off when it is removed',
    async (t) => {
      const dave = { uri: 'sip:dave@lab.test', password: 'dave-2005' }
      const users = async (...args: string[]): Promise<void> => {
        const { status, stderr } = await lab.run('users', ...args)
        t.equal(status, 0, stderr)
      }
      const client = (): Communicator => atStandard(t, lab, { user: 'dave', password: dave.password })
      await users('add', dave.uri, '--password', dave.password)
      const first = client()
      await first.wait('signed-on')
      await users('disable', dave.uri)
      t.match(await first.wait('connection-error'), { reason: /User disabled/, was_signed_on: true })
      t.match(await client().wait('connection-error'), { reason: /not enabled for SIP/, was_signed_on: false })
      await users('enable', dave.uri)
      const again = client()
      await again.wait('signed-on')
      await users('remove', dave.uri)
      t.match(await again.wait('connection-error'), { reason: /user disabled|rejected/ })
    },
  )
})

t.test('a Communicator in the mode of 2007', { skip: noCommunicator }, async (t) => {
  const directory = ownFiles(t, { 'se2007.yaml': standard2007 })
  const lab = await withLab(t, join(directory, 'se2007.yaml'))

  t.test('keeps contacts over a sign-off, shows presence, and finds users', (t) => presenceStory(t, lab))

  t.test('is shown as offline to one whom it blocks', async (t) => {
    const [alice, bob] = [atStandard(t, lab, { user: 'alice' }), atStandard(t, lab, { user: 'bob' })]
    await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
    await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: true } })
    const [seen, said] = [alice.events.length, bob.events.length]
    bob.send({ cmd: 'block', who: 'alice@lab.test' })
    await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: false } }, seen)
    // The client allows only whom it knows to be blocked: the server tells it with the next message.
    await bob.wait('sip', { dir: 'in', line: /^BENOTIFY / }, said)
    bob.send({ cmd: 'allow', who: 'alice@lab.test' })
    await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: true } }, alice.events.length)
    t.same([await alice.quit(), await bob.quit()], [0, 0])
  })
})

const standard2007 = `name: se2007
about: One Standard Edition server of 2007.
profile: ocs2007
authentication: { ntlm: on }
domain: lab.test
hosts: { se: { role: standard-edition } }
users:
  alice: { password: alice-2005, home: se }
  bob: { password: bob-2005, home: se }
  carol: { password: carol-2005, home: se }
`

async function presenceStory(t: Test, lab: TestLab): Promise<void> {
  const [alice, bob] = [atStandard(t, lab, { user: 'alice' }), atStandard(t, lab, { user: 'bob' })]
  await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
  await Promise.all([alice.wait('buddy-list'), bob.wait('buddy-list')])
  alice.send({ cmd: 'add-buddy', who: 'bob@lab.test', group: 'Work' })
  await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: true } })
  bob.send({ cmd: 'status', status: 'busy', note: 'in the lab' })
  await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { status: 'busy', text: /in the lab/ } })
  alice.send({ cmd: 'search', surname: 'carol' })
  await alice.wait('search-results', { count: 1 })
  const seen = alice.events.length
  await bob.quit()
  await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { status: 'offline' } }, seen)
  await alice.quit()
  const again = atStandard(t, lab, { user: 'alice' })
  await again.wait('buddy-list', { buddies: 1 })
  t.equal(await again.quit(), 0)
}

function atStandard(
  t: Test,
  lab: TestLab,
  options: Pick<CommunicatorOptions, 'user' | 'login' | 'password' | 'more'>,
): Communicator {
  const listener = lab.node('se').listeners.find(({ transport }) => transport === 'tcp')
  if (listener === undefined) throw new Error('se has no TCP listener')
  const name = lab.node('se').fqdn
  return new Communicator(t, lab, {
    ...options,
    server: `${name}:${listener.port}`,
    transport: 'tcp',
    resolve: [`${name}=${listener.address}`],
  })
}
