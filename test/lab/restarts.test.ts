/**
 * A director or an edge is killed, or stopped in order, in the middle of calls: what it was asked meanwhile is
 * answered, and the calls go on.
 */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { type Call, type Phone, PhoneError } from '../../src/phone/index.ts'
import { type TestLab, withLab } from '../support/lab.ts'
import { until } from '../support/until.ts'
import { phoneOf } from '../support/phones.ts'
import { guardMs } from '../support/guard.ts'

// A re-INVITE leaves a timer of sip.js behind that repeats for ever; everything of ours is closed by then.
t.teardown(() => void setTimeout(() => process.exit(), 1000).unref())

interface Talk {
  readonly caller: Call
  readonly called: Call
}

t.test('a server without a twin', async (t) => {
  const lab = await withLab(t, 'edge')
  const [alice, bob] = [await signedIn(t, lab, 'alice', 'edge'), await signedIn(t, lab, 'bob', 'edge')]
  const [carol, dave] = [await signedIn(t, lab, 'carol', 'fe1'), await signedIn(t, lab, 'dave', 'fe1')]

  t.test('an edge that was killed: calls are renewed and hung up from the inside and from the outside', async (t) => {
    const inward = [await talk(alice, carol), await talk(alice, carol)]
    const outward = [await talk(dave, bob), await talk(dave, bob)]
    await lab.kill('edge')
    t.match(await failure(carol.message(alice.uri, 'nobody there')), { status: 504 })
    await lab.run('node', 'start', 'edge')
    await reaches(carol, alice)
    await reaches(dave, bob)
    t.match(
      [await inward[0]?.called.renew(), await outward[0]?.called.renew()],
      [{ status: 200 }, { status: 200 }],
      're-INVITEs arrive from either side',
    )
    await hangUp([inward[0]?.caller, inward[1]?.called, outward[0]?.caller, outward[1]?.called])
    t.match(
      await endings([...inward, ...outward]),
      Array.from({ length: 8 }, () => ({ how: 'bye' })),
      'both ends of all calls are told',
    )
  })

  t.test('a client that came back while its edge lived: the call goes on by its new connection', async (t) => {
    const talks = [await talk(carol, alice), await talk(alice, carol)]
    alice.breakFlow()
    await reaches(carol, alice)
    await hangUp([talks[0]?.caller, talks[1]?.caller])
    t.match(
      await endings(talks),
      Array.from({ length: 4 }, () => ({ how: 'bye' })),
    )
  })

  t.test('a director that was killed: what is sent meanwhile is answered 504, and the next BYE arrives', async (t) => {
    const talks = [await talk(alice, carol), await talk(carol, alice)]
    await lab.kill('director')
    t.match(await failure(alice.message(carol.uri, 'nobody there')), { status: 504 })
    t.match(
      await failure(talks[0]?.caller.hangUp()),
      { status: 504 },
      'the user is told, and the other one hangs up later',
    )
    await lab.run('node', 'start', 'director')
    await reaches(alice, carol)
    t.match(await failure(talks[0]?.called.hangUp()), { status: 481 }, 'it arrives where that call has ended already')
    await talks[1]?.called.hangUp()
    t.match(await talks[1]?.caller.ended, { by: 'them', how: 'bye' })
  })

  t.test('the remedy that is printed for a stopped server starts it again, word for word', async (t) => {
    await lab.run('node', 'stop', 'director')
    t.match(await lab.run('check', 'director', '--json'), {
      status: 1,
      stdout: /"remedy": ?"start the node: siplab node start director"/,
    })
    const fix = async (): Promise<string | undefined> => {
      const { stdout } = await lab.run('status', '--json')
      return /"fix": ?"([^"]*siplab node start director)"/.exec(stdout)?.[1]
    }
    await until(async () => (await fix()) !== undefined)
    const commands = /: (siplab .*)$/.exec((await fix()) ?? '')?.[1]?.split('; ') ?? []
    t.ok(commands.length > 0)
    for (const command of commands) t.equal((await lab.run(...command.split(' ').slice(1))).status, 0, command)
    await reaches(alice, carol)
  })

  t.test('stopped in order, each answers what it has taken', async (t) => {
    for (const node of ['director', 'edge']) {
      const call = await talk(alice, carol)
      const answers = writing(alice, carol)
      await delay(100)
      t.equal((await lab.run('node', 'restart', node)).status, 0)
      await reaches(alice, carol)
      t.strictSame(await answers.lost(), [], `every message that was answered 200 while the ${node} restarted has come`)
      await hangUp([call.caller])
    }
  })
})

async function signedIn(t: Test, lab: TestLab, user: string, at: string): Promise<Phone> {
  const phone = phoneOf(t, lab, user, { at, transport: 'tls', autoAnswer: true })
  await phone.signIn()
  return phone
}

/** Up at both ends: what follows on the same connections comes after the ACK. */
async function talk(from: Phone, to: Phone): Promise<Talk> {
  const caller = from.call(to.uri)
  await caller.established
  await from.message(to.uri, 'we are talking')
  const called = to.calls.find(({ id }) => id === caller.id)
  if (called === undefined) throw new Error(`${to.uri} knows nothing of the call from ${from.uri}`)
  return { caller, called }
}

/** Messages one after the other until `lost` is asked; then the texts that were answered 200 and never came. */
function writing(from: Phone, to: Phone): { lost(): Promise<readonly string[]> } {
  const [answered, received] = [new Set<string>(), new Set<string>()]
  let isOver = false
  to.onMessage = ({ text }) => received.add(text)
  const work = (async () => {
    for (let at = 0; !isOver; at++) {
      await from.message(to.uri, `text ${at}`).then(
        () => answered.add(`text ${at}`),
        () => delay(20),
      )
    }
  })()
  return {
    async lost() {
      isOver = true
      await work
      to.onMessage = undefined
      return [...answered].filter((text) => !received.has(text))
    },
  }
}

/** One after the other: each BYE is answered. */
async function hangUp(calls: readonly (Call | undefined)[]): Promise<void> {
  for (const call of calls) await call?.hangUp()
}

function endings(talks: readonly Talk[]): Promise<unknown> {
  return Promise.all(talks.flatMap(({ caller, called }) => [caller.ended, called.ended]))
}

/** What kept a request from being answered well. */
async function failure(work: Promise<unknown> | undefined): Promise<PhoneError> {
  try {
    await work
  } catch (error) {
    if (error instanceof PhoneError) return error
    throw error
  }
  throw new Error('it was answered, and should not have been')
}

async function reaches(from: Phone, to: Phone): Promise<void> {
  for (const end = performance.now() + guardMs; performance.now() < end; await delay(50)) {
    if (
      from.signedIn &&
      to.signedIn &&
      (await from.message(to.uri, 'there again').then(
        () => true,
        () => false,
      ))
    )
      return
  }
  throw new Error(`${from.uri} does not reach ${to.uri} within ${guardMs} ms`)
}
