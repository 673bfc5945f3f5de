import t from 'tap'
import type { Test } from 'tap'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import type { RegistrarOptions } from '../../../src/services/registrar/registrar.ts'
import { localTargets } from '../../../src/services/registrar/local-targets.ts'
import { MessageError } from '../../../src/sip/message/index.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import type { Decision, Target } from '../../../src/sip/routing/decision.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'
import type { RequestParts } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function service(t: Test, options: Partial<RegistrarOptions> = {}) {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const open = new Set<number>()
  const accounts = {
    account: (aor: string) =>
      /alice|bob/.test(aor)
        ? { aor, login: '', displayName: '', homePool: '', remote: true, enabled: true }
        : undefined,
  }
  const policy = registrar({ location, accounts, domains: ['lab.test'], clock, self: 'fe1.lab.test', ...options })
  const targets = localTargets({
    location,
    accounts,
    domains: ['lab.test'],
    self: 'fe1.lab.test',
    isOpen: (flow) => open.has(flow),
  })
  return {
    clock,
    location,
    policy,
    register(parts: RequestParts, flow: Flow = testFlow()) {
      open.add(flow.id)
      return policy.decide(arrival(requestText(parts), { flow, wall: clock.wall() }))
    },
    call: (uri: string, parts: RequestParts = {}) =>
      targets.decide(
        arrival(requestText({ method: 'INVITE', uri, to: 'sip:alice@lab.test', from: 'sip:bob@lab.test', ...parts }), {
          wall: clock.wall(),
        }),
      ),
    close(flow: Flow) {
      open.delete(flow.id)
      return location.removeFlow(flow.id)
    },
  }
}

function values(decision: Decision | Promise<Decision>, name: string): readonly string[] {
  const { headers = [] } = decision as { headers?: readonly HeaderField[] }
  return headers.filter(([one]) => one === name).map(([, value]) => value)
}

function targetsOf(decision: Decision | Promise<Decision>): readonly Target[] {
  return !(decision instanceof Promise) && decision.kind === 'route' ? decision.targets : []
}

const instance = '+sip.instance="<urn:uuid:6163cf37-8828-53c7-a429-d218f0c2aaf3>"'
const outbound = [
  'Supported: path, outbound, gruu',
  `Contact: <sip:alice@192.0.2.7:40001;transport=tls>;reg-id=1;${instance}`,
]

t.test('a first REGISTER is answered 200 with its Contact, Expires and Date', async (t) => {
  const { register } = service(t)
  const decision = register({ headers: ['Contact: <sip:alice@192.0.2.9:5070;transport=tcp>', 'Expires: 600'] })
  t.match(decision, { kind: 'answer', status: 200 })
  t.same(values(decision, 'Contact'), ['<sip:alice@192.0.2.9:5070;transport=tcp>;expires=600'])
  t.same(values(decision, 'Expires'), ['600'])
  t.same(values(decision, 'Date'), ['Mon, 02 Jan 2006 12:00:00 GMT'])
})

