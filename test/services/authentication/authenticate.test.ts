import { createHash } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { authenticate } from '../../../src/services/authentication/authenticate.ts'
import type { AuthenticateOptions } from '../../../src/services/authentication/authenticate.ts'
import { digest } from '../../../src/services/authentication/digest.ts'
import type { DigestOptions } from '../../../src/services/authentication/digest.ts'
import { rememberIdentity } from '../../../src/services/authentication/flow-identity.ts'
import { credentialRows } from '../../../src/services/authentication/hashes.ts'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import { StoreError } from '../../../src/services/store/store-error.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import type { Arrival, Decision, Remarks } from '../../../src/sip/routing/decision.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const realm = 'SIP Communications Service'
const domains = ['lab.test']
const self = 'fe1.lab.test'
const rows = [
  ...credentialRows('alice', realm, 'wonder land').map((row) => ({ ...row, aor: 'sip:alice@lab.test' })),
  ...credentialRows('jörg', realm, 'pässword').map((row) => ({ ...row, aor: 'sip:joerg@lab.test' })),
]

function service(
  change: { readonly auth?: Partial<AuthenticateOptions>; readonly digest?: Partial<DigestOptions> } = {},
) {
  const clock = new FakeClock()
  const credentials = {
    credential: (username: string, scheme: string, wanted: string) =>
      rows.find((row) => row.username === username && row.scheme === scheme && row.realm === wanted),
  }
  const scheme = digest({ credentials, realm, clock, algorithms: ['MD5', 'SHA-256'], ...change.digest })
  const policy = authenticate({ schemes: [scheme], realm, self, clock, ...change.auth })
  return {
    clock,
    policy,
    /** The same, where the answer may be held back: `decision` stays undefined until it is given. */
    askLater(parts: RequestParts, flow: Flow): { decision: Decision | undefined } {
      const given: { decision: Decision | undefined } = { decision: undefined }
      const decision = policy.decide(arrival(requestText(parts), { flow, wall: clock.wall() }))
      if (decision instanceof Promise) void decision.then((settled) => (given.decision = settled))
      else given.decision = decision
      return given
    },
    ask(
      parts: RequestParts,
      flow: Flow = testFlow(),
      remarks: Partial<Remarks> = {},
    ): { readonly asked: Arrival; readonly decision: Decision } {
      const asked = arrival(requestText(parts), { flow, wall: clock.wall() })
      Object.assign(asked.remarks, remarks)
      const decision = policy.decide(asked)
      if (decision instanceof Promise) throw new TypeError('a promise')
      return { asked, decision }
    },
  }
}

function headersOf(decision: Decision, name: string): readonly string[] {
  const { headers = [] } = decision as { headers?: readonly HeaderField[] }
  return headers.filter(([one]) => one === name).map(([, value]) => value)
}

interface Answer {
  readonly username?: string
  readonly password?: string
  readonly algorithm?: 'MD5' | 'SHA-256'
  readonly method?: string
  readonly count?: number
  readonly change?: (parameters: Record<string, string>) => void
}

/** What a client makes of a challenge, computed here from RFC 7616 alone. */
function authorization(
  challenge: Decision,
  {
    username = 'alice',
    password = 'wonder land',
    algorithm = 'MD5',
    method = 'REGISTER',
    count = 1,
    change,
  }: Answer = {},
): string {
  const value = headersOf(challenge, 'WWW-Authenticate').find((one) => one.includes(`algorithm=${algorithm}`)) ?? ''
  const nonce = /nonce="([^"]+)"/.exec(value)?.[1] ?? ''
  const hash = (text: string): string =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'utf8')
      .digest('hex')
  const nc = count.toString(16).padStart(8, '0')
  const response = hash(
    `${hash(`${username}:${realm}:${password}`)}:${nonce}:${nc}:c0ffee:auth:${hash(`${method}:sip:lab.test`)}`,
  )
  const parameters: Record<string, string> = {
    username: `"${Buffer.from(username, 'utf8').toString('latin1')}"`,
    realm: `"${realm}"`,
    nonce: `"${nonce}"`,
    uri: '"sip:lab.test"',
    response: `"${response}"`,
    algorithm,
    qop: 'auth',
    nc,
    cnonce: '"c0ffee"',
  }
  change?.(parameters)
  return `Authorization: Digest ${Object.entries(parameters)
    .map(([name, text]) => `${name}=${text}`)
    .join(', ')}`
}

