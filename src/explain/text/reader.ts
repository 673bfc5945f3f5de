/**
 * Reads a log of any length, line by line: finds the statements, puts those of one failure together, and counts the
 * failures by link. What is kept does not grow with the length of the log.
 */
import { productOf } from '../remedy.ts'
import { combine } from './episode.ts'
import type { Finding } from './episode.ts'
import { rank } from './grammar.ts'
import type { FileRole } from './grammar.ts'
import {
  canonical,
  depthOf,
  fileRoleOf,
  linkOf,
  mayMatter,
  sayingsOf,
  secondsBetween,
  timeOf,
  unwrap,
} from './statement.ts'
import type { Line, Statement } from './statement.ts'

/** One kind of failure on one link. */
export interface FailureGroup {
  /** The other end as the log names it; absent: not named. */
  readonly link: string | undefined
  readonly finding: Finding
  /** The server that wrote the log; absent: its words do not say. */
  readonly product: string | undefined
  readonly count: number
  readonly first: Line
  readonly last: Line
}

const maxGroups = 500
const maxStatements = 64
/** Lines without a statement that end a failure. */
const maxGap = 25
/** Lines of one failure follow each other within so many seconds. */
const maxSeconds = 30
/** What has nothing in common is another failure already after so many. */
const maxSecondsOfStrangers = 2
/** Mail programs and terminals break lines at about this width. */
const wrapWidth = { from: 40, to: 160 } as const
const maxLine = 65_536
/** So many lines are compared with every rule; of the later lines, only those that may matter. */
const alwaysRead = 1000

type Found = ReturnType<typeof sayingsOf>

export class TextReader {
  readonly #groups = new Map<string, { -readonly [Name in keyof FailureGroup]: FailureGroup[Name] }>()
  #statements: Statement[] = []
  #depth: number | undefined
  #roles = new Set<FileRole>()
  #link: string | undefined
  #product: string | undefined
  /** A line that says nothing yet and may go on in the next one. */
  #begun: string | undefined
  #lineNumber = 0
  #lastStatement = 0
  #left = 0

  /** Lines read. */
  get lines(): number {
    return this.#lineNumber
  }

  /** Failures of further kinds that were not kept, since there were too many kinds. */
  get leftOut(): number {
    return this.#left
  }

  /** One line without its end. A JSON record is read as the texts in it. */
  push(raw: string): void {
    this.#lineNumber += 1
    const bounded = raw.length > maxLine ? raw.slice(0, maxLine) : raw
    if (this.#lineNumber > alwaysRead && !mayMatter(bounded)) {
      if (this.#lineNumber - this.#lastStatement > maxGap) this.#finish()
      return
    }
    const time = timeOf(bounded)
    for (const text of textsOf(bounded)) this.#line(text, time)
  }

  end(): readonly FailureGroup[] {
    this.#finish()
    return [...this.#groups.values()].toSorted(
      (a, b) => b.finding.rank - a.finding.rank || b.count - a.count || a.first.number - b.first.number,
    )
  }

  #line(text: string, time: string | undefined): void {
    const plain = canonical(unwrap(text))
    if (plain === '') return
    const line: Line = {
      number: this.#lineNumber,
      text: text.trim().slice(0, 500),
      ...(time === undefined ? {} : { time }),
    }
    const found = this.#sayings(text, plain, line)
    const isRepeated =
      found.length > 0 && (this.#repeats(found, line) || this.#isLater(found, line) || this.#isElsewhere(found, line))
    if (isRepeated || this.#lineNumber - this.#lastStatement > maxGap) this.#finish()
    const depth = depthOf(plain)
    if (depth !== undefined) this.#depth = depth
    if (/verify return: ?1\b/.test(plain)) this.#depth = undefined
    const role = fileRoleOf(plain)
    if (role !== undefined) this.#roles.add(role)
    // An address in an unrelated line is not the other end.
    if (mayMatter(text)) this.#link ??= linkOf(text)
    this.#product ??= productOf(plain)
    for (const { stack, saying } of found) {
      this.#lastStatement = this.#lineNumber
      if (this.#statements.length < maxStatements)
        this.#statements.push({ line, stack, saying, depth: depth ?? this.#depth })
    }
  }

  /** What the line says; where it says nothing, what it says as the rest of the line before it. */
  #sayings(text: string, plain: string, { time }: Line): Found {
    const alone = sayingsOf(plain)
    const begun = this.#begun
    const isLong = text.length >= wrapWidth.from && text.length <= wrapWidth.to
    this.#begun = alone.length === 0 && isLong && mayMatter(text) ? plain : undefined
    const isRest = alone.length === 0 && begun !== undefined && time === undefined && /^[a-z]/.test(text.trimStart())
    return isRest ? sayingsOf(`${begun} ${plain}`) : alone
  }

  /** Whether what is said is too late to belong to the failure before it. */
  #isLater(found: Found, { time }: Line): boolean {
    const last = this.#statements.findLast(({ line }) => line.time !== undefined)?.line.time
    const seconds = last === undefined || time === undefined ? undefined : secondsBetween(last, time)
    if (seconds === undefined) return false
    return seconds > maxSeconds || (seconds >= maxSecondsOfStrangers && this.#areStrangers(found))
  }

  /** Whether a line that tells a cause names another end than the line before it that told one. */
  #isElsewhere(found: Found, { text }: Line): boolean {
    const link = linkOf(text)
    if (link === undefined || !found.some(({ saying }) => saying.rank >= rank.refusal)) return false
    const known = this.#statements
      .filter(({ saying }) => saying.rank >= rank.refusal)
      .map(({ line }) => linkOf(line.text))
      .findLast((each) => each !== undefined)
    return known !== undefined && known !== link
  }

  #areStrangers(found: Found): boolean {
    const telling = found.filter(({ saying }) => saying.rank >= rank.refusal)
    const known = this.#statements.filter(({ saying }) => saying.rank >= rank.refusal)
    if (telling.length === 0 || known.length === 0) return false
    const causes = new Set(known.flatMap(({ saying }) => saying.causes))
    return telling.every(({ saying }) => saying.causes.every((code) => !causes.has(code)))
  }

