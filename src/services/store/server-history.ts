/**
 * Two primaries behind one address. After a fail-over the new primary begins a timeline with a higher number
 * (PostgreSQL, §26.3.5); one of a lower number that still takes writes was never told, and what is written there is lost
 * with it. So each new connection says which line of history its server writes, and an older one says it again as soon
 * as a newer line is known.
 */
import type pg from 'pg'
import { StoreError } from './store-error.ts'

/** A standby writes no line of its own. `pg_walfile_name` begins with eight digits of the timeline, hexadecimal. */
const historyStatement =
  'select system_identifier::text as system, case when pg_is_in_recovery() then null ' +
  'else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as line from pg_control_system()'

interface Answer {
  readonly system: string
  readonly line?: unknown
}

type Asked = Pick<pg.PoolClient, 'query'>

export class ServerHistory {
  readonly #where: string
  /** Timeline that each connection showed; 0 for a standby. */
  readonly #lines = new WeakMap<Asked, number>()
  #system: string | undefined
  #newest = 0
  /** An engine that speaks the protocol and keeps its history otherwise. */
  #untold = false

  constructor(where: string) {
    this.#where = where
  }

  /**
   * Called before a connection is used.
   *
   * @throws StoreError `store.split` for a primary of an older timeline than one that was seen
   */
  async admit(client: Asked): Promise<void> {
    if (this.#untold) return
    const known = this.#lines.get(client)
    if (known !== undefined && (known === 0 || known === this.#newest)) return
    const answer = await this.#ask(client)
    if (answer === undefined) return
    // Another cluster altogether, restored or made anew: its timelines have nothing to do with those before.
    if (answer.system !== this.#system) this.#newest = 0
    this.#system = answer.system
    const line = typeof answer.line === 'string' ? Number.parseInt(answer.line, 16) : 0
    this.#lines.set(client, line)
    if (line !== 0 && line < this.#newest)
      throw new StoreError(
        'store.split',
        `${this.#where}: two servers take writes: one of timeline ${this.#newest}, and one of timeline ${line}, ` +
          'which is the older (stop the older one, and lead the address to the other alone)',
      )
    this.#newest = Math.max(this.#newest, line)
  }

  async #ask(client: Asked): Promise<Answer | undefined> {
    try {
      const { rows } = await client.query<{ readonly system: string; readonly line: unknown }>(historyStatement)
      return rows[0]
    } catch (error) {
      if (!isUnknown(error)) throw error
      this.#untold = true
      return undefined
    }
  }
}

/** SQLSTATE 42883, 42703, 42P01, 0A000, 42501: no such function, column or table, not built, not allowed. */
function isUnknown(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return ['42883', '42703', '42P01', '0A000', '42501'].some((each) => each === code)
}
