/**
 * The law at work on the policies of the roles: whatever an attacker combines of what it can write, nothing of another
 * user changes, nothing leaves for a host outside the law, and nothing reaches whom the law shields.
 */
import { fc } from '../../support/property.ts'
import t from 'tap'
import { authenticate } from '../../../src/services/authentication/authenticate.ts'
import { rememberIdentity } from '../../../src/services/authentication/flow-identity.ts'
import { insideFacts, speaksInside } from '../../../src/roles/law/facts.ts'
import { forbids, judge } from '../../../src/roles/law/law.ts'
import {
  proveDialog,
  proveDialogByIdentity,
  recogniseDialog,
  recordedParty,
} from '../../../src/roles/policies/dialog.ts'
import { knownServers } from '../../../src/roles/policies/inside-admission.ts'
import { noteRemote } from '../../../src/roles/policies/note-remote.ts'
import { routeGuard } from '../../../src/roles/policies/route-guard.ts'
import { stripUntrusted } from '../../../src/roles/policies/strip-untrusted.ts'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import { Incoming } from '../../../src/sip/routing/arrival.ts'
import type { Decision, Policy, Target } from '../../../src/sip/routing/decision.ts'
import { type DialogRecord, encoded, hopText } from '../../../src/sip/routing/dialog-record.ts'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'
import { OwnNames } from '../../../src/sip/routing/own.ts'
import { flowToken } from '../../../src/sip/routing/policies/flow-token.ts'
import { followRoute } from '../../../src/sip/routing/policies/follow-route.ts'
import { preprocess } from '../../../src/sip/routing/preprocess.ts'
import type { Flow, PeerClass } from '../../../src/sip/transport/flow.ts'
import { testFlow } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const domains = ['lab.test']
const clock = new FakeClock()
const flows = new Map<number, Flow>()
const tokens = new FlowTokens({ node: 'fe1.lab.test', key: Buffer.alloc(32, 7), flow: (id) => flows.get(id) })
const own = new OwnNames({
  internal: {
    name: 'fe1.lab.test',
    recordRouteName: 'pool.lab.test',
    ports: { tls: 5061 },
    alsoKnownAs: ['192.0.2.1'],
  },
})
const servers = ['fe1.lab.test', 'fe2.lab.test', 'pool.lab.test', 'director.lab.test']
const facts = insideFacts({ border: 'home', authentication: 'on', domains, servers })
const isKnown = (host: string): boolean => servers.includes(host) || host === 'edge.lab.test'
const isOurs = (host: string): boolean => isKnown(host) || domains.includes(host)
const forbidden = forbids(new Map([['internal', facts]]))

const admission: readonly Policy[] = [
  stripUntrusted(),
  recogniseDialog(tokens, facts, domains),
  routeGuard(tokens, { isOurs }),
  noteRemote(domains),
  proveDialog({ tokens, speaksFor: speaksInside }),
  authenticate({ schemes: [], realm: 'r', clock, self: 'fe1.lab.test', party: recordedParty }),
  proveDialogByIdentity(facts),
]
/** The end of a home's list: a user of the domain has bindings here, everything else goes to the edge. */
const home: Policy = {
  name: 'home',
  decide(arrival) {
    if (arrival.request.method === 'REGISTER') return judge(arrival, facts, 'registrar') ?? registered
    const ours = domains.includes(arrival.uri.host)
    return to({ uri: arrival.uri.text, by: ours ? 'binding' : 'enterprise-edge' })
  },
}
const registered: Decision = { kind: 'answer', status: 200 }
const targets: readonly Policy[] = [
  flowToken(tokens),
  followRoute({
    known: knownServers([...servers, 'edge.lab.test'], [5060, 5061]),
    trunks: [{ organisation: 'gw.other.test', port: 5061, nextHop: 'sip:gw.other.test:5061;transport=tls' }],
  }),
  home,
]

function to(way: Partial<Target> & { readonly uri: string }): Decision {
  const target: Target = { flow: undefined, routes: [], nextHop: undefined, q: 1000, face: undefined, ...way }
  return { kind: 'route', targets: [target], because: 'test' }
}

