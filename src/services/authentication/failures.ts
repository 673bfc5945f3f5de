/** Counts failed attempts by source, so that passwords cannot be tried without end. Bounded in number and in time. */

export interface FailureLimit {
  /** Failures allowed within the window; default 10. */
  readonly failures: number
  /** Seconds; default 60. */
  readonly seconds: number
}

export interface Failures {
  isBlocked(source: string, wall: number): boolean
  add(source: string, wall: number): void
  clear(source: string): void
}

const sourcesLimit = 50_000

export function failures({ failures: allowed, seconds }: FailureLimit): Failures {
  const counts = new Map<string, { readonly since: number; count: number }>()
  const isOver = (since: number, wall: number): boolean => Math.abs(wall - since) >= seconds * 1000

  /** The map keeps the order in which sources came: the oldest is the first. */
  function makeRoom(): void {
    if (counts.size < sourcesLimit) return
    for (const source of counts.keys()) {
      counts.delete(source)
      return
    }
  }

  return {
    isBlocked(source, wall) {
      const known = counts.get(source)
      return known !== undefined && known.count >= allowed && !isOver(known.since, wall)
    },
    add(source, wall) {
      const known = counts.get(source)
      if (known !== undefined && !isOver(known.since, wall)) {
        known.count++
        return
      }
      counts.delete(source)
      makeRoom()
      counts.set(source, { since: wall, count: 1 })
    },
    clear(source) {
      counts.delete(source)
    },
  }
}