// conformance: RFC 3261 §10.3 — bindings: refresh, removal, 423, the star, the order of CSeq
t.test('contacts (RFC 3261 §10.3)', async (t) => {
  t.test('several contacts come back each on a line of its own, with q and the time left', async (t) => {
    const { register, clock } = service(t)
    register({ headers: ['Contact: <sip:a@192.0.2.1>;q=0.7;expires=100, <sip:b@192.0.2.2>;expires=200'] })
    clock.advance(10_000)
    t.same(values(register({ cseq: 2 }), 'Contact'), [
      '<sip:a@192.0.2.1>;expires=90;q=0.7',
      '<sip:b@192.0.2.2>;expires=190',
    ])
  })

  t.test('a Contact with an equal URI refreshes the binding, spelled anew', async (t) => {
    const { register } = service(t)
    register({ headers: ['Contact: <sip:alice@HOST.lab.test;transport=tcp>'] })
    t.same(
      values(
        register({ cseq: 2, headers: ['Contact: <sip:%61lice@host.lab.test;transport=TCP>;expires=90'] }),
        'Contact',
      ),
      ['<sip:%61lice@host.lab.test;transport=TCP>;expires=90'],
    )
  })

  t.test('a port with a zero in front is the same port, and one more digit another', async (t) => {
    const { register } = service(t)
    register({ headers: ['Contact: <sip:a@192.0.2.1:05070>, <sip:a@192.0.2.1:50700>'] })
    t.same(values(register({ cseq: 2, headers: ['Contact: <sip:a@192.0.2.1:5070>;expires=90'] }), 'Contact'), [
      '<sip:a@192.0.2.1:50700>;expires=7200',
      '<sip:a@192.0.2.1:5070>;expires=90',
    ])
  })

  t.test('of two bindings that a Contact is equal to, the one spelled the same is refreshed', async (t) => {
    const { register } = service(t)
    // Equality is not transitive (RFC 3261 §19.1.4): a parameter that only one has does not count.
    register({ headers: ['Contact: <sip:a@192.0.2.1;x=1>, <sip:a@192.0.2.1;x=2>'] })
    register({ cseq: 2, headers: ['Contact: <sip:a@192.0.2.1>'] })
    t.same(values(register({ cseq: 3, headers: ['Contact: <sip:a@192.0.2.1;x=2>;expires=90'] }), 'Contact'), [
      '<sip:a@192.0.2.1>;expires=7200',
      '<sip:a@192.0.2.1;x=2>;expires=90',
    ])
  })

  t.test('expires=0 removes one contact only', async (t) => {
    const { register } = service(t)
    register({ headers: ['Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.2>'] })
    t.same(values(register({ cseq: 2, headers: ['Contact: <sip:a@192.0.2.1>;expires=0'] }), 'Contact'), [
      '<sip:b@192.0.2.2>;expires=7200',
    ])
  })

  t.test('a star with a zero of several digits removes all', async (t) => {
    const { register } = service(t)
    register({ headers: ['Contact: <sip:alice@192.0.2.9>'] })
    t.match(register({ cseq: 2, headers: ['Contact: *', 'Expires: 000'] }), { status: 200 })
  })

  t.test('a star with Expires: 0 removes all', async (t) => {
    const { register, call } = service(t)
    register({ headers: ['Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.2>'] })
    t.same(values(register({ cseq: 2, headers: ['Contact: *', 'Expires: 0'] }), 'Contact'), [])
    t.match(call('sip:alice@lab.test'), { kind: 'refuse', status: 480 })
  })

  for (const headers of [
    ['Contact: *'],
    ['Contact: *', 'Expires: 60'],
    ['Contact: *', 'Contact: <sip:a@192.0.2.1>', 'Expires: 0'],
  ]) {
    t.test(`a star is refused 400 with ${headers.slice(1).join(' and ') || 'nothing else'}`, async (t) => {
      t.match(service(t).register({ headers }), { kind: 'refuse', status: 400 })
    })
  }

  t.test('an interval too brief is refused 423 with Min-Expires', async (t) => {
    const decision = service(t).register({ headers: ['Contact: <sip:a@192.0.2.1>', 'Expires: 59'] })
    t.match(decision, { kind: 'refuse', status: 423 })
    t.same(values(decision, 'Min-Expires'), ['60'])
  })

  t.test('an interval too long is cut to the longest', async (t) => {
    t.same(values(service(t).register({ headers: ['Contact: <sip:a@192.0.2.1>', 'Expires: 4294967295'] }), 'Expires'), [
      '86400',
    ])
  })

  t.test('a malformed interval counts as an hour (§20.10)', async (t) => {
    t.same(values(service(t).register({ headers: ['Contact: <sip:a@192.0.2.1>;expires=soon'] }), 'Expires'), ['3600'])
  })

  t.test('an older CSeq of the same Call-ID changes nothing and is answered 500', async (t) => {
    const { register } = service(t)
    register({ cseq: 5, headers: ['Contact: <sip:a@192.0.2.1>'] })
    t.match(register({ cseq: 5, headers: ['Contact: <sip:a@192.0.2.1>;expires=0', 'Contact: <sip:b@192.0.2.2>'] }), {
      kind: 'refuse',
      status: 500,
    })
    t.same(values(register({ cseq: 6 }), 'Contact'), ['<sip:a@192.0.2.1>;expires=7200'])
  })

  t.test('another Call-ID may carry a lower CSeq', async (t) => {
    const { register } = service(t)
    register({ cseq: 5, headers: ['Contact: <sip:a@192.0.2.1>'] })
    t.match(register({ callId: 'after-restart', cseq: 1, headers: ['Contact: <sip:a@192.0.2.1>'] }), { status: 200 })
  })

  t.test('a bad q is refused 400', async (t) => {
    t.match(service(t).register({ headers: ['Contact: <sip:a@192.0.2.1>;q=1.5'] }), { kind: 'refuse', status: 400 })
  })

  t.test('more contacts than allowed are refused, those known may be refreshed', async (t) => {
    const { register } = service(t, { maxContacts: 1 })
    register({ headers: ['Contact: <sip:a@192.0.2.1>'] })
    t.match(register({ cseq: 2, headers: ['Contact: <sip:b@192.0.2.1>'] }), {
      kind: 'refuse',
      status: 403,
      because: 'register.too-many-contacts',
    })
    t.match(register({ cseq: 3, headers: ['Contact: <sip:a@192.0.2.1>'] }), { status: 200 })
  })

  t.test('what a phone left behind gives way to its next life, the oldest first', async (t) => {
    const { register, clock } = service(t, { maxContacts: 2 })
    const boot = (life: number, agent = 'baresip v1.0.0', host = '192.0.2.1') =>
      register({
        callId: `boot-${life}`,
        headers: [`Contact: <sip:alice-${life}@${host}:${5000 + life}>`, `User-Agent: ${agent}`],
      })
    for (const life of [1, 2, 3, 4]) {
      t.match(boot(life), { status: 200 }, `life ${life}`)
      clock.advance(1000)
    }
    t.same(
      values(register({ cseq: 9 }), 'Contact').map((contact) => /alice-\d/.exec(contact)?.[0]),
      ['alice-3', 'alice-4'],
    )
    t.match(boot(5, 'another phone'), { because: 'register.too-many-contacts' })
    t.match(boot(6, 'baresip v1.0.0', '192.0.2.2'), { because: 'register.too-many-contacts' })
  })

  t.test('a browser comes back under another name that leads nowhere', async (t) => {
    const { register } = service(t, { maxContacts: 1 })
    const boot = (name: string) =>
      register({
        callId: name,
        headers: [`Contact: <sip:alice@${name}.invalid;transport=ws>`, 'User-Agent: SIP.js/0.21.2'],
      })
    t.match([boot('one'), boot('two')], [{ status: 200 }, { status: 200 }])
  })

  for (const [what, parts] of [
    [
      'a line feed in a quoted instance',
      { headers: ['Contact: <sip:a@192.0.2.1>;+sip.instance="<urn:x\n<sip:evil.test;lr>"'] },
    ],
    ['a NUL in an epid', { fromParameters: ';tag=1;epid="a\0b"', headers: ['Contact: <sip:a@192.0.2.1>'] }],
    [
      'ten thousand octets of Path',
      { headers: [`Path: <sip:${'x'.repeat(10_000)}@edge.lab.test;lr>`, 'Contact: <sip:a@192.0.2.1>'] },
    ],
  ] as const) {
    t.test(`${what} never reaches the store`, async (t) => {
      const { register, location } = service(t)
      let status = 400
      try {
        status = (register(parts) as { status: number }).status
      } catch (error) {
        if (!(error instanceof MessageError)) throw error
      }
      t.equal(status, 400)
      t.equal(location.size, 0)
    })
  }

  t.test('a binding runs out by itself', async (t) => {
    const { register, clock, location } = service(t)
    register({ headers: ['Contact: <sip:a@192.0.2.1>;expires=60'] })
    clock.advance(61_100)
    t.equal(location.size, 0)
  })
})

