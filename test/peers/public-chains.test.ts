/** Three chains of the public web, of the x509-limbo sample, held against three peers on three days. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pemBlocks, readCertificate } from '../../src/certificates/examine/index.ts'
import { findPeers } from '../../src/peers/index.ts'
import { judgeLink } from '../../src/peers/judge/link.ts'
import { presented, type Presented } from '../../src/peers/judge/presented.ts'

const folder = process.env['SIPLAB_CONFORMANCE']
const sample = folder === undefined ? '' : join(folder, 'x509-limbo', 'sample.json')
const skip = existsSync(sample) ? false : 'SIPLAB_CONFORMANCE does not lead to x509-limbo/sample.json'

interface Case {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
}

function chainOf(id: string): Presented {
  const { testcases } = JSON.parse(readFileSync(sample, 'utf8')) as { readonly testcases: readonly Case[] }
  const found = testcases.find((each) => each.id === id)
  if (found === undefined) throw new Error(`the sample has no ${id}`)
  const [leaf, ...others] = [found.peer_certificate, ...found.untrusted_intermediates].flatMap((pem) =>
    pemBlocks(pem).map(readCertificate),
  )
  if (leaf === undefined) throw new Error(`${id} has no certificate`)
  return presented(leaf, others)
}

const days = ['2025-12-01', '2026-03-15', '2026-07-10'] as const

t.test('public chains at Teams, Google and OpenSIPS on three days', { skip }, async (t) => {
  const answers = (id: string, name: string): readonly string[] =>
    days.map((on) => {
      const [policy] = findPeers(name)
      if (policy === undefined) throw new Error(`${name} is not on file`)
      return judgeLink({ chain: chainOf(id), policy, on }).verdict
    })
  // Issued for both purposes with an EC key in July 2025, expired on 7 July 2026.
  t.same(answers('online::akamai.com', 'teams-direct-routing'), [
    'stands-with-warning',
    'stands-with-warning',
    'breaks-both',
  ])
  // serverAuth only, from February to April 2026.
  t.same(answers('online::google.com', 'teams-direct-routing'), ['breaks-both', 'stands-with-warning', 'breaks-both'])
  t.same(answers('online::google.com', 'google-gtp'), ['breaks-both', 'breaks-both', 'breaks-both'])
  t.same(answers('online::fastly.com', 'teams-direct-routing'), ['breaks-both', 'stands-with-warning', 'breaks-both'])
  t.same(answers('online::fastly.com', 'opensips'), ['breaks-both', 'breaks-we-dial', 'breaks-both'])
})

t.test('the public chains are known to be public, and real', { skip }, async (t) => {
  for (const id of ['online::google.com', 'online::fastly.com', 'online::akamai.com'])
    t.match(chainOf(id), { complete: true, root: { kind: 'public', standIn: false } }, id)
})
