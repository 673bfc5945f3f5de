/** Two front ends of a pool that lose sight of each other, while everybody else sees both. */
import t from 'tap'
import type { Test } from 'tap'
import { PhoneError, type Phone } from '../../../src/phone/index.ts'
import type { NodeStatus } from '../../../src/node/control/control-api.ts'
import { sharedLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'

/** Long before any timer of SIP (RFC 3261 §17.1.2.2 timer F: 32 s). */
const promptlyMs = 2_000

interface Status {
  readonly nodes: readonly { readonly name: string; readonly state: string; readonly status?: NodeStatus }[]
  readonly links: readonly { readonly link: string; readonly verdict?: { readonly code: string } }[]
}

t.test('a split between the front ends of a pool', async (t) => {
  const lab = await sharedLab('pool')
  const peak = { ms: 0 }

  async function signedIn(t: Test, user: string, at: string): Promise<Phone> {
    const phone = phoneOf(t, lab, user, { at, transport: 'tls', autoAnswer: true })
    await phone.signIn()
    return phone
  }

  /** What a request came to: `200`, or status, diagnostics and Retry-After of its refusal. */
  async function outcome(work: Promise<unknown>): Promise<string> {
    const began = performance.now()
    const told = await work.then(
      () => '200',
      (error: unknown) =>
        error instanceof PhoneError
          ? `${error.status} ${error.diagnostics
              ?.split(';')
              .filter((part) => /^\d|cause|PeerServer/.test(part))
              .join(' ')}`
          : String(error),
    )
    peak.ms = Math.max(peak.ms, performance.now() - began)
    return told
  }

  async function links(): Promise<readonly string[]> {
    const { links: down, nodes } = await lab.json<Status>('status')
    const watched = nodes.flatMap(({ name, status }) =>
      (status?.links ?? []).map(({ peer, state }) => `${name} ${peer} ${state}`),
    )
    return [...watched.sort(), ...down.map(({ link, verdict }) => `${link} ${verdict?.code}`)]
  }

  const [alice, carol] = [await signedIn(t, 'alice', 'fe1'), await signedIn(t, 'carol', 'fe1')]
  const [bob, dave] = [await signedIn(t, 'bob', 'fe2'), await signedIn(t, 'dave', 'fe2')]
  const underWay = alice.call(bob.uri)
  await underWay.established

  t.test(
    'in one direction: who asks on the side that can dial is served, the other side is refused with the reason',
    async (t) => {
      t.equal((await lab.run('break', 'fe1->fe2', 'cut')).status, 0)
      t.same(await outcome(bob.message(alice.uri, 'from where the link is whole')), '200')
      t.same(
        await outcome(alice.message(bob.uri, 'from the other side')),
        '504 1038 cause="link.cut" PeerServer="fe2.lab.test"',
      )
      t.same(await links(), ['fe1 fe2.lab.test down', 'fe2 fe1.lab.test up', 'fe1->fe2 link.cut'])
    },
  )

  t.test('in both: both front ends stay ready, and both links are told', async (t) => {
    t.equal((await lab.run('break', 'fe2->fe1', 'cut')).status, 0)
    const { nodes } = await lab.json<Status>('status')
    t.same(
      [await links(), nodes.filter(({ name }) => name.startsWith('fe')).map(({ state }) => state)],
      [
        ['fe1 fe2.lab.test down', 'fe2 fe1.lab.test down', 'fe1->fe2 link.cut', 'fe2->fe1 link.cut'],
        ['ready', 'ready'],
      ],
    )
    t.match((await lab.run('events', '--joined')).stdout, /fe2->fe1: link\.cut/)
    t.match((await lab.run('status')).stdout, /fe1->fe2: link\.cut.*The link is cut.*heal/i)
  })

  t.test('users of one side reach each other', async (t) => {
    t.same(
      [await outcome(alice.message(carol.uri, 'here')), await outcome(bob.message(dave.uri, 'and there'))],
      ['200', '200'],
    )
    const call = carol.call(alice.uri)
    t.equal(await outcome(call.established), '200')
    await call.hangUp()
  })

  t.test('users of the other side do not: 504, at once, and no 503', async (t) => {
    t.same(await outcome(carol.call(dave.uri).established), '504 1038 cause="link.cut" PeerServer="fe2.lab.test"')
    t.same(await outcome(dave.message(alice.uri, 'hello')), '504 1038 cause="link.cut" PeerServer="fe1.lab.test"')
    t.same(await outcome(underWay.renew()), '504 1038 cause="link.cut" PeerServer="fe2.lab.test"')
    t.ok(peak.ms < promptlyMs, `the slowest answer took ${Math.round(peak.ms)} ms`)
  })

  t.test(
    'a user with a second phone on the reachable side is reached there, whatever became of the first',
    async (t) => {
      const second = await signedIn(t, 'bob', 'fe1')
      t.equal(await outcome(alice.message(bob.uri, 'one of them')), '200')
      t.match(await second.nextMessage(), { text: 'one of them' })
      await second.signOut()
    },
  )

  t.test('a phone that changes sides is reached at its new place', async (t) => {
    bob.breakFlow()
    const moved = await signedIn(t, 'bob', 'fe1')
    t.equal(await outcome(carol.message(bob.uri, 'here now')), '200')
    t.match(await moved.nextMessage(), { text: 'here now' })
    await moved.signOut()
  })

  t.test('healed, everything is as before without a restart', async (t) => {
    t.same([(await lab.run('heal', 'fe1->fe2')).status, (await lab.run('heal', 'fe2->fe1')).status], [0, 0])
    t.same(await links(), ['fe1 fe2.lab.test up', 'fe2 fe1.lab.test up'])
    t.same(
      [await outcome(dave.message(carol.uri, 'across')), await outcome(carol.message(dave.uri, 'and back'))],
      ['200', '200'],
    )
    const call = carol.call(dave.uri)
    t.equal(await outcome(call.established), '200')
    await call.hangUp()
  })

  for (const [fault, amount, atLeastMs] of [
    ['delay', '300', 600],
    ['slow', '3000', 300],
  ] as const) {
    t.test(`a link with ${fault} is up, and what passes it only takes longer`, async (t) => {
      t.equal((await lab.run('break', 'fe1->fe2', fault, '--amount', amount)).status, 0)
      const began = performance.now()
      t.equal(await outcome(carol.message(dave.uri, fault)), '200')
      t.ok(performance.now() - began >= atLeastMs, `it took ${Math.round(performance.now() - began)} ms`)
      t.same(await links(), ['fe1 fe2.lab.test up', 'fe2 fe1.lab.test up'])
      t.equal((await lab.run('heal', 'fe1->fe2')).status, 0)
    })
  }
})
