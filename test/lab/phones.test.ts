/** sip.js phones against the default lab: through the edge and inside, over every transport. */
import t from 'tap'
import { phoneOf } from '../support/phones.ts'
import { withLab } from '../support/lab.ts'

t.test('phones of the default lab', async (t) => {
  const lab = await withLab(t, 'edge')

  t.test('a remote phone signs in over TLS and sends a MESSAGE inside', async (t) => {
    const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
    const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
    t.match(await alice.signIn(), { redirects: 0, target: { host: 'sip.lab.test' } })
    await carol.signIn()
    t.match(await alice.message('sip:carol@lab.test', 'grüße'), { status: 200 })
    t.match(await carol.nextMessage(), { from: 'sip:alice@lab.test', text: 'grüße', contentType: 'text/plain' })
  })
})