t.test('addresses-of-record', async (t) => {
  t.test('another domain is not ours to answer', async (t) => {
    t.match(service(t).register({ uri: 'sip:partner.test' }), { kind: 'pass' })
  })

  t.test('a user of another domain is not found', async (t) => {
    t.match(service(t).register({ to: 'sip:alice@partner.test' }), { kind: 'refuse', status: 404 })
  })

  t.test('an unknown user is not found, with the diagnostics Communicator shows', async (t) => {
    const decision = service(t).register({ from: 'sip:nobody@lab.test' })
    t.match(decision, { kind: 'refuse', status: 404 })
    t.match(values(decision, 'ms-diagnostics'), [/^1003;reason=".+";source="fe1.lab.test"$/])
  })

  // [MS-OCER] 4005: a REGISTER of a user that is not enabled is answered as one of no user.
  t.test('a disabled user is not found, with the reason that Communicator shows', async (t) => {
    const account = {
      aor: 'sip:alice@lab.test',
      login: '',
      displayName: '',
      homePool: '',
      remote: true,
      enabled: false,
    }
    const decision = service(t, { accounts: { account: () => account } }).register({ from: 'sip:alice@lab.test' })
    t.match(decision, { kind: 'refuse', status: 404, because: 'register.user-disabled' })
    t.match(values(decision, 'ms-diagnostics'), [/^4005;reason=".+";source="fe1.lab.test"$/])
    t.same(values(decision, 'ms-diagnostics-public'), ['4141;reason="User disabled"'])
  })

  t.test('someone else proven on the request is refused 403', async (t) => {
    const { policy } = service(t)
    const asked = arrival(requestText({ headers: ['Contact: <sip:a@192.0.2.1>'] }))
    asked.remarks.identity = 'sip:bob@lab.test'
    t.match(policy.decide(asked), { kind: 'refuse', status: 403, because: 'auth.identity-mismatch' })
  })

  t.test('an unknown required extension is refused 420 and named', async (t) => {
    const decision = service(t).register({ headers: ['Require: path, teleport', 'Contact: <sip:a@192.0.2.1>'] })
    t.match(decision, { kind: 'refuse', status: 420 })
    t.same(values(decision, 'Unsupported'), ['teleport'])
  })
})

// conformance: RFC 3327 §5.3 — Path is stored, and echoed to a client that supports it
// conformance-limit: RFC 3608 §5 — no registrar here gives a Service-Route: clients keep the proxy they were set up
//   with, and the first hop inside is the same for all
t.test('Path (RFC 3327)', async (t) => {
  const behind = { vias: ['SIP/2.0/TLS 198.51.100.4:50000;branch=z9hG4bK0'] }
  const path = 'Path: <sip:token@edge.lab.test;transport=tls;lr;ob>'

  t.test('is stored, used as Route, and echoed to a client that knows it', async (t) => {
    const { register, call } = service(t)
    const decision = register(
      { ...behind, headers: [path, 'Supported: path', 'Contact: <sip:alice@198.51.100.4>'] },
      testFlow({ peer: 'server' }),
    )
    t.same(values(decision, 'Path'), ['<sip:token@edge.lab.test;transport=tls;lr;ob>'])
    t.match(call('sip:alice@lab.test'), {
      kind: 'route',
      targets: [
        { uri: 'sip:alice@198.51.100.4', flow: undefined, routes: ['<sip:token@edge.lab.test;transport=tls;lr;ob>'] },
      ],
    })
  })

  t.test('is stored but not echoed to one that does not', async (t) => {
    const { register } = service(t)
    t.same(
      values(
        register({ ...behind, headers: [path, 'Contact: <sip:alice@198.51.100.4>'] }, testFlow({ peer: 'server' })),
        'Path',
      ),
      [],
    )
  })

  // conformance: RFC 5626 §6 — outbound through a first hop without ob is 439
  t.test('outbound through a first hop without ob is refused 439 (RFC 5626 §6)', async (t) => {
    const { register } = service(t)
    t.match(register({ ...behind, headers: ['Path: <sip:edge.lab.test;lr>', ...outbound] }), {
      kind: 'refuse',
      status: 439,
    })
  })

  t.test('outbound through a first hop with ob is taken', async (t) => {
    const { register } = service(t)
    t.match(register({ ...behind, headers: [path, ...outbound] }, testFlow({ peer: 'server' })), {
      kind: 'answer',
      status: 200,
    })
  })
})

