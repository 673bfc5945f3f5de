/** The positions of the nodes and zones of a plan on the map. Pure. */
import type { ForeignServer, PlanDocument, PlanNode } from '../documents.ts'

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface PlacedZone extends Box {
  readonly title: string
  readonly kind: ZoneKind
}

export interface PlacedNode extends Box {
  readonly node: PlanNode | ForeignServer
}

export interface MapLayout {
  readonly width: number
  readonly height: number
  readonly zones: readonly PlacedZone[]
  readonly nodes: readonly PlacedNode[]
}

type ZoneKind = 'foreign' | 'perimeter' | 'internal'

interface Column {
  readonly zone: ZoneKind
  readonly organisation: string
  readonly nodes: readonly (PlanNode | ForeignServer)[]
}

const card = { width: 178, height: 104 }
const gap = { along: 96, across: 26 }
const margin = 24
const head = 34

/** From the outside in, as a call from a remote phone travels. */
const columnsOf: readonly { readonly zone: ZoneKind; readonly roles: readonly string[] }[] = [
  { zone: 'foreign', roles: ['foreign'] },
  { zone: 'perimeter', roles: ['access-proxy'] },
  { zone: 'internal', roles: ['director', 'gateway'] },
  { zone: 'internal', roles: ['load-balancer'] },
  { zone: 'internal', roles: ['front-end', 'standard-edition'] },
  { zone: 'internal', roles: ['sql'] },
]

/** @param upright zones below one another, for a narrow screen */
export function layoutOf(plan: PlanDocument, upright: boolean): MapLayout {
  const columns = plan.organisations.flatMap(({ domain }, at) => {
    const own = organisationColumns(plan, domain)
    // Two organisations face each other.
    return at === 0 && plan.organisations.length > 1 ? own.toReversed() : own
  })
  const cross = Math.max(1, ...columns.map(({ nodes }) => nodes.length))
  const along = (at: number): number => margin + at * ((upright ? card.height : card.width) + gap.along)
  const acrossSize = upright ? card.width : card.height
  const acrossTotal = cross * acrossSize + (cross - 1) * gap.across
  const nodes = columns.flatMap((column, at) =>
    column.nodes.map((node, row): PlacedNode => {
      const used = column.nodes.length * acrossSize + (column.nodes.length - 1) * gap.across
      const across = margin + head + (acrossTotal - used) / 2 + row * (acrossSize + gap.across)
      return upright ? { node, x: across, y: along(at) + head, ...card } : { node, x: along(at), y: across, ...card }
    }),
  )
  const length = along(columns.length) - gap.along + margin
  const breadth = margin + head + acrossTotal + margin
  const size = upright ? { width: breadth + head, height: length + head } : { width: length, height: breadth }
  return { ...size, nodes, zones: zonesOf(columns, along, upright, size) }
}

function organisationColumns(plan: PlanDocument, domain: string): readonly Column[] {
  return columnsOf.flatMap(({ zone, roles }) => {
    const nodes = [...plan.nodes, ...plan.foreign].filter(
      (node) => node.organisation === domain && roles.includes(node.role),
    )
    return nodes.length === 0 ? [] : [{ zone, organisation: domain, nodes }]
  })
}

/** Neighbouring columns of one zone and one organisation are one band. */
function zonesOf(
  columns: readonly Column[],
  along: (at: number) => number,
  upright: boolean,
  { width, height }: { readonly width: number; readonly height: number },
): readonly PlacedZone[] {
  const many = new Set(columns.map(({ organisation }) => organisation)).size > 1
  const zones: PlacedZone[] = []
  for (let from = 0; from < columns.length; ) {
    const { zone, organisation } = columns[from] as Column
    let to = from
    while (columns[to + 1]?.zone === zone && columns[to + 1]?.organisation === organisation) to += 1
    const size = upright ? card.height : card.width
    const start = along(from) - margin + 8 + (upright ? head - 8 : 0)
    const length = along(to) + size - along(from) + 2 * margin - 16 + (upright ? 8 : 0)
    const name = zone === 'foreign' ? 'servers of others' : zone
    const title = many ? `${name} · ${organisation}` : name
    zones.push(
      upright
        ? { kind: zone, title, x: 8, y: start - 20, width: width - 16, height: length + 20 }
        : { kind: zone, title, x: start, y: 8, width: length, height: height - 16 },
    )
    from = to + 1
  }
  return zones
}
