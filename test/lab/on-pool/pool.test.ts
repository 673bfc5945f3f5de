/**
 * Two front ends behind a balancer: any of them serves any user, and the loss of one takes no registration and no call.
 */
import t from 'tap'
import type { Test } from 'tap'
import type { Phone } from '../../../src/phone/index.ts'
import { sharedLab } from '../../support/lab.ts'
import type { TestLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'
import { turns } from '../../support/turns.ts'
import { until } from '../../support/until.ts'

t.test('siplab up pool', async (t) => {
  const lab = await sharedLab('pool')

  async function signedIn(t: Test, user: string, at: string, transport: 'tls' | 'tcp' = 'tls'): Promise<Phone> {
    const phone = phoneOf(t, lab, user, { at, transport, autoAnswer: true })
    await phone.signIn()
    return phone
  }

  t.test('a MESSAGE for a user on the other front end arrives there', async (t) => {
    const alice = await signedIn(t, 'alice', 'fe1')
    const bob = await signedIn(t, 'bob', 'fe2')
    await alice.message(bob.uri, 'from fe1 to fe2')
    t.match(await bob.nextMessage(), { text: 'from fe1 to fe2', from: 'sip:alice@lab.test' })
    await bob.message(alice.uri, 'and back')
    t.match(await alice.nextMessage(), { text: 'and back' })
  })

  t.test('a call between the front ends is hung up from either end', async (t) => {
    const alice = await signedIn(t, 'alice', 'fe1', 'tcp')
    const bob = await signedIn(t, 'bob', 'fe2')
    const first = alice.call(bob.uri)
    await first.established
    await bob.calls[0]?.hangUp()
    t.match(await first.ended, { by: 'them', how: 'bye' })
    const second = bob.call(alice.uri)
    await second.established
    await second.hangUp()
    t.match(await second.ended, { by: 'us', how: 'bye' })
  })

  t.test('the load balancer leads to one of them', async (t) => {
    const carol = await signedIn(t, 'carol', 'pool')
    const dave = await signedIn(t, 'dave', 'pool')
    await carol.message(dave.uri, 'through the pool name')
    t.match(await dave.nextMessage(), { text: 'through the pool name' })
  })

  t.test('calls go on through the survivor when a front end is killed', async (t) => {
    const [alice, bob] = [await signedIn(t, 'alice', 'pool'), await signedIn(t, 'bob', 'pool')]
    const first = await nodeOf(lab, alice)
    await survives(t, [alice, bob], first)

    await lab.run('node', 'start', first)
    const second = await nodeOf(lab, alice)
    t.equal(await nodeOf(lab, bob), second, 'both are on the survivor')
    await survives(t, [alice, bob], second)
    await lab.run('node', 'start', second)
  })

  t.test('siplab drain takes a front end out and loses nothing', async (t) => {
    const [alice, bob] = [await signedIn(t, 'alice', 'pool'), await signedIn(t, 'bob', 'pool')]
    const victim = await nodeOf(lab, alice)
    const call = alice.call(bob.uri)
    await call.established
    const answers: string[] = []
    let drained = false
    /** Flows that were lost or are there again. */
    let moves = 0
    for (const phone of [alice, bob]) phone.onNotice = () => moves++
    const talking = (async () => {
      while (!drained) answers.push(await carol())
    })()
    t.equal((await lab.run('drain', victim)).status, 0)
    drained = true
    await talking
    t.strictSame([...new Set(answers)], ['200'], `${answers.length} messages while ${victim} was drained`)
    await until(async () =>
      (await Promise.all([alice, bob].map((phone) => nodeOf(lab, phone)))).every(
        (node) => node !== '' && node !== victim,
      ),
    )
    t.match(await call.renew(), { status: 200 })
    await call.hangUp()
    const status = await lab.run('status', '--json')
    t.match(
      (JSON.parse(status.stdout) as { readonly nodes: unknown[] }).nodes.find(
        (node) => (node as { readonly name: string }).name === victim,
      ),
      { state: 'draining' },
    )
    await lab.run('node', 'restart', victim)

    /** From and to a phone on the other front end: what is in progress there is nobody's loss. */
    async function carol(): Promise<string> {
      const before = moves
      const isStill = (): boolean => alice.signedIn && bob.signedIn && moves === before
      return alice.message(bob.uri, 'are you there').then(
        ({ status: code }) => String(code),
        async (error: unknown) => {
          // The answer may be read before the loss of the other flow, which is there already.
          await turns(20)
          return isStill() ? String(error) : '200'
        },
      )
    }
  })

  /** Two calls, one each way; the front end dies; each side hangs one up. */
  async function survives(t: Test, [alice, bob]: readonly [Phone, Phone], victim: string): Promise<void> {
    const out = alice.call(bob.uri)
    const back = bob.call(alice.uri)
    await Promise.all([out.established, back.established])
    const ends = [...alice.calls, ...bob.calls]
    t.equal(ends.length, 4)
    await lab.kill(victim)
    await until(async () =>
      (await Promise.all([alice, bob].map((phone) => nodeOf(lab, phone)))).every(
        (node) => node !== '' && node !== victim,
      ),
    )
    t.match([await out.renew(), await back.renew()], [{ status: 200 }, { status: 200 }], 're-INVITEs arrive')
    await out.hangUp()
    await back.hangUp()
    t.match(
      await Promise.all(ends.map((end) => end.ended)),
      ends.map(() => ({ how: 'bye' })),
      `every end of both calls is told after the loss of ${victim}`,
    )
  }
})

/** The front end that holds the flow of a phone; empty: none does. */
async function nodeOf(lab: TestLab, { uri }: Phone): Promise<string> {
  const rows =
    await lab.json<readonly { readonly aor: string; readonly node: string; readonly flow?: string }[]>('registrations')
  return rows.find(({ aor, flow }) => aor === uri && flow !== undefined)?.node ?? ''
}
