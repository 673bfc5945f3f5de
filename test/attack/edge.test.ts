/**
 * The borders of the default lab, live: who takes over, slips in or is relayed is refused, and everybody else served.
 */
import t from 'tap'
import { back, call, inside, nothingButAMarker, serverAt, sink, strangerAt, userAt } from '../support/attack.ts'
import { eventsOf } from '../support/events.ts'
import { metricsOf, withLab } from '../support/lab.ts'
import { okFor } from '../support/raw-peer.ts'

t.setTimeout(600_000)

t.test('borders of the default lab', async (t) => {
  const lab = await withLab(t, 'edge')
  const alice = await userAt(t, lab, 'alice', 'edge')
  const bob = await userAt(t, lab, 'bob', 'fe1')
  const dave = await userAt(t, lab, 'dave', 'fe1', 'tcp')
  const dialog = await call(alice, bob)

  t.test('requests inside a dialog pass from both ends, through the edge and straight', async (t) => {
    for (const method of ['INFO', 'MESSAGE', 'UPDATE']) {
      t.equal((await alice.ask(inside(dialog, method, alice, bob))).status, 200, `${method} of the caller`)
      t.equal((await bob.next()).method, method)
      t.equal((await bob.ask(back(dialog, method, alice, bob))).status, 200, `${method} of the callee`)
      t.equal((await alice.next()).method, method)
    }
  })

  t.test('the caller goes on by a new connection when it proves who it is', async (t) => {
    const fresh = await strangerAt(t, lab, 'edge')
    const info = inside(dialog, 'INFO', alice, bob)
    t.equal((await fresh.ask(info)).status, 401)
    t.equal((await fresh.prove({ ...info, cseq: 900 }, 'alice', alice.password)).status, 200)
    t.equal((await bob.next()).method, 'INFO')
    t.equal((await fresh.prove({ ...info, cseq: 910 }, 'bob', bob.password)).status, 403, 'not as somebody else')
    await nothingButAMarker(t, bob, bob.uri, dave)
  })

  t.test('the credentials of the sender do not reach the one it writes to', async (t) => {
    for (const sender of [alice, dave])
      for (const method of ['MESSAGE', 'INFO', 'SUBSCRIBE']) {
        const request = {
          method,
          uri: bob.uri,
          from: sender.uri,
          contact: sender.contact,
          headers: ['Event: dialog'],
        }
        const other =
          'Proxy-Authorization: Digest username="x", realm="other.test", nonce="n", uri="sip:x", response="r"'
        t.equal(
          (await sender.prove({ ...request, headers: [...request.headers, other] }, sender.login, sender.password))
            .status,
          200,
        )
        const arrived = await bob.next()
        t.equal(arrived.header('Authorization'), undefined, `${method} of ${sender.login}`)
        t.match(arrived.header('Proxy-Authorization'), /other\.test/, 'those of another realm pass')
      }
  })

  for (const [what, extra] of [
    ['takes over another user', { contact: alice.uri }],
    ['removes the bindings of another user', { headers: ['Contact: *', 'Expires: 0'] }],
  ] as const)
    t.test(`a token of a dialog neither ${what} nor opens a REGISTER`, async (t) => {
      for (const uri of ['sip:lab.test', 'sip:lab.test:5061;maddr=pool.lab.test;transport=tls'])
        for (const routes of [dialog.routes, dialog.routes.slice(1), dialog.routes.slice(2)])
          for (const [from, peer] of [
            [bob.uri, alice],
            [alice.uri, alice],
            [bob.uri, dave],
          ] as const) {
            const { status } = await peer.ask({
              method: 'REGISTER',
              uri,
              from,
              to: bob.uri,
              toTag: 'x',
              callId: dialog.callId,
              cseq: 1000,
              ...extra,
              headers: [...routes, ...('headers' in extra ? extra.headers : [])],
            })
            t.ok(status === 403 || status === 401, `${uri} as ${from}: ${status}`)
          }
      await nothingButAMarker(t, bob, bob.uri, dave)
      t.equal(alice.waiting, 0)
    })

  t.test('the takeover is an event whose verdict names the row', async (t) => {
    const found = (await eventsOf(lab, 'edge')).find(({ event }) => event === 'request.forbidden')
    t.match(found?.verdict, { code: 'law.refused', found: /row "never in a dialog"/ })
  })

  t.test('nobody speaks under another name in a dialog, nor with the route of somebody else', async (t) => {
    const stranger = await strangerAt(t, lab, 'fe1')
    const info = inside(dialog, 'MESSAGE', alice, bob)
    for (const [peer, change] of [
      [alice, { from: dave.uri }],
      [alice, { from: 'sip:ceo@partner.test' }],
      [alice, { fromTag: 'other' }],
      [alice, { toTag: 'other', from: dave.uri }],
      [dave, {}],
      [dave, { from: dave.uri }],
      [stranger, {}],
      [dave, { headers: dialog.routes.slice(-1) }],
      [dave, { headers: dialog.routesOfCallee }],
      [dave, { ...back(dialog, 'MESSAGE', alice, bob), headers: dialog.routes }],
    ] as const) {
      const { status } = await peer.ask({ ...info, cseq: 2000 + Math.floor(Math.random() * 1e6), ...change })
      t.ok(status === 403 || status === 401, `${JSON.stringify(change)}: ${status}`)
    }
    await nothingButAMarker(t, bob, bob.uri, dave)
    t.equal(alice.waiting, 0)
  })

  t.test('what one server sealed proves nothing at another', async (t) => {
    for (const [maker, value] of [...dialog.routes, ...dialog.routesOfCallee].entries())
      for (const [at, name, own] of [
        ['edge', 'sip.lab.test', /@(sip|edge)\.lab/],
        ['director', 'director.lab.test', /@director\.lab/],
        ['fe1', 'pool.lab.test', /@pool\.lab/],
      ] as const) {
        if (own.test(value)) continue
        const [user = ''] = /(?<=sip:)[^@]+(?=@)/.exec(value) ?? []
        const headers = [`Route: <sip:${user}@${name};lr>`]
        const stranger = await strangerAt(t, lab, at)
        stranger.say({ ...inside(dialog, 'ACK', alice, bob), uri: bob.contact, headers })
        const { status } = await stranger.ask({ ...inside(dialog, 'INFO', alice, bob), uri: bob.contact, headers })
        t.equal(status, 403, `value ${maker} at ${at}`)
        stranger.close()
      }
    await nothingButAMarker(t, bob, bob.uri, dave)
    t.equal(alice.waiting, 0)
  })

  t.test('a To tag lets no stranger in', async (t) => {
    for (const at of ['edge', 'fe1', 'director'])
      for (const from of ['sip:ceo@partner.test', bob.uri, 'sip:nobody@lab.test', 'tel:+49301'])
        for (const method of ['MESSAGE', 'INVITE', 'BYE', 'NOTIFY', 'PUBLISH']) {
          const stranger = await strangerAt(t, lab, at)
          const { status } = await stranger.ask({ method, uri: bob.uri, from, toTag: 'x', contact: stranger.contact })
          t.ok(status === 403 || status === 401, `${method} of ${from} at ${at}: ${status}`)
          stranger.close()
        }
    await nothingButAMarker(t, bob, bob.uri, dave)
  })

  t.test('no server sends anybody to a host that is none of ours', async (t) => {
    const target = await sink(t)
    const uri = `sip:x@${target.address}:${target.port};transport=tcp`
    const maddr = `sip:bob@lab.test;maddr=${target.address};transport=tcp`
    for (const at of ['fe1', 'director', 'edge'])
      for (const own of [
        `sip:${lab.node(at).fqdn};lr`,
        'sip:pool.lab.test;lr',
        'sip:lab.test;lr',
        `sip:x@${lab.node(at).fqdn};lr`,
      ])
        for (const [requestUri, route] of [
          [uri, `Route: <${own}>`],
          [uri.replace('x@', ''), `Route: <${own}>`],
          [bob.uri, `Route: <${own}>, <${uri};lr>`],
          [maddr, `Route: <${own}>`],
        ] as const)
          for (const peer of [await strangerAt(t, lab, at), at === 'edge' ? alice : dave])
            for (const method of ['OPTIONS', 'MESSAGE', 'INVITE']) {
              const from = peer === alice ? alice.uri : dave.uri
              const { status } = await peer.ask({
                method,
                uri: requestUri,
                from,
                toTag: 'x',
                headers: [route],
                contact: peer.contact,
              })
              // A maddr that names another host is not followed: bob gets what a user of ours writes to him.
              const isBobs = requestUri === maddr && peer !== alice && status === 200
              t.ok(status >= 400 || isBobs, `${method} ${requestUri} by ${route} at ${at}: ${status}`)
            }
    for (const peer of [alice, bob]) {
      const there = {
        ...(peer === alice ? inside(dialog, 'MESSAGE', alice, bob) : back(dialog, 'MESSAGE', alice, bob)),
      }
      const status = async (change: object): Promise<number> =>
        (await peer.ask({ ...there, cseq: 5000 + Math.floor(Math.random() * 1e6), ...change })).status
      await status({ uri })
      await status({ headers: [...(there.headers ?? []).slice(0, 1), `Route: <${uri};lr>`] })
      await status({ headers: [...(there.headers ?? []), `Route: <${uri};lr>`] })
    }
    t.equal(target.connections(), 0)
  })

  t.test('a stray ACK reaches nobody', async (t) => {
    while (bob.waiting > 0) await bob.next()
    for (const at of ['fe1', 'edge']) {
      const stranger = await strangerAt(t, lab, at)
      for (const [change, routes] of [
        [{}, []],
        [{ toTag: 'x' }, []],
        [{ toTag: 'x' }, ['Route: <sip:fe1.lab.test;lr>']],
        [{ toTag: dialog.toTag, fromTag: 'other', callId: dialog.callId }, dialog.routes],
        [{ toTag: dialog.toTag, callId: 'another' }, dialog.routes],
      ] as const)
        stranger.say({
          method: 'ACK',
          uri: bob.uri,
          from: alice.uri,
          callId: 'stray',
          body: 'hello',
          headers: routes,
          ...change,
        })
    }
    await nothingButAMarker(t, bob, bob.uri, dave)
  })

  t.test('a CANCEL or an answer counts from the peer of its transaction only', async (t) => {
    while (bob.waiting > 0) await bob.next()
    const carol = await userAt(t, lab, 'carol', 'fe1')
    bob.leave('INVITE')
    const callId = `ringing-${process.pid}`
    // The second INVITE, that with credentials, is the one that rings.
    const invite = { uri: bob.uri, from: alice.uri, callId, cseq: 2, contact: alice.contact }
    let hasEnded = false
    const answer = alice
      .prove({ ...invite, method: 'INVITE', cseq: 1 }, 'alice', alice.password)
      .finally(() => (hasEnded = true))
    const ringing = await bob.next(({ callId: found }) => found === callId)
    bob.write(okFor(ringing, undefined).replace('SIP/2.0 200 OK', 'SIP/2.0 180 Ringing'))
    const outsiders = [await strangerAt(t, lab, 'edge'), await strangerAt(t, lab, 'director'), carol, dave]
    for (const via of ringing.headers('Via'))
      for (const outsider of outsiders)
        t.equal((await outsider.ask({ ...invite, method: 'CANCEL', via })).status, 481, `CANCEL with Via ${via}`)
    const foreign = async (): Promise<number> => {
      const { foreignMessages = -1 } = await metricsOf(lab, 'fe1')
      return foreignMessages
    }
    const before = await foreign()
    for (const forger of [carol, dave])
      forger.write(okFor(ringing, bob.contact).replace('SIP/2.0 200 OK', 'SIP/2.0 200 FORGED'))
    await nothingButAMarker(t, bob, bob.uri, carol)
    await nothingButAMarker(t, bob, bob.uri, dave)
    t.equal((await foreign()) - before, 2, 'both forged answers are counted')
    t.equal(hasEnded, false, 'the call still rings')
    t.equal((await alice.ask({ ...invite, method: 'CANCEL' })).status, 200)
    t.equal((await bob.next()).method, 'CANCEL')
    bob.write(okFor(ringing, undefined).replace('SIP/2.0 200 OK', 'SIP/2.0 487 Request Terminated'))
    t.equal((await answer).status, 487)
  })

  t.test('the inside face takes no server name under the public CA', async (t) => {
    const statusOf = async (authority: 'internal' | 'public'): Promise<number | string> => {
      try {
        const peer = await serverAt(t, lab, { at: 'edge', name: 'director.lab.test', authority })
        return (await peer.ask({ method: 'OPTIONS', uri: 'sip:lab.test', from: 'sip:probe@lab.test' })).status
      } catch (error) {
        if (error instanceof Error && /closed|ECONNRESET|EPIPE/.test(error.message)) return 'refused'
        throw error
      }
    }
    t.equal(await statusOf('public'), 'refused')
    t.type(await statusOf('internal'), 'number')
  })
})
