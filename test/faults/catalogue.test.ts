/**
 * Every fault of the catalogue as a real handshake between two ends, under both TLS versions, with its good twin beside
 * it.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { faultsPage } from '../../scripts/docs-faults.ts'
import { examine, type Examination, type ProfileName } from '../../src/certificates/examine/index.ts'
import { atStart } from '../support/at-start.ts'
import type { EndsSee, Expectation, Fault, Side } from '../../src/faults/catalogue/fault.ts'
import type { Variation } from '../../src/faults/catalogue/variation.ts'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { faults } from '../../src/faults/catalogue/index.ts'
import { meet, strictClient, type TlsVersion } from '../support/two-ends.ts'
import { nodeErrorToCode } from '../../src/verdicts/node-errors.ts'
import { findVerdictCode, isVerdictCode, type VerdictCode } from '../../src/verdicts/codes.ts'
import { ownFolder } from '../support/own-folder.ts'

const pki = faultPki({ now: Date.now() })
const folder = ownFolder(t)
const bothAccept: EndsSee = { presenter: 'accepted', judge: 'accepted' }

t.test('the catalogue', async (t) => {
  t.test('has a page that is current', async (t) => {
    t.equal(readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8'), faultsPage())
  })

  t.test('has no slug twice', async (t) => {
    t.equal(new Set(faults.map(({ slug }) => slug)).size, faults.length)
  })

  t.test('marks what lies in the dialled name, and nothing else', async (t) => {
    const dialled = faults.filter((fault) => {
      const { wantedName, withoutSni } = fault.make(pki)
      return wantedName !== pki.name || withoutSni === true
    })
    t.strictSame(
      dialled.map(({ slug }) => slug),
      faults.filter(({ notOnNode }) => notOnNode === 'dialled-name').map(({ slug }) => slug),
    )
  })

  t.test('names only codes that the table explains, each with a remedy', async (t) => {
    const codes = faults.map(({ expect }) => expect.verdict).filter((code) => code !== undefined)
    t.same(
      codes.filter((code) => findVerdictCode(code)?.remedy === undefined),
      [],
    )
  })
})

for (const fault of faults) {
  t.test(fault.slug, async (t) => {
    if (fault.expect.kind === 'stops-start') return startUp(t, fault, fault.expect)
    for (const side of fault.sides) {
      for (const version of fault.versions ?? (['TLSv1.2', 'TLSv1.3'] as const)) await bothEnds(t, fault, side, version)
    }
  })
}

/**
 * What the examiner cannot see in the certificates: settings of the judge, and what Node adds to the chain it sends or
 * leaves out of it.
 */
const notInTheChain = new Set([
  'incomplete-chain-hidden',
  'intermediate-only-trusted-allowed',
  'renewed-not-reloaded',
  'trusted-certificate-label',
])

for (const fault of faults.filter(({ slug, expect }) => expect.kind !== 'stops-start' && !notInTheChain.has(slug))) {
  const { verdict } = fault.expect
  if (
    verdict !== undefined &&
    (!/^(cert|chain|crl)\./.test(verdict) || ['crl.not-checked', 'cert.name-not-allowed'].includes(verdict))
  )
    continue
  t.test(`the examiner on ${fault.slug}`, async (t) => {
    for (const side of fault.sides) examined(t, fault, side)
  })
}

function examined(t: Test, fault: Fault, side: Side): void {
  const variation = fault.make(pki)
  const codes = (profile: ProfileName): readonly string[] =>
    inspect(variation, side, profile).faults.map(({ code }) => code)
  if (fault.expect.kind === 'refused')
    t.equal(codes('node')[0], fault.expect.verdict, `names the injected fault first, ${side}`)
  else if (fault.expect.verdict === undefined)
    t.ok(inspect(variation, side, 'node').accepted, `has nothing against it, ${side}`)
  else
    t.ok(
      profiles.some((profile) => codes(profile).includes(String(fault.expect.verdict))),
      `notices what the wire does not, ${side}`,
    )
}

