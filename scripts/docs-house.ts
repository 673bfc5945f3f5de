/** Writes docs/house.svg, the rooms of src/ and what they import. Run: node scripts/docs-house.ts */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { escaped } from '../src/reports/markup.ts'

const src = resolve(import.meta.dirname, '..', 'src')

/** Folders that are rooms of their own although they are inside another room. */
const roomsInside: readonly string[] = ['faults/catalogue']

/** What each room is for, in a few words. */
export const about: Readonly<Record<string, string>> = {
  certificates: 'the authority, files, the examiner',
  check: 'the connectivity analyzer',
  cli: 'one file per command',
  console: 'the page of a lab in the browser',
  endurance: 'load, random faults, what was lost',
  explain: 'captures, files and answers, explained',
  faults: 'break and heal: faults as edits',
  'faults/catalogue': 'certificate faults by family',
  lab: 'starts, watches and joins the nodes',
  library: 'a lab and a SIP server for programs',
  metrics: 'checks and labs for Prometheus',
  node: 'the life of one server',
  peers: 'what SIP peers demand, by date',
  phone: 'a sip.js user agent',
  reports: 'HTML page, JUnit, escapes',
  roles: 'lists of policies, the trust table',
  services: 'registrar, authentication, store',
  sip: 'the stack',
  survey: 'faults that a server accepts',
  topology: 'what a lab file implies',
  verdicts: 'codes, causes, remedies',
}

export interface House {
  /** Names of the rooms of each floor, the ground first. */
  readonly floors: readonly (readonly string[])[]
  /** Of each room, the rooms that it imports from. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>
  /** Of each room, the folders inside it, lowest first; those in a circle come last. */
  readonly inside: ReadonlyMap<string, readonly string[]>
}

/** @throws Error when rooms import each other in a circle: they have no floor then */
export function readHouse(): House {
  const files = sourceFiles().map((file) => ({ file, targets: importsOf(file) }))
  const imports = graphOf(files, roomOf)
  const inside = new Map(
    [...imports.keys()].map((room) => [room, floorsOf(graphOf(files, (file) => wingOf(file, room))).flat()] as const),
  )
  const floors = floorsOf(imports)
  for (const floor of floors)
    for (const room of floor)
      if (floor.some((other) => imports.get(room)?.has(other)))
        throw new Error(`rooms of src import each other: ${floor.join(', ')}`)
  return { floors, imports, inside }
}

interface SourceFile {
  readonly file: string
  readonly targets: readonly string[]
}

function sourceFiles(): readonly string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /[.]m?[jt]s$/.test(name))
}

/** Files below src that a file imports, types too. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(/(?:from |import |import\()'([.][^']+)'/g)].map(([, target = '']) =>
    relative(src, resolve(src, dirname(file), target)),
  )
}

/** Absent: a file of no room, as src/index.ts. */
function roomOf(file: string): string | undefined {
  const special = roomsInside.find((room) => file.startsWith(`${room}/`))
  return special ?? (file.includes('/') ? file.split('/')[0] : undefined)
}

function wingOf(file: string, room: string): string | undefined {
  if (roomOf(file) !== room) return undefined
  const [wing, rest] = file.slice(room.length + 1).split('/')
  return rest === undefined ? undefined : wing
}

function graphOf(
  files: readonly SourceFile[],
  nameOf: (file: string) => string | undefined,
): ReadonlyMap<string, ReadonlySet<string>> {
  const graph = new Map<string, Set<string>>()
  for (const { file, targets } of files) {
    const from = nameOf(file)
    if (from === undefined) continue
    const known = graph.get(from) ?? new Set()
    graph.set(from, known)
    for (const to of targets.map(nameOf)) if (to !== undefined && to !== from) known.add(to)
  }
  return graph
}

/** What is in a circle shares the top floor. */
function floorsOf(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const floors: string[][] = []
  const built = new Set<string>()
  while (built.size < graph.size) {
    const floor = [...graph.keys()]
      .filter((name) => !built.has(name) && [...(graph.get(name) ?? [])].every((below) => built.has(below)))
      .toSorted()
    if (floor.length === 0) return [...floors, [...graph.keys()].filter((name) => !built.has(name)).toSorted()]
    for (const name of floor) built.add(name)
    floors.push(floor)
  }
  return floors
}

/** The arrows that do not follow from others: no path leads around them. */
export function arrowsOf({ imports }: House): readonly (readonly [string, string])[] {
  const reaches = (from: string, to: string): boolean =>
    [...(imports.get(from) ?? [])].some((next) => next === to || reaches(next, to))
  return [...imports].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
      .map((to) => [from, to] as const),
  )
}

const boxWidth = 236
const boxHeight = 76
/** An arrow that passes a floor has a place between its boxes. */
const passWidth = 12
const gapX = 30
const gapY = 54
const margin = 24

interface Spot {
  /** Middle. */
  readonly x: number
  /** Top. */
  readonly y: number
}

