/** Requests inside a dialog at the two faces of an access proxy: who the sender is, and where they may go. */
import t from 'tap'
import { accessProxy } from '../../../src/roles/access-proxy.ts'
import { forbids } from '../../../src/roles/law/law.ts'
import type { RoleContext } from '../../../src/roles/role.ts'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import { Incoming } from '../../../src/sip/routing/arrival.ts'
import { type DialogRecord, encoded } from '../../../src/sip/routing/dialog-record.ts'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'
import { OwnNames } from '../../../src/sip/routing/own.ts'
import { preprocess } from '../../../src/sip/routing/preprocess.ts'
import type { Flow, FlowId, PeerClass } from '../../../src/sip/transport/flow.ts'
import type { AccessProxySettings } from '../../../src/topology/plan-types.ts'
import { testFlow } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const clock = new FakeClock()
const flows = new Map<FlowId, Flow>()
const tokens = new FlowTokens({
  node: 'edge.lab.test',
  key: Buffer.alloc(32, 7),
  flow: (id) => flows.get(id),
})

const settings: AccessProxySettings = {
  kind: 'access-proxy',
  domains: ['lab.test'],
  nextHop: { fqdn: 'director.lab.test', port: 5061 },
  internalServers: ['director.lab.test', 'fe1.lab.test'],
  allowOutsideUsers: true,
  allowClientsOnMtls: false,
  federation: {
    enabled: true,
    automatic: false,
    partners: [{ domain: 'partner.test', edge: 'sip.partner.test', verification: 'AlwaysVerifiable' }],
    providers: [],
    blockedDomains: [],
    allowedDomains: [],
    defaultRoute: undefined,
    markSourceVerifiable: true,
  },
}
const plan = {
  name: 'edge',
  fqdn: 'edge.lab.test',
  faces: [face('external', 'sip.lab.test'), face('internal', 'edge.lab.test')],
  listeners: [listener('internal', 'required'), listener('external', 'requested')],
}
const parts = accessProxy(
  { plan, flowTokens: tokens, resolver: { srv: async () => [] }, clock } as unknown as RoleContext,
  settings,
)
const law = forbids(new Map(Object.entries(parts.law ?? {})))
const own = new OwnNames(
  {
    external: { name: 'sip.lab.test', recordRouteName: 'sip.lab.test', ports: { tls: 5061 }, alsoKnownAs: [] },
    internal: { name: 'edge.lab.test', recordRouteName: 'edge.lab.test', ports: { tls: 5061 }, alsoKnownAs: [] },
  },
  ['lab.test'],
)

function face(name: string, fqdn: string): object {
  return { name, fqdn, address: '192.0.2.1', addresses: {} }
}

function listener(of: string, mutual: string): object {
  return { face: of, transport: 'tls', address: '192.0.2.1', port: 5061, mutual }
}

function flowOf(port: number, at: 'external' | 'internal', peer?: PeerClass, name = ''): Flow {
  const made = testFlow(peer === undefined ? { port } : { port, peer })
  const flow: Flow = { ...made, face: at, peer: made.peer && { ...made.peer, names: [name] } }
  flows.set(flow.id, flow)
  return flow
}

const stranger = flowOf(1, 'external')
const alice = flowOf(2, 'external')
const erin = flowOf(3, 'external', 'edge', 'sip.partner.test')
const director = flowOf(4, 'internal', 'server', 'director.lab.test')

type End = DialogRecord['caller']

function end(user: string, organisation: string, hop: string, identity = encoded(`sip:${user}`)): End {
  return { identity, uri: encoded(`sip:${user}`), organisation, hop }
}

const erinOutside = end('erin@partner.test', 'partner.test', 's192.0.2.7')
const bobInside = end('bob@lab.test', '', 's192.0.2.20', '!')
const aliceOutside = end('alice@lab.test', '', 'w')
const aliceElsewhere = end('alice@lab.test', '', `f${tokens.claimOf(alice)}`)

interface Asked {
  readonly record: DialogRecord
  /** Tokens beside the record. */
  readonly with?: string
  readonly flow: Flow
  readonly method: string
  readonly uri: string
  readonly from: string
  readonly fromTag: string
  readonly toTag: string
  readonly to: string
  /** A second value of ours, below that of the record. */
  readonly far?: DialogRecord
  /** Below our own values. */
  readonly route?: string
}

/** `to URI by KIND`, or the status and reason of the refusal. */
async function outcome(asked: Asked): Promise<string> {
  const arrival = arrivalOf(asked)
  const policies = parts.faces[asked.flow.face]
  if (policies === undefined) throw new RangeError(`no face ${asked.flow.face}`)
  for (const policy of [...policies.admit, ...policies.target]) {
    const decision = await policy.decide(arrival)
    if (decision.kind === 'pass') continue
    if (decision.kind === 'refuse') return `${decision.status} ${decision.because}`
    const [target] = decision.kind === 'route' ? decision.targets : []
    if (target === undefined) return decision.kind
    const refused = law(arrival, target)
    if (refused !== undefined) return `${refused.status} ${refused.because}`
    const place = target.flow === alice.id ? 'alice' : (target.nextHop ?? arrival.routes[0]?.uri.text ?? target.uri)
    return `to ${place} by ${target.by}`
  }
  throw new TypeError('no policy decided')
}