const profiles = ['node', 'lcs2005', 'ocs2007', 'modern'] as const

function inspect({ presenter, judge, wantedName }: Variation, side: Side, profile: ProfileName): Examination {
  const kind = isIP(wantedName) === 0 ? 'dns' : 'ip'
  return examine({
    chain: dersOf('CERTIFICATE', String(presenter.certificate ?? '')),
    anchors: (judge.trust ?? []).flatMap((pem) => dersOf('CERTIFICATE', pem)),
    // Of several CRLs in one text OpenSSL reads the first.
    crls: (judge.crls ?? []).flatMap((pem) => dersOf('X509 CRL', pem).slice(0, 1)),
    names: [{ kind, value: wantedName }],
    purpose: side === 'server' ? 'serverAuth' : 'clientAuth',
    keyUsage: ['digitalSignature'],
    time: new Date(pki.now),
    profile,
  })
}

function dersOf(label: string, pem: string): readonly Buffer[] {
  return [...pem.matchAll(new RegExp(`-----BEGIN ${label}-----([^-]*)-----END`, 'g'))].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64'),
  )
}

function startUp(t: Test, fault: Fault, expected: Extract<Expectation, { kind: 'stops-start' }>): void {
  const seen = atStart(pki, fault.make(pki), join(folder, fault.slug))
  t.equal(seen.verdicts[0]?.code ?? 'starts', expected.verdict, 'the start-up check names it first')
  t.equal(seen.node ?? 'starts', expected.node ?? 'starts', 'what Node alone does')
  const twin = atStart(pki, fault.twin?.(pki) ?? pki.good(), join(folder, `${fault.slug}-twin`))
  t.same([twin.verdicts, twin.node], [[], undefined], 'the good twin starts')
}

async function bothEnds(t: Test, fault: Fault, side: Side, version: TlsVersion): Promise<void> {
  const expected = (side === 'client' ? fault.expectClient : undefined) ?? fault.expect
  // A busy machine may take more than the minute that a short-lived certificate lasts.
  const variation = fault.make({ ...pki, now: Date.now() })
  const seen = await meet(pki, variation, side, version)
  t.same(seen, endsOf(expected, version), `what both ends see, ${side} broken, ${version}`)
  if (expected.kind !== 'refused') return
  t.same(
    await meet(pki, fault.twin?.(pki) ?? pki.good(), side, version),
    bothAccept,
    `the good twin is accepted, ${side}, ${version}`,
  )
  if (isVerdictCode(seen.judge) || (side === 'client' && seen.judge === 'UNSPECIFIED')) return
  t.equal(
    await wordOfNode(seen, variation, version),
    suggested(fault, version) ?? expected.verdict,
    `what the word of Node suggests, ${side}, ${version}`,
  )
}

function suggested({ nodeSuggests }: Fault, version: TlsVersion): VerdictCode | undefined {
  if (typeof nodeSuggests !== 'object') return nodeSuggests
  return version === 'TLSv1.2' ? nodeSuggests.tls12 : nodeSuggests.tls13
}

function endsOf(expected: Expectation, version: TlsVersion): EndsSee {
  if (expected.kind !== 'refused') return bothAccept
  return version === 'TLSv1.2' ? expected.tls12 : expected.tls13
}

/** `UNSPECIFIED` says nothing without its message, which a strict client gets to see and a server never does. */
async function wordOfNode({ judge }: EndsSee, variation: Variation, version: TlsVersion): Promise<VerdictCode> {
  if (judge.startsWith('alert ')) return nodeErrorToCode(undefined, `SSL alert number ${judge.slice(6)}`)
  if (judge !== 'UNSPECIFIED') return nodeErrorToCode(judge)
  const strict = await strictClient(pki, variation, version)
  return nodeErrorToCode(strict?.code, strict?.message)
}
