import { fc } from '../../../support/property.ts'
import t from 'tap'
import { authenticate } from '../../../../src/services/authentication/authenticate.ts'
import type { FailureLimit } from '../../../../src/services/authentication/failures.ts'
import { rememberIdentity } from '../../../../src/services/authentication/flow-identity.ts'
import { credentialRows } from '../../../../src/services/authentication/hashes.ts'
import { Associations } from '../../../../src/services/authentication/ntlm/associations.ts'
import { ntlm } from '../../../../src/services/authentication/ntlm/ntlm.ts'
import { NtlmSeal } from '../../../../src/services/authentication/ntlm/seal.ts'
import { readAuthenticate, writeChallenge } from '../../../../src/services/authentication/ntlm/tokens.ts'
import { readAuthorization } from '../../../../src/services/authentication/scheme.ts'
import { answer, parseText } from '../../../../src/sip/message/index.ts'
import type { HeaderField, SipResponse } from '../../../../src/sip/message/types.ts'
import type { Decision } from '../../../../src/sip/routing/decision.ts'
import type { Flow } from '../../../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../../../support/arrival.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import {
  authenticateToken,
  isSignedByServer,
  type NtlmAnswer,
  type NtlmSession,
  signatureLine,
} from '../../../support/ntlm-client.ts'

const realm = 'SIP Communications Service'
const self = 'se.lab.test'
const rows = ['alice', 'alice@lab.test', 'bob'].flatMap((name) =>
  credentialRows(name, realm, 'wonder land').map((row) => ({
    ...row,
    aor: `sip:${name.split('@')[0] ?? ''}@lab.test`,
  })),
)
const fromAlice = ';tag=1;epid=9e33288b9e49'

function server(flow: Flow = testFlow(), limit?: FailureLimit) {
  const clock = new FakeClock()
  const associations = new Associations({ all: 3, perUser: 2 })
  const credentials = {
    credential: (name: string, scheme: string) => rows.find((row) => row.username === name && row.scheme === scheme),
  }
  const scheme = ntlm({ credentials, realm, self, domain: 'lab.test', clock, associations })
  const policy = authenticate({
    schemes: [scheme],
    realm,
    self,
    clock,
    dated: true,
    ...(limit === undefined ? {} : { limit }),
  })
  const seal = new NtlmSeal({ associations, realm, self, clock })
  const ask = (text: string): Decision => {
    const decision = policy.decide(arrival(text, { flow, wall: clock.wall() }))
    if (decision instanceof Promise) throw new TypeError('a promise')
    return decision
  }
  const register = (line?: string, more: Parameters<typeof requestText>[0] = {}): Decision =>
    ask(requestText({ fromParameters: fromAlice, ...more, headers: line === undefined ? [] : [line] }))
  return { clock, associations, policy, seal, flow, ask, register }
}

type Server = ReturnType<typeof server>

function headerOf(decision: Decision, name: string): string {
  const { headers = [] } = decision as { readonly headers?: readonly HeaderField[] }
  return headers.find(([one]) => one === name)?.[1] ?? ''
}

function parameter(value: string, name: string): string {
  return readAuthorization(value)?.parameters.get(name) ?? ''
}

const credentials = `NTLM qop="auth", realm="${realm}", targetname="${self}"`

interface SignIn extends Partial<NtlmAnswer> {
  readonly version?: number
  readonly parts?: Parameters<typeof requestText>[0]
}

/** The three REGISTERs of a sign-in; the decision on the last, and the line that it carried. */
function signIn(
  server: Server,
  { version = 4, parts = {}, ...given }: SignIn = {},
): { readonly decision: Decision; readonly session: NtlmSession; readonly line: string } {
  const text = version === 2 ? '' : `version=${version}, `
  const challenge = headerOf(
    server.register(`Authorization: ${credentials}, gssapi-data=""${text === '' ? '' : `, version=${version}`}`, parts),
    'WWW-Authenticate',
  )
  const opaque = parameter(challenge, 'opaque')
  const { token, sessionKey } = authenticateToken(Buffer.from(parameter(challenge, 'gssapi-data'), 'base64'), {
    user: 'alice',
    password: 'wonder land',
    time: server.clock.wall(),
    ...given,
  })
  const session: NtlmSession = { opaque, realm, target: self, version, sessionKey, sent: 0 }
  const data = `gssapi-data="${token.toString('base64')}", ${text}`
  const line =
    version === 4
      ? signatureLine(session, requestText({ fromParameters: fromAlice, ...parts }), data)
      : `Authorization: ${credentials}, opaque="${opaque}", ${data.slice(0, -2)}`
  return { decision: server.register(line, parts), session, line }
}

