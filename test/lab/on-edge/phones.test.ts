/** sip.js phones against the default lab: through the edge and inside, over every transport. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { Test } from 'tap'
import type { Phone, PhoneTransportName } from '../../../src/phone/index.ts'
import { PhoneError } from '../../../src/phone/index.ts'
import { siplab, siplabBin } from '../../support/command.ts'
import { sharedLab, type TestLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'
import { until } from '../../support/until.ts'

interface Binding {
  readonly aor: string
}

t.test('phones of the default lab', async (t) => {
  const lab = await sharedLab('edge')

  const outside: readonly PhoneTransportName[] = ['tls', 'wss']
  const inside: readonly PhoneTransportName[] = ['tls', 'tcp', 'wss']

  for (const transport of outside) {
    t.test(`a remote phone over ${transport} signs in, writes, is written to, calls and is called`, async (t) => {
      const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport })
      const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
      t.match(await alice.signIn(), { redirects: 0, target: { host: 'sip.lab.test', transport } })
      await carol.signIn()
      await converse(t, alice, carol)
    })
  }

  for (const transport of inside) {
    t.test(`an inside phone over ${transport} signs in, writes, is written to, calls and is called`, async (t) => {
      const dave = phoneOf(t, lab, 'dave', { at: 'fe1', transport })
      const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
      t.match(await dave.signIn(), { redirects: 0, target: { host: 'fe1.lab.test', transport } })
      await carol.signIn()
      await converse(t, dave, carol)
    })
  }

  t.test('two remote phones reach each other through the edge', async (t) => {
    const { alice, bob } = await remotePair(t, lab)
    await converse(t, alice, bob)
  })

  t.test('the called end may hang up', async (t) => {
    const { alice, bob } = await remotePair(t, lab)
    const { call, answered } = await connect(alice, bob)
    await answered.hangUp()
    t.match(await call.ended, { by: 'them', how: 'bye' })
  })

  t.test('a call that rings is cancelled', async (t) => {
    const { alice, bob } = await remotePair(t, lab)
    const call = alice.call(bob.uri)
    const ringing = await bob.nextCall()
    t.match(await call.cancel(), { by: 'us', how: 'cancel', answer: { status: 487 } })
    t.match(await ringing.ended, { by: 'them', how: 'cancel' })
    await t.rejects(call.established, { code: 'phone.cancelled' })
  })

  t.test('a busy phone answers 486', async (t) => {
    const { alice, bob } = await remotePair(t, lab)
    const call = alice.call(bob.uri)
    await (await bob.nextCall()).reject(486)
    await t.rejects(call.established, { code: 'phone.refused', status: 486, reason: 'Busy Here' })
    t.match(await call.ended, { by: 'them', how: 'refused', answer: { status: 486 } })
  })

  t.test('the inside sees who calls, as the home server vouches for it', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
    await Promise.all([alice.signIn(), carol.signIn()])
    await alice.message(carol.uri, 'who am I')
    const received = await carol.nextMessage()
    t.match(received.header('P-Asserted-Identity'), /sip:alice@lab\.test/)
  })

  t.test('a watcher outside extends its subscription along the route of the NOTIFY', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    await alice.signIn()
    const documents: string[] = []
    const watch = await alice.watch('sip:bob@lab.test', (document) => documents.push(document))
    await until(() => documents.length > 0)
    const before = documents.length
    t.match(await watch.refresh(), { status: 200 })
    // At least one more: what bob does meanwhile comes too.
    await until(() => documents.length > before)
    watch.end()
  })

  t.test('a wrong password is refused', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls', password: 'wrong' })
    const error = await alice.signIn().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.type(error, PhoneError)
    t.match(error, { code: 'phone.refused', status: 401 })
    t.equal(alice.signedIn, false)
  })

  t.test('a user without the right to come from outside is refused at the edge and welcome inside', async (t) => {
    const remote = phoneOf(t, lab, 'dave', { at: 'edge', transport: 'tls' })
    await t.rejects(remote.signIn(), { code: 'phone.refused', status: 403, diagnostics: /^4003;/ })
    const log = join(lab.data, 'nodes', 'director', 'node.log')
    await t.resolves(
      until(() => /REGISTER sip:lab\.test: 403 auth\.remote-not-allowed/.test(readFileSync(log, 'utf8'))),
      'the director says why',
    )
    const local = phoneOf(t, lab, 'dave', { at: 'fe1', transport: 'tls' })
    t.match(await local.signIn(), { redirects: 0 })
  })

  for (const transport of ['tls', 'tcp'] as const) {
    t.test(`the director sends an inside phone over ${transport} to its home pool with 301`, async (t) => {
      const carol = phoneOf(t, lab, 'carol', { at: 'director', transport })
      t.match(await carol.signIn(), { redirects: 1, target: { host: 'pool.lab.test', transport } })
      const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
      await alice.signIn()
      await converse(t, alice, carol)
    })
  }

  t.test('signing out removes the own Contact and no other', async (t) => {
    const desk = phoneOf(t, lab, 'bob', { at: 'fe1', transport: 'tls' })
    const mobile = phoneOf(t, lab, 'bob', { at: 'edge', transport: 'wss' })
    await desk.signIn()
    t.equal((await mobile.signIn()).contacts.length, 2)
    await mobile.signOut()
    t.equal(mobile.signedIn, false)
    const bindings = await lab.json<readonly Binding[]>('registrations')
    t.equal(bindings.filter(({ aor }) => aor === 'sip:bob@lab.test').length, 1, 'the desk phone is still there')
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    await alice.signIn()
    await alice.message(desk.uri, 'still there?')
    t.match(await desk.nextMessage(), { text: 'still there?' })
  })

  t.test('signing in again renews the one Contact', async (t) => {
    const dave = phoneOf(t, lab, 'dave', { at: 'fe1', transport: 'tls' })
    await Promise.all([dave.signIn(), dave.signIn()])
    t.equal((await dave.signIn()).contacts.length, 1)
    await dave.signOut()
    await t.rejects(dave.signOut(), { code: 'phone.not-so' })
    t.match(await dave.signIn(), { contacts: [/expires=/] })
  })

  t.test('a user nobody signed in as cannot be reached', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    await alice.signIn()
    await t.rejects(alice.message('sip:carol@lab.test', 'hello'), { code: 'phone.refused', status: 480 })
    await t.rejects(alice.message('sip:nobody@lab.test', 'hello'), { code: 'phone.refused', status: 404 })
  })

  t.test('a phone that loses its flow signs in again by itself', async (t) => {
    const { alice, bob } = await remotePair(t, lab)
    const again = new Promise((resolve) => {
      bob.onNotice = (notice) => {
        if (notice.kind === 'signed-in-again') resolve(notice)
      }
    })
    bob.breakFlow()
    await again
    await alice.message(bob.uri, 'welcome back')
    t.match(await bob.nextMessage(), { text: 'welcome back' })
  })

  t.test('a phone that trusts another root refuses the edge and names the reason', async (t) => {
    const { internal } = lab.ready.trust
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls', ca: [readFileSync(internal ?? '', 'utf8')] })
    await t.rejects(alice.signIn(), { code: /^chain\./, verdict: { certificate: { subject: /sip\.lab\.test/ } } })
  })

  t.test('siplab phone', async (t) => {
    t.test('a script writes to and calls an echo, which signs out on Ctrl-C', async (t) => {
      const echo = phoneProcess(t, lab, '--as', 'carol', '--echo')
      await until(() => echo.told.length > 0)
      const alice = phoneProcess(t, lab, '--as', 'alice', '--outside')
      alice.say('message sip:carol@lab.test grüße\n')
      // The echo and the 200 of what it answers come back by different connections, each in its own time.
      await until(() => alice.told.some(({ event }) => event === 'message'))
      alice.say('{"do":"call","to":"sip:carol@lab.test"}\nhang-up\nsign-out\nquit\n')
      t.strictSame(await alice.ended, [0, null])
      t.match(
        alice.told.filter(({ event }) => event !== 'message'),
        [
          { event: 'signed-in', target: /sip\.lab\.test/, phone: 1, user: 'sip:alice@lab.test' },
          { event: 'sent', to: 'sip:carol@lab.test', status: 200 },
          { event: 'calling', to: 'sip:carol@lab.test' },
          { event: 'established' },
          { event: 'ended', by: 'us', how: 'bye' },
          { event: 'signed-out' },
        ],
      )
      t.match(
        alice.told.filter(({ event }) => event === 'message'),
        [{ from: 'sip:carol@lab.test', text: 'grüße' }],
      )
      echo.interrupt()
      t.strictSame(await echo.ended, [0, null])
      t.match(echo.told, [
        { event: 'signed-in', target: /pool\.lab\.test/, redirects: 1 },
        { event: 'message' },
        { event: 'incoming-call' },
        { event: 'established' },
        { event: 'ended', by: 'them' },
      ])
      t.strictSame(
        (await lab.json<readonly Binding[]>('registrations')).filter(({ aor }) => aor === 'sip:carol@lab.test'),
        [],
      )
    })

    t.test('what was refused is told, and the exit status is 1', async (t) => {
      const { status, stdout } = await siplab(['phone', '--as', 'bob', '--json', '--data', lab.data], {
        input: 'message sip:nobody@lab.test hello\nquit\n',
      })
      t.equal(status, 1)
      t.match(linesOf(stdout), [
        { event: 'signed-in' },
        { event: 'failed', do: 'message', code: 'phone.refused', status: 404, diagnostics: /^1003;/ },
      ])
    })

    t.test('any server is reached by its name, with the password from the environment', async (t) => {
      const edge = lab
        .node('edge')
        .listeners.find(({ face, transport, mutual }) => face === 'external' && transport === 'tls' && mutual === 'off')
      const options = [
        'phone',
        '--uri',
        'sip:alice@lab.test',
        '--password-env',
        'PHONE_PASSWORD',
        '--server',
        `sip.lab.test:${edge?.port}`,
        '--address',
        edge?.address ?? '',
        '--json',
      ]
      const environment = { PHONE_PASSWORD: 'alice-2005' }
      t.match(await siplab([...options, '--ca', lab.ready.trust.public ?? ''], { environment, input: '' }), {
        status: 0,
        stdout: /"event":"signed-in"/,
      })
      const refused = await siplab([...options, '--ca', lab.ready.trust.internal ?? ''], { environment, input: '' })
      t.match(linesOf(refused.stdout), [
        { event: 'failed', do: 'sign-in', code: /^chain\./, verdict: { direction: 'outgoing' } },
      ])
      t.equal(refused.status, 1)
    })

    t.test('a crowd signs in with accounts of its own and leaves nothing behind', async (t) => {
      const { status, stdout } = await siplab(['phone', '--count', '40', '--outside', '--json', '--data', lab.data], {
        input: '',
      })
      t.equal(status, 0)
      t.match(linesOf(stdout).at(-1), { event: 'crowd', phones: 40, signedIn: 40 })
      t.equal((await lab.json<readonly unknown[]>('users', 'list')).length, lab.ready.users.length)
      t.notMatch(JSON.stringify(await lab.json('registrations')), /crowd/)
    })

    t.test('a wrong command line is refused with what there is', async (t) => {
      t.match(await siplab(['phone', '--as', 'eve', '--data', lab.data], { input: '' }), {
        status: 2,
        stderr: /sip:eve@lab\.test.*sip:alice@lab\.test/,
      })
      t.match(await siplab(['phone', '--count', '5000', '--data', lab.data], { input: '' }), {
        status: 2,
        stderr: /--count: wanted a whole number from 1 to 1000/,
      })
      t.match(await siplab(['phone', '--as', 'alice', '--inside', '--outside', '--data', lab.data], { input: '' }), {
        status: 2,
      })
    })
  })
})

interface PhoneLine {
  readonly event: string
}

interface PhoneProcess {
  readonly told: readonly PhoneLine[]
  say(lines: string): void
  /** As Ctrl-C does. */
  interrupt(): void
  /** Its exit status and signal. */
  readonly ended: Promise<unknown>
}

