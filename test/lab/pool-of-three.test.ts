/** A pool grows by front ends: three of them on one database, each with a user of the others. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { postgresqlMissing } from '../support/postgresql.ts'

const missing = await postgresqlMissing()

t.test('three front ends share a pool', { skip: missing ?? false }, async (t) => {
  const file = join(t.testdir(), 'three.yaml')
  writeFileSync(
    file,
    `
name: three
about: Three front ends behind a load balancer share one SQL back end.
profile: lcs2005
domain: lab.test
store: postgres
hosts:
  pool: { role: load-balancer }
  fe1: { role: front-end }
  fe2: { role: front-end }
  fe3: { role: front-end }
  sql: { role: sql }
users:
  alice: { password: alice-2005, home: pool }
  bob: { password: bob-2005, home: pool }
  carol: { password: carol-2005, home: pool }
`,
  )
  const lab = await withLab(t, file)
  t.match(lab.ready, { event: 'ready' })
  const places = [
    ['alice', 'fe1'],
    ['bob', 'fe2'],
    ['carol', 'fe3'],
  ] as const
  const phones = places.map(([user, at]) => phoneOf(t, lab, user, { at, transport: 'tls', autoAnswer: true }))
  for (const phone of phones) await phone.signIn()

  t.test('a message reaches each user from each front end', async (t) => {
    for (const from of phones)
      for (const to of phones) if (from !== to) t.match(await from.message(to.uri, 'hello'), { status: 200 })
  })

  t.test('what the second held is with the third after a loss', async (t) => {
    const [alice, bob] = phones
    if (alice === undefined || bob === undefined) throw new Error('two phones')
    await lab.json('node', 'stop', 'fe2')
    const moved = phoneOf(t, lab, 'bob', { at: 'fe3', transport: 'tls', autoAnswer: true })
    await moved.signIn()
    t.match(await alice.message(moved.uri, 'still there'), { status: 200 })
    const call = alice.call(moved.uri)
    await call.established
    await call.hangUp()
  })
})