t.test('NTLM', async (t) => {
  t.test('is offered with the name of the server and the time', async (t) => {
    const decision = server().register()
    t.match(
      [headerOf(decision, 'WWW-Authenticate'), headerOf(decision, 'Date')],
      [`NTLM realm="${realm}", targetname="${self}", version=4`, /GMT$/],
    )
  })

  for (const version of [2, 3, 4])
    t.test(`signs in with version ${version}`, async (t) => {
      t.match(signIn(server(), { version }).decision, { kind: 'pass' })
    })

  for (const [user, domain] of [
    ['alice', ''],
    ['alice@lab.test', ''],
    ['ALICE', 'LAB'],
    ['Alice', 'lab.test'],
  ] as const)
    t.test(`takes the login ${domain}\\${user}`, async (t) => {
      t.match(signIn(server(), { user, domain }).decision, { kind: 'pass' })
    })

  t.test('refuses a wrong password', async (t) => {
    t.match(signIn(server(), { password: 'x' }).decision, { status: 401, because: 'auth.wrong-password' })
  })

  t.test('answers an unknown user as it answers a wrong password', async (t) => {
    t.match(signIn(server(), { user: 'mallory' }).decision, { status: 401, because: 'auth.unknown-user' })
  })

  t.test('gives nobody the name of another', async (t) => {
    t.match(signIn(server(), { user: 'bob' }).decision, { status: 403, because: 'auth.identity-mismatch' })
  })

  t.test('reports clocks that differ by more than 15 minutes as 1013', async (t) => {
    const one = server()
    const { decision } = signIn(one, { time: one.clock.wall() - 16 * 60_000 })
    t.match([decision, headerOf(decision, 'ms-diagnostics')], [{ status: 401, because: 'auth.clock-skew' }, /^1013;/])
  })

  t.test('takes the answer to one challenge once', async (t) => {
    const one = server()
    const { line } = signIn(one)
    t.match(one.register(line), { status: 401 })
  })

  t.test('asks a client anew that comes with an association of a former process', async (t) => {
    const { session } = signIn(server())
    const text = requestText({ fromParameters: fromAlice })
    t.match(server().register(signatureLine(session, text)), { status: 401, because: 'auth.nonce-stale' })
  })

  t.test('counts wrong attempts by the name tried', async (t) => {
    const one = server()
    for (let at = 0; at < 10; at++) signIn(one, { password: 'x' })
    t.throws(() => signIn(one, { password: 'x' }), /a promise/, 'the next wrong one is answered later')
    t.match(
      [signIn(one).decision, signIn(one, { user: 'bob', parts: { from: 'sip:bob@lab.test' } }).decision],
      [{ kind: 'pass' }, { kind: 'pass' }],
      'the right password always gets in',
    )
  })
})

