/**
 * Traced messages as a ladder of characters, as wide as the terminal. What came from the wire is made harmless before
 * it is measured, so that a name cannot move a lifeline.
 */
import { harmless } from '../../reports/harmless.ts'
import type { TracedConnection } from '../../lab/trace/connections.ts'
import { connectionLines, connectionTitle } from '../../lab/trace/connections.ts'
import { methodOf } from '../../lab/trace/fields.ts'
import { type FoldedLifelines, foldLifelines } from '../../lab/trace/fold.ts'
import { type Lifeline, lifelines, type Party } from '../../lab/trace/lifelines.ts'
import type { TracedMessage } from '../../lab/trace/messages.ts'
import { titleOf } from '../../lab/trace/messages.ts'
import type { TracedNote } from '../../lab/trace/notes.ts'

export interface LadderOptions {
  readonly parties: readonly Party[]
  /** Decisions and questions to the DNS; absent: none. */
  readonly notes?: readonly TracedNote[]
  /** Columns of the terminal. */
  readonly width: number
  /** Colours a part of a line; the identity without colours. */
  readonly paint: (style: 'red' | 'cyan' | 'dim' | 'bold', text: string) => string
}

const timeWidth = 13
/** Arrows shorter than this carry no text: then the parties with the fewest messages share a column. */
const narrowest = 10
const widest = 32

type Row =
  | { readonly kind: 'message'; readonly time: string; readonly message: TracedMessage }
  | { readonly kind: 'connection'; readonly time: string; readonly connection: TracedConnection }
  | { readonly kind: 'note'; readonly time: string; readonly note: TracedNote }

/** One line a message, lines below it for a connection that failed. Ends with a line end. */
export function renderTextLadder(
  messages: readonly TracedMessage[],
  connections: readonly TracedConnection[],
  options: LadderOptions,
): string {
  const most = Math.max(2, Math.floor((options.width - timeWidth) / narrowest))
  const { notes = [] } = options
  const all = lifelines(messages, connections, options.parties, notes)
  const lines = foldLifelines(all, [...messages, ...connections, ...notes], most)
  const rows: readonly Row[] = [
    ...messages.map((message) => ({ kind: 'message', time: message.time, message }) as const),
    ...connections.map((connection) => ({ kind: 'connection', time: connection.time, connection }) as const),
    ...notes.map((note) => ({ kind: 'note', time: note.time, note }) as const),
  ].toSorted((a, b) => a.time.localeCompare(b.time))
  if (rows.length === 0) return ''
  const columnWidth = Math.min(widest, Math.floor((options.width - timeWidth) / lines.columns.length))
  const sheet = { lines, options, columnWidth }
  return [...headings(sheet), ...rows.flatMap((row) => rowLines(sheet, row))].map((line) => `${line}\n`).join('')
}

interface Sheet {
  readonly lines: FoldedLifelines
  readonly options: LadderOptions
  readonly columnWidth: number
}

function headings({ lines: { columns, sharing }, options, columnWidth }: Sheet): readonly string[] {
  const cellOf = (text: string): string => padded(fitted(plain(text), columnWidth - 1), columnWidth)
  const row = (text: (line: Lifeline) => string): string =>
    `${' '.repeat(timeWidth)}${columns.map((line) => cellOf(text(line))).join('')}`.trimEnd()
  const addresses = row(({ address = '' }) => address)
  const folded = `${sharing} parties share the first column; a wider terminal shows them apart`
  return [
    ...(sharing === 0 ? [] : [options.paint('dim', fitted(folded, options.width))]),
    options.paint(
      'bold',
      row(({ name }) => name),
    ),
    ...(addresses === '' ? [] : [options.paint('dim', addresses)]),
  ]
}

function rowLines(sheet: Sheet, row: Row): readonly string[] {
  if (row.kind === 'message') return [messageLine(sheet, row.message)]
  if (row.kind === 'note') return [noteLine(sheet, row.note)]
  const { connection } = row
  const style = connection.failed ? 'red' : 'dim'
  const title = connectionTitle(connection)
  const line = arrowLine(sheet, connection, [title, title.replace(/^.*: /, ''), connection.failed ? '✗' : 'TLS'], style)
  if (!connection.failed) return [line]
  const notes = connectionLines(connection, sheet.lines.nameOf).flatMap((note) =>
    wrapped(plain(note), Math.max(20, sheet.options.width - timeWidth - 2)),
  )
  return [line, ...notes.map((note) => `${' '.repeat(timeWidth)}${sheet.options.paint('red', '!')} ${note}`)]
}

