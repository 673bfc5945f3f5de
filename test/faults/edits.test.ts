/** The edits of every certificate fault, made and undone in the folder of a lab whose certificates are issued. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ownFolder } from '../support/own-folder.ts'
import { assign, readAssignments } from '../../src/certificates/node-certificates.ts'
import type { Fault, Side } from '../../src/faults/catalogue/fault.ts'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { faults, findFault } from '../../src/faults/catalogue/index.ts'
import { apply, undo } from '../../src/faults/edits.ts'
import { otherEnd, place, terms } from '../../src/faults/place.ts'
import type { Edit } from '../../src/faults/placement.ts'
import { forgetFault, noteFault, undoOf } from '../../src/faults/record.ts'
import { labFolder } from '../../src/lab/lab-folder.ts'
import { provisionCertificates } from '../../src/lab/provision.ts'
import type { RunningLabAccess } from '../../src/lab/running-lab.ts'
import type { NodePlan } from '../../src/topology/plan-types.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { atStart } from '../support/at-start.ts'

const root = ownFolder(t)
/** Keys of P-256: those of RSA that the profile of 2005 asks for take most of the time, and no edit depends on it. */
const plan = planLab({ ...loadTopology('edge'), certificates: { keyType: 'p256' } })
provisionCertificates(plan, root, Date.now())
const lab: RunningLabAccess = { root, plan, clientOf: unasked, supervisor: unasked }

function unasked(): never {
  throw new Error('files are changed without a word to any node')
}

function node(name: string): NodePlan {
  const found = plan.nodes.find((each) => each.name === name)
  if (found === undefined) throw new Error(`the lab has no ${name}`)
  return found
}

/** Where director accepts from fe1, or dials it. */
function editsOf(fault: Fault): readonly Edit[] {
  const [side = 'server'] = fault.sides
  const as: Side = fault.breaks === 'judge' ? otherEnd(side) : side
  const [director, fe1] = [node('director'), node('fe1')]
  const link =
    as === 'server'
      ? { from: fe1, to: director, peer: 'director.lab.test' }
      : { from: director, to: fe1, peer: 'fe1.lab.test' }
  return place(lab, { node: director, fault, as, links: [link], options: {} }).edits
}

function edits(slug: string): readonly Edit[] {
  const fault = findFault(slug)
  if (fault === undefined) throw new Error(`no fault ${slug}`)
  return editsOf(fault)
}

/** Every file with its permissions and what it holds. */
function contents(): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
  const files = names.filter((name) => statSync(name).isFile()).sort()
  return Object.fromEntries(files.map((name) => [name, `${statSync(name).mode} ${readFileSync(name, 'latin1')}`]))
}

/** Names of files that are not as they were: cheap to compare, and short where a test fails. */
function changedSince(before: Readonly<Record<string, string>>): readonly string[] {
  const now = contents()
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name])
}

t.test('heal gives back exactly what break found', async (t) => {
  const before = contents()
  let fitting = 0
  for (const fault of faults) {
    t.test(fault.slug, async (t) => {
      let made: readonly Edit[]
      try {
        made = editsOf(fault)
      } catch (error) {
        t.match(error, { code: 'fault.dialled-name' })
        return
      }
      fitting++
      await apply(lab, made)
      t.not(changedSince(before).length, 0, 'something was changed')
      await undo(lab, made.map(undoOf))
      t.strictSame(changedSince(before), [])
    })
  }
  t.test('and a lab can be made to show most faults', async (t) =>
    t.ok(fitting > 140, `${fitting} of ${faults.length}`),
  )
})

t.test('undoing twice does no harm', async (t) => {
  const before = contents()
  const made = edits('expired')
  await apply(lab, made)
  await undo(lab, made.map(undoOf))
  await undo(lab, made.map(undoOf))
  t.strictSame(changedSince(before), [])
})

t.test('what is remembered for heal holds no content, which may be a key', async (t) => {
  const text = JSON.stringify(edits('key-in-same-file').map(undoOf))
  t.notMatch(text, /PRIVATE|BEGIN|content/)
})