/** What the next server is told of where it came from. */
async function markFor(asked: Asked): Promise<string> {
  const arrival = arrivalOf(asked)
  for (const policy of parts.faces[asked.flow.face]?.admit ?? []) await policy.decide(arrival)
  return arrival.remarks.add.map(([, value]) => value).join()
}

function arrivalOf(asked: Asked): Incoming {
  const { flow, method } = asked
  const name = flow.face === 'external' ? 'sip.lab.test' : 'edge.lab.test'
  const user = tokens.seal(asked.record, { callId: 'call-1', tag: 'caller' }, asked.with)
  const text = [
    `${method} ${asked.uri} SIP/2.0`,
    'Via: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1',
    `From: <sip:${asked.from}>;tag=${asked.fromTag}`,
    `To: <sip:${asked.to}>;tag=${asked.toTag}`,
    'Call-ID: call-1',
    `CSeq: 7 ${method}`,
    'Max-Forwards: 70',
    `Route: <sip:${user}@${name}:5061;transport=tls;lr>`,
    ...(asked.far === undefined
      ? []
      : [`Route: <sip:${tokens.seal(asked.far, { callId: 'call-1', tag: 'caller' }, asked.with)}@${name}:5061;lr>`]),
    ...(asked.route === undefined ? [] : [`Route: <${asked.route};lr>`]),
    'Content-Length: 0',
  ]
  const arrival = new Incoming(parseText(`${text.join('\r\n')}\r\n\r\n`) as SipRequest, flow, clock)
  preprocess(arrival, own, 'lab.test')
  return arrival
}

const erinToBob: DialogRecord = { caller: erinOutside, callee: bobInside }
const asBob = { from: 'bob@lab.test', fromTag: 'any', to: 'erin@partner.test', toTag: 'caller' }

for (const method of ['INFO', 'INVITE', 'OPTIONS', 'BYE', 'ACK'])
  for (const [uri, route] of [
    ['sip:x@inner.partner.test:22;transport=tcp', undefined],
    ['sip:x@partner.test', undefined],
    ['sip:erin@192.0.2.7', 'sip:partner.test:7777;transport=udp'],
    ['sip:erin@192.0.2.7', 'sip:sip.partner.test:5061;transport=tls'],
  ] as const)
    t.test(`a stranger sends no ${method} to ${route ?? uri} by the record of somebody's call`, async (t) => {
      const asked = { record: erinToBob, flow: stranger, method, uri, ...asBob }
      t.match(await outcome(route === undefined ? asked : { ...asked, route }), /^403 /)
    })

for (const method of ['MESSAGE', 'INVITE', 'BYE'])
  t.test(`a stranger sends no ${method} along the flow of a remote user, under the name of either end`, async (t) => {
    const record: DialogRecord = {
      caller: end('erin@partner.test', '', 's192.0.2.20'),
      callee: { ...aliceOutside, identity: '!' },
    }
    const ask = (from: string, fromTag: string): Promise<string> =>
      outcome({
        record,
        with: tokens.of(alice),
        flow: stranger,
        method,
        uri: 'sip:alice@192.0.2.9',
        from,
        fromTag,
        to: 'alice@lab.test',
        toTag: 'callee',
      })
    t.same(
      [await ask('erin@partner.test', 'caller'), await ask('bob@lab.test', 'caller')],
      ['430 route.no-flow', '430 route.no-flow'],
    )
  })

t.test('a remote user with a new connection goes on in its call, and the next server asks who it is', async (t) => {
  const record: DialogRecord = { caller: aliceOutside, callee: bobInside }
  const ask = (flow: Flow): Promise<string> =>
    outcome({
      record,
      with: tokens.of(alice),
      flow,
      method: 'BYE',
      uri: 'sip:bob@192.0.2.30',
      from: 'alice@lab.test',
      fromTag: 'caller',
      to: 'bob@lab.test',
      toTag: 'callee',
      route: 'sip:director.lab.test:5061;transport=tls',
    })
  t.same(
    [await ask(alice), await ask(flowOf(9, 'external'))],
    [
      'to sip:director.lab.test:5061;transport=tls;lr by dialog',
      'to sip:director.lab.test:5061;transport=tls;lr by inward',
    ],
  )
})

