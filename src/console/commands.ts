/** What the console asks of siplab: command lines, run as a person would run them. It has no other way to a lab. */

/** What a command line came to. */
export interface CommandAnswer {
  /** 0 done, 1 not so, 2 wrong usage, 3 siplab failed. */
  readonly status: number
  /** What it wrote to stdout. */
  readonly out: Buffer
  /** What it wrote to stderr. */
  readonly complaint: string
}

export interface CommandOptions {
  /** Its standard input. Absent: empty. */
  readonly input?: Uint8Array
  /** Each line of stderr as it comes: the progress of a long command. */
  readonly onProgress?: (line: string) => void
  /** Aborted: as Ctrl-C. */
  readonly signal?: AbortSignal
}

export interface Commands {
  /** @param args `['break', 'director', 'expired', '--json']` */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandAnswer>
  /** Runs a command that follows something: each line of stdout as it comes, until it ends or is stopped. */
  follow(args: readonly string[], onLine: (line: string) => void): Following
}

export interface Following {
  readonly ended: Promise<void>
  stop(): void
}

/** `siplab break 'director->fe1' refused`: what a person would type into a shell. */
export function commandText(args: readonly string[]): string {
  return ['siplab', ...args.map(quoted)].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