/** A room, or an arrow that passes its floor. */
interface Item {
  readonly name: string
  readonly width: number
  /** Names of the items below that it leads to. */
  readonly below: readonly string[]
}

export function houseSvg(house: House): string {
  const arrows = arrowsOf(house)
  const rows = rowsOf(house, arrows)
  const width = 2 * margin + Math.max(...rows.map(widthOf))
  const height = 2 * margin + rows.length * (boxHeight + gapY) - gapY
  const spots = spotsOf(rows, width, height)
  const lines = arrows.map(([from, to]) => arrow(waysOf(house, from, to).map((name) => spotOf(spots, name))))
  const boxes = [...house.imports.keys()].map((room) => box(room, spotOf(spots, room), house.inside.get(room) ?? []))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
  font-family="'DejaVu Sans', Verdana, Arial, sans-serif" fill="#1b1f24" role="img">
<title>The folders of src/. An arrow shows what a folder imports; it may also import everything below that</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path
  d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>
<rect width="${width}" height="${height}" fill="#fff"/>
${lines.join('\n')}
${boxes.join('\n')}
</svg>
`
}

function levelOf({ floors }: House, room: string): number {
  return floors.findIndex((floor) => floor.includes(room))
}

/** The items of an arrow, from its room down to the room it leads to. */
function waysOf(house: House, from: string, to: string): readonly string[] {
  const passed = levelOf(house, from) - levelOf(house, to) - 1
  return [from, ...Array.from({ length: passed }, (_, at) => `${from}>${to}@${at}`), to]
}

function rowsOf(house: House, arrows: readonly (readonly [string, string])[]): readonly (readonly Item[])[] {
  const ways = arrows.map(([from, to]) => ({ top: levelOf(house, from), items: waysOf(house, from, to) }))
  return house.floors.map((rooms, level) => [
    ...rooms.map((name) => ({
      name,
      width: boxWidth,
      below: ways.flatMap(({ items: [from, next = ''] }) => (from === name ? [next] : [])),
    })),
    ...ways.flatMap(({ top, items }) => {
      const at = top - level
      const [name, next] = [items[at], items[at + 1]]
      return at < 1 || name === undefined || next === undefined ? [] : [{ name, width: passWidth, below: [next] }]
    }),
  ])
}

function widthOf(row: readonly Item[]): number {
  return row.reduce((sum, { width }) => sum + width + gapX, -gapX)
}

/** On each floor the items are in the order of the middles of what is below them. */
function spotsOf(rows: readonly (readonly Item[])[], width: number, height: number): ReadonlyMap<string, Spot> {
  const spots = new Map<string, Spot>()
  const middle = ({ below }: Item): number =>
    below.reduce((sum, name) => sum + spotOf(spots, name).x, 0) / Math.max(1, below.length)
  for (const [level, row] of rows.entries()) {
    let left = (width - widthOf(row)) / 2
    for (const item of row.toSorted((a, b) => middle(a) - middle(b) || a.name.localeCompare(b.name))) {
      spots.set(item.name, { x: left + item.width / 2, y: height - margin - boxHeight - level * (boxHeight + gapY) })
      left += item.width + gapX
    }
  }
  return spots
}

function spotOf(spots: ReadonlyMap<string, Spot>, name: string): Spot {
  const spot = spots.get(name)
  if (spot === undefined) throw new Error(`${name} has no place in the picture`)
  return spot
}

/** Curved between floors, straight where it passes one. */
function arrow(way: readonly Spot[]): string {
  const [first, ...rest] = way
  const half = gapY / 2
  const parts = rest.map(({ x, y }, at) => {
    const from = way[at]?.x ?? x
    return `V${y - gapY}C${from} ${y - half} ${x} ${y - half} ${x} ${y}`
  })
  return (
    `<path d="M${first?.x ?? 0} ${(first?.y ?? 0) + boxHeight}${parts.join('')}" fill="none" stroke="#57606a" ` +
    'stroke-width="1.3" marker-end="url(#tip)"/>'
  )
}

function box(room: string, { x, y }: Spot, wings: readonly string[]): string {
  const line = (dy: number, size: number, text: string, more = ''): string =>
    `<text x="${x}" y="${y + dy}" font-size="${size}" text-anchor="middle"${more}>${escaped(text)}</text>`
  return [
    `<rect x="${x - boxWidth / 2}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6" fill="#eef3f8" ` +
      'stroke="#2f6690"/>',
    line(24, 15, room, ' font-weight="bold"'),
    line(43, 11, about[room] ?? ''),
    ...wrapped(wings.join(' · ')).map((text, at) => line(58 + at * 12, 9, text, ' fill="#57606a"')),
  ].join('\n')
}

/** Two lines at most are needed by what a room has inside. */
function wrapped(text: string): readonly string[] {
  if (text.length <= 46) return text === '' ? [] : [text]
  const at = text.lastIndexOf(' · ', 46)
  return [text.slice(0, at), text.slice(at + 3)]
}

if (import.meta.main) writeFileSync(new URL('../docs/house.svg', import.meta.url), houseSvg(readHouse()))
