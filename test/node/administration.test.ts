import { mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { initAuthority } from '../../src/certificates/authority.ts'
import { assign, readAssignments, saveCertificate } from '../../src/certificates/node-certificates.ts'
import {
  type Administered,
  assignReference,
  generalTab,
  securityTab,
  setMtls,
  unassignReference,
} from '../../src/node/administration.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'

const minuteMs = 60_000

/** A front end with one trial certificate of a minute, assigned to both of its references. */
function frontEnd(t: { testdir(): string }): {
  readonly at: (ms: number) => Administered
  readonly issue: (name: string, now: number, validSeconds: number) => void
} {
  const root = t.testdir()
  const lab = planLab(loadTopology('edge'))
  const plan = nodePlan(lab, 'fe1')
  const folder = nodeFolder(root, 'fe1')
  const now = Date.UTC(2026, 2, 1)
  const authority = initAuthority(`${root}/pki`, { domain: 'lab.test', now, crlUrl: 'http://pki.lab.test:10080' })
  mkdirSync(folder.root, { recursive: true })
  writeFileSync(folder.trust, authority.trust('internal').pem)
  const [planned] = plan.certificates
  if (planned === undefined) throw new Error('the plan has no certificate for fe1')
  const issue = (name: string, at: number, validSeconds: number): void =>
    void saveCertificate(folder.root, authority.issue({ ...planned.request, name, validSeconds }, now + at))
  issue('trial', 0, 60)
  assign(folder.root, 'listener', 'trial')
  assign(folder.root, 'default-outgoing', 'trial')
  return { at: (ms) => ({ plan, folder, now: now + ms }), issue }
}

t.test('the Security tab opens while the assigned certificate is valid', async (t) => {
  const { at } = frontEnd(t)
  t.match(securityTab(at(0), { force: false }).references, [
    { reference: 'default-outgoing', valid: true },
    { reference: 'listener', valid: true },
  ])
})

t.test('the Security tab is locked once an assigned certificate has expired', async (t) => {
  const { at } = frontEnd(t)
  t.throws(() => securityTab(at(2 * minuteMs), { force: false }), { code: 'config.certificate-locked' })
})

t.test('unassign is locked out by the expired certificate it should remove', async (t) => {
  const { at } = frontEnd(t)
  t.throws(() => unassignReference(at(2 * minuteMs), 'listener', { force: false }), {
    code: 'config.certificate-locked',
  })
})

t.test('force is the door the original never had', async (t) => {
  const { at } = frontEnd(t)
  unassignReference(at(2 * minuteMs), 'listener', { force: true })
  t.notHas(readAssignments(at(0).folder.root), { listener: {} })
})

t.test('a new valid certificate can be assigned although the old one has expired', async (t) => {
  const { at, issue } = frontEnd(t)
  issue('second', 2 * minuteMs, 600)
  assignReference(at(2 * minuteMs), 'listener', 'second', { force: false })
  t.match(readAssignments(at(0).folder.root), {
    listener: { certificate: 'second.pem' },
    'default-outgoing': { certificate: 'trial.pem' },
  })
})

t.test('an expired certificate is not assigned and the old assignment stays', async (t) => {
  const { at, issue } = frontEnd(t)
  issue('long', 0, 600)
  assign(at(0).folder.root, 'listener', 'long')
  t.throws(() => assignReference(at(2 * minuteMs), 'listener', 'trial', { force: false }), { code: 'cert.expired' })
  t.match(readAssignments(at(0).folder.root), { listener: { certificate: 'long.pem' } })
})

t.test('the tick on the General tab switches MTLS and leaves the assignments alone', async (t) => {
  const { at } = frontEnd(t)
  setMtls(at(0), false)
  t.match(
    { tab: generalTab(at(0)), assigned: readAssignments(at(0).folder.root) },
    { tab: { mtls: false }, assigned: { listener: { certificate: 'trial.pem' } } },
  )
})