/** What the core would do: a refusal of the law in place of a target that it forbids. */
function outcome(text: string, flow: Flow): { readonly decision: Decision; readonly arrival: Incoming } {
  const arrival = new Incoming(parseText(text) as SipRequest, flow, clock)
  preprocess(arrival, own)
  for (const policy of [...admission, ...targets]) {
    const decision = policy.decide(arrival)
    if (decision instanceof Promise) throw new TypeError('a promise')
    if (decision.kind === 'pass') continue
    const [target] = decision.kind === 'route' ? decision.targets : []
    return { arrival, decision: (target && forbidden(arrival, target)) ?? decision }
  }
  throw new TypeError('nothing decided')
}

function flowOf(parts: Parameters<typeof testFlow>[0], signedIn?: string): Flow {
  const flow = testFlow(parts)
  flows.set(flow.id, flow)
  if (signedIn !== undefined) rememberIdentity(flow, signedIn, clock.wall() + 1e9)
  return flow
}

const alice = flowOf({ port: 1 }, 'sip:alice@lab.test')
const bob = flowOf({ port: 2 }, 'sip:bob@lab.test')
const mallory = flowOf({ port: 3 }, 'sip:mallory@lab.test')
const attackers: Readonly<Record<string, Flow>> = {
  stranger: flowOf({ port: 4 }),
  client: flowOf({ port: 5, peer: 'client' }),
  mallory,
  datagram: flowOf({ port: 6, transport: 'udp' }),
  edge: flowOf({ port: 7, peer: 'edge' }),
}

function side(name: string, hop: string): DialogRecord['caller'] {
  const aor = encoded(`sip:${name}@lab.test`)
  return { identity: aor, uri: aor, organisation: '', hop }
}

/** Alice, tag a, has called bob, tag b, in call-1; mallory, tag m, has called bob in call-2. */
function sealed(flow: Flow, name: string, callId: string, tag: string): string {
  const record = { caller: side(name, 'w'), callee: side('bob', 'w') }
  return tokens.seal(record, { callId, tag }, `${tokens.of(flow)}+${tokens.of(bob)}`)
}
const ofAlice = sealed(alice, 'alice', 'call-1', 'a')
const ofMallory = sealed(mallory, 'mallory', 'call-2', 'm')

const uris = ['sip:alice@lab.test', 'sip:bob@lab.test', 'sip:mallory@lab.test', 'sip:ceo@partner.test', 'tel:+49301']
interface Attack {
  /** One of `attackers`. */
  readonly who: string
  readonly method: string
  readonly from: string
  readonly to: string
  readonly fromTag: string
  readonly toTag: string | undefined
  readonly callId: string
  readonly routes: readonly string[]
  readonly uri: string
  /** Whole lines. */
  readonly extra: string
}

const attack: fc.Arbitrary<Attack> = fc.record({
  who: fc.constantFrom(...Object.keys(attackers)),
  method: fc.constantFrom('REGISTER', 'INVITE', 'MESSAGE', 'BYE', 'ACK', 'PUBLISH', 'NOTIFY', 'OPTIONS', 'REFER'),
  from: fc.constantFrom(...uris),
  to: fc.constantFrom(...uris),
  fromTag: fc.constantFrom('a', 'b', 'm', 'x'),
  toTag: fc.constantFrom(undefined, 'a', 'b', 'm', 'x'),
  callId: fc.constantFrom('call-1', 'call-2', 'call-3'),
  routes: fc.array(
    fc.constantFrom(
      ...[undefined, 'x', ofAlice, ofMallory, tokens.of(bob), ofMallory.slice(0, -1)].map(
        (user) => `<sip:${user === undefined ? '' : `${user}@`}pool.lab.test;lr>`,
      ),
      '<sip:director.lab.test;lr>',
      '<sip:evil.test:7777;lr>',
      '<sip:192.0.2.1;lr>',
    ),
    { maxLength: 3 },
  ),
  uri: fc.constantFrom(
    ...uris.slice(0, 4),
    'sip:lab.test',
    'sip:evil.test:7777',
    'sip:x@192.0.2.9',
    'sip:bob@lab.test;maddr=evil.test',
  ),
  extra: fc.constantFrom(
    '',
    'P-Asserted-Identity: <sip:bob@lab.test>\r\n',
    'ms-edge-proxy-message-trust: ms-source-type=DirectPartner\r\n',
  ),
})