// conformance: RFC 7616 §3.4 — digest with qop=auth, MD5 and SHA-256
t.test('digest (RFC 7616, RFC 8760)', async (t) => {
  // conformance: RFC 8760 §2.3 — a challenge for each algorithm, the preferred one first
  for (const algorithms of [['SHA-256', 'MD5'], ['MD5']] as const)
    t.test(
      `a REGISTER without credentials is challenged with ${algorithms.join(', then ')} and one realm`,
      async (t) => {
        const { decision } = service({ digest: { algorithms } }).ask({})
        t.match(decision, { kind: 'refuse', status: 401, because: 'auth.required' })
        t.match(
          headersOf(decision, 'WWW-Authenticate'),
          algorithms.map(
            (name) =>
              new RegExp(`^Digest realm="SIP Communications Service", nonce="[\\w-]+", algorithm=${name}, qop="auth"$`),
          ),
        )
        t.equal(headersOf(decision, 'WWW-Authenticate').length, algorithms.length)
      },
    )

  t.test('credentials of an algorithm that was not offered are refused', async (t) => {
    const both = service().ask({}).decision
    const { decision } = service({ digest: { algorithms: ['MD5'] } }).ask({
      headers: [authorization(both, { algorithm: 'SHA-256' })],
    })
    t.match(decision, { kind: 'refuse', status: 401, because: 'auth.algorithm-not-offered' })
  })

  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    t.test(`${algorithm}: the right password lets in and is asserted`, async (t) => {
      const { ask } = service()
      const { asked, decision } = ask({ headers: [authorization(ask({}).decision, { algorithm })] })
      t.match(decision, { kind: 'pass' })
      t.equal(asked.remarks.identity, 'sip:alice@lab.test')
      t.same(asked.remarks.add, [['P-Asserted-Identity', '<sip:alice@lab.test>']])
    })

    t.test(`${algorithm}: a wrong password is challenged anew`, async (t) => {
      const { ask } = service()
      const { decision } = ask({ headers: [authorization(ask({}).decision, { algorithm, password: 'guess' })] })
      t.match(decision, { kind: 'refuse', status: 401, because: 'auth.wrong-password' })
    })
  }

  // conformance: RFC 7616 §4 — names and passwords are UTF-8
  t.test('names and passwords are UTF-8', async (t) => {
    const { ask } = service()
    const { decision } = ask({
      from: 'sip:joerg@lab.test',
      headers: [authorization(ask({}).decision, { username: 'jörg', password: 'pässword' })],
    })
    t.match(decision, { kind: 'pass' })
  })

  t.test('an unknown user gets the same answer as a wrong password', async (t) => {
    const { ask } = service()
    t.match(ask({ headers: [authorization(ask({}).decision, { username: 'mallory' })] }).decision, {
      kind: 'refuse',
      status: 401,
    })
  })

  // conformance: RFC 7616 §3.3 — stale=true for right credentials with a nonce that is over
  t.test('a nonce that is over is stale, and only with the right password', async (t) => {
    const { ask, clock } = service()
    const { decision } = ask({})
    clock.advance(301_000)
    t.match(headersOf(ask({ headers: [authorization(decision)] }).decision, 'WWW-Authenticate'), [
      /stale=true/,
      /stale=true/,
    ])
    t.notMatch(
      headersOf(ask({ headers: [authorization(decision, { password: 'guess' })] }).decision, 'WWW-Authenticate')[0],
      /stale/,
    )
  })

  for (const [step, ms] of [
    ['an hour forward', 3_600_000],
    ['an hour back', -3_600_000],
    ['a year forward', 31_536_000_000],
    ['a year back', -31_536_000_000],
  ] as const)
    t.test(`a calendar that steps ${step} makes no nonce old, and none fresh again`, async (t) => {
      const { ask, clock } = service()
      const { decision } = ask({})
      clock.step(ms)
      t.match(ask({ headers: [authorization(decision)] }).decision, { kind: 'pass' })
      for (const [index, back] of [-ms, ms, -ms].entries()) {
        clock.step(back)
        ask({ headers: [authorization(ask({}).decision, { count: index + 2 })] })
        t.match(ask({ headers: [authorization(decision)] }).decision, { because: 'auth.nonce-stale' }, 'used before')
      }
    })

  t.test('a nonce of another front end is stale: it may have been used there', async (t) => {
    const [fe1, fe2] = [service(), service()]
    const sent = authorization(fe1.ask({}).decision)
    t.match(fe1.ask({ headers: [sent] }).decision, { kind: 'pass' })
    const { decision } = fe2.ask({ headers: [sent] })
    t.match(decision, { kind: 'refuse', because: 'auth.nonce-stale' })
    t.match(fe2.ask({ headers: [authorization(decision)] }).decision, { kind: 'pass' }, 'with the new one it is let in')
  })

  t.test(
    'a request sent again with its count is refused, the next count is good, in any order within the window',
    async (t) => {
      const { ask } = service()
      const { decision } = ask({})
      const outcomes = [1, 1, 3, 2, 2, 40, 5].map(
        (count) => ask({ headers: [authorization(decision, { count })] }).decision.kind,
      )
      t.same(outcomes, ['pass', 'refuse', 'pass', 'pass', 'refuse', 'pass', 'refuse'])
    },
  )

  t.test('an attempt without qop is not taken', async (t) => {
    const { ask } = service()
    t.match(
      ask({ headers: [authorization(ask({}).decision, { change: (parameters) => delete parameters['qop'] })] })
        .decision,
      { kind: 'refuse', status: 401, because: 'auth.qop-missing' },
    )
  })

  t.test('an attempt without a response is malformed', async (t) => {
    const { ask } = service()
    t.match(
      ask({ headers: [authorization(ask({}).decision, { change: (parameters) => delete parameters['response'] })] })
        .decision,
      { kind: 'refuse', status: 400 },
    )
  })

  t.test('credentials for another realm are not ours to read', async (t) => {
    const { ask } = service()
    t.match(
      ask({
        headers: [authorization(ask({}).decision, { change: (parameters) => (parameters['realm'] = '"elsewhere"') })],
      }).decision,
      { because: 'auth.required' },
    )
  })
})

