/** The table compiled to a look-up, and the facts of a request that it is asked about. */
import type { Arrival, Refused, Target, TargetKind } from '../../sip/routing/decision.ts'
import { refuse, targetKinds } from '../../sip/routing/decision.ts'
import {
  type Border,
  borders,
  type Cell,
  type DialogKind,
  dialogKinds,
  type IdentityKind,
  identityKinds,
  type MethodKind,
  methodKinds,
  type PeerKind,
  peerKinds,
  type Row,
  rows,
} from './table.ts'

const size =
  borders.length *
  peerKinds.length *
  identityKinds.length *
  dialogKinds.length *
  methodKinds.length *
  targetKinds.length

/** Number of the row for each cell, from 1; 0: none. */
const compiled = compile()

/** The row a cell fits; undefined: none, and the request is refused. */
export function rowOf(cell: Cell): Row | undefined {
  return rows[(compiled[placeOf(cell)] ?? 0) - 1]
}

function placeOf({ border, peer, identity, dialog, method, target }: Cell): number {
  let place = borders.indexOf(border)
  place = place * peerKinds.length + peerKinds.indexOf(peer)
  place = place * identityKinds.length + identityKinds.indexOf(identity)
  place = place * dialogKinds.length + dialogKinds.indexOf(dialog)
  place = place * methodKinds.length + methodKinds.indexOf(method)
  return place * targetKinds.length + targetKinds.indexOf(target)
}

function compile(): Uint8Array {
  const places = new Uint8Array(size)
  rows.forEach((row, at) => {
    for (const cell of cellsOf(row)) places[placeOf(cell)] = at + 1
  })
  return places
}

export function* cellsOf(row: Row): Generator<Cell> {
  for (const border of row.borders)
    for (const peer of row.peers)
      for (const identity of row.identities)
        for (const dialog of row.dialogs)
          for (const method of row.methods)
            for (const target of row.targets) yield { border, peer, identity, dialog, method, target }
}

/** What a border knows of its peers; each role gives its own. */
export interface Facts {
  readonly border: Border
  readonly peerOf: (arrival: Arrival) => PeerKind
  readonly identityOf: (arrival: Arrival) => IdentityKind
}

function cellFor(arrival: Arrival, facts: Facts, target: TargetKind): Cell {
  return {
    border: facts.border,
    peer: facts.peerOf(arrival),
    identity: facts.identityOf(arrival),
    dialog: dialogOf(arrival),
    method: methodOf(arrival.request.method),
    target,
  }
}

function dialogOf({ remarks: { dialog } }: Arrival): DialogKind {
  if (dialog === undefined) return 'none'
  return dialog.proved ? 'proved' : 'claimed'
}

function methodOf(method: string): MethodKind {
  switch (method) {
    case 'REGISTER':
    case 'PUBLISH':
    case 'OPTIONS':
    case 'ACK':
    case 'CANCEL':
      return method
    default:
      return 'any other'
  }
}

/** For `ProxySettings.forbids`. A challenge comes before any target is looked for; here it is a refusal. */
export function forbids(facts: ReadonlyMap<string, Facts>): (arrival: Arrival, target: Target) => Refused | undefined {
  return (arrival, target) => {
    const known = facts.get(arrival.face)
    return known === undefined ? refuse(403, noRow) : judge(arrival, known, target.by ?? 'elsewhere')
  }
}

/** Whether this server may send such a request of its own accord. */
export function allowsOwn({ border }: Pick<Facts, 'border'>, own: Pick<Cell, 'dialog' | 'method' | 'target'>): boolean {
  return rowOf({ border, peer: 'ourselves', identity: 'none', ...own })?.then.kind === 'allow'
}

export const noRow = 'law.no-row'

/** Why the request may not be sent to such a target, or be carried out here; undefined: it may. */
export function judge(arrival: Arrival, facts: Facts, target: TargetKind): Refused | undefined {
  const cell = cellFor(arrival, facts, target)
  const row = rowOf(cell)
  if (row?.then.kind === 'allow') return undefined
  arrival.remarks.other.set(judgedKey, { cell, row: row?.name })
  if (row?.then.kind === 'refuse') return refuse(row.then.status, row.then.because)
  return refuse(403, row === undefined ? noRow : 'law.not-proved')
}

const judgedKey = 'law'

/** The cell that a refusal came from, and its row. */
export interface Judged {
  readonly cell: Cell
  readonly row: string | undefined
}

export function judgedOf({ remarks }: Arrival): Judged | undefined {
  return remarks.other.get(judgedKey) as Judged | undefined
}
