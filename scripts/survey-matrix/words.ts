/** What a program printed about one connection: without what it prints about a good one, paths and numbers put away. */
import type { Running } from '../stacks/program.ts'

const mostLines = 3
const mostColumns = 220

/** Lines that a program prints whatever comes, learnt from good connections. */
export class Words {
  readonly #usual = new Set<string>()
  readonly #folder: string

  /** @param folder its path in the lines is replaced by `/etc/sip` */
  constructor(folder: string) {
    this.#folder = folder
  }

  learn(text: string): void {
    for (const line of this.#lines(text)) this.#usual.add(kindOf(line))
  }

  /** The lines that are not usual, the last of each kind, joined by ` | `. */
  unusual(text: string): string {
    const lines = new Map(
      this.#lines(text.replace(/^nothing listens at \S+; it said: /, ''))
        .filter((line) => telling.test(line) && !chatter.test(line) && !this.#usual.has(kindOf(line)))
        .map((line) => [kindOf(line), line]),
    )
    const [strong, weak] = [[...lines.values()].filter(isStrong), [...lines.values()].filter((line) => !isStrong(line))]
    return [...strong.slice(-mostLines), ...weak.slice(-mostLines)].slice(0, mostLines).join(' | ')
  }

  /** Whether an unusual line names a reason. */
  nameReason(text: string): boolean {
    return this.unusual(text).split(' | ').some(isStrong)
  }

  #lines(text: string): readonly string[] {
    return text
      .split(/\r?\n/)
      .map((line) => cleaned(line.replaceAll(this.#folder, '/etc/sip')))
      .filter((line) => line.length > 3)
  }
}

/** Names a reason. */
function isStrong(line: string): boolean {
  return /certificate|verif|alert|expire|revoke|mismatch|unknown ca|handshake failure|\bcrl\b/i.test(line)
}

/** The error text of OpenSSL inside Node, without where in its source it came up. */
export function wordsOfNode(text: string): string {
  return text
    .replaceAll(/[0-9A-F]{6,16}:error:[0-9A-F]{8}:SSL routines:\w*:/g, '')
    .replaceAll(/:\.\.\/[\w/.-]+:\d+:?/g, ', ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

const telling =
  /alert|error|fail|verif|refus|reject|cert|expire|invalid|unknown|unable|clos|reset|issuer|name|denied|ssl/i

const chatter =
  /^(?:verify return|Peer certificate:|issuer=)|(?:src|dst) addr:|"event":"(?:request|progress|start)"|belle-sip-message-transaction/

function cleaned(line: string): string {
  return line
    .replace(/\/etc\/sip\/[\w/.-]*?([\w.-]+\.(?:pem|cfg|conf|p12|key))/g, '/etc/sip/$1')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .replace(/^\s*(?:\d{4}[-/.]\d\d[-/.]\d\d \d\d:\d\d:\d\d(?:[.:]\d+)? )?/, '')
    .replace(/^(?:\d+\(\d+\) |LOG\d\[[\w:.]+\]: |\[\w+\] \d+#\d+: )/, '')
    .replaceAll(/127\.0\.0\.1:\d+/g, '192.0.2.1:5061')
    .replaceAll(/0x[0-9a-f]{6,}/gi, '0x0')
    .replace(/^(\[(?:WARNING|ALERT|NOTICE)\]) *\(\d+\) : /, '$1 ')
    .replace(/^[0-9A-F]{8,16}:error:/, 'error:')
    .trim()
    .slice(0, mostColumns)
}

/** Lines that differ in numbers only are of one kind. */
function kindOf(line: string): string {
  return line.replaceAll(/\d+/g, '#')
}

/** How many looks a program that has spoken, and named no reason, is quiet before nothing more is waited for. */
const quietLooks = 8

/**
 * Waits until a program has said its word about a connection; one that refused has something to say, of several lines,
 * and on a busy machine it stops between two. Looks are counted, not time: the program gets as many turns.
 *
 * @param isTold whether that is all of one that has something to say
 */
export async function settled(
  program: Running,
  since: number,
  expected: boolean,
  isTold = (_: string): boolean => true,
): Promise<void> {
  let before = -1
  let quiet = 0
  for (let looks = expected ? 20 : 4; looks > 0; looks -= 1) {
    const now = program.spoken()
    quiet = now === before ? quiet + 1 : 0
    const isWhole = !expected || program.hasEnded() || isTold(program.said(since))
    if (quiet >= (isWhole ? 1 : quietLooks) && (now > since || isWhole)) return
    before = now
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
