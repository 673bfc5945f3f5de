import t from 'tap'
import { nonces } from '../../../src/services/authentication/nonce.ts'

t.test('a nonce has one spelling: what the decoder passes over makes it another', async (t) => {
  const counted = nonces({ realm: 'lab.test', lifetimeMs: 300_000, limit: 10 })
  const nonce = counted.make(0)
  const spellings = [nonce, `${nonce}=`, `${nonce}${' '.repeat(60_000)}`, `!${nonce}`]
  t.same(
    spellings.map((spelling) => counted.isFresh(spelling, 0)),
    [true, false, false, false],
  )
})

t.test('a nonce that was used is not taken again when other uses have filled the table', async (t) => {
  const counted = nonces({ realm: 'lab.test', lifetimeMs: 300_000, limit: 10 })
  const used = counted.make(1000)
  t.equal(counted.use(used, 1, 1000), true)
  for (let at = 2000; at < 32_000; at += 1000) t.equal(counted.use(counted.make(at), 1, at), true)
  t.equal(counted.isFresh(used, 32_000), true)
  t.equal(counted.use(used, 1, 32_000), false)
  t.equal(counted.use(used, 2, 32_000), false, 'its client gets a new one')
})
