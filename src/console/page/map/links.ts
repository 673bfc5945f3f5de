/** The links of the map: who dials whom, and how each dialler sees it. Pure. */
import type { ForeignServer, LinkState, PlanDocument, PlanNode, StatusDocument } from '../documents.ts'

export interface MapProps {
  readonly plan: PlanDocument
  readonly live: StatusDocument
}

export interface MapLink {
  /** `director->fe1`. */
  readonly id: string
  readonly from: string
  readonly to: string
  readonly state: LinkState['state']
  readonly link: LinkState
}

/** One a direction: of several connections the one that is down counts. */
export function linksOf(plan: PlanDocument, status: StatusDocument): readonly MapLink[] {
  const found = new Map<string, MapLink>()
  for (const node of status.nodes)
    for (const link of node.status?.links ?? []) {
      const to = [...plan.nodes, ...plan.foreign].find((each) => namesOf(each).includes(link.peer))
      if (to === undefined || to.name === node.name) continue
      const id = `${node.name}->${to.name}`
      const known = found.get(id)
      if (known === undefined || (known.state === 'up' && link.state !== 'up'))
        found.set(id, { id, from: node.name, to: to.name, state: link.state, link })
    }
  return [...found.values()]
}

/** The names others dial a node by: each face, and its pool. */
function namesOf(node: PlanNode | ForeignServer): readonly string[] {
  const pool = 'settings' in node && 'home' in node.settings ? [node.settings.home] : []
  return [node.fqdn, ...node.faces.map(({ fqdn }) => fqdn), ...pool]
}

export interface Line {
  readonly path: string
  /** The position of its sign. */
  readonly x: number
  readonly y: number
}

interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const apart = 13

/** A straight arrow between neighbours; both directions lie beside each other. */
export function lineBetween(from: Rectangle, to: Rectangle): Line {
  const [a, b] = [middle(from), middle(to)]
  const isAcross = Math.abs(b.x - a.x) >= Math.abs(b.y - a.y)
  const sign = isAcross ? Math.sign(b.x - a.x) : Math.sign(b.y - a.y)
  const start = isAcross
    ? { x: a.x + (sign * from.width) / 2, y: a.y - sign * apart }
    : { x: a.x + sign * apart, y: a.y + (sign * from.height) / 2 }
  const end = isAcross
    ? { x: b.x - (sign * to.width) / 2, y: b.y - sign * apart }
    : { x: b.x + sign * apart, y: b.y - (sign * to.height) / 2 }
  const distance = isAcross ? Math.abs(end.x - start.x) : Math.abs(end.y - start.y)
  if (distance < 140) return { path: `M${start.x} ${start.y}L${end.x} ${end.y}`, ...between(start, end) }
  return bowed(start, end, isAcross)
}

/** Past the nodes in between. */
function bowed(start: Point, end: Point, isAcross: boolean): Line {
  const bow = (isAcross ? Math.sign(start.x - end.x) : Math.sign(end.y - start.y)) * 78
  const center = between(start, end)
  const control = isAcross ? { x: center.x, y: center.y + bow } : { x: center.x + bow, y: center.y }
  return {
    path: `M${start.x} ${start.y}Q${control.x} ${control.y} ${end.x} ${end.y}`,
    ...between(center, control),
  }
}

interface Point {
  readonly x: number
  readonly y: number
}

function middle({ x, y, width, height }: Rectangle): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

function between(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }
}
