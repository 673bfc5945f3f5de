/** Every peer on file, on the first day of each of its periods: what the gateway refuses and accepts. */
import t from 'tap'
import { X509Certificate } from 'node:crypto'
import { initAuthority } from '../../../src/certificates/authority.ts'
import { isInternalAuthority } from '../../../src/certificates/authority-folder.ts'
import type { CertificateRequest } from '../../../src/certificates/certificate-request.ts'
import { pemBlocks } from '../../../src/certificates/examine/index.ts'
import { peerPolicies } from '../../../src/peers/index.ts'
import { playedRules, type PlayedRules } from '../../../src/peers/played.ts'
import { verdict } from '../../../src/verdicts/codes.ts'
import { playedJudge } from '../../../src/node/voice-service/played-judge.ts'
import type { PeerEvidence } from '../../../src/sip/transport/types.ts'
import { ownFolder } from '../../support/own-folder.ts'

const now = Date.UTC(2026, 6, 1)
const authority = initAuthority(ownFolder(t), { domain: 'contoso.com', now })
const anchors = ['public', 'internal'].flatMap((kind) => pemBlocks(authority.trust(kind as 'public').pem))

function issue(name: string, change: Partial<CertificateRequest>): readonly Buffer[] {
  const request: CertificateRequest = {
    name,
    commonName: 'sbc1.contoso.com',
    dnsNames: ['sbc1.contoso.com'],
    uriNames: [],
    ipAddresses: [],
    purposes: ['serverAuth', 'clientAuth'],
    authority: 'public',
    keyType: 'rsa2048',
    validSeconds: 86_400,
    ...change,
  }
  return pemBlocks(authority.issue(request, now).chainPem)
}

const chains = {
  both: issue('both', {}),
  'server-only': issue('server-only', { purposes: ['serverAuth'] }),
  'client-only': issue('client-only', { purposes: ['clientAuth'] }),
  private: issue('private', { authority: 'internal' }),
  ec: issue('ec', { keyType: 'p256' }),
  wildcard: issue('wildcard', { commonName: 'contoso.com', dnsNames: ['*.contoso.com'] }),
  stranger: issue('stranger', { commonName: 'sbc.fabrikam.com', dnsNames: ['sbc.fabrikam.com'] }),
  none: [],
} as const

type ChainName = keyof typeof chains

/** What the gateway says: `trunk`, `stranger` (a connection without trust), or the code of the refusal. */
function says(rules: PlayedRules, side: 'accepted' | 'dialled', name: ChainName): string {
  const chain = chains[name]
  const [leaf] = chain
  const held = leaf === undefined ? [] : (new X509Certificate(leaf).keyUsage ?? [])
  const authorized = held.includes(side === 'accepted' ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1')
  const judge = playedJudge({
    rules,
    trunks: ['sbc1.contoso.com'],
    ground: () => ({ anchors, crls: [], now }),
    diagnose: (code) => verdict(code),
    isPrivate: ({ issuer }) => isInternalAuthority(issuer.text),
  })
  const evidence: PeerEvidence = {
    side,
    face: 'internal',
    remote: { address: '192.0.2.7', port: 40_001 },
    wantedName: side === 'dialled' ? 'sbc1.contoso.com' : undefined,
    chain,
    authorized,
    errorCode: leaf === undefined || authorized ? undefined : 'INVALID_PURPOSE',
    errorMessage: undefined,
    protocol: 'TLSv1.2',
    resumed: false,
  }
  const result = judge(evidence)
  if (result.kind === 'refuse') return result.code
  return result.peer === undefined || result.peer.class === 'server' ? 'trunk' : 'stranger'
}

for (const policy of peerPolicies)
  for (const period of policy.periods) {
    const rules = playedRules(policy, period.since ?? period.until ?? policy.checked)
    if (rules === undefined) throw new Error(`${policy.name} ${period.id} has no rules`)
    const asks = rules.clientCertificate !== 'not-asked'
    const caller = (refused: boolean, code: string): string => (asks && refused ? code : 'trunk')
    const called = (refused: boolean, code: string): string => (rules.verifiesServer && refused ? code : 'trunk')
    t.test(`${policy.name} ${period.id}: callers`, async (t) => {
      t.same(
        Object.fromEntries((Object.keys(chains) as ChainName[]).map((name) => [name, says(rules, 'accepted', name)])),
        {
          both: 'trunk',
          'server-only': caller(period.clientAuth.value === 'required', 'cert.eku-missing'),
          'client-only': 'trunk',
          private: caller(period.privateCa.value === 'refused', 'chain.untrusted-root'),
          ec: caller(period.otherKeys.value === 'refused', 'tls.no-common-cipher'),
          wildcard: caller(period.wildcard.value === 'refused' && period.checksName.value !== 'no', 'stranger'),
          stranger: caller(period.checksName.value !== 'no', 'stranger'),
          none: period.clientCertificate.value === 'required' ? 'tls.client-cert-missing' : 'trunk',
        },
      )
    })
    t.test(`${policy.name} ${period.id}: where it dials`, async (t) => {
      const names: readonly ChainName[] = ['both', 'client-only', 'wildcard', 'stranger', 'ec']
      t.same(Object.fromEntries(names.map((name) => [name, says(rules, 'dialled', name)])), {
        both: 'trunk',
        'client-only': called(period.serverAuth.value === 'required', 'cert.eku-missing'),
        wildcard: called(period.wildcard.value === 'refused' && period.checksName.value !== 'no', 'cert.name-mismatch'),
        stranger: called(period.checksName.value !== 'no', 'cert.name-mismatch'),
        ec: called(period.otherKeys.value === 'refused', 'tls.no-common-cipher'),
      })
    })
  }

t.test('Teams by date: both purposes, then serverAuth alone', async (t) => {
  const teams = peerPolicies[0]
  if (teams === undefined) throw new Error('Teams is on file')
  const on = (day: string): string => {
    const rules = playedRules(teams, day)
    return rules === undefined ? 'nothing' : says(rules, 'accepted', 'server-only')
  }
  t.same(['2024-03-18', '2024-03-19', '2025-12-11', '2025-12-12', '2027-03-15'].map(on), [
    'trunk',
    'cert.eku-missing',
    'cert.eku-missing',
    'trunk',
    'trunk',
  ])
})
