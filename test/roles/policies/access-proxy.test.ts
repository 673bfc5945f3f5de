import t from 'tap'
import { markOutside } from '../../../src/roles/policies/mark-outside.ts'
import { inwardResponse, outwardResponse } from '../../../src/roles/policies/outward-response.ts'
import { remoteUser } from '../../../src/roles/policies/remote-user.ts'
import { stripUntrusted, stripUntrustedResponse } from '../../../src/roles/policies/strip-untrusted.ts'
import { trustedServer } from '../../../src/roles/policies/trusted-server.ts'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipResponse } from '../../../src/sip/message/types.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'

const domains = ['lab.test']
const claims = [
  'P-Asserted-Identity: <sip:carol@lab.test>',
  'ms-diagnostics: 1000;reason="forged"',
  'ms-edge-proxy-message-trust: ms-source-type=DirectPartner',
]

t.test('strip-untrusted takes identity and edge marks from a client', async (t) => {
  const incoming = arrival(requestText({ headers: claims }))
  stripUntrusted().decide(incoming)
  t.match(incoming.remarks.remove, /p-asserted-identity.*ms-diagnostics.*ms-edge-proxy-message-trust/)
})

for (const field of ['Remote-Party-ID', 'remote-party-id ', 'P-Served-User', 'P-Preferred-Identity'])
  for (const peer of [undefined, 'client', 'edge', 'treated-as-authenticated', 'server'] as const)
    t.test(`${field} of ${peer ?? 'a phone'} ${peer === 'server' ? 'is believed' : 'reaches no callee'}`, async (t) => {
      const incoming = arrival(requestText({ headers: [`${field}: <sip:ceo@lab.test>`] }), {
        flow: testFlow(peer === undefined ? {} : { peer }),
      })
      stripUntrusted().decide(incoming)
      t.equal(incoming.remarks.remove.includes(field.trim().toLowerCase()), peer !== 'server')
    })

t.test('strip-untrusted leaves an edge its mark and nothing else', async (t) => {
  const incoming = arrival(requestText({ headers: claims }), { flow: testFlow({ peer: 'edge' }) })
  stripUntrusted().decide(incoming)
  t.same(
    [
      incoming.remarks.remove.includes('p-asserted-identity'),
      incoming.remarks.remove.includes('ms-edge-proxy-message-trust'),
    ],
    [true, false],
  )
})

t.test('strip-untrusted believes a server', async (t) => {
  const incoming = arrival(requestText({ headers: claims }), { flow: testFlow({ peer: 'server' }) })
  stripUntrusted().decide(incoming)
  t.same(incoming.remarks.remove, [])
})

t.test('strip-untrusted has nothing to do where nothing is claimed', async (t) => {
  const incoming = arrival(
    requestText({ headers: ['Min-Expires: 60', 'P-Access-Network-Info: x', 'Priority: urgent'] }),
  )
  stripUntrusted().decide(incoming)
  t.same(incoming.remarks.remove, [])
})

for (const [peer, taken] of [
  [undefined, true],
  ['client', true],
  ['treated-as-authenticated', true],
  ['server', false],
] as const) {
  t.test(
    `strip-untrusted ${taken ? 'takes words of servers from' : 'leaves them in'} the answer of ` +
      `${peer ?? 'a phone without a certificate'}`,
    async (t) => {
      t.equal(
        stripUntrustedResponse(response(488, 'INVITE'), testFlow(peer === undefined ? {} : { peer })).includes(
          'ms-diagnostics',
        ),
        taken,
      )
    },
  )
}

t.test('strip-untrusted leaves an edge its reasons, and takes the identity of who answered outside', async (t) => {
  const flow = testFlow({ peer: 'edge' })
  t.same(stripUntrustedResponse(response(504, 'INVITE'), flow), [])
  t.same(stripUntrustedResponse(response(504, 'INVITE', ['P-Asserted-Identity: <sip:carol@lab.test>']), flow), [
    'p-asserted-identity',
    'p-preferred-identity',
    'p-served-user',
    'remote-party-id',
    'authorization',
    'authentication-info',
  ])
})