t.test('a signed request', async (t) => {
  const parts = { method: 'INVITE', uri: 'sip:bob@lab.test', to: 'sip:bob@lab.test', fromParameters: fromAlice }
  const ready = (flow?: Flow, limit?: FailureLimit) => {
    const one = server(flow, limit)
    const { session } = signIn(one)
    return { ...one, session, invite: (line: string) => one.ask(requestText({ ...parts, headers: [line] })) }
  }

  t.test('is one of the user, on the link of an edge too', async (t) => {
    const { session, invite } = ready(testFlow({ peer: 'edge' }))
    t.match(invite(signatureLine(session, requestText(parts))), { kind: 'pass' })
  })

  t.test('is taken once', async (t) => {
    const { session, invite } = ready()
    const line = signatureLine(session, requestText(parts))
    t.match([invite(line), invite(line)], [{ kind: 'pass' }, { status: 401, because: 'auth.replayed' }])
  })

  t.test('is taken once, in whatever order 32 of them come and come again', async (t) => {
    const { session, invite } = ready(undefined, { failures: 10_000, seconds: 60 })
    const lines = Array.from({ length: 32 }, () => signatureLine(session, requestText(parts)))
    const taken = new Map<number, number>()
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.nat({ max: 31 }), (at) => {
          if (invite(lines[at] ?? '').kind === 'pass') taken.set(at, (taken.get(at) ?? 0) + 1)
          return (taken.get(at) ?? 0) === 1
        }),
        { numRuns: 200 },
      ),
    )
  })

  t.test('may be overtaken', async (t) => {
    const { session, invite } = ready()
    const lines = [1, 2, 3].map(() => signatureLine(session, requestText(parts)))
    t.match(lines.reverse().map(invite), [{ kind: 'pass' }, { kind: 'pass' }, { kind: 'pass' }])
  })

  t.test('cannot be left unsigned on a connection that signed in', async (t) => {
    const { ask } = ready()
    t.match(ask(requestText(parts)), { status: 401, because: 'auth.required' })
  })

  t.test('cannot be left unsigned under the epid of no endpoint', async (t) => {
    const { ask, flow, clock } = ready()
    rememberIdentity(flow, 'sip:alice@lab.test', clock.wall() + 600_000)
    for (const fromParameters of [';tag=1;epid=other', ';tag=1'])
      t.match(ask(requestText({ ...parts, fromParameters })), { status: 401 })
  })

  t.test('counts for its own endpoint only', async (t) => {
    const { session, ask } = ready()
    const other = { ...parts, fromParameters: ';tag=1;epid=other' }
    t.match(ask(requestText({ ...other, headers: [signatureLine(session, requestText(other))] })), {
      status: 401,
      because: 'auth.other-endpoint',
    })
  })

  t.test('is dropped as an ACK when the signature is wrong', async (t) => {
    const { session, ask } = ready()
    const ack = { ...parts, method: 'ACK' }
    const line = signatureLine(session, requestText(ack))
    t.match(
      [ask(requestText({ ...ack, callId: 'other', headers: [line] })), ask(requestText({ ...ack, headers: [line] }))],
      [{ kind: 'drop' }, { kind: 'pass' }],
    )
  })

  for (const method of ['ACK', 'CANCEL'])
    t.test(`is no ${method} that begins a sign-in or ends one: nobody would count the attempts`, async (t) => {
      const { register, ask, associations, clock } = ready()
      const challenge = headerOf(register(`Authorization: ${credentials}, gssapi-data=""`), 'WWW-Authenticate')
      const data = Buffer.from(parameter(challenge, 'gssapi-data'), 'base64')
      const { token } = authenticateToken(data, { user: 'bob', password: 'wonder land', time: clock.wall() })
      const opaque = parameter(challenge, 'opaque')
      for (const rest of ['gssapi-data=""', `opaque="${opaque}", gssapi-data="${token.toString('base64')}"`]) {
        const headers = [`Authorization: ${credentials}, ${rest}`]
        t.match(ask(requestText({ ...parts, from: 'sip:bob@lab.test', method, headers })), { kind: 'drop' })
      }
      t.equal(associations.size, 1, 'that of alice')
    })

  t.test('is refused when a part that it covers was changed', async (t) => {
    const changes: fc.Arbitrary<Parameters<typeof requestText>[0]> = fc.oneof(
      fc.record({ to: fc.constantFrom('sip:carol@lab.test', 'sip:BOB@lab.test') }),
      fc.record({ callId: fc.stringMatching(/^[a-z]{1,12}$/) }),
      fc.record({ cseq: fc.integer({ min: 2, max: 1000 }) }),
      fc.record({ method: fc.constantFrom('BYE', 'MESSAGE', 'SERVICE') }),
      fc.record({ fromParameters: fc.constantFrom(';tag=2;epid=9e33288b9e49', ';tag=11;epid=9e33288b9e49') }),
      fc.record({ toParameters: fc.constant(';tag=7') }),
    )
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(changes, (change) => {
          const { session, ask } = ready()
          const line = signatureLine(session, requestText(parts))
          const decision = ask(requestText({ ...parts, ...change, headers: [line] }))
          return decision.kind === 'refuse' && decision.status === 401
        }),
        { numRuns: 40 },
      ),
    )
  })

  t.test('is refused with any other signature', async (t) => {
    const { session, invite } = ready(undefined, { failures: 1000, seconds: 60 })
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 15 }), (at, change) => {
          const line = signatureLine(session, requestText(parts))
          const place = line.indexOf('response="') + 'response="'.length + at
          const digit = (Number.parseInt(line.charAt(place), 16) ^ change).toString(16)
          const decision = invite(line.slice(0, place) + digit + line.slice(place + 1))
          return decision.kind === 'refuse'
        }),
        { numRuns: 40 },
      ),
    )
  })
})

