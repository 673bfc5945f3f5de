/** A sample of the table that .ci/jobs/check-faults prints whole: one fault of each family, named by the check. */
import t from 'tap'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { findFault } from '../../src/faults/catalogue/index.ts'
import { checkFault, checkedReport } from './fault-table.ts'

const pki = faultPki({ now: Date.now() })

const sample: readonly (readonly [slug: string, side: 'server' | 'client'])[] = [
  ['expired', 'server'],
  ['incomplete-chain', 'server'],
  ['untrusted-root', 'server'],
  ['wrong-host', 'server'],
  ['no-server-auth-eku', 'server'],
  ['revoked', 'server'],
  ['rsa-1024', 'server'],
  ['key-mismatch-type-live', 'server'],
  ['no-common-cipher', 'server'],
  ['tls1.0-server', 'server'],
  ['ocsp-responder-error', 'server'],
  ['trust-list-garbage', 'server'],
  ['cert-der', 'server'],
  ['client-cert-missing', 'client'],
  ['public-cert-2026', 'client'],
  ['client-wrong-name', 'client'],
]

for (const [slug, side] of sample) {
  t.test(`${slug} of the ${side} is named`, async (t) => {
    const fault = findFault(slug)
    if (fault === undefined) throw new Error(`no fault ${slug}`)
    t.match(await checkFault(pki, fault, side, 'communicator'), { named: /first|listed/ })
  })
}

for (const slug of ['short-lived', 'chain-extra', 'no-sni', 'ed25519']) {
  t.test(`${slug} is no fault, and all is well`, async (t) => {
    const fault = findFault(slug)
    if (fault === undefined) throw new Error(`no fault ${slug}`)
    t.match(await checkFault(pki, fault, 'server', 'sbc'), { expected: 'ok', verdict: 'ok' })
  })
}

t.test('no key of ours stands in a report', async (t) => {
  const fault = findFault('public-cert-2026')
  if (fault === undefined) throw new Error('no fault public-cert-2026')
  t.notMatch(JSON.stringify(await checkedReport(pki, fault, 'client', 'federation-peer')), /PRIVATE KEY/)
})