function textOf({ method, from, to: called, fromTag, toTag, callId, routes, uri, extra }: Attack): string {
  return (
    `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1\r\nFrom: <${from}>;tag=${fromTag}\r\n` +
    `To: <${called}>${toTag === undefined ? '' : `;tag=${toTag}`}\r\nCall-ID: ${callId}\r\nCSeq: 2 ${method}\r\n` +
    `Max-Forwards: 70\r\nContact: <sip:evil@evil.test>\r\n${routes.map((route) => `Route: ${route}\r\n`).join('')}` +
    `${extra}Content-Length: 0\r\n\r\n`
  )
}

/** Mallory is one of the ends of call-2; the mark of our edge is believed: it is no attacker when it says so. */
function isLawful({ who, method, from, to: called, fromTag, toTag, callId, extra }: Attack): boolean {
  if (who === 'edge') return extra.startsWith('ms-edge') && from === 'sip:ceo@partner.test'
  if (who !== 'mallory') return false
  if (method === 'REGISTER') return from === called && called === 'sip:mallory@lab.test'
  const ownDialog = callId === 'call-2' && fromTag === 'm' && toTag !== undefined
  return from === 'sip:mallory@lab.test' || (ownDialog && from === 'sip:mallory@lab.test')
}

t.test('no attacker gets anything that its own proof does not give', async (t) => {
  let got = 0
  fc.assert(
    fc.property(attack, (made) => {
      const flow = attackers[made.who]
      if (flow === undefined) throw new TypeError(made.who)
      const { decision, arrival } = outcome(textOf(made), flow)
      if (decision.kind === 'refuse') return
      got++
      if (decision.kind === 'answer') {
        t.equal(made.method, 'REGISTER')
        t.equal(arrival.remarks.identity, 'sip:mallory@lab.test', JSON.stringify(made))
        return
      }
      const [target] = decision.kind === 'route' ? decision.targets : []
      if (target === undefined) throw new TypeError(decision.kind)
      const text = JSON.stringify({ made, target })
      if (made.method === 'ACK')
        return void t.ok(arrival.remarks.dialog !== undefined && target.flow !== undefined, text)
      t.ok(isLawful(made), text)
      t.not(target.by, 'elsewhere', text)
      // Along a flow, to a user of ours, or to our edge: never where Route or Request-URI of the attacker say.
      t.ok(target.flow !== undefined || target.by === 'binding' || target.by === 'enterprise-edge', text)
      if (target.flow === alice.id) t.fail(`mallory is in no dialog with alice: ${text}`)
    }),
    { numRuns: 20_000 },
  )
  t.ok(got > 50, `${got} attempts got somewhere: those of mallory under its own name`)
})

t.test('both ends of a dialog write to each other, and their ACK too', async (t) => {
  const call = {
    routes: [`<sip:${ofAlice}@pool.lab.test;lr>`],
    callId: 'call-1',
    uri: 'sip:x@192.0.2.9',
    extra: '',
    who: '',
  }
  const byAlice = { ...call, from: 'sip:alice@lab.test', to: 'sip:bob@lab.test', fromTag: 'a', toTag: 'b' }
  const byBob = { ...call, from: 'sip:bob@lab.test', to: 'sip:alice@lab.test', fromTag: 'b', toTag: 'a' }
  for (const method of ['INVITE', 'ACK', 'BYE', 'INFO', 'NOTIFY', 'OPTIONS']) {
    t.match(
      outcome(textOf({ ...byAlice, method }), alice).decision,
      { targets: [{ flow: bob.id, by: 'dialog' }] },
      method,
    )
    t.match(
      outcome(textOf({ ...byBob, method }), bob).decision,
      { targets: [{ flow: alice.id, by: 'dialog' }] },
      method,
    )
  }
})