/** Fails so many times for a user, as a client at `address` that reaches us directly. */
function failing(
  { ask, askLater }: ReturnType<typeof service>,
  times: number,
  where: { readonly flow?: Flow; readonly username?: string; readonly via?: string },
): { readonly decision: Decision | undefined } {
  const { flow = testFlow(), username = 'alice', via } = where
  let last: { readonly decision: Decision | undefined } = { decision: undefined }
  for (let attempt = 0; attempt < times; attempt++)
    last = askLater(
      {
        vias: via === undefined ? [] : [via],
        headers: [authorization(ask({}).decision, { username, password: `guess ${attempt}` })],
      },
      flow,
    )
  return last
}

t.test('failed attempts', async (t) => {
  const edge = testFlow({ peer: 'edge' })
  const limit = { failures: 3, seconds: 60 }

  t.test('a source that has failed too often for a user gets 403, later', async (t) => {
    const it = service({ auth: { limit } })
    t.match(failing(it, 3, {}).decision, { status: 401 })
    const last = failing(it, 1, {})
    await settled()
    t.equal(last.decision, undefined, 'not at once')
    it.clock.advance(2_000)
    await settled()
    t.match(last.decision, { kind: 'refuse', status: 403, because: 'auth.too-many-failures' })
    it.clock.advance(60_000)
    t.match(failing(it, 1, {}).decision, { status: 401 }, 'the block ends')
  })

  t.test('the right password gets in from a source that is blocked', async (t) => {
    const it = service({ auth: { limit } })
    failing(it, 10, {})
    t.match(it.ask({ headers: [authorization(it.ask({}).decision)] }).decision, { kind: 'pass' })
  })

  t.test('many names cannot be tried from one source either', async (t) => {
    const it = service({ auth: { limit: { failures: 1, seconds: 60 } } })
    for (let user = 0; user < 20; user++) failing(it, 1, { username: `user${user}` })
    const last = failing(it, 1, { username: 'another' })
    await settled()
    t.equal(last.decision, undefined)
    t.match(it.ask({ headers: [authorization(it.ask({}).decision)] }).decision, { kind: 'pass' })
  })

  t.test('behind our edge the Via that the edge stamped is the source', async (t) => {
    const it = service({ auth: { limit } })
    failing(it, 4, { flow: edge, via: 'SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK2;received=198.51.100.1' })
    t.match(
      failing(it, 1, { flow: edge, via: 'SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK2;received=198.51.100.2' }).decision,
      { status: 401 },
      'another source behind the same edge',
    )
    const last = failing(it, 1, { flow: edge, via: 'SIP/2.0/WSS x.invalid;branch=z9hG4bK2;received=198.51.100.1' })
    await settled()
    t.equal(last.decision, undefined, 'the same source with another sent-by')
  })

  t.test('a Via below the top one is not believed from anyone else', async (t) => {
    for (const peer of [undefined, 'client'] as const) {
      const it = service({ auth: { limit } })
      const flow = testFlow(peer === undefined ? {} : { peer })
      for (let attempt = 0; attempt < 3; attempt++)
        failing(it, 1, { flow, via: `SIP/2.0/TLS h;branch=z9hG4bK2;received=198.51.100.${attempt}` })
      const last = failing(it, 1, { flow, via: 'SIP/2.0/TLS h;branch=z9hG4bK2;received=198.51.100.9' })
      await settled()
      t.equal(last.decision, undefined, `peer ${peer ?? 'without a certificate'}`)
    }
  })

  t.test('a user that many sources fail for is answered later, from every source', async (t) => {
    const it = service({ auth: { limit } })
    for (let source = 0; source < 14; source++)
      t.match(failing(it, 1, { flow: testFlow({ address: `198.51.100.${source}` }) }).decision, { status: 401 })
    const last = failing(it, 1, { flow: testFlow({ address: '198.51.100.99' }), username: 'ALICE' })
    await settled()
    t.equal(last.decision, undefined)
    it.clock.advance(2_000)
    await settled()
    t.match(last.decision, { status: 401, because: 'auth.unknown-user' })
    t.match(it.ask({ headers: [authorization(it.ask({}).decision)] }).decision, { kind: 'pass' }, 'proof gets in')
    t.match(failing(it, 1, { flow: testFlow(), username: 'jörg' }).decision, { status: 401 }, 'others are not slowed')
  })

  t.test('the addresses of one IPv6 network are one source', async (t) => {
    const it = service({ auth: { limit } })
    for (let host = 1; host < 4; host++) failing(it, 1, { flow: testFlow({ address: `2001:db8:0:1::${host}` }) })
    const last = failing(it, 1, { flow: testFlow({ address: '2001:db8:0:1:ffff::9' }) })
    await settled()
    t.equal(last.decision, undefined)
  })

  t.test('a signed-in flow is not asked, whatever others have failed', async (t) => {
    const it = service({ auth: { limit } })
    const flow = testFlow()
    rememberIdentity(flow, 'sip:alice@lab.test', it.clock.wall() + 600_000)
    failing(it, 30, { flow: testFlow() })
    t.match(it.ask({ method: 'MESSAGE', uri: 'sip:bob@lab.test' }, flow).decision, { kind: 'pass' })
  })
})

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

