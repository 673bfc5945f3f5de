/** A pool whose databases fail: what its users see, and that nobody restarts anything. */
import t from 'tap'
import { postgresqlMissing } from '../support/postgresql.ts'
import { type TestLab, withLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { until } from '../support/until.ts'

const missing = await postgresqlMissing()

interface Standing {
  readonly state: string
  readonly verdicts: readonly { readonly code: string }[]
}

async function stepOf(lab: TestLab, target: string, step: string): Promise<unknown> {
  const { stdout } = await lab.run('check', target, '--json')
  const { steps } = JSON.parse(stdout) as { readonly steps: readonly { readonly id: string }[] }
  return steps.find(({ id }) => id === step)
}

t.test('a pool on a private PostgreSQL', { skip: missing ?? false }, async (t) => {
  const lab = await withLab(t, 'pool')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls', autoAnswer: true })
  const bob = phoneOf(t, lab, 'bob', { at: 'fe2', transport: 'tls', autoAnswer: true })
  for (const phone of [alice, bob]) await phone.signIn()
  await alice.message(bob.uri, 'each front end has now asked for both')
  await bob.message(alice.uri, 'and remembers them')

  t.test('serves whom it knows while the pool store is away, and acknowledges nothing', async (t) => {
    t.equal((await lab.run('break', 'store', 'down')).status, 0)
    t.match(await alice.message(bob.uri, 'from what is still known'), { status: 200 })
    const call = alice.call(bob.uri)
    await call.established
    await call.hangUp()
    const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
    await t.rejects(carol.signIn(), { message: /answered 504/ })
    // A client sees no more than the 504: the check asks the node why.
    t.match(await stepOf(lab, 'fe1', 'store.fe1'), {
      outcome: 'warning',
      code: 'store.unreachable',
      remedy: /siplab heal store/,
    })
    t.match((await lab.run('status')).stdout, /fe1: store\.unreachable: .*siplab heal store/)
    t.equal((await lab.run('heal', 'store')).status, 0)
    await carol.signIn()
    t.match(await alice.message(carol.uri, 'back without a restart'), { status: 200 })
  })

  t.test('a slow store is slow until it is healed, after a restart of PostgreSQL too', async (t) => {
    t.equal((await lab.run('break', 'store', 'slow')).status, 0)
    t.match(await lab.json('node', 'restart', 'sql'), { state: 'degraded', verdicts: [{ code: 'store.slow' }] })
    t.equal((await lab.run('heal', 'store')).status, 0)
    t.match(await lab.json('node', 'restart', 'sql'), { state: 'ready' })
    t.match(await alice.message(bob.uri, 'fast again'), { status: 200 })
  })

  t.test('serves whom it knows while the directory is away', async (t) => {
    t.equal((await lab.run('break', 'directory', 'connections')).status, 0)
    t.match(await bob.message(alice.uri, 'hello'), { status: 200 })
    const dave = phoneOf(t, lab, 'dave', { at: 'fe1', transport: 'tls' })
    await t.rejects(dave.signIn(), { message: /answered 504/ })
    t.equal((await lab.run('heal', 'directory')).status, 0)
    await dave.signIn()
  })

  t.test('a front end that is started while PostgreSQL does not run serves when it runs again', async (t) => {
    await lab.json('node', 'stop', 'sql')
    const { state, verdicts } = await lab.json<Standing>('node', 'restart', 'fe1')
    // The latest stands first, and both are tried at once.
    t.same(
      [state, ...verdicts.map(({ code }) => code).toSorted()],
      ['degraded', 'directory.unreachable', 'store.unreachable'],
    )
    const dave = phoneOf(t, lab, 'dave', { at: 'fe1', transport: 'tls' })
    await t.rejects(dave.signIn(), { message: /answered 504/ })
    await lab.json('node', 'start', 'sql')
    await until(async () => (await lab.run('status')).status === 0)
    await dave.signIn()
  })

  t.test('a second front end without a certificate does not start, and says why', async (t) => {
    for (const reference of ['listener', 'default-outgoing']) await lab.run('unassign', 'fe2', reference, '--force')
    t.equal((await lab.run('node', 'restart', 'fe2')).status, 1)
    t.match(
      await lab.change((change) => change.event === 'node-stopped' && change.node === 'fe2' && change.exit === 1),
      { verdict: { code: 'config.certificate-unassigned' } },
    )
  })
})