t.test(
  'a subscription with the home of a user is refreshed through an edge that has no director behind it',
  async (t) => {
    const ask = (record: DialogRecord, flow: Flow, from: string, beside = ''): Promise<string> =>
      outcome({
        record,
        with: beside,
        flow,
        method: 'SUBSCRIBE',
        uri: 'sip:bob@lab.test',
        from,
        fromTag: 'caller',
        to: 'bob@lab.test',
        toTag: 'callee',
      })
    t.same(
      [
        await ask(erinToBob, erin, 'erin@partner.test'),
        await ask({ caller: aliceOutside, callee: bobInside }, alice, 'alice@lab.test', tokens.of(alice)),
      ],
      [
        'to sip:director.lab.test:5061;transport=tls by dialog',
        'to sip:director.lab.test:5061;transport=tls by dialog',
      ],
    )
  },
)

t.test('a partner sends the whole route set (RFC 3261 §12.2.1.1): without the value of the inner server', async (t) => {
  const ask = (uri: string, route?: string): Promise<string> => {
    const ends = { from: 'erin@partner.test', fromTag: 'caller', to: 'bob@lab.test', toTag: 'callee' }
    const asked = { record: erinToBob, flow: erin, method: 'BYE', uri, ...ends }
    return outcome(route === undefined ? asked : { ...asked, route })
  }
  const director = 'sip:director.lab.test:5061;transport=tls'
  t.equal(await ask('sip:bob@192.0.2.30', director), `to ${director};lr by dialog`, 'with it: on along the route')
  t.equal(await ask('sip:bob@192.0.2.30'), '403 route.abuse', 'no phone inside is reached')
  t.equal(await ask('sip:bob@fe1.lab.test:22;transport=tcp'), '403 route.abuse', 'nor another port of a server')
  t.equal(await ask('sip:bob@lab.test;gr=urn:uuid:1'), `to ${director} by dialog`, 'a GRUU goes home')
})

t.test('a user inside reaches the edge of the other organisation in its dialog, and no other host of it', async (t) => {
  const ask = (uri: string, route?: string): Promise<string> => {
    const asked = {
      record: erinToBob,
      flow: director,
      method: 'INFO',
      uri,
      from: 'bob@lab.test',
      fromTag: 'callee',
      to: 'erin@partner.test',
      toTag: 'caller',
    }
    return outcome(route === undefined ? asked : { ...asked, route })
  }
  for (const [uri, route] of [
    ['sip:erin@192.0.2.7', 'sip:sip.partner.test:5061;transport=tls'],
    ['sip:x@inner.partner.test:22;transport=tcp', undefined],
    ['sip:x@evil.test', undefined],
    ['sip:x@192.0.2.7:5061;transport=tcp', undefined],
    ['sip:erin@192.0.2.7', 'sip:inner.partner.test:22;transport=udp'],
  ] as const)
    t.equal(await ask(uri, route), 'to sip:sip.partner.test:5061;transport=tls by dialog', `${route ?? uri}`)
})

t.test('a stranger sends nothing along a flow that another value of the dialog names', async (t) => {
  const record: DialogRecord = { caller: aliceElsewhere, callee: bobInside }
  t.match(
    await outcome({
      record,
      with: tokens.of(alice),
      flow: stranger,
      method: 'MESSAGE',
      uri: 'sip:alice@192.0.2.9',
      from: 'bob@lab.test',
      fromTag: 'any',
      to: 'alice@lab.test',
      toTag: 'caller',
    }),
    /^4\d\d /,
  )
})

t.test('the inside is told whose edge sent a request under the name of another organisation', async (t) => {
  const ask = (from: string): Promise<string> =>
    markFor({
      record: { caller: end('alice@lab.test', '', 's192.0.2.20'), callee: end(from, 'partner.test', 's192.0.2.7') },
      flow: erin,
      method: 'MESSAGE',
      uri: 'sip:bob@lab.test',
      from,
      fromTag: 'callee',
      to: 'alice@lab.test',
      toTag: 'caller',
    })
  const domain = 'ms-source-domain=partner.test'
  t.match(await ask('ceo@third.test'), new RegExp(`ms-remote-fqdn=sip.partner.test;${domain};ms-source-dialog=proved`))
  t.match(await ask('ceo@lab.test'), domain)
  t.notMatch(await ask('erin@partner.test'), domain)
})

t.test('what comes from outside leaves by the servers inside, whatever values of ours are put together', async (t) => {
  const near: DialogRecord = { caller: aliceOutside, callee: { ...bobInside, identity: encoded('sip:bob@lab.test') } }
  const ask = (callee: End, uri: string): Promise<string> =>
    outcome({
      record: near,
      with: tokens.of(alice),
      far: { caller: end('alice@lab.test', '', 's192.0.2.20'), callee: { ...callee, uri: near.callee.uri } },
      flow: alice,
      method: 'MESSAGE',
      uri,
      from: 'alice@lab.test',
      fromTag: 'caller',
      to: 'bob@lab.test',
      toTag: 'callee',
    })
  t.equal(await ask(end('bob@lab.test', '', 'w', '!'), 'sip:bob@192.0.2.9'), '430 route.no-flow')
  t.equal(await ask(erinOutside, 'sip:x@192.0.2.7:5061;transport=tls'), '403 route.abuse')
})
