/** The table itself: every cell has one row or none, and what must never be allowed is not. */
import t from 'tap'
import { cellsOf, rowOf } from '../../../src/roles/law/law.ts'
import {
  borders,
  type Cell,
  dialogKinds,
  identityKinds,
  methodKinds,
  peerKinds,
  rows,
} from '../../../src/roles/law/table.ts'
import { targetKinds } from '../../../src/sip/routing/decision.ts'

function* allCells(): Generator<Cell> {
  for (const border of borders)
    for (const peer of peerKinds)
      for (const identity of identityKinds)
        for (const dialog of dialogKinds)
          for (const method of methodKinds)
            for (const target of targetKinds) yield { border, peer, identity, dialog, method, target }
}

const allowed = [...allCells()].filter((cell) => rowOf(cell)?.then.kind === 'allow')
const told = (cells: readonly Cell[]): readonly string[] => cells.slice(0, 5).map((cell) => JSON.stringify(cell))
const never = (what: string, wrong: (cell: Cell) => boolean): void =>
  void t.test(`never: ${what}`, async (t) => t.same(told(allowed.filter(wrong)), []))

t.test('no two rows share a cell, and each cell leads to its row', async (t) => {
  const taken = new Map<string, string>()
  for (const row of rows)
    for (const cell of cellsOf(row)) {
      const key = JSON.stringify(cell)
      if (taken.has(key)) t.fail(`${row.name} and ${taken.get(key)} share ${key}`)
      taken.set(key, row.name)
      if (rowOf(cell) !== row) t.fail(`${key} does not lead to ${row.name}`)
    }
  t.ok(taken.size > 1000)
  t.equal([...allCells()].filter((cell) => rowOf(cell) !== undefined).length, taken.size)
})

t.test('rows have names of their own', async (t) => {
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
})

never('a target that nothing entitles to', ({ target }) => target === 'elsewhere')
never(
  'REGISTER or PUBLISH by a dialog',
  ({ method, dialog }) => dialog !== 'none' && /^(REGISTER|PUBLISH)$/.test(method),
)
never(
  'a change of bindings by nobody',
  ({ target, identity, peer }) => target === 'registrar' && identity !== 'user' && peer !== 'unasked',
)
never(
  'presence without identity, or what a user keeps for another organisation',
  ({ identity, target, peer }) =>
    peer !== 'unasked' &&
    ((target === 'presence' && identity === 'none') || (target === 'user-data' && identity !== 'user')),
)
never('a CANCEL by itself', ({ method }) => method === 'CANCEL')
never('an ACK without a record', ({ method, dialog }) => method === 'ACK' && dialog === 'none')
never('an ACK to anybody but the recorded party', ({ method, target }) => method === 'ACK' && target !== 'dialog')
never(
  'a stranger inside, but for OPTIONS to the server and its dialogs',
  ({ border, peer, target }) =>
    (border === 'home' || border === 'director') &&
    (peer === 'stranger' || peer === 'client') &&
    target !== 'own-server' &&
    target !== 'dialog',
)
never(
  'a request without an identity to a user who takes none, or to the outside',
  ({ identity, target, peer }) =>
    identity === 'none' &&
    peer !== 'unasked' &&
    peer !== 'ourselves' &&
    ['binding', 'static-route', 'partner', 'enterprise-edge'].includes(target),
)
never(
  'a relay for another organisation',
  ({ identity, target, peer }) =>
    identity === 'foreign' && peer !== 'unasked' && ['static-route', 'partner', 'enterprise-edge'].includes(target),
)
never(
  'a claimed dialog along its route, but for an ACK and inward at the edge',
  ({ dialog, target, method, border }) =>
    dialog === 'claimed' && target === 'dialog' && method !== 'ACK' && border !== 'outside',
)