t.test('who is asked', async (t) => {
  for (const method of ['INVITE', 'MESSAGE', 'OPTIONS', 'SUBSCRIBE']) {
    t.test(`${method} out of dialog is challenged`, async (t) => {
      t.match(service().ask({ method, uri: 'sip:bob@lab.test', to: 'sip:bob@lab.test' }).decision, {
        kind: 'refuse',
        status: 401,
      })
    })
  }

  for (const method of ['ACK', 'CANCEL']) {
    t.test(`${method} never is`, async (t) => {
      t.match(service().ask({ method }).decision, { kind: 'pass' })
    })
  }

  t.test('a user cannot speak as another: 403 with 4004', async (t) => {
    const { ask } = service()
    const { decision } = ask({ from: 'sip:bob@lab.test', headers: [authorization(ask({}).decision)] })
    t.match(decision, { kind: 'refuse', status: 403, because: 'auth.identity-mismatch' })
    t.match(headersOf(decision, 'ms-diagnostics'), [/^4004;/])
  })

  t.test('a server vouches for its users', async (t) => {
    const { asked, decision } = service().ask(
      { headers: ['P-Asserted-Identity: <sip:alice@lab.test>'] },
      testFlow({ peer: 'server' }),
    )
    t.match(decision, { kind: 'pass' })
    t.equal(asked.remarks.identity, 'sip:alice@lab.test')
    t.same(asked.remarks.remove, [])
  })

  for (const peer of [undefined, 'client', 'edge'] as const) {
    t.test(`${peer ?? 'a peer without certificate'} does not: its assertion is taken out`, async (t) => {
      const { asked, decision } = service().ask(
        { headers: ['P-Asserted-Identity: <sip:alice@lab.test>'] },
        testFlow(peer === undefined ? {} : { peer }),
      )
      t.match(decision, { kind: 'refuse', status: 401 })
      t.same(asked.remarks.remove, ['p-asserted-identity'])
      t.equal(asked.remarks.identity, undefined)
    })
  }

  t.test('a host treated as authenticated speaks for the From it gives', async (t) => {
    const { asked, decision } = service().ask({ method: 'INVITE' }, testFlow({ peer: 'treated-as-authenticated' }))
    t.match(decision, { kind: 'pass' })
    t.equal(asked.remarks.identity, 'sip:alice@lab.test')
  })

  t.test('a partner that the edge let in has no account here', async (t) => {
    const foreign = { method: 'INVITE', from: 'sip:erin@partner.test', to: 'sip:alice@lab.test' }
    const edge = testFlow({ peer: 'edge' })
    t.match(service().ask(foreign, edge, { organisation: 'partner.test' }).decision, { kind: 'pass' })
    t.match(service().ask(foreign, edge).decision, { kind: 'refuse', status: 401 })
    t.match(service().ask(foreign).decision, { kind: 'refuse', status: 401 })
  })

  t.test('a dialog passes when it is proved; a To tag alone is nothing', async (t) => {
    const inDialog = { method: 'BYE', toParameters: ';tag=2' }
    const side = { identity: '', uri: '', organisation: '', hop: 'w' }
    const dialog = { sender: side, other: side, isCaller: true, proved: true }
    t.match(service().ask(inDialog).decision, { kind: 'refuse', status: 401 })
    t.match(service().ask(inDialog, testFlow(), { dialog: { ...dialog, proved: false } }).decision, { status: 401 })
    t.match(service().ask(inDialog, testFlow(), { dialog }).decision, { kind: 'pass' })
  })

  // conformance: RFC 3261 §22.3 — credentials of our realm end here, those of others travel on
  t.test('credentials of our realm go no further, those of other realms do', async (t) => {
    const ours = `Digest username="alice", realm="${realm}", nonce="n", uri="sip:lab.test", response="r"`
    const other = 'Digest username="alice", realm="gateway.test", nonce="n", uri="sip:lab.test", response="r"'
    for (const method of ['REGISTER', 'INVITE', 'ACK', 'MESSAGE', 'BYE'])
      for (const name of ['Authorization', 'Proxy-Authorization'] as const) {
        const { asked } = service().ask({ method, headers: [`${name}: ${ours}`, `${name}: ${other}`] })
        t.ok(asked.remarks.remove.includes(name.toLowerCase()), `${method} ${name}`)
        t.same(
          asked.remarks.add.filter(([one]) => one === name),
          [[name, other]],
        )
        const untouched = service().ask({ method, headers: [`${name}: ${other}`] })
        t.notOk(untouched.asked.remarks.remove.includes(name.toLowerCase()))
      }
  })

  t.test('a user who may not sign in from outside is refused with 4003', async (t) => {
    const account = {
      aor: 'sip:alice@lab.test',
      login: 'alice',
      displayName: '',
      homePool: '',
      remote: false,
      enabled: true,
    }
    const { ask, policy, clock } = service({ auth: { accounts: { account: () => account } } })
    const asked = arrival(requestText({ headers: [authorization(ask({}).decision)] }), { wall: clock.wall() })
    asked.remarks.remote = true
    t.match(policy.decide(asked), {
      kind: 'refuse',
      status: 403,
      because: 'auth.remote-not-allowed',
      headers: [['ms-diagnostics-public', '4003;reason="User is not enabled for remote access"']],
    })
  })

  t.test('a directory that is away is answered 504, not taken for a wrong password', async (t) => {
    const error = new StoreError('store.unreachable', 'gone')
    const { ask } = service({
      digest: {
        credentials: {
          credential: () => {
            throw error
          },
        },
      },
    })
    t.match(ask({ headers: [authorization(ask({}).decision)] }).decision, {
      kind: 'refuse',
      status: 504,
      because: 'store.unreachable',
    })
  })
})