t.test('remote-user lets a user of our domains in', async (t) => {
  t.match(remoteUser({ allowOutsideUsers: true, domains }).decide(arrival(requestText())), { kind: 'pass' })
})

t.test('remote-user refuses everybody when outside users are not allowed', async (t) => {
  t.match(remoteUser({ allowOutsideUsers: false, domains }).decide(arrival(requestText())), {
    kind: 'refuse',
    status: 403,
    because: 'remote.not-allowed',
  })
})

t.test('remote-user refuses a stranger of another domain', async (t) => {
  const decision = remoteUser({ allowOutsideUsers: true, domains }).decide(
    arrival(requestText({ method: 'INVITE', from: 'sip:mallory@evil.test' })),
  )
  t.match(decision, { kind: 'refuse', status: 403, because: 'remote.foreign-domain' })
})

t.test('remote-user takes a peer that is no partner of the domain it speaks for as a stranger', async (t) => {
  const decision = remoteUser({ allowOutsideUsers: true, domains }).decide(
    arrival(requestText({ method: 'MESSAGE', from: 'sip:erin@partner.test' }), { flow: testFlow({ peer: 'edge' }) }),
  )
  t.match(decision, { kind: 'refuse', status: 403, because: 'remote.foreign-domain' })
})

t.test('mark-outside replaces a mark that came from outside by its own', async (t) => {
  const incoming = arrival(requestText({ headers: ['ms-edge-proxy-message-trust: ms-source-type=AuthorizedServer'] }))
  markOutside({ edge: 'edge.lab.test' }).decide(incoming)
  t.match(
    { removed: incoming.remarks.remove, added: incoming.remarks.add },
    {
      removed: ['ms-edge-proxy-message-trust'],
      added: [['ms-edge-proxy-message-trust', /^ms-source-type=InternetUser;ms-ep-fqdn=edge\.lab\.test/]],
    },
  )
})

t.test('trusted-server refuses a peer without a certificate', async (t) => {
  t.match(trustedServer().decide(arrival(requestText())), {
    kind: 'refuse',
    status: 403,
    because: 'tls.client-cert-missing',
  })
})

t.test('trusted-server refuses a peer that is no server', async (t) => {
  t.match(trustedServer().decide(arrival(requestText(), { flow: testFlow({ peer: 'client' }) })), {
    kind: 'refuse',
    because: 'cert.name-not-allowed',
  })
})

t.test('outward-response takes diagnostics from an answer to a stranger', async (t) => {
  t.match(outwardResponse(response(504, 'INVITE'), arrival(requestText({ method: 'INVITE' }))), {
    remove: ['ms-diagnostics'],
  })
})

t.test('outward-response leaves diagnostics to a user who signed in on that flow', async (t) => {
  const flow = testFlow()
  outwardResponse(response(200, 'REGISTER'), arrival(requestText(), { flow }))
  t.equal(outwardResponse(response(504, 'INVITE'), arrival(requestText({ method: 'INVITE' }), { flow })), undefined)
})

t.test('inward-response takes the words for the inside from an answer that comes from outside', async (t) => {
  t.match(inwardResponse(response(504, 'INVITE')), {
    remove: [
      'p-asserted-identity',
      'p-preferred-identity',
      'p-served-user',
      'remote-party-id',
      'ms-diagnostics',
      'ms-user-logon-data',
      'ms-edge-proxy-message-trust',
    ],
  })
})

function response(status: number, method: string, headers: readonly string[] = []): SipResponse {
  const lines = [
    `SIP/2.0 ${status} X`,
    'Via: SIP/2.0/TLS h;branch=z9hG4bK1',
    'From: <sip:a@lab.test>;tag=1',
    'To: <sip:a@lab.test>;tag=2',
    'Call-ID: c',
    `CSeq: 1 ${method}`,
    'ms-diagnostics: 1007;reason="x"',
    ...headers,
    'Content-Length: 0',
  ]
  return parseText(`${lines.join('\r\n')}\r\n\r\n`) as SipResponse
}