// conformance: RFC 5626 §6 — Require: outbound, flows of an instance, the binding ends with its flow
t.test('flows (RFC 5626)', async (t) => {
  t.test('an outbound registration is confirmed with Require and reached by its flow', async (t) => {
    const { register, call } = service(t)
    const flow = testFlow()
    const decision = register({ headers: outbound }, flow)
    t.same(values(decision, 'Require'), ['outbound'])
    t.match(values(decision, 'Contact'), [/;reg-id=1/])
    t.match(call('sip:alice@lab.test'), { kind: 'route', targets: [{ flow: flow.id }] })
  })

  t.test('the same instance and reg-id on a new flow replaces the binding', async (t) => {
    const { register } = service(t)
    register({ headers: outbound })
    const again = register({ callId: 'anew', headers: outbound.map((line) => line.replace('40001', '40002')) })
    t.equal(values(again, 'Contact').length, 1)
  })

  t.test('the binding is gone the moment its flow is', async (t) => {
    const { register, call, close, location } = service(t)
    const flow = testFlow()
    register({ headers: outbound }, flow)
    await close(flow)
    t.match(call('sip:alice@lab.test'), { kind: 'refuse', status: 480 })
    t.equal(location.size, 0)
  })

  t.test('a TCP contact is dialled when its flow is gone', async (t) => {
    const { register, call, close } = service(t)
    const flow = testFlow({ transport: 'tcp', address: '192.0.2.7', port: 5070 })
    register({ headers: ['Contact: <sip:alice@192.0.2.7:5070;transport=tcp>'] }, flow)
    await close(flow)
    t.match(call('sip:alice@lab.test'), {
      kind: 'route',
      targets: [{ uri: 'sip:alice@192.0.2.7:5070;transport=tcp', flow: undefined }],
    })
  })

  t.test('a Contact that names another place than its connection is dialled', async (t) => {
    const { register, call } = service(t)
    register({ headers: ['Contact: <sip:alice@192.0.2.99:5061;transport=tls>'] }, testFlow({ peer: 'client' }))
    t.match(call('sip:alice@lab.test'), { kind: 'route', targets: [{ flow: undefined }] })
  })

  // conformance: RFC 7118 §5 — a Contact below .invalid is reached by its flow
  t.test('a Contact without a real address is reached by the WebSocket it came by (RFC 7118 §5)', async (t) => {
    const { register, call } = service(t)
    const flow = testFlow({ transport: 'wss' })
    register({ headers: ['Contact: <sip:x1@q8f.invalid;transport=ws>'] }, flow)
    t.match(call('sip:alice@lab.test'), { kind: 'route', targets: [{ flow: flow.id }] })
  })

  t.test('another front end of the pool goes through the owner of the flow, by its Path', async (t) => {
    const { register, location, clock } = service(t, {
      ownRoute: (flow) => `<sip:token${flow.id}@fe1.lab.test:5061;transport=tls;lr>`,
    })
    const flow = testFlow()
    register({ headers: outbound }, flow)
    const elsewhere = localTargets({
      location,
      accounts: undefined,
      domains: ['lab.test'],
      self: 'fe2.lab.test',
      isOpen: () => false,
    })
    t.match(
      elsewhere.decide(arrival(requestText({ method: 'INVITE', uri: 'sip:alice@lab.test' }), { wall: clock.wall() })),
      {
        kind: 'route',
        targets: [
          {
            uri: 'sip:alice@192.0.2.7:40001;transport=tls',
            flow: undefined,
            routes: [`<sip:token${flow.id}@fe1.lab.test:5061;transport=tls;lr>`],
          },
        ],
      },
    )
  })

  t.test('several outbound contacts in one request are refused 400', async (t) => {
    t.match(service(t).register({ headers: [...outbound, 'Contact: <sip:alice@192.0.2.8>'] }), {
      kind: 'refuse',
      status: 400,
    })
  })

  t.test('reg-id without support for outbound is ignored', async (t) => {
    const decision = service(t).register({ headers: outbound.slice(1) })
    t.notMatch(values(decision, 'Contact')[0], /reg-id/)
  })
})