t.test('a flow that signed in', async (t) => {
  function signIn(t: Test, flow: Flow, party: AuthenticateOptions['party'] = () => undefined) {
    const one = service({ auth: { party } })
    const location = memoryLocation({ clock: one.clock })
    t.teardown(() => location.close())
    const register = registrar({ location, accounts: undefined, domains, clock: one.clock, self })
    const send = (parts: RequestParts): Decision => {
      const { asked, decision } = one.ask(parts, flow)
      return decision.kind === 'pass' && asked.request.method === 'REGISTER'
        ? (register.decide(asked) as Decision)
        : decision
    }
    return {
      ...one,
      send,
      registered: send({
        headers: [
          'Contact: <sip:alice@192.0.2.7:40001;transport=tls>;expires=600',
          authorization(one.ask({}).decision),
        ],
      }),
    }
  }
  const invite = { method: 'INVITE', to: 'sip:bob@lab.test' }

  t.test('is not challenged for its own From', async (t) => {
    const { registered, send } = signIn(t, testFlow())
    t.match(registered, { kind: 'answer', status: 200 })
    t.match(send(invite), { kind: 'pass' })
    t.match(send({ cseq: 2, headers: ['Contact: <sip:alice@192.0.2.7:40001;transport=tls>'] }), {
      kind: 'answer',
      status: 200,
    })
  })

  t.test('is for another From', async (t) => {
    t.match(signIn(t, testFlow()).send({ ...invite, from: 'sip:bob@lab.test' }), { kind: 'refuse', status: 401 })
  })

  t.test('is when the registration ran out', async (t) => {
    const { clock, send } = signIn(t, testFlow())
    clock.advance(600_000)
    t.match(send(invite), { kind: 'refuse', status: 401 })
  })

  t.test('is after it signed out', async (t) => {
    const { send } = signIn(t, testFlow())
    send({ cseq: 2, headers: ['Contact: *', 'Expires: 0'] })
    t.match(send(invite), { kind: 'refuse', status: 401 })
  })

  for (const [what, flow] of [
    ['a datagram flow', testFlow({ transport: 'udp' })],
    ['a link of the edge', testFlow({ peer: 'edge' })],
  ] as const) {
    t.test(`${what} keeps no identity`, async (t) => {
      const { registered, send } = signIn(t, flow)
      t.match(registered, { kind: 'answer', status: 200 })
      t.match(send(invite), { kind: 'refuse', status: 401 })
    })
  }

  t.test('speaks under another name only where a dialog recorded its user under that name', async (t) => {
    const { send } = signIn(t, testFlow())
    const called = { method: 'BYE', from: 'tel:+12015550123', to: 'sip:bob@lab.test', toParameters: ';tag=9' }
    t.match(send({ method: 'BYE', from: 'sip:alice@lab.test', toParameters: ';tag=9' }), { kind: 'pass' })
    t.match(send(called), { kind: 'refuse', status: 401 })
    t.match(signIn(t, testFlow(), () => 'sip:alice@lab.test').send(called), { kind: 'pass' })
    t.match(signIn(t, testFlow(), () => 'sip:carol@lab.test').send(called), { kind: 'refuse', status: 401 })
  })

  t.test('does not pass another user of ours by a made-up dialog', async (t) => {
    t.match(signIn(t, testFlow()).send({ method: 'MESSAGE', from: 'sip:bob@lab.test', toParameters: ';tag=9' }), {
      kind: 'refuse',
      status: 401,
    })
  })
})