/** `siplab phone` in a process of its own, whose next lines may depend on what it told. */
function phoneProcess(t: Test, lab: TestLab, ...args: readonly string[]): PhoneProcess {
  const command = [process.execPath, siplabBin, 'phone', ...args, '--json', '--data', lab.data]
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...command], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const told: PhoneLine[] = []
  createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line) as PhoneLine))
  return {
    told,
    say: (lines) => void child.stdin.write(lines),
    interrupt: () => void child.kill('SIGINT'),
    ended: once(child, 'close'),
  }
}

function linesOf(stdout: string): readonly PhoneLine[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PhoneLine)
}

async function remotePair(t: Test, lab: TestLab): Promise<{ readonly alice: Phone; readonly bob: Phone }> {
  const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
  const bob = phoneOf(t, lab, 'bob', { at: 'edge', transport: 'wss' })
  await Promise.all([alice.signIn(), bob.signIn()])
  return { alice, bob }
}

/** MESSAGE and INVITE–ACK–BYE, both ways. */
async function converse(t: Test, one: Phone, other: Phone): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    t.match(await from.message(to.uri, 'grüße'), { status: 200 }, `MESSAGE ${from.uri} -> ${to.uri}`)
    t.match(await to.nextMessage(), { from: from.uri, text: 'grüße', contentType: 'text/plain' })
    const { call, answered } = await connect(from, to)
    t.ok(call.progress.includes(180), `${to.uri} rang`)
    await call.hangUp()
    t.match(await answered.ended, { by: 'them', how: 'bye' }, `INVITE, ACK, BYE ${from.uri} -> ${to.uri}`)
  }
}

async function connect(
  from: Phone,
  to: Phone,
): Promise<{ readonly call: ReturnType<Phone['call']>; readonly answered: Awaited<ReturnType<Phone['nextCall']>> }> {
  const call = from.call(to.uri)
  const answered = await to.nextCall()
  await answered.answer()
  await call.established
  return { call, answered }
}
