/** One view of the DNS held ready for questions. Pure: a question in, records and a response code out. */
import type { DnsRecord, DnsView } from '../../../topology/plan-types.ts'

type WithoutWhy<R> = R extends unknown ? Omit<R, 'why'> : never

/** What a view holds, without the reasons of the planner. */
export type ZoneRecord = WithoutWhy<DnsRecord>

/** Aliases that one answer follows (RFC 1034 §3.6.2); a loop ends before. */
const mostAliases = 8

type ResponseCode = 'NOERROR' | 'NXDOMAIN' | 'REFUSED'

export interface ZoneAnswer {
  readonly code: ResponseCode
  readonly records: readonly ZoneRecord[]
  /** Addresses of SRV targets, so that one question is enough. */
  readonly additional: readonly ZoneRecord[]
  /** The zone of the name, for the SOA that a negative answer carries (RFC 2308 §2). Absent when refused. */
  readonly zone?: string
}

/** Records of one view by name; answers `ask(name, type)`. */
export class Zone {
  readonly #origins: readonly string[]
  readonly #records: ReadonlyMap<string, readonly ZoneRecord[]>
  readonly #names: ReadonlySet<string>

  constructor(view: Pick<DnsView, 'zones'> & { readonly records: readonly ZoneRecord[] }) {
    this.#origins = view.zones.map(canonical).toSorted((a, b) => b.length - a.length)
    this.#records = Map.groupBy(view.records, (record) => canonical(record.name))
    this.#names = new Set([
      ...this.#origins,
      ...view.records.flatMap((record) => nameAndParents(canonical(record.name))),
    ])
  }

  /**
   * `ask('sip.lab.test', 'A')`: NXDOMAIN when nothing has that name or is below it (RFC 8020), no records and NOERROR
   * when the name exists without that type, REFUSED outside the zones of this view.
   *
   * @param type `A`, `AAAA`, `SRV`, `NAPTR`, `ANY` or any other mnemonic, which is then never found
   */
  ask(name: string, type: string): ZoneAnswer {
    const wanted = canonical(name)
    const zone = this.#origins.find((origin) => wanted === origin || wanted.endsWith(`.${origin}`))
    if (zone === undefined) return { code: 'REFUSED', records: [], additional: [] }
    if (!this.#names.has(wanted)) return { code: 'NXDOMAIN', records: [], additional: [], zone }
    const records = this.#follow(wanted, type)
    return { code: 'NOERROR', records, additional: this.#addressesOf(records), zone }
  }

  /** The records of a name, behind the aliases that lead to them; each alias once, so a loop ends. */
  #follow(name: string, type: string): readonly ZoneRecord[] {
    const found: ZoneRecord[] = []
    const seen = new Set<string>()
    for (let at = name; !seen.has(at) && seen.size <= mostAliases; ) {
      seen.add(at)
      const here = this.#records.get(at) ?? []
      const wanted = here.filter(({ kind }) => type === 'ANY' || kind === type.toLowerCase())
      const alias = here.find((record) => record.kind === 'cname')
      if (wanted.length > 0 || alias === undefined) return [...found, ...wanted]
      found.push(alias)
      at = canonical(alias.target)
    }
    return found
  }

  #addressesOf(records: readonly ZoneRecord[]): readonly ZoneRecord[] {
    const targets = new Set(records.flatMap((record) => (record.kind === 'srv' ? [canonical(record.target)] : [])))
    return [...targets].flatMap((target) =>
      (this.#records.get(target) ?? []).filter(({ kind }) => kind === 'a' || kind === 'aaaa'),
    )
  }
}

/** Lower case, no dot at the end: names compare without regard to case (RFC 4343). */
export function canonical(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** `_sip._tls.lab.test` also makes `_tls.lab.test` exist, with no records of its own. */
function nameAndParents(name: string): readonly string[] {
  const labels = name.split('.')
  return labels.map((_, at) => labels.slice(at).join('.'))
}