t.test('an end that comes by another flow goes on when it is signed in there, and is challenged else', async (t) => {
  const bye = {
    who: '',
    method: 'BYE',
    from: 'sip:alice@lab.test',
    to: 'sip:bob@lab.test',
    fromTag: 'a',
    toTag: 'b',
    callId: 'call-1',
    routes: [`<sip:${ofAlice}@pool.lab.test;lr>`],
    uri: 'sip:x@192.0.2.9',
    extra: '',
  }
  t.match(outcome(textOf(bye), flowOf({ port: 11 }, 'sip:alice@lab.test')).decision, { targets: [{ flow: bob.id }] })
  t.match(outcome(textOf(bye), flowOf({ port: 12 })).decision, { kind: 'refuse', status: 401 })
})

t.test(
  'a server speaks for our users in a dialog, an edge when it knew them by their flow, nobody for others',
  async (t) => {
    const record = { caller: side('alice', 's192.0.2.7'), callee: side('bob', 'w') }
    const foreign = { ...record, caller: { ...record.caller, organisation: 'partner.test' } }
    const mark = (text: string): string => `ms-edge-proxy-message-trust: ${text}\r\n`
    const ask = (of: DialogRecord, peer: PeerClass, extra: string): string => {
      const { decision } = outcome(
        textOf({
          who: '',
          method: 'BYE',
          from: 'sip:alice@lab.test',
          to: 'sip:bob@lab.test',
          fromTag: 'a',
          toTag: 'b',
          callId: 'call-9',
          routes: [`<sip:${tokens.seal(of, { callId: 'call-9', tag: 'a' }, tokens.of(bob))}@pool.lab.test;lr>`],
          uri: 'sip:x@192.0.2.9',
          extra,
        }),
        flowOf({ port: 20, peer }),
      )
      return decision.kind === 'refuse' ? String(decision.status) : decision.kind
    }
    t.same(
      [
        ask(record, 'server', ''),
        ask(record, 'edge', mark('ms-source-type=InternetUser;ms-source-dialog=proved')),
        ask(record, 'edge', mark('ms-source-type=InternetUser')),
        ask(foreign, 'edge', mark('ms-source-type=DirectPartner;ms-source-domain=partner.test')),
        ask(foreign, 'edge', mark('ms-source-type=DirectPartner;ms-source-domain=third.test')),
        ask(foreign, 'edge', mark('ms-source-type=DirectPartner')),
        ask(foreign, 'edge', mark('ms-source-type=InternetUser;ms-source-dialog=proved')),
        ask(foreign, 'server', ''),
      ],
      ['route', 'route', '401', 'route', '403', '401', '401', '403'],
    )
  },
)

t.test(
  'a user of a partner under the name of another writes to the one who called it so, and to nobody else',
  async (t) => {
    for (const name of ['sip:ceo@third.test', 'sip:ceo@lab.test']) {
      const ceo = encoded(name)
      const callee = { identity: encoded('sip:frank@partner.test'), uri: ceo, organisation: '', hop: 's192.0.2.7' }
      const user = tokens.seal({ caller: side('bob', 'w'), callee }, { callId: 'call-10', tag: 'a' }, tokens.of(bob))
      const ask = (method: string, route: string | undefined, uri: string): Decision =>
        outcome(
          textOf({
            who: '',
            method,
            from: name,
            to: 'sip:bob@lab.test',
            fromTag: 'c',
            toTag: 'a',
            callId: 'call-10',
            routes: route === undefined ? [] : [`<sip:${route}pool.lab.test;lr>`],
            uri,
            extra:
              'ms-edge-proxy-message-trust: ms-source-type=DirectPartner;ms-source-domain=partner.test;' +
              'ms-source-dialog=proved\r\n',
          }),
          flowOf({ port: 21, peer: 'edge' }),
        ).decision
      t.match(ask('INFO', `${user}@`, 'sip:bob@192.0.2.9'), { targets: [{ flow: bob.id }] }, name)
      for (const method of ['MESSAGE', 'INVITE', 'SUBSCRIBE'])
        for (const route of [undefined, ''])
          t.match(ask(method, route, 'sip:alice@lab.test'), { kind: 'refuse', status: 403 }, `${method} as ${name}`)
    }
  },
)