// conformance: RFC 5627 §5 — a public GRUU is given and leads to its instance
// conformance-limit: RFC 5627 §3.1.2 — no temporary GRUU is given: it would need a table that all front ends share
// conformance-limit: RFC 5627 §5.3 — inside a dialog the Route values lead to the device, and a GRUU in the Request-URI
//   reaches it as it is
t.test('GRUU (RFC 5627)', async (t) => {
  t.test('a public GRUU leads to its instance only', async (t) => {
    const { register, call } = service(t)
    register({ callId: 'other', headers: ['Contact: <sip:alice@192.0.2.50>'] })
    const [contact = ''] = values(register({ headers: outbound }), 'Contact').filter((value) =>
      value.includes('pub-gruu'),
    )
    const gruu = /pub-gruu="([^"]+)"/.exec(contact)?.[1] ?? ''
    t.equal(gruu, 'sip:alice@lab.test;gr=urn:uuid:6163cf37-8828-53c7-a429-d218f0c2aaf3')
    t.match(call(gruu), { kind: 'route', targets: [{ uri: /192.0.2.7:40001/ }] })
    t.equal(targetsOf(call(gruu)).length, 1)
  })

  // conformance: RFC 5627 §5.3 — a GRUU without its instance is 480
  t.test('a GRUU whose instance is not there is answered 480', async (t) => {
    const { register, call } = service(t)
    register({ headers: ['Contact: <sip:alice@192.0.2.50>'] })
    t.match(call('sip:alice@lab.test;gr=urn:uuid:00000000-0000-0000-0000-000000000000'), {
      kind: 'refuse',
      status: 480,
    })
  })

  t.test('the form OCS clients read leads to its endpoint', async (t) => {
    const { register, call } = service(t)
    const decision = register({
      fromParameters: ';tag=1;epid=9e33288b9e49',
      headers: ['Supported: gruu-10', `Contact: <sip:192.0.2.7:40001;transport=tls>;proxy=replace;${instance}`],
    })
    const gruu = /;gruu="([^"]+)"/.exec(values(decision, 'Contact')[0] ?? '')?.[1] ?? ''
    t.match(gruu, /^sip:alice@lab.test;opaque=user:epid:[\w-]+;gruu$/)
    t.match(call(gruu), { kind: 'route', targets: [{ uri: 'sip:192.0.2.7:40001;transport=tls' }] })
  })
})

t.test('Communicator', async (t) => {
  const communicator = {
    allowEvents: ['vnd-microsoft-roaming-contacts', 'presence'],
    supported: ['msrtc-event-categories', 'adhoclist'],
    keepAliveSeconds: 300,
    server: 'RTC/3.0',
  }
  const epid = ';tag=1;epid=9e33288b9e49'
  const contact =
    'Contact: <sip:10.0.0.3:1234;transport=tls;ms-opaque=d3470f2e1d>;methods="INVITE, ' +
    `MESSAGE";proxy=replace;${instance}`

  t.test('gets its lists without blanks and each Supported alone', async (t) => {
    const decision = service(t, { communicator }).register({
      fromParameters: epid,
      headers: [contact, 'ms-keep-alive: UAC;hop-hop=yes'],
    })
    t.same(values(decision, 'Allow-Events'), ['vnd-microsoft-roaming-contacts,presence'])
    t.same(values(decision, 'Supported'), ['msrtc-event-categories', 'adhoclist'])
    t.same(values(decision, 'ms-keep-alive'), ['UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300'])
    t.same(values(decision, 'Expires'), ['7200'])
  })

  t.test('is told that a binding was added, that it was refreshed, that another connection holds it', async (t) => {
    const { register } = service(t, { communicator })
    const flow = testFlow()
    const action = (cseq: number, by = flow) =>
      values(register({ fromParameters: epid, headers: [contact], cseq }, by), 'presence-state')
    t.same(
      [action(1), action(2), action(3, testFlow())],
      [['register-action="added"'], ['register-action="refreshed"'], ['register-action="fixed"']],
    )
  })

  for (const [what, wanted, parts] of [
    ['an Event other than registration', { status: 489 }, { headers: ['Event: presence'] }],
    ['the Event of a registration', { status: 200 }, { headers: ['Event: registration'] }],
    [
      'a client of 2007 without gruu-10',
      { status: 421 },
      { fromParameters: ';tag=1;epid=a1', headers: ['Supported: msrtc-event-categories'] },
    ],
    [
      'a client of 2007 that names no endpoint',
      { status: 400, because: 'register.no-endpoint' },
      { headers: ['Supported: msrtc-event-categories, gruu-10'] },
    ],
  ] as const)
    t.test(`${what}: ${wanted.status} ([MS-SIPREGE] 3.1.2.5.1)`, async (t) => {
      t.match(service(t, { communicator }).register(parts), wanted)
    })

  t.test('proxy=replace puts the address we saw into the Contact and takes itself out', async (t) => {
    const decision = service(t).register({ fromParameters: epid, headers: [contact] })
    t.same(values(decision, 'Contact'), [
      `<sip:192.0.2.7:40001;transport=tls;ms-opaque=d3470f2e1d>;expires=7200;${instance}`,
    ])
  })

  for (const [what, parts, flow] of [
    ['another value', { headers: [contact.replace('proxy=replace', 'proxy=add')] }, testFlow()],
    ['another transport', { headers: [contact] }, testFlow({ transport: 'tcp' })],
    ['a proxy before us', { headers: [contact], vias: ['SIP/2.0/TLS 10.0.0.3:1;branch=z9hG4bK0'] }, testFlow()],
  ] as const) {
    t.test(`proxy with ${what} is refused 400`, async (t) => {
      t.match(service(t).register({ fromParameters: epid, ...parts }, flow), { kind: 'refuse', status: 400 })
    })
  }

  t.test('the endpoint that comes back from another port replaces its binding', async (t) => {
    const { register } = service(t)
    register({ fromParameters: epid, headers: [contact] }, testFlow({ port: 40_001 }))
    t.equal(
      values(
        register({ fromParameters: epid, callId: 'anew', headers: [contact] }, testFlow({ port: 40_002 })),
        'Contact',
      ).length,
      1,
    )
  })

  t.test('one whose Contact changed keeps its binding when another takes the Contact it had', async (t) => {
    for (const parts of [{ fromParameters: ';tag=1;epid=other' }, {}]) {
      const { register } = service(t)
      const at = (port: number): string => `Contact: <sip:alice@192.0.2.7:${port};transport=tcp>`
      const flow = testFlow({ transport: 'tcp' })
      register({ fromParameters: epid, callId: 'one', headers: [at(5001)] }, flow)
      register({ fromParameters: epid, callId: 'one', cseq: 2, headers: [at(5002)] }, flow)
      for (const cseq of [1, 2]) {
        const contacts = values(register({ callId: 'two', cseq, headers: [at(5001)], ...parts }, flow), 'Contact')
        t.same(contacts.map((value) => /7:(\d+)/.exec(value)?.[1]).sort(), ['5001', '5002'])
      }
    }
  })

  t.test('an epid in To chooses the endpoint', async (t) => {
    const { register, call } = service(t)
    register({ fromParameters: epid, headers: [contact] })
    register({ callId: 'other', headers: ['Contact: <sip:alice@192.0.2.50>'] })
    t.equal(targetsOf(call('sip:alice@lab.test', { toParameters: ';epid=9e33288b9e49' })).length, 1)
  })
})

