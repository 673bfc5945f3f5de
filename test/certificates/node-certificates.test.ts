import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { generateKey, keyToPem } from '../../src/certificates/keys.ts'
import {
  assign,
  assignedFiles,
  asReference,
  listCertificates,
  readAssignments,
  saveCertificate,
  unassign,
} from '../../src/certificates/node-certificates.ts'

const issued = { name: 'fe1-listener', chainPem: 'certificate', keyPem: keyToPem(generateKey()) }

t.test('a saved certificate lies beside its key, which only the owner may read', async (t) => {
  const node = t.testdir()
  saveCertificate(node, issued)
  t.same(
    [listCertificates(node), statSync(join(node, 'certificates', 'fe1-listener.key')).mode & 0o777],
    [['fe1-listener'], 0o600],
  )
})

t.test('a reference uses what was assigned to it', async (t) => {
  const node = t.testdir()
  saveCertificate(node, issued)
  assign(node, 'listener', 'fe1-listener')
  assign(node, 'static-route:0', 'fe1-listener.pem')
  const files = { certificate: 'fe1-listener.pem', key: 'fe1-listener.key' }
  t.same(readAssignments(node), { listener: files, 'static-route:0': files })
})

t.test('a reference without assignment has no files', async (t) => {
  t.equal(assignedFiles(t.testdir(), 'listener'), undefined)
})

t.test('unassign leaves the other references and the files', async (t) => {
  const node = t.testdir()
  saveCertificate(node, issued)
  assign(node, 'listener', 'fe1-listener')
  assign(node, 'default-outgoing', 'fe1-listener')
  unassign(node, 'listener')
  t.same([Object.keys(readAssignments(node)), listCertificates(node)], [['default-outgoing'], ['fe1-listener']])
})

t.test('what does not exist is not assigned, and what exists is named', async (t) => {
  const node = t.testdir()
  saveCertificate(node, issued)
  t.throws(() => assign(node, 'listener', 'nothing'), { code: 'certificate-unknown', message: /there: fe1-listener/ })
})

t.test('a name cannot leave the folder', async (t) => {
  const node = t.testdir({ 'outside.pem': '' })
  t.throws(() => assign(node, 'listener', '../outside'), { code: 'certificate-unknown' })
})

t.test('an unknown reference is refused', async (t) => {
  t.throws(() => asReference('incoming'), { code: 'reference-unknown', message: /wanted listener/ })
})

t.test('a broken file of assignments names itself', async (t) => {
  const node = t.testdir()
  mkdirSync(join(node, 'certificates'))
  writeFileSync(join(node, 'certificates', 'assignments.json'), '{"listener":3}')
  t.throws(() => readAssignments(node), { code: 'assignments-malformed', message: /assignments\.json: listener/ })
})

t.test('assignments of several processes at once are all kept', async (t) => {
  const node = t.testdir()
  saveCertificate(node, issued)
  const module = JSON.stringify(new URL('../../src/certificates/node-certificates.ts', import.meta.url).href)
  const script = (first: number) =>
    `import {assign} from ${module}; for (let n = 0; n < 10; n++) assign(${JSON.stringify(node)}, 'static-route:' ` +
    `+ (${first} + n), 'fe1-listener')`
  await Promise.all(
    [0, 10, 20].map((first) => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script(first)])),
  )
  t.same(
    [Object.keys(readAssignments(node)).length, readdirSync(join(node, 'certificates')).sort()],
    [30, ['assignments.json', 'fe1-listener.key', 'fe1-listener.pem']],
  )
})
