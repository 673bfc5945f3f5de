// A lab in node:test: `node --test edge.test.mjs`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startLab } from 'siplab'

test('an expired certificate of the director closes the way in, and its renewal opens it again', async () => {
  await using lab = await startLab('edge')

  const alice = lab.phone('alice', { from: 'outside' })
  await alice.signIn()

  const { verdict, named } = await lab.break('director', 'expired', { as: 'server' })
  assert.equal(verdict?.code, 'cert.expired')
  assert.ok(named)
  assert.equal((await lab.verdict('edge->director'))?.code, 'cert.expired')

  await lab.heal('director')
  assert.equal(await lab.verdict('edge->director'), undefined)
  assert.equal((await lab.check('director', { as: 'edge' })).code, 'ok')
})
