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
