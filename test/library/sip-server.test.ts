/** The SIP server of `siplab/sip`: real phones sign in, write and call through it. */
import t, { type Test } from 'tap'
import { openPhone, type Phone, type PhoneTransportName } from '../../src/phone/index.ts'
import {
  authenticate,
  digest,
  fixedUsers,
  localTargets,
  memoryLocation,
  openServer,
  registrar,
  type SipServer,
  systemClock,
} from '../../src/library/sip.ts'

const self = '127.0.0.1'
const domains = ['example.test']
const passwords: Readonly<Record<string, string>> = { alice: 'secret-a', bob: 'secret-b' }

async function serve(t: Test): Promise<SipServer> {
  const clock = systemClock
  const users = fixedUsers('example.test', passwords)
  const location = memoryLocation({ clock })
  const scheme = digest({ credentials: users, realm: 'example.test', clock, algorithms: ['SHA-256', 'MD5'] })
  const server = await openServer({
    name: self,
    domains,
    listeners: [
      { transport: 'tcp', address: self, port: 0 },
      { transport: 'ws', address: self, port: 0 },
    ],
    policies: ({ isOpen }) => [
      authenticate({ schemes: [scheme], realm: 'example.test', self, clock, accounts: users }),
      registrar({ location, accounts: users, domains, clock, self }),
      localTargets({ location, accounts: users, domains, self, isOpen }),
    ],
    onFlowClosed: (flow) => void location.removeFlow(flow.id),
  })
  t.teardown(async () => {
    location.close()
    await server.close()
  })
  return server
}

function phone(
  t: Test,
  server: SipServer,
  user: string,
  { transport = 'tcp', password = passwords[user] ?? '' }: { transport?: PhoneTransportName; password?: string } = {},
): Phone {
  const port = server.listeners.find(({ settings }) => settings.transport === transport)?.local.port ?? 0
  const opened = openPhone({
    user,
    domain: 'example.test',
    password,
    target: { host: self, address: self, port, transport },
  })
  t.teardown(() => opened.close())
  return opened
}

t.test('two phones sign in, and one writes to the other', async (t) => {
  const server = await serve(t)
  const [alice, bob] = [phone(t, server, 'alice'), phone(t, server, 'bob', { transport: 'ws' })]
  await Promise.all([alice.signIn(), bob.signIn()])
  await alice.message(bob.uri, 'hello')
  const { text, from } = await bob.nextMessage()
  t.strictSame([text, from], ['hello', alice.uri])
})

t.test('a call is set up, and its BYE finds the way back through the server', async (t) => {
  const server = await serve(t)
  const [alice, bob] = [phone(t, server, 'alice'), phone(t, server, 'bob', { transport: 'ws' })]
  await Promise.all([alice.signIn(), bob.signIn()])
  const outgoing = alice.call(bob.uri)
  const incoming = await bob.nextCall()
  await incoming.answer()
  await outgoing.established
  await incoming.hangUp()
  await outgoing.ended
  t.strictSame([alice.calls.length, bob.calls.length], [0, 0])
})

t.test('a wrong password registers no one', async (t) => {
  const server = await serve(t)
  await t.rejects(phone(t, server, 'alice', { password: 'wrong' }).signIn(), { code: 'phone.refused' })
})

t.test('a user who is not there is answered 480, and a name of no user 404', async (t) => {
  const server = await serve(t)
  const alice = phone(t, server, 'alice')
  await alice.signIn()
  await t.rejects(alice.message('sip:bob@example.test', 'hello'), /480/)
  await t.rejects(alice.message('sip:zed@example.test', 'hello'), /404/)
})

t.test('a request for another domain is not relayed', async (t) => {
  const server = await serve(t)
  const alice = phone(t, server, 'alice')
  await alice.signIn()
  await t.rejects(alice.message('sip:bob@elsewhere.test', 'hello'), /404/)
})

t.test('a port in use is an error that names it, and nothing stays open', async (t) => {
  const server = await serve(t)
  const port = server.listeners[0]?.local.port ?? 0
  const second = openServer({
    name: self,
    domains,
    listeners: [{ transport: 'tcp', address: self, port }],
    policies: () => [],
  })
  await t.rejects(second, { code: 'EADDRINUSE' })
})
