/** `siplab explain CHAIN --with PEER` and `siplab timeline CHAIN` as commands. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toPem } from '../../src/certificates/der.ts'
import { madeDer } from '../peers/made-chains.ts'
import { runInProcess } from '../support/cli.ts'

function folder(t: Test): string {
  const path = t.testdir({})
  writeFileSync(
    join(path, 'chain.pem'),
    madeDer()
      .map((der) => toPem('CERTIFICATE', der))
      .join(''),
  )
  return path
}

t.test('the answer names both directions, the first break, the ways out and each mark', async (t) => {
  const args = ['explain', 'chain.pem', '--with', 'teams-direct-routing', '--on', '2027-03-15']
  const { status, out } = await runInProcess(args, folder(t))
  t.equal(status, 0)
  t.match(out, /On 2027-03-15, rules server-only since 2026-07-01: works, with a warning\./)
  t.match(out, /we-serve \(Microsoft Teams Direct Routing dials us\): works\n/)
  t.match(out, /we-dial \(we dial Microsoft Teams Direct Routing\): works, with a warning\n/)
  t.match(out, /our own end, our server: breaks, if it checks the purpose of the certificate/)
  t.match(out, /\[G secondary source T3\]/)
  t.match(out, /What breaks first\n {2}2027-08-20 we-serve/)
  t.match(out, /The real root .* did not sign this chain/)
})

t.test('a link that breaks, and one nobody knows about, end with 1', async (t) => {
  const path = folder(t)
  for (const [peer, on, verdict] of [
    ['teams-direct-routing', '2027-09-01', 'breaks-both'],
    ['zoom', '2027-03-15', 'cannot-tell'],
  ] as const) {
    const { status, out } = await runInProcess(['explain', 'chain.pem', '--with', peer, '--on', on, '--json'], path)
    t.equal(status, 1)
    t.match(JSON.parse(out), { on, verdict, directions: { 'we-serve': Object, 'we-dial': Object }, changes: Array })
  }
})

t.test('without --on the days on which something changes are listed', async (t) => {
  const { status, out } = await runInProcess(['explain', 'chain.pem', '--with', 'teams-direct-routing'], folder(t))
  t.equal(status, 0)
  t.match(out, /^2027-03-01 .*DigiCert writes clientAuth no longer/m)
  t.match(out, /^2027-03-15 .*a renewal runs 100 days at most/m)
  t.match(out, /^2027-08-2\d +breaks \* +breaks +our certificate has expired/m)
})

t.test('wrong usage names what was wanted', async (t) => {
  const path = folder(t)
  for (const [args, message] of [
    [['chain.pem', '--with', 'nobody'], /--with: wanted a known name, found "nobody"; all \d+: docs\/policies\.md/],
    [['chain.pem', '--with', 'zoom', '--on', '2027-02-30'], /--on: wanted a day such as 2027-03-15/],
    [['chain.pem', '--on', '2027-03-15'], /need --with PEER/],
    [['chain.pem', '--with', 'zoom', '--key', 'x.key'], /wanted no --ca, --key/],
    [['gone.pem', '--with', 'zoom'], /gone\.pem: wanted a file of certificates/],
  ] as const)
    t.match(await runInProcess(['explain', ...args], path), { status: 2, err: message })
})

t.test('timeline draws a chain month by month', async (t) => {
  const path = folder(t)
  const { status, out } = await runInProcess(['timeline', 'chain.pem', '--with', 'teams-direct-routing', 'zoom'], path)
  t.equal(status, 0)
  t.match(out, /^teams-direct-routing {2}we-serve {2}={6}x+ {2}2027-08-2\d our certificate expired/m)
  t.match(out, /^zoom-byoc-p .*we-dial +\?+x/m)
  const all = await runInProcess(['timeline', 'chain.pem', '--json'], path)
  t.ok((JSON.parse(all.out) as { rows: unknown[] }).rows.length > 30)
})
