/**
 * One source of lines for every page that looks at it: opened for the first, closed after the last. What a page missed
 * before it came is kept, up to a bound, as long as one page looks.
 */

export interface Feed {
  /** Calls back with what is kept, then with what comes; returns how to leave. */
  join(onLine: (line: string) => void): () => void
}

/** @returns how to close the source */
export type OpenSource = (onLine: (line: string) => void) => () => void

export interface FeedBounds {
  readonly lines: number
  readonly characters: number
}

export function feedOf(open: OpenSource, bounds: FeedBounds): Feed {
  const readers = new Set<(line: string) => void>()
  let kept: string[] = []
  let characters = 0
  let close: (() => void) | undefined
  const take = (line: string): void => {
    if (readers.size === 0) return
    kept.push(line)
    characters += line.length
    if (kept.length > 2 * bounds.lines || characters > 2 * bounds.characters) {
      ;({ kept, characters } = newest(kept, bounds))
    }
    for (const reader of readers) reader(line)
  }
  return {
    join(onLine) {
      for (const line of newest(kept, bounds).kept) onLine(line)
      readers.add(onLine)
      close ??= open(take)
      return () => {
        readers.delete(onLine)
        if (readers.size > 0) return
        close?.()
        close = undefined
        kept = []
        characters = 0
      }
    },
  }
}

/** The newest that fit. Cut only when twice as much is kept, so that a line costs no shift of the whole. */
function newest(lines: readonly string[], bounds: FeedBounds): { kept: string[]; characters: number } {
  let from = lines.length
  let characters = 0
  while (from > 0 && lines.length - from < bounds.lines) {
    const length = lines[from - 1]?.length ?? 0
    if (characters + length > bounds.characters) break
    characters += length
    from -= 1
  }
  return { kept: lines.slice(from), characters }
}
