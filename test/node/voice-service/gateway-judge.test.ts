/** What a voice service takes from a trunk, by date. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { initAuthority } from '../../../src/certificates/authority.ts'
import type { CertificateRequest } from '../../../src/certificates/certificate-request.ts'
import { pemBlocks } from '../../../src/certificates/examine/index.ts'
import { verdict } from '../../../src/verdicts/codes.ts'
import { gatewayJudge } from '../../../src/node/voice-service/gateway-judge.ts'
import type { PeerEvidence } from '../../../src/sip/transport/types.ts'
import { peerPolicies, type PeerPolicyName } from '../../../src/topology/peer-policy.ts'
import { ownFolder } from '../../support/own-folder.ts'

const now = Date.UTC(2026, 6, 1)
const authority = initAuthority(ownFolder(t), { domain: 'lab.test', now })
const anchors = pemBlocks(authority.trust('public').pem)

let serial = 0

function issue(change: Partial<CertificateRequest>): readonly Buffer[] {
  const request: CertificateRequest = {
    name: `trunk-${++serial}`,
    commonName: 'sbc.lab.test',
    dnsNames: ['sbc.lab.test'],
    uriNames: [],
    ipAddresses: [],
    purposes: ['serverAuth', 'clientAuth'],
    authority: 'public',
    keyType: 'p256',
    validSeconds: 86_400,
    ...change,
  }
  return pemBlocks(authority.issue(request, now).chainPem)
}

/** As Node would report it where the chain itself is good. */
function judged(policy: PeerPolicyName, chain: readonly Buffer[], change: Partial<PeerEvidence> = {}) {
  const [leaf] = chain
  const purposes = leaf === undefined ? undefined : new X509Certificate(leaf).keyUsage
  const forClients = purposes === undefined || purposes.includes('1.3.6.1.5.5.7.3.2')
  const judge = gatewayJudge({
    policy: peerPolicies[policy],
    trunks: ['sbc.lab.test'],
    ground: () => ({ anchors, crls: [], now }),
    diagnose: (code) => verdict(code),
  })
  const result = judge({
    side: 'accepted',
    face: 'internal',
    remote: { address: '192.0.2.7', port: 40_001 },
    wantedName: undefined,
    chain,
    authorized: forClients,
    errorCode: forClients ? undefined : 'INVALID_PURPOSE',
    errorMessage: undefined,
    protocol: 'TLSv1.3',
    resumed: false,
    ...change,
  })
  return result.kind === 'accept' ? result.peer?.class : result.code
}

t.test('serverAuth alone was enough, then both were demanded, then the milder reading came back', async (t) => {
  const chain = issue({ purposes: ['serverAuth'] })
  t.same(
    ['cloud-2021', 'cloud-2024-03', 'cloud-2026'].map((policy) => judged(policy as PeerPolicyName, chain)),
    ['server', 'cert.eku-missing', 'server'],
  )
})

t.test('clientAuth alone is refused by every policy', async (t) => {
  const chain = issue({ purposes: ['clientAuth'] })
  t.same(
    ['cloud-2021', 'cloud-2024-03', 'cloud-2026'].map((policy) => judged(policy as PeerPolicyName, chain)),
    ['cert.eku-missing', 'cert.eku-missing', 'cert.eku-missing'],
  )
})

t.test('a forgiven purpose forgives nothing else: the issuer must be trusted', async (t) => {
  const judge = gatewayJudge({
    policy: peerPolicies['cloud-2026'],
    trunks: ['sbc.lab.test'],
    ground: () => ({ anchors: pemBlocks(authority.trust('internal').pem), crls: [], now }),
    diagnose: (code) => verdict(code),
  })
  const result = judge({
    side: 'accepted',
    face: 'internal',
    remote: { address: '192.0.2.7', port: 40_001 },
    wantedName: undefined,
    chain: issue({ purposes: ['serverAuth'] }),
    authorized: false,
    errorCode: 'INVALID_PURPOSE',
    errorMessage: undefined,
    protocol: 'TLSv1.3',
    resumed: false,
  })
  t.equal(result.kind, 'refuse')
})

t.test('a wildcard stands for one label', async (t) => {
  t.same(
    [
      judged('cloud-2026', issue({ commonName: 'lab.test', dnsNames: ['*.lab.test'] })),
      judged('cloud-2026', issue({ commonName: 'test', dnsNames: ['*.test'] })),
    ],
    ['server', 'client'],
  )
})

t.test('the subject counts where there is no SAN', async (t) => {
  t.equal(judged('cloud-2026', issue({ dnsNames: [] })), 'server')
})

t.test('a name of no trunk gets a connection and no trust', async (t) => {
  t.equal(judged('cloud-2026', issue({ commonName: 'other.lab.test', dnsNames: ['other.lab.test'] })), 'client')
})

t.test('no certificate, no connection', async (t) => {
  t.equal(judged('cloud-2026', []), 'tls.client-cert-missing')
})

t.test('a trunk that is called back must carry the name that was dialled', async (t) => {
  t.equal(
    judged('cloud-2026', issue({ commonName: 'other.lab.test', dnsNames: ['other.lab.test'] }), {
      side: 'dialled',
      wantedName: 'sbc.lab.test',
    }),
    'cert.name-mismatch',
  )
})