t.test('local targets', async (t) => {
  t.test('an unknown user is answered 404, an absent one 480, another domain passes', async (t) => {
    const { call } = service(t)
    t.match(call('sip:nobody@lab.test'), { kind: 'refuse', status: 404 })
    t.match(call('sip:alice@lab.test'), { kind: 'refuse', status: 480 })
    t.match(call('sip:alice@partner.test'), { kind: 'pass' })
    t.match(call('sip:lab.test'), { kind: 'pass' })
  })

  t.test('every contact is a target with its q, without the header part of its URI', async (t) => {
    const { register, call } = service(t)
    register({ headers: ['Contact: <sip:a?b@192.0.2.1?Route=%3Csip:evil.test%3E>;q=0.2, <sip:c@192.0.2.2>'] })
    t.match(call('sip:alice@lab.test'), {
      kind: 'route',
      targets: [
        { uri: 'sip:a?b@192.0.2.1', q: 200 },
        { uri: 'sip:c@192.0.2.2', q: 1000 },
      ],
    })
  })
})

t.test('a request that nobody vouches for is for a binding that takes such, or for one that does not', async (t) => {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  let cseq = 0
  const by = (setting: boolean | undefined, otherwise: boolean | undefined): string | undefined => {
    const account = { aor: '', login: '', displayName: '', homePool: '', remote: true, enabled: true }
    const accounts = { account: () => ({ ...account, ...(setting === undefined ? {} : { anonymousCalls: setting }) }) }
    const common = { location, accounts, domains: ['lab.test'], self: 'fe1.lab.test' }
    const register = registrar({ ...common, clock })
    register.decide(
      arrival(requestText({ headers: ['Contact: <sip:alice@192.0.2.7:40001;transport=tls>'], cseq: ++cseq }), {
        wall: clock.wall(),
      }),
    )
    const targets = localTargets({ ...common, isOpen: () => true, anonymousDefault: () => otherwise })
    const invite = requestText({ method: 'INVITE', uri: 'sip:alice@lab.test' })
    return targetsOf(targets.decide(arrival(invite, { wall: clock.wall() })))[0]?.by
  }
  const table = [true, false, undefined].map((setting) => [true, false, undefined].map((from) => by(setting, from)))
  t.same(table, [
    ['open-binding', 'open-binding', 'binding'],
    ['binding', 'binding', 'binding'],
    ['open-binding', 'binding', 'binding'],
  ])
})

// conformance: RFC 3261 §10.3 — a Contact whose scheme cannot be dialled is refused
// conformance: RFC 7118 §5 — a Contact below .invalid is reached by its flow
// conformance: RFC 5627 §5.1 — a Contact that is a GRUU of the same user is refused
t.test('Contacts that cannot be reached are refused, with the field', async (t) => {
  const { register } = service(t)
  for (const contact of ['tel:+15551234', 'mailto:bob@lab.test', 'urn:service:sos'])
    t.match(register({ headers: [`Contact: <${contact}>`] }), {
      kind: 'refuse',
      status: 400,
      found: /^Contact: .*scheme/,
    })
  const invalid = ['Contact: <sip:x7k@df7jal23ls0d.invalid;transport=ws>']
  t.match(register({ headers: invalid }, testFlow({ transport: 'wss' })), { kind: 'answer', status: 200 })
  t.match(register({ headers: invalid, callId: 'two' }, testFlow({ transport: 'udp' })), {
    status: 400,
    found: /invalid/,
  })
  t.match(register({ headers: ['Contact: <sip:alice@lab.test;gr=urn:x>'] }), { status: 403, found: /GRUU/ })
})