t.test('a server of ours speaks for an end of this dialog to its other end, by the names of the record', async (t) => {
  const record = { caller: side('alice', 'w'), callee: side('bob', 's192.0.2.7') }
  const ask = (peer: PeerClass, to: string): Decision =>
    outcome(
      textOf({
        who: '',
        method: 'INFO',
        from: 'sip:bob@lab.test',
        to,
        fromTag: 'b',
        toTag: 'a',
        callId: 'call-11',
        routes: [`<sip:${tokens.seal(record, { callId: 'call-11', tag: 'a' }, tokens.of(alice))}@pool.lab.test;lr>`],
        uri: 'sip:alice@192.0.2.9',
        extra: 'ms-edge-proxy-message-trust: ms-source-type=InternetUser;ms-source-dialog=proved\r\n',
      }),
      flowOf({ port: 22, peer }),
    ).decision
  for (const peer of ['edge', 'server'] as const) {
    t.match(ask(peer, 'sip:alice@lab.test'), { targets: [{ flow: alice.id }] }, peer)
    t.match(ask(peer, 'sip:mallory@lab.test'), { kind: 'refuse' }, `${peer}: proved of the call of another caller`)
  }
})

t.test('a link of a server gives no identity to what carries none', async (t) => {
  const plain = { who: '', fromTag: 'a', toTag: undefined, callId: 'c', routes: [], uri: 'sip:bob@lab.test' }
  const ask = (method: string, extra: string): Decision =>
    outcome(
      textOf({ ...plain, method, from: 'sip:alice@lab.test', to: 'sip:alice@lab.test', extra }),
      flowOf({ port: 30, peer: 'server' }),
    ).decision
  const word = 'P-Asserted-Identity: <sip:alice@lab.test>\r\n'
  t.match(ask('REGISTER', ''), { status: 403, because: 'law.anonymous-register' })
  t.match(ask('REGISTER', word), { kind: 'answer', status: 200 })
  t.match(ask('MESSAGE', ''), { status: 403, because: 'law.anonymous-call' })
  t.match(ask('MESSAGE', word), { kind: 'route' })
})

t.test('a seal of an earlier version is refused by name', async (t) => {
  const old = `${tokens.of(alice)}+d~0123456789abcdef`
  const bye = textOf({
    who: '',
    method: 'BYE',
    from: 'sip:alice@lab.test',
    to: 'sip:bob@lab.test',
    fromTag: 'a',
    toTag: 'b',
    callId: 'call-1',
    routes: [`<sip:${old}@pool.lab.test;lr>`],
    uri: 'sip:x@192.0.2.9',
    extra: '',
  })
  t.match(outcome(bye, alice).decision, { kind: 'refuse', status: 403, because: 'route.token-old' })
})

t.test('a datagram belongs to its dialog by the address of its source', async (t) => {
  const phone = flowOf({ port: 40, transport: 'udp' })
  const record = { caller: side('alice', hopText(phone, 'none', '')), callee: side('bob', 'w') }
  const user = tokens.seal(record, { callId: 'call-5', tag: 'a' }, tokens.of(bob))
  const ask = (port: number): Decision =>
    outcome(
      textOf({
        who: '',
        method: 'BYE',
        from: 'sip:alice@lab.test',
        to: 'sip:bob@lab.test',
        fromTag: 'a',
        toTag: 'b',
        callId: 'call-5',
        routes: [`<sip:${user}@pool.lab.test;lr>`],
        uri: 'sip:x@192.0.2.9',
        extra: '',
      }),
      flowOf({ port, transport: 'udp' }),
    ).decision
  t.match(ask(40), { kind: 'route', targets: [{ flow: bob.id }] })
  t.match(ask(41), { kind: 'refuse', status: 401 })
})