  /** The same again at another time, or about another link, is a failure of its own. */
  #repeats(found: Found, line: Line): boolean {
    const same = this.#statements.find(({ saying }) =>
      found.some((each) => each.saying === saying || alike(each.saying, saying)),
    )
    if (same === undefined) return false
    if (same.line.time !== undefined && line.time !== undefined && same.line.time !== line.time) return true
    const link = linkOf(line.text)
    return link !== undefined && this.#link !== undefined && link !== this.#link
  }

  #finish(): void {
    if (this.#statements.length === 0) return this.#forget()
    const role = (['trust', 'key', 'certificate'] as const).find((each) => this.#roles.has(each))
    const depth = this.#depth
    // stunnel and SBCs name the depth on the line after the reason.
    const statements = this.#statements.map((each) => (each.depth === undefined ? { ...each, depth } : each))
    const finding = combine(statements, role)
    const [first] = this.#statements
    const last = this.#statements.at(-1)
    const link = this.#link
    const product = this.#product
    this.#forget()
    if (finding === undefined || first === undefined || last === undefined) return
    const key = [link ?? '', finding.causes.join(), finding.whose ?? '', finding.who ?? '', finding.alert ?? ''].join(
      '|',
    )
    const known = this.#groups.get(key)
    if (known !== undefined) {
      known.count += 1
      known.last = last.line
    } else if (this.#groups.size < maxGroups)
      this.#groups.set(key, { link, finding, product, count: 1, first: first.line, last: last.line })
    else this.#left += 1
  }

  #forget(): void {
    this.#statements = []
    this.#depth = undefined
    this.#begun = undefined
    if (this.#roles.size > 0) this.#roles = new Set()
    this.#link = undefined
    this.#product = undefined
  }
}

function alike(a: Statement['saying'], b: Statement['saying']): boolean {
  return a.rank === b.rank && a.causes.join() === b.causes.join() && a.who === b.who
}

const jsonTexts = /^(?:msg|message|log|text|error|err|stack|reason|description|event|detail|cause|errmsg|exception)$/i
const maxDepth = 6

/** The texts of a JSON record, or the line itself with `\n` of a pasted string as ends of lines. */
function textsOf(raw: string): readonly string[] {
  const start = raw.search(/\{\s*"/)
  if (start >= 0 && raw.trimEnd().endsWith('}')) {
    const record = parsed(raw.slice(start))
    const texts = record === undefined ? [] : stringsOf(record, maxDepth)
    if (texts.length > 0) return [raw.slice(0, start), ...texts].flatMap((text) => text.split(/\r?\n/))
  }
  return raw.includes('\\n') ? raw.split(/\\r?\\n/) : [raw]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON after all: the line is read as it is.
    return undefined
  }
}

/** A text as an array of its octets: so `journalctl -o json` writes a message that has colours. */
function textOfOctets(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length < 8) return undefined
  const isOctet = (each: unknown): each is number => typeof each === 'number' && each >= 0 && each <= 255
  return value.every(isOctet) ? Buffer.from(value).toString('utf8') : undefined
}

function stringsOf(value: unknown, depth: number): readonly string[] {
  if (depth === 0 || typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .slice(0, 100)
    .flatMap(([name, inner]) => {
      const text = textOfOctets(inner)
      if (text !== undefined) return [text]
      if (typeof inner === 'string') return jsonTexts.test(name) || /ssl|tls|cert|error/i.test(inner) ? [inner] : []
      return stringsOf(inner, depth - 1)
    })
}
