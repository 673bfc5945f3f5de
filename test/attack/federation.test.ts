/** A partner whose edge turns on us: it keeps its own dialogs, and gets nothing else. */
import t from 'tap'
import { nothingButAMarker, userAt } from '../support/attack.ts'
import { partnerEdge } from '../support/federation.ts'
import { withLab } from '../support/lab.ts'

t.setTimeout(600_000)

t.test('borders of the federated lab', async (t) => {
  const lab = await withLab(t, 'federation')
  const alice = await userAt(t, lab, 'alice', 'fe1')
  const bob = await userAt(t, lab, 'bob', 'fe1')
  const erin = 'sip:erin@partner.test'
  const edge = await partnerEdge(t, lab)
  const callId = `erin-${process.pid}`
  const invite = { method: 'INVITE', uri: alice.uri, from: erin, callId, contact: edge.contact }
  const answer = await edge.ask(invite)
  t.equal(answer.status, 200, 'erin calls alice')
  await alice.next()
  const routes = answer
    .addresses('Record-Route')
    .map(({ text }) => `Route: ${text}`)
    .toReversed()
  const toTag = answer.toTag ?? ''
  const remoteTarget = answer.addresses('Contact')[0]?.uri.text ?? ''
  const inside = { uri: remoteTarget, from: erin, to: alice.uri, toTag, callId, headers: routes }

  t.test('its own requests inside the dialog pass', async (t) => {
    edge.say({ method: 'ACK', ...inside })
    t.equal((await alice.next()).method, 'ACK')
    t.equal((await edge.ask({ method: 'INFO', ...inside, cseq: 2 })).status, 200)
    t.equal((await alice.next()).method, 'INFO')
  })

  t.test('its dialog registers nobody', async (t) => {
    for (const uri of ['sip:lab.test', 'sip:lab.test:5061;maddr=pool.lab.test;transport=tls'])
      for (const from of [bob.uri, erin])
        t.equal(
          (await edge.ask({ method: 'REGISTER', ...inside, uri, from, to: bob.uri, contact: erin, cseq: 4 })).status,
          403,
        )
    await nothingButAMarker(t, bob, bob.uri, alice)
  })

  t.test('it speaks for nobody but the user of the dialog', async (t) => {
    for (const from of ['sip:carol@lab.test', alice.uri, 'sip:frank@partner.test', 'sip:x@third.test'])
      t.equal((await edge.ask({ method: 'MESSAGE', ...inside, from, cseq: 5 })).status, 403, from)
    await nothingButAMarker(t, alice, alice.uri, bob)
  })

  t.test('it speaks under no name of another organisation outside the dialog in which it was called so', async (t) => {
    const ceo = 'sip:ceo@third.test'
    const callee = await userAt(t, lab, 'erin', 'partner-fe1')
    const called = `ceo-${process.pid}`
    const invite = { method: 'INVITE', uri: erin, from: bob.uri, to: ceo, callId: called, contact: bob.contact }
    t.equal((await bob.prove(invite, bob.login, bob.password)).status, 200, 'bob calls erin as somebody else')
    const values = (await callee.next()).addresses('Record-Route').map(({ text }) => `Route: ${text}`)
    const ours = values.slice(values.findIndex((value) => value.includes('sip.lab.test')))
    const ask = { from: ceo, fromTag: 'any', to: bob.uri, toTag: 'raw', callId: called }
    let cseq = 6
    for (const method of ['MESSAGE', 'INVITE', 'SUBSCRIBE'])
      for (const headers of [ours.slice(0, 2), [...ours.slice(0, 2), 'Route: <sip:director.lab.test;lr>']]) {
        const request = { method, ...ask, cseq: ++cseq, uri: alice.uri, headers: [...headers, 'Event: presence'] }
        t.equal((await edge.ask({ ...request, contact: edge.contact })).status, 403, `${method} to alice`)
      }
    await nothingButAMarker(t, alice, alice.uri, bob)
    t.equal(
      (await edge.ask({ method: 'INFO', ...ask, cseq: ++cseq, uri: bob.contact, headers: ours })).status,
      200,
      'to bob',
    )
    t.equal((await bob.next()).method, 'INFO')
  })

  t.test('nothing is relayed for it', async (t) => {
    for (const uri of ['sip:frank@partner.test', 'sip:x@127.0.0.1:9;transport=tcp', 'sip:x@third.test'])
      for (const headers of [routes, routes.slice(0, 1), []])
        for (const method of ['MESSAGE', 'OPTIONS']) {
          const { status } = await edge.ask({ method, ...inside, uri, headers, cseq: 6 })
          // By the whole route of the dialog it is for alice, whatever the Request-URI says.
          t.ok(
            status >= 403 || (status === 200 && headers === routes),
            `${method} ${uri} with ${headers.length} values: ${status}`,
          )
        }
    t.equal(edge.waiting, 0)
  })
})