t.test('a dialog leads to the recorded end and to nobody else, whatever its own ends write', async (t) => {
  const ask = (callee: DialogRecord['callee'], next: readonly string[], uri: string): string => {
    const user = tokens.seal(
      { caller: side('mallory', 'w'), callee },
      { callId: 'call-7', tag: 'm' },
      tokens.of(mallory),
    )
    const { decision, arrival } = outcome(
      textOf({
        who: '',
        method: 'INFO',
        from: 'sip:mallory@lab.test',
        to: 'sip:bob@lab.test',
        fromTag: 'm',
        toTag: 'b',
        callId: 'call-7',
        routes: [`<sip:${user}@pool.lab.test;lr>`, ...next],
        uri,
        extra: '',
      }),
      mallory,
    )
    const [target] = decision.kind === 'route' ? decision.targets : []
    if (target === undefined) return decision.kind
    return target.nextHop ?? arrival.routes[0]?.uri.text ?? target.uri
  }
  const server = side('bob', 's192.0.2.50')
  const phone = side('bob', 'atcp_192.0.2.60_5070')
  const gateway = { ...server, organisation: 'gw.other.test' }
  const partner = { ...server, organisation: 'partner.test' }
  for (const [callee, next, uri, wanted] of [
    [server, ['<sip:director.lab.test:5061;lr>'], 'sip:x@evil.test', 'sip:director.lab.test:5061;lr'],
    [server, ['<sip:director.lab.test:22;lr>'], 'sip:x@evil.test', 'refuse'],
    [server, ['<sip:director.lab.test;lr;maddr=evil.test>'], 'sip:x@evil.test', 'refuse'],
    [server, ['<sip:evil.test;lr>'], 'sip:x@evil.test', 'refuse'],
    [
      server,
      ['<sip:evil.test;lr;maddr=director.lab.test>'],
      'sip:x@evil.test',
      'sip:evil.test;lr;maddr=director.lab.test',
    ],
    [server, [], 'sip:x@evil.test', 'refuse'],
    [server, [], 'sip:x@192.0.2.50:22;transport=tcp', 'refuse'],
    [server, [], 'sip:x@192.0.2.50:5060;transport=tcp', 'sip:x@192.0.2.50:5060;transport=tcp'],
    [phone, [], 'sip:x@192.0.2.60:5070;transport=tcp', 'sip:x@192.0.2.60:5070;transport=tcp'],
    [phone, [], 'sip:x@192.0.2.60:5070', 'sip:192.0.2.60:5070;transport=tcp'],
    [phone, [], 'sip:x@192.0.2.60:22;transport=udp', 'sip:192.0.2.60:5070;transport=tcp'],
    [phone, [], 'sip:x@evil.test:5070', 'sip:192.0.2.60:5070;transport=tcp'],
    [phone, ['<sip:evil.test;lr>'], 'sip:x@192.0.2.60', 'sip:192.0.2.60:5070;transport=tcp'],
    [phone, [], 'sip:x@192.0.2.60;maddr=evil.test', 'sip:192.0.2.60:5070;transport=tcp'],
    [gateway, [], 'sip:x@gw.other.test:5061;transport=tls', 'sip:gw.other.test:5061;transport=tls'],
    [gateway, [], 'sip:x@192.0.2.50:5061;transport=tls', 'sip:x@192.0.2.50:5061;transport=tls'],
    [gateway, [], 'sip:x@192.0.2.50:5061;transport=udp', 'sip:gw.other.test:5061;transport=tls'],
    [gateway, [], 'sip:x@inner.gw.other.test:22;transport=tcp', 'sip:gw.other.test:5061;transport=tls'],
    [gateway, [], 'sip:x@evil.test', 'sip:gw.other.test:5061;transport=tls'],
    [partner, ['<sip:edge.lab.test:5061;lr>'], 'sip:x@evil.test', 'sip:edge.lab.test:5061;lr'],
    [partner, [], 'sip:x@partner.test', 'refuse'],
    [partner, [], 'sip:x@inner.partner.test:22;transport=udp', 'refuse'],
  ] as const)
    t.equal(ask(callee, next, uri), wanted, `${callee.hop} ${next.join()} ${uri}`)
})

