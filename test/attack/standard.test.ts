/** The borders of a Standard Edition without certificates, over TCP and UDP. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { back, call, inside, nothingButAMarker, sink, strangerAt, userAt } from '../support/attack.ts'
import { withLab } from '../support/lab.ts'

t.setTimeout(600_000)

t.test('borders of a lab without certificates', async (t) => {
  const lab = await withLab(t, 'standard')
  const alice = await userAt(t, lab, 'alice', 'se', 'tcp')
  const bob = await userAt(t, lab, 'bob', 'se', 'tcp')
  const dialog = await call(alice, bob)

  t.test('requests inside a dialog pass from both ends', async (t) => {
    t.equal((await alice.ask(inside(dialog, 'INFO', alice, bob))).status, 200)
    t.equal((await bob.next()).method, 'INFO')
    t.equal((await bob.ask(back(dialog, 'BYE', alice, bob))).status, 200)
    t.equal((await alice.next()).method, 'BYE')
  })

  t.test('a token of the dialog registers nobody, and a To tag lets nobody in', async (t) => {
    const stranger = await strangerAt(t, lab, 'se', 'tcp')
    for (const headers of [dialog.routes, []])
      for (const method of ['REGISTER', 'MESSAGE', 'PUBLISH']) {
        const uri = method === 'REGISTER' ? 'sip:lab.test' : bob.uri
        const request = {
          method,
          uri,
          from: bob.uri,
          to: bob.uri,
          toTag: 'x',
          callId: dialog.callId,
          headers,
          cseq: 50,
        }
        const { status } = await stranger.ask({ ...request, contact: stranger.contact })
        t.ok(status === 401 || status === 403, `${method}: ${status}`)
      }
    await nothingButAMarker(t, bob, bob.uri, alice)
  })

  t.test('one datagram makes it send to nobody else', async (t) => {
    const node = lab.node('se')
    const listener = node.listeners.find(({ transport }) => transport === 'udp')
    if (listener === undefined) throw new Error('se has no UDP listener')
    const [target, victim, attacker] = [await sink(t), await datagrams(t), await datagrams(t)]
    for (const route of [`<sip:${node.fqdn};lr>`, '<sip:lab.test;lr>', `<sip:${listener.address};lr>`])
      for (const uri of [
        `sip:x@127.0.0.1:${victim.address().port};transport=udp`,
        `sip:127.0.0.1:${victim.address().port};transport=udp`,
        `sip:x@127.0.0.1:${target.port};transport=tcp`,
      ])
        for (const method of ['OPTIONS', 'MESSAGE', 'ACK']) {
          const callId = `${method}-${Math.random()}`
          attacker.send(datagram(method, uri, route, callId, attacker.address().port), listener.port, listener.address)
          if (method === 'ACK') continue
          const [answer] = (await once(attacker, 'message')) as [Buffer]
          t.match(answer.toString('latin1'), /^SIP\/2\.0 (401|403|404|504) /, `${method} ${uri}`)
        }
    // The last answer is behind everything that a request of before could have caused at once.
    await nothingButAMarker(t, bob, bob.uri, alice)
    t.same([target.connections(), victim.received()], [0, 0])
  })
})

interface Counting extends Socket {
  received(): number
}

async function datagrams(t: Test): Promise<Counting> {
  const socket = createSocket('udp4')
  let received = 0
  socket.on('message', () => received++)
  t.teardown(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(socket, { received: () => received })
}

function datagram(method: string, uri: string, route: string, callId: string, port: number): string {
  return (
    `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${callId}\r\nRoute: ${route}\r\n` +
    `From: <sip:alice@lab.test>;tag=a\r\nTo: <${uri}>;tag=x\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\n` +
    'Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n'
  )
}