function messageLine(sheet: Sheet, message: TracedMessage): string {
  const title = titleOf(message.text)
  const status = /^(\d{3}) /.exec(title)?.[1]
  const method = methodOf(message.text) ?? ''
  const shorter = status === undefined ? [title.replace(/ sips?:/, ' '), method] : [`${status} ${method}`, status]
  const style = status === undefined ? 'cyan' : status >= '400' ? 'red' : undefined
  return arrowLine(sheet, message, [title, ...shorter], style)
}

function noteLine(sheet: Sheet, note: TracedNote): string {
  const { title, failed } = note
  return arrowLine(sheet, note, [title, title.replace(/: .*$/, '')], failed ? 'red' : 'dim')
}

/** `12:00:00.123 │──── INVITE ───▶│`. */
function arrowLine(
  { lines, options, columnWidth }: Sheet,
  { time, source, destination }: Pick<TracedMessage, 'time' | 'source' | 'destination'>,
  titles: readonly string[],
  style: 'red' | 'cyan' | 'dim' | undefined,
): string {
  const clock = options.paint('dim', padded(time.slice(11, 23), timeWidth))
  const colour = (text: string): string => (style === undefined ? text : options.paint(style, text))
  const from = lines.columnOf(source)
  const to = lines.columnOf(destination)
  const [left, right] = [Math.min(from, to), Math.max(from, to)]
  const life = (count: number): string => padded('│', columnWidth).repeat(count)
  const before = options.paint('dim', life(left))
  const named = withNames(lines, source, destination, titles)
  if (from === to) {
    // Two that share a column: the rest of the line is theirs.
    const shares = lines.whoIs(source) !== undefined && source !== destination
    const cells = shares ? options.width - timeWidth - left * columnWidth - 4 : columnWidth - 4
    return `${clock}${before}${colour(`│↩ ${fitted(plain(named[0] ?? ''), cells)}`)}`
  }
  const room = (right - left) * columnWidth - 1
  const text =
    named.map(plain).find((each) => textWidth(each) <= room - 4) ?? fitted(plain(named.at(-1) ?? ''), room - 4)
  const after = options.paint('dim', life(lines.columns.length - right).trimEnd())
  return `${clock}${before}${options.paint('dim', '│')}${colour(arrow(text, room, from < to))}${after}`
}

/** Where parties share a column, the arrow names the one that is meant, if there is room. */
function withNames(
  lines: FoldedLifelines,
  source: string,
  destination: string,
  titles: readonly string[],
): readonly string[] {
  const [from, to] = [lines.whoIs(source), lines.whoIs(destination)]
  if (from === undefined && to === undefined) return titles
  const shared = titles.map(
    (title) => `${from === undefined ? '' : `${from}: `}${title}${to === undefined ? '' : ` → ${to}`}`,
  )
  return [...shared, ...titles]
}

function arrow(text: string, room: number, goesRight: boolean): string {
  const shaft = room - 3 - textWidth(text)
  const before = Math.max(1, Math.floor(shaft / 2))
  const [lead, trail] = ['─'.repeat(before), '─'.repeat(Math.max(0, shaft - before))]
  return goesRight ? `${lead} ${text} ${trail}▶` : `◀${trail} ${text} ${lead}`
}

/** One line, without anything that a terminal obeys. */
function plain(text: string): string {
  return harmless(text).replace(/\s+/g, ' ').trim()
}

/** Cells of a terminal: two for East Asian wide characters and emoji, none for combining ones. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += cellsOf(character)
  return width
}

const noCell = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const twoCells =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u

function cellsOf(character: string): number {
  if (character < '\u0300') return 1
  return noCell.test(character) ? 0 : twoCells.test(character) ? 2 : 1
}

/** At most so many cells, with `…` where something was cut off. */
function fitted(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text
  let kept = ''
  let width = 1
  for (const character of text) {
    width += cellsOf(character)
    if (width > cells) break
    kept += character
  }
  return cells < 1 ? '' : `${kept}…`
}

function padded(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - textWidth(text)))
}

/** Lines of at most so many cells, broken at blanks where there are any. */
function wrapped(text: string, cells: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (textWidth(longer) <= cells) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = fitted(word, cells)
  }
  return [...lines, line]
}