t.test('the tokens of NTLM', async (t) => {
  const { token } = authenticateToken(writeChallenge(Buffer.alloc(8, 7), { self, domain: 'lab.test' }), {
    user: 'alice',
    password: 'x',
    time: 0,
  })

  t.test('are read whole or not at all, wherever they are cut', async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.integer({ min: 0, max: token.length - 1 }), (length) => {
          return readAuthenticate(token.subarray(0, length)) === undefined
        }),
      ),
    )
  })

  t.test('never make the reader throw, whatever was changed in them', async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.integer({ min: 0, max: token.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, octet) => {
          const changed = Buffer.from(token)
          changed[at] = octet
          const read = readAuthenticate(changed)
          return read === undefined || read.sessionKey.length === 16
        }),
        { numRuns: 2000 },
      ),
    )
  })

  t.test('of NTLMv1 are not read', async (t) => {
    const old = Buffer.from(token)
    old.writeUInt16LE(24, 20)
    t.equal(readAuthenticate(old), undefined)
  })
})

t.test('the seal', async (t) => {
  const contact = '<sip:192.0.2.7:40001;transport=tls;ms-opaque=d3>'
  const gruu = 'sip:alice@lab.test;opaque=user:epid:X;gruu'
  const signedIn = (flow?: Flow) => {
    const one = server(flow)
    const { session } = signIn(one)
    const register = parseText(requestText({ fromParameters: fromAlice }))
    if (register.kind !== 'request') throw new TypeError('no request')
    const headers: HeaderField[] = [
      ['Contact', `${contact};expires=600;gruu="${gruu}"`],
      ['Expires', '600'],
    ]
    const signInAs = (fromParameters: string) => signIn(one, { parts: { fromParameters } })
    return { ...one, at: one, session, register, signInAs, ok: answer(register, 200, { headers }) }
  }
  const forAlice = (uri: string): string =>
    requestText({ method: 'INVITE', uri, from: 'sip:bob@lab.test', to: 'sip:alice@lab.test' })

  t.test('signs the answer to the client', async (t) => {
    const { seal, session, ok, flow } = signedIn()
    t.equal(isSignedByServer(session, parseText(seal.sealed(ok, flow))), true)
  })

  for (const [way, uri] of [
    ['Contact', contact.slice(1, -1)],
    ['GRUU', gruu],
  ] as const)
    t.test(`signs a request to its ${way}, on another link of its edge`, async (t) => {
      const { seal, session, ok, flow } = signedIn(testFlow({ peer: 'edge' }))
      seal.sealed(ok, flow)
      const text = seal.sealed(forAlice(uri), testFlow({ peer: 'edge' }))
      t.equal(isSignedByServer(session, parseText(text)), true)
    })

  t.test('signs for the user in To, whoever else registered that Contact or GRUU', async (t) => {
    const one = signedIn(testFlow({ peer: 'edge' }))
    const { seal, session, flow } = one
    const parts = { from: 'sip:bob@lab.test', fromParameters: ';tag=1;epid=b' }
    signIn(one.at, { user: 'bob', parts })
    const taken: readonly HeaderField[] = [['Contact', `${contact};expires=600;gruu="${gruu}"`]]
    const ofBob = answer(parseRequest(parts), 200, { headers: taken })
    const signed = (uri: string): boolean | undefined =>
      isSignedByServer(session, parseText(seal.sealed(forAlice(uri), flow)))
    for (const order of [
      [one.ok, ofBob],
      [ofBob, one.ok],
    ]) {
      for (const text of order) seal.sealed(text, flow)
      t.same([signed(contact.slice(1, -1)), signed(gruu)], [true, true])
    }
    const toNumber = forAlice(gruu).replace('To: <sip:alice@', 'To: <sip:+4930@')
    t.equal(seal.sealed(toNumber, flow), toNumber, 'for none of two where To names neither')
    const away = parseRequest({ fromParameters: fromAlice })
    seal.sealed(answer(away, 200), flow)
    t.not(seal.sealed(toNumber, flow), toNumber, 'for the one who is left')
  })

  t.test('leaves what goes to others alone', async (t) => {
    const { seal, ok, flow } = signedIn()
    seal.sealed(ok, flow)
    const texts = [forAlice('sip:192.0.2.9:5060'), answer(parseRequest({ from: 'sip:bob@lab.test' }), 200)]
    t.same(
      texts.map((text) => seal.sealed(text, flow)),
      texts,
    )
  })

  t.test('leaves what goes to a server alone', async (t) => {
    const { seal, ok } = signedIn()
    t.equal(seal.sealed(ok, testFlow({ peer: 'server' })), ok)
  })

  t.test('does not sign a challenge, which begins a new association', async (t) => {
    const { seal, flow, register } = signedIn()
    const text = answer(register, 401)
    t.equal(seal.sealed(text, flow), text)
  })

  t.test('replaces what another server wrote', async (t) => {
    const { seal, flow, register, session } = signedIn()
    const text = answer(register, 404, { headers: [['Authentication-Info', 'NTLM rspauth="x"']] })
    const sealed = parseText(seal.sealed(text, flow))
    t.same([sealed.headers('Authentication-Info').length, isSignedByServer(session, sealed)], [1, true])
  })

  t.test('forgets an endpoint that signed off', async (t) => {
    const { seal, flow, register, associations } = signedIn()
    seal.sealed(answer(register, 200, { headers: [['Expires', '0']] }), flow)
    t.equal(associations.size, 0)
  })

  t.test('keeps to its own endpoint when another of the user signs off', async (t) => {
    const one = signedIn()
    one.seal.sealed(one.ok, one.flow)
    const leaving = ';tag=1;epid=other'
    one.signInAs(leaving)
    const goodbye = parseRequest({ fromParameters: leaving })
    const left: HeaderField[] = [
      ['Contact', `${contact};expires=600;gruu="${gruu}"`],
      ['Expires', '0'],
    ]
    one.seal.sealed(answer(goodbye, 200, { headers: left }), one.flow)
    const text = one.seal.sealed(forAlice(contact.slice(1, -1)), one.flow)
    t.same([one.associations.size, isSignedByServer(one.session, parseText(text))], [1, true])
  })

  t.test('takes a response of the client that is signed, once', async (t) => {
    const { seal, flow, session } = signedIn()
    const response = signedResponse(session)
    t.same([seal.refuses(response, flow), seal.refuses(response, flow)], [undefined, 'auth.replayed'])
  })

  t.test('takes no response that is unsigned, or signed for another status', async (t) => {
    const { seal, flow, session } = signedIn()
    const [line = ''] = signedResponse(session).headers('Authorization')
    const invite = parseRequest({ method: 'INVITE', from: 'sip:bob@lab.test', to: 'sip:alice@lab.test' })
    const response = (headers: readonly HeaderField[]): SipResponse =>
      parseText(answer(invite, 486, { toTag: 'a', headers })) as SipResponse
    t.same(
      [seal.refuses(response([]), flow), seal.refuses(response([['Authorization', line]]), flow)],
      ['auth.unsigned', 'auth.bad-signature'],
    )
  })
})