t.test('a certificate that a person assigned while the fault was on stays assigned', async (t) => {
  const folder = join(root, 'nodes', 'director')
  const made = edits('expired')
  const assigned = made.find((edit) => edit.kind === 'assignment')
  if (assigned === undefined) return t.fail('nothing was assigned')
  await apply(lab, made)
  for (const ending of ['pem', 'key'])
    writeFileSync(
      join(folder, 'certificates', `other.${ending}`),
      readFileSync(join(folder, 'certificates', `${assigned.before}.${ending}`)),
    )
  assign(folder, assigned.reference, 'other')
  await undo(lab, made.map(undoOf))
  t.match(readAssignments(folder), { [assigned.reference]: { certificate: 'other.pem' } })
  assign(folder, assigned.reference, assigned.before)
  for (const ending of ['pem', 'key']) rmSync(join(folder, 'certificates', `other.${ending}`))
})

t.test('a second fault on a node that bears a part of the first is refused', async (t) => {
  const folder = labFolder(t.testdir())
  const record = { fault: 'expired', since: '2026-11-28T12:00:00Z', as: 'server', restarts: [] } as const
  const remembered = edits('revoked').map(undoOf)
  noteFault(folder, { ...record, target: 'director', edits: remembered })
  t.throws(() => noteFault(folder, { ...record, target: 'fe1', edits: remembered }), {
    code: 'fault.touched',
    message: /remove it first: siplab heal 'director'/,
  })
  forgetFault(folder, 'director')
  t.doesNotThrow(() => noteFault(folder, { ...record, target: 'fe1', edits: remembered }))
})

t.test('a database that cannot be opened comes back with its companions', async (t) => {
  const file = 'pool-test.sqlite'
  writeFileSync(join(root, file), 'a database')
  writeFileSync(join(root, `${file}-wal`), 'its log')
  const made: readonly Edit[] = [
    { kind: 'file', file, content: { is: 'folder' } },
    { kind: 'file', file: `${file}-wal`, content: { is: 'absent' } },
    { kind: 'file', file: `${file}-shm`, content: { is: 'absent' } },
  ]
  const before = contents()
  await apply(lab, made)
  t.same([statSync(join(root, file)).isDirectory(), existsSync(join(root, `${file}-wal`))], [true, false])
  writeFileSync(join(root, `${file}-shm`), 'left by a server that tried')
  await undo(lab, made.map(undoOf))
  t.strictSame(changedSince(before), [])
})

t.test('what acts inside a node is asked for, and asked to end', async (t) => {
  const asked: unknown[] = []
  const clientOf = (name: string) => ({
    post: async (path: string, body: unknown) => void asked.push([name, path, body]),
  })
  const access = { root, clientOf } as unknown as RunningLabAccess
  const made: readonly Edit[] = [{ kind: 'request', node: 'dns', path: '/dns-faults', body: ['on'], undo: [] }]
  await apply(access, made)
  await undo(access, made.map(undoOf))
  t.same(asked, [
    ['dns', '/dns-faults', ['on']],
    ['dns', '/dns-faults', []],
  ])
})

t.test('the start-up check lets every fault go live that does not stop a start', async (t) => {
  const pki = faultPki({ now: Date.now() })
  const scratch = t.testdir()
  const stopped = faults
    .filter(({ slug, expect }) => expect.kind !== 'stops-start' && slug !== 'client-cert-missing')
    .flatMap((fault) => {
      const { tolerate } = terms(fault)
      const { verdicts } = atStart(pki, fault.make(pki), join(scratch, fault.slug))
      return verdicts
        .filter(({ code }) => !tolerate.some((each) => each === code))
        .map(({ code }) => [fault.slug, code])
    })
  t.same(stopped, [])
})

t.test('the start-up check lets nothing pass that stops a start', async (t) => {
  const stopping = faults.filter(({ expect }) => expect.kind === 'stops-start')
  t.same(
    stopping.flatMap((fault) => terms(fault).tolerate),
    [],
  )
})
