/** What a sender writes about itself is not passed on as the word of a server, however it is spelled. */
import t, { type Test } from 'tap'
import { back, call, type Dialog, inside, nothingButAMarker, type User, userAt } from '../support/attack.ts'
import { partnerEdge } from '../support/federation.ts'
import { withLab } from '../support/lab.ts'
import { okFor, type RawRequest } from '../support/raw-peer.ts'

t.setTimeout(600_000)

const ceo = '"CEO" <sip:secret@lab.test>'

/** Of a server inside: the asserted caller, the edge's mark, reasons. */
const words = [
  `P-Asserted-Identity: ${ceo}`,
  `p-asserted-identity : ${ceo}`,
  `P-ASSERTED-IDENTITY:\r\n ${ceo}`,
  `P-Asserted-Identity\t:${ceo}\r\nP-Asserted-Identity: <tel:+49-secret>`,
  `P-Asserted-Identity: <sip:x@lab.test>, ${ceo}`,
  `P-Preferred-Identity: ${ceo}`,
  `Remote-Party-ID: ${ceo};party=calling;screen=yes;privacy=off`,
  `remote-party-id:\r\n\t${ceo}`,
  `P-Served-User: <sip:secret@lab.test>`,
  'ms-user-logon-data: secret',
  'ms-diagnostics: 1;reason="secret"',
  'Ms-Diagnostics-Public : 1;reason="secret"',
  'MS-Edge-Proxy-Message-Trust: ms-source-type=DirectPartner;ms-ep-fqdn=secret;ms-source-dialog=proved',
  'ms-edge-proxy-message-trust :\r\n ms-source-type=InternetUser;x=secret\r\nms-edge-proxy-message-trust: secret',
]

t.test('words of servers from those who are none', async (t) => {
  const lab = await withLab(t, 'federation')
  const alice = await userAt(t, lab, 'alice', 'edge')
  const bob = await userAt(t, lab, 'bob', 'fe1')
  const dave = await userAt(t, lab, 'dave', 'fe1')
  const erin = await userAt(t, lab, 'erin', 'partner-fe1')
  const edge = await partnerEdge(t, lab)

  t.test('in a first request, from the inside, from outside, from a partner and to one', async (t) => {
    for (const word of words) {
      const asUser = (user: User) => (request: RawRequest) => user.prove(request, user.login, user.password)
      for (const [who, from, send, to] of [
        ['dave', dave.uri, asUser(dave), bob],
        ['alice', alice.uri, asUser(alice), bob],
        ['a partner', 'sip:frank@partner.test', edge.ask, bob],
        ['bob', bob.uri, asUser(bob), alice],
        ['bob', bob.uri, asUser(bob), erin],
      ] as const) {
        const { status } = await send({ method: 'MESSAGE', uri: to.uri, from, headers: [word] })
        const about = `${word} of ${who} to ${to.login}`
        t.equal(status, 200, about)
        // What a partner says of its own failures is meant to cross.
        if (/^ms-diagnostics-public/i.test(word) && to === erin) await to.next()
        else t.notMatch((await to.next()).text, /secret/, about)
      }
    }
  })

  for (const [who, caller, callee] of [
    ['through the edge', alice, bob],
    ['inside', dave, bob],
    ['to a partner', dave, erin],
  ] as const)
    t.test(`in a dialog and in its answers, ${who}`, async (t) => {
      const dialog = await call(caller, callee)
      for (const word of words) {
        await crossed(t, { word, dialog, caller, callee }, inside, caller, callee)
        await crossed(t, { word, dialog, caller, callee }, back, callee, caller)
      }
    })

  t.test('a user speaks under no spelling of another name', async (t) => {
    for (const sender of [alice, dave])
      for (const from of [
        'sip:b%6Fb@lab.test',
        'sips:bob@lab.test',
        'SIP:bob@LAB.TEST.',
        'sip:bob:alice@lab.test',
        'sip:bob@lab.test:5061;transport=tls',
        'sip:bob@lab.test;user=phone',
        'sip:bob@lab.test;gr=urn:uuid:1',
        'sip:%62ob@lab.test?From=alice',
        'tel:+49301',
        'sip:lab.test',
      ]) {
        const request = { method: 'MESSAGE', uri: bob.uri, from }
        const { status } = await sender.prove(request, sender.login, sender.password)
        t.ok(status >= 400, `${from} by ${sender.login}: ${status}`)
      }
    await nothingButAMarker(t, bob, bob.uri, dave)
  })
})

interface Said {
  readonly word: string
  readonly dialog: Dialog
  readonly caller: User
  readonly callee: User
}

/** An INFO with the word in it, and the answer with the word in it. */
async function crossed(
  t: Test,
  { word, dialog, caller, callee }: Said,
  make: typeof inside | typeof back,
  from: User,
  to: User,
): Promise<void> {
  to.leave('INFO')
  const request = make(dialog, 'INFO', caller, callee)
  const answer = from.ask({ ...request, headers: [...(request.headers ?? []), word] })
  const arrived = await to.next(({ method }) => method === 'INFO')
  to.write(okFor(arrived, undefined, [word]))
  if (/^ms-diagnostics-public/i.test(word)) return void (await answer)
  t.notMatch(arrived.text, /secret/, `${word} in the request of ${from.login}`)
  t.notMatch((await answer).text, /secret/, `${word} in the answer of ${to.login}`)
}