t.test(
  'From may name another user once its sender is authenticated as that user (RFC 4916), and no one else',
  async (t) => {
    const desk = flowOf({ port: 50 }, 'sip:carol@lab.test')
    const link = flowOf({ port: 51, peer: 'server' })
    const record = { caller: side('alice', 'w'), callee: side('bob', 'w') }
    const byLink = { caller: side('alice', hopText(link, 'none', '')), callee: side('bob', 'w') }
    const ask = (of: DialogRecord, flow: Flow, from: string, extra = ''): string => {
      const flows = of === record ? `${tokens.of(desk)}+${tokens.of(bob)}` : tokens.of(bob)
      const user = tokens.seal(of, { callId: 'call-8', tag: 'a' }, flows)
      const { decision } = outcome(
        textOf({
          who: '',
          method: 'UPDATE',
          from,
          to: 'sip:bob@lab.test',
          fromTag: 'a',
          toTag: 'b',
          callId: 'call-8',
          routes: [`<sip:${user}@pool.lab.test;lr>`],
          uri: 'sip:x@192.0.2.9',
          extra,
        }),
        flow,
      )
      if (decision.kind === 'refuse') return String(decision.status)
      return decision.kind === 'route' && decision.targets[0]?.flow === bob.id ? 'to bob' : decision.kind
    }
    const word = (user: string): string => `P-Asserted-Identity: <sip:${user}@lab.test>\r\n`
    const carol = 'sip:carol@lab.test'
    t.same(
      {
        'the flow of the dialog, signed in as carol': ask(record, desk, carol),
        'the same as mallory': ask(record, desk, 'sip:mallory@lab.test'),
        'the same as a partner’s user': ask(record, desk, 'sip:ceo@partner.test'),
        'carol on a flow that is not of the dialog': ask(record, flowOf({ port: 52 }, carol), carol),
        'nobody, under the name of carol': ask(record, flowOf({ port: 53 }), carol),
        'our server, with its word for carol': ask(byLink, link, carol, word('carol')),
        'our server, with its word for another': ask(byLink, link, carol, word('mallory')),
        'our server, without a word': ask(byLink, link, carol),
      },
      {
        'the flow of the dialog, signed in as carol': 'to bob',
        'the same as mallory': '401',
        'the same as a partner’s user': '401',
        'carol on a flow that is not of the dialog': '403',
        'nobody, under the name of carol': '401',
        'our server, with its word for carol': '403',
        'our server, with its word for another': '403',
        'our server, without a word': '403',
      },
    )
  },
)

t.test('a subscription that a home server holds is refreshed at home, by whoever proves who it is', async (t) => {
  const record = { caller: side('alice', 'w'), callee: side('bob', 's192.0.2.50') }
  const user = tokens.seal(record, { callId: 'call-9', tag: 'a' }, tokens.of(alice))
  const ask = (method: string, flow: Flow, uri = 'sip:bob@lab.test'): Decision =>
    outcome(
      textOf({
        who: '',
        method,
        from: 'sip:alice@lab.test',
        to: 'sip:bob@lab.test',
        fromTag: 'a',
        toTag: 'b',
        callId: 'call-9',
        routes: [`<sip:${user}@pool.lab.test;lr>`],
        uri,
        extra: '',
      }),
      flow,
    ).decision
  t.match(ask('SUBSCRIBE', alice), { kind: 'route', targets: [{ by: 'binding' }] })
  t.match(ask('SUBSCRIBE', flowOf({ port: 60 })), { kind: 'refuse', status: 401 }, 'a stranger is asked')
  t.match(ask('SUBSCRIBE', mallory), { kind: 'refuse' }, 'another user is not alice')
  t.match(ask('SUBSCRIBE', alice, 'sip:x@evil.test'), { kind: 'refuse', status: 403 })
  t.match(ask('INFO', alice), { kind: 'refuse', status: 403 }, 'everything else stays in its dialog')
})