t.test(
  'a Contact that no flow leads to has a transport that is dialled and a host that may have an address',
  async (t) => {
    const { register } = service(t)
    const refused = [
      'sip:alice@192.0.2.9;transport=sctp',
      'sip:alice@192.0.2.9;transport=ws',
      'sips:alice@192.0.2.9;transport=udp',
      'sip:alice@192.0.2.9;maddr=x.invalid',
      'sip:alice@invalid',
    ]
    for (const uri of refused)
      t.match(
        register({ headers: [`Contact: <${uri}>`] }, testFlow({ transport: 'udp' })),
        { status: 400, because: 'register.contact-unreachable' },
        uri,
      )
    const taken = ['sip:alice@x.invalid;maddr=192.0.2.9', 'sips:alice@192.0.2.9;transport=TCP']
    for (const uri of taken)
      t.match(register({ headers: [`Contact: <${uri}>`] }, testFlow({ transport: 'udp' })), { status: 200 }, uri)
    const gone = { headers: ['Contact: <sip:alice@192.0.2.9;transport=sctp>;expires=0'] }
    t.match(register(gone, testFlow({ transport: 'udp' })), { status: 200 }, 'what is removed need not be reached')
    const kept = { callId: 'flow', headers: ['Contact: <sip:alice@192.0.2.9;transport=sctp>'] }
    t.match(register(kept), { status: 200 }, 'its connection leads to it')
  },
)

t.test('a Contact with sips is not bound to a connection in the clear', async (t) => {
  const { register, call } = service(t)
  const asked = (uri: string) => ({ headers: [...outbound.slice(0, 1), `Contact: <${uri}>;reg-id=1;${instance}`] })
  for (const [transport, uri] of [
    ['tcp', 'sips:alice@192.0.2.7:40001'],
    ['ws', 'sips:alice@x7k.invalid;transport=ws'],
  ] as const)
    t.match(register(asked(uri), testFlow({ transport })), {
      status: 400,
      because: 'register.contact-unreachable',
      found: /sips/,
    })
  const secured = testFlow({ transport: 'wss' })
  t.match(register(asked('sips:alice@x7k.invalid;transport=ws'), secured), { status: 200 })
  t.equal(targetsOf(call('sip:alice@lab.test'))[0]?.flow, secured.id)
  register({ headers: ['Contact: *', 'Expires: 0'], cseq: 2 })
  register({ headers: ['Contact: <sips:alice@192.0.2.7:40001>'], cseq: 3 }, testFlow({ transport: 'tcp' }))
  t.equal(targetsOf(call('sip:alice@lab.test'))[0]?.flow, undefined, 'it is dialled, by TLS')
})

t.test('an instance without a value names no device', async (t) => {
  for (const empty of ['+sip.instance', '+sip.instance=""', '+sip.instance="<>"', '+sip.instance="< >"'])
    for (const lines of [outbound.slice(0, 1), []])
      t.match(
        service(t).register({ headers: [...lines, `Contact: <sip:alice@192.0.2.7:40001>;reg-id=1;${empty}`] }),
        { status: 400, because: 'register.contact-parameter', found: /sip\.instance/ },
        empty,
      )
})

t.test('an instance comes back as the quoted string that it came in', async (t) => {
  const quoted = '+sip.instance="<urn:x\\"y\\\\z>"'
  const answer = service(t).register({ headers: [`Contact: <sip:alice@192.0.2.9>;${quoted}`] })
  t.same(values(answer, 'Contact'), [`<sip:alice@192.0.2.9>;expires=7200;${quoted}`])
})

t.test('two Contacts of which one has a transport are two bindings', async (t) => {
  const { register, call } = service(t)
  register({ headers: ['Contact: <sip:alice@192.0.2.9:7777>'] })
  register({ cseq: 2, headers: ['Contact: <sip:alice@192.0.2.9:7777;transport=tcp>'] })
  t.equal(targetsOf(call('sip:alice@lab.test')).length, 2)
  register({ cseq: 3, headers: ['Contact: <sip:%61lice@192.0.2.9:7777>;expires=0'] })
  t.same(
    targetsOf(call('sip:alice@lab.test')).map(({ uri }) => uri),
    ['sip:alice@192.0.2.9:7777;transport=tcp'],
  )
})

t.test('equal Contacts of one REGISTER are one binding', async (t) => {
  const { register } = service(t)
  const answer = register({ headers: ['Contact: <sip:%61lice@192.0.2.9>, <sip:alice@192.0.2.9>;q=0.5'] })
  t.equal(values(answer, 'Contact').length, 1)
})