function parseRequest(parts: Parameters<typeof requestText>[0]) {
  const request = parseText(requestText(parts))
  if (request.kind !== 'request') throw new TypeError('no request')
  return request
}

function signedResponse(session: NtlmSession): SipResponse {
  const invite = parseRequest({ method: 'INVITE', from: 'sip:bob@lab.test', to: 'sip:alice@lab.test' })
  const line = signatureLine(session, answer(invite, 200, { toTag: 'a' })).slice('Authorization: '.length)
  return parseText(answer(invite, 200, { toTag: 'a', headers: [['Authorization', line]] })) as SipResponse
}

t.test('associations are bounded, for a user and in all', async (t) => {
  const one = server()
  for (const epid of ['a', 'b', 'c']) signIn(one, { parts: { fromParameters: `;tag=1;epid=${epid}` } })
  const ofUser = one.associations.size
  for (const epid of ['d', 'e'])
    signIn(one, { user: 'bob', parts: { from: 'sip:bob@lab.test', fromParameters: `;tag=1;epid=${epid}` } })
  t.same([ofUser, one.associations.size], [2, 3])
})

t.test('an association lives on when the calendar steps by a year', async (t) => {
  for (const ms of [31_536_000_000, -31_536_000_000]) {
    const one = server()
    const { session } = signIn(one)
    one.clock.step(ms)
    t.not(one.associations.byOpaque(session.opaque, one.clock.now()), undefined)
    t.match(one.register(signatureLine(session, requestText({ fromParameters: fromAlice }))), { kind: 'pass' })
  }
})

t.test('an association ends after eight hours', async (t) => {
  const one = server()
  const { session } = signIn(one)
  t.equal(one.associations.byOpaque(session.opaque, one.clock.now() + 8 * 3_600_000), undefined)
})
