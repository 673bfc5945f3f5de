/** What a certificate makes of a peer: its names and its class. */
import t from 'tap'
import { subjectAltName, type GeneralName } from '../../src/certificates/extensions.ts'
import type { NameRules } from '../../src/certificates/examine/index.ts'
import { peerJudge, type PeerLists } from '../../src/roles/peers.ts'
import type { Judgement } from '../../src/sip/transport/types.ts'
import { verdict } from '../../src/verdicts/codes.ts'
import { leaf } from '../certificates/examine/chains.ts'

const dns = (value: string): GeneralName => ({ kind: 'dns', value })
const uri = (value: string): GeneralName => ({ kind: 'uri', value })

interface Parts {
  readonly names: readonly GeneralName[]
  /** undefined: the peer dialled us. */
  readonly wanted?: string
  readonly rules?: NameRules
  readonly strangers?: PeerLists['strangers']
}

function judged({ names, wanted, rules = 'rfc5922', strangers = 'client' }: Parts): Judgement {
  const judge = peerJudge({
    faces: {
      internal: {
        servers: new Set(['fe1.lab.test']),
        edges: new Set(['edge.lab.test']),
        authenticatedHosts: new Set(),
        strangers,
      },
    },
    names: { wildcards: 'refused' },
    nameRules: rules,
    diagnose: (code) => verdict(code),
  })
  return judge({
    side: wanted === undefined ? 'accepted' : 'dialled',
    face: 'internal',
    remote: { address: '192.0.2.7', port: 5061 },
    wantedName: wanted,
    chain: [
      leaf({ content: { subject: [['CN', 'x.lab.test']] }, extensions: { '2.5.29.17': subjectAltName(names, false) } }),
    ],
    authorized: true,
    errorCode: undefined,
    errorMessage: undefined,
    protocol: 'TLSv1.3',
    resumed: false,
  })
}

t.test('a dialled server is known by its DNS name', async (t) => {
  for (const wanted of ['fe1.lab.test', 'FE1.lab.test'])
    t.match(judged({ names: [dns('fe1.lab.test'), uri('sip:lab.test')], wanted }), {
      kind: 'accept',
      peer: { class: 'server', names: ['fe1.lab.test'] },
    })
})

// conformance: RFC 5922 §7.1 — a SIP URI in a certificate names a domain, never a host
for (const name of ['fe1.lab.test', 'edge.lab.test'])
  for (const written of [`sip:${name}`, `SIP:${name.toUpperCase()}`, `sip:${name}:5061`, `sip:${name};transport=tls`])
    t.test(`URI:${written} makes no server or edge`, async (t) => {
      const names = [uri(written), dns('x.lab.test')]
      for (const wanted of [name, undefined])
        t.match(judged({ names, ...(wanted === undefined ? {} : { wanted }) }), {
          kind: 'accept',
          peer: { class: 'client', names: ['x.lab.test'] },
        })
      t.match(judged({ names, wanted: name, strangers: 'refused' }), { kind: 'refuse', code: 'cert.name-not-allowed' })
    })

t.test('a SIP domain that was dialled is accepted by its URI', async (t) => {
  const names = [uri('sip:lab.test'), dns('fe1.lab.test')]
  t.match(judged({ names, wanted: 'lab.test' }), {
    kind: 'accept',
    peer: { class: 'server', names: ['fe1.lab.test'] },
  })
  t.match(judged({ names, wanted: 'other.test' }), { kind: 'refuse', code: 'cert.name-mismatch' })
})

for (const rules of ['lcs', 'ocs'] as const)
  t.test(`${rules} reads no SIP URI`, async (t) => {
    const parts = { names: [uri('sip:fe1.lab.test'), dns('x.lab.test')], wanted: 'fe1.lab.test', rules }
    t.match(judged(parts), { kind: 'refuse', code: 'cert.name-mismatch' })
  })