t.test('outbound (RFC 5626)', async (t) => {
  const flows = (id: number): readonly string[] => [
    'Supported: Outbound, PATH, Gruu',
    `Contact: <sip:alice@x${id}.invalid;transport=ws>;reg-id=${id};${instance}`,
  ]

  // conformance: RFC 3261 §7.3.1 — option tags are read in any case
  t.test('is asked for by an option tag in any case', async (t) => {
    const answer = service(t).register({ headers: flows(1) }, testFlow({ transport: 'wss' }))
    t.same(values(answer, 'Require'), ['outbound'])
    t.match(values(answer, 'Contact')[0], /;reg-id=1;pub-gruu=/)
  })

  // conformance: RFC 5626 §7 — bindings of one instance are one target, the others follow it
  t.test('two flows of an instance are one target', async (t) => {
    const { register, call, clock, close } = service(t)
    const one = testFlow({ transport: 'wss', port: 1 })
    const two = testFlow({ transport: 'wss', port: 2 })
    register({ headers: flows(1) }, one)
    clock.advance(1000)
    register({ headers: flows(2), callId: 'two' }, two)
    const targets = targetsOf(call('sip:alice@lab.test'))
    t.same([targets.map(({ flow }) => flow), targets[0]?.others?.map(({ flow }) => flow)], [[two.id], [one.id]])
    await close(two)
    t.same(
      targetsOf(call('sip:alice@lab.test')).map(({ flow, others }) => [flow, others]),
      [[one.id, undefined]],
    )
  })

  t.test('an instance is the same in capitals and with escapes', async (t) => {
    const { register, call } = service(t)
    const [one, two] = [1, 2].map((port) => testFlow({ transport: 'wss', port }))
    const capitals = flows(1).map((line) => line.replace(/urn:uuid:[^>]*/, (urn) => urn.toUpperCase()))
    register({ headers: capitals }, one)
    register({ callId: 'two', headers: flows(1) }, two)
    t.same(
      targetsOf(call('sip:alice@lab.test;gr=urn:uuid:6163cf37%2D8828-53c7-a429-d218f0c2aaf3')).map(
        ({ flow, others }) => [flow, others],
      ),
      [[two?.id, undefined]],
    )
  })

  // conformance: RFC 5626 §6 — over UDP outbound is not promised (limit: the Contact is dialled)
  t.test('is not promised over UDP', async (t) => {
    const { register, call } = service(t)
    const contact = `<sip:alice@192.0.2.4:7799;ob>;reg-id=1;${instance}`
    const answer = register({ headers: ['Supported: outbound', `Contact: ${contact}`] }, testFlow({ transport: 'udp' }))
    t.same(
      [values(answer, 'Require'), targetsOf(call('sip:alice@lab.test'))[0]?.uri],
      [[], 'sip:alice@192.0.2.4:7799;ob'],
    )
    const gone = register(
      { cseq: 2, headers: ['Supported: outbound', `Contact: ${contact};expires=0`] },
      testFlow({ transport: 'udp' }),
    )
    t.same(values(gone, 'Contact'), [])
  })

  // conformance: RFC 5626 §6 — several Contacts with reg-id are refused only where they are added
  t.test('Contacts that are removed do not count', async (t) => {
    const { register } = service(t)
    const two = testFlow({ transport: 'wss' })
    register({ headers: flows(1) }, testFlow({ transport: 'wss' }))
    register({ headers: flows(2), callId: 'two' }, two)
    const both = [1, 2].map((id) => `<sip:alice@x${id}.invalid;transport=ws>;reg-id=${id};${instance}`)
    const ask = (expires: number): Decision | Promise<Decision> =>
      register(
        { callId: 'three', headers: ['Supported: outbound', `Contact: ${both.join(', ')}`, `Expires: ${expires}`] },
        two,
      )
    t.match(ask(600), { kind: 'refuse', status: 400, found: /^Contact: 2 values/ })
    const answer = ask(0)
    t.match(answer, { kind: 'answer', status: 200 })
    t.same(values(answer, 'Contact'), [])
  })

  // conformance: RFC 3327 §5.3 — several Path values lead to the user in their order
  t.test('several hops of Path lead back in their order', async (t) => {
    const { register, call } = service(t)
    const path = ['<sip:t2@director.lab.test;lr>', '<sip:t1@edge.lab.test;lr;ob>']
    const answer = register(
      {
        vias: ['SIP/2.0/TLS edge.lab.test;branch=z9hG4bK2', 'SIP/2.0/WSS x.invalid;branch=z9hG4bK3'],
        headers: [...flows(1), `Path: ${path.join(' , ')}`],
      },
      testFlow({ peer: 'server' }),
    )
    t.same(values(answer, 'Require'), ['outbound'])
    t.same(targetsOf(call('sip:alice@lab.test'))[0]?.routes, path)
  })
})

// conformance: RFC 5627 §6 — a GRUU that was not given here is 404 (limit: temporary GRUUs are not given)
t.test('a temporary GRUU is no user of this server', async (t) => {
  const { register, call } = service(t)
  register({ headers: ['Contact: <sip:alice@192.0.2.9>'] })
  t.match(call('sip:alice@lab.test;gr'), { kind: 'refuse', status: 404 })
  t.match(call('sip:bob@lab.test;gr'), { kind: 'refuse', status: 404 }, 'of a user who is not signed in too')
})

t.test('an epid counts in any case, and only as a parameter of From', async (t) => {
  const { register, location } = service(t)
  const headers = ['Contact: <sip:alice@192.0.2.9:5070;transport=tcp>']
  const epidOf = async (fromParameters: string, cseq: number): Promise<string | undefined> => {
    register({ fromParameters, headers, cseq })
    return (await location.lookup('sip:alice@lab.test'))[0]?.epid
  }
  t.equal(await epidOf(';tag=1;EPid=9e33', 1), '9e33')
  t.equal(await epidOf(';tag=1;other="epid=1"', 2), undefined)
})
