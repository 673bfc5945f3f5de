/** Two organisations, each with its own authority: their users reach each other through both edges, and nobody else does. */
import t from 'tap'
import { PhoneError } from '../../src/phone/index.ts'
import { withLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'

t.setTimeout(120_000)

t.test('two federated organisations', async (t) => {
  const lab = await withLab(t, 'federation')
  const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
  const erin = phoneOf(t, lab, 'erin', { at: 'partner-fe1', transport: 'tls' })
  await Promise.all([alice.signIn(), erin.signIn()])

  t.test('a message crosses both edges', async (t) => {
    const arriving = erin.nextMessage()
    await alice.message(erin.uri, 'across')
    t.match(await arriving, { text: 'across' })
  })

  t.test('a message comes back the other way', async (t) => {
    const arriving = alice.nextMessage()
    await erin.message(alice.uri, 'back')
    t.match(await arriving, { text: 'back' })
  })

  t.test('a call is set up and ended across both', async (t) => {
    const call = alice.call(erin.uri)
    const ringing = await erin.nextCall()
    await ringing.answer()
    await call.established
    await call.hangUp()
    t.match(await ringing.ended, { by: 'them', how: 'bye' })
  })

  t.test('a domain nobody federates with is 504 with 1005 inside', async (t) => {
    const refused = await alice.message('sip:someone@third.test', 'hello').then(() => undefined, (error: unknown) => error)
    t.match(refused instanceof PhoneError ? refused : {}, { status: 504, diagnostics: /^1005;/ })
  })
})
