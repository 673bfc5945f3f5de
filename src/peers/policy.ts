/**
 * What a peer demands of a certificate and shows itself, period by period: data, with the mark and the source of each
 * fact. `unknown` is a value: no source says, and no judgement may read it as consent.
 */
import { z } from 'zod'

/** V: the own text of vendor or project. G: a good secondary source. I: our inference. ?: looked for and not found. */
const mark = z.enum(['V', 'G', 'I', '?'])
export type Mark = z.infer<typeof mark>

/** `2027-03-15`; periods count both ends in. */
const day = z.iso.date()

function fact<T extends z.ZodType>(value: T) {
  return z
    .strictObject({
      value: z.union([z.literal('unknown'), value]),
      mark,
      /** Tags of `sources`. */
      source: z.array(z.string().min(1)).readonly(),
      note: z.string().min(1).optional(),
    })
    .refine((each) => ('value' in each && each.value === 'unknown') === (each.mark === '?'), {
      message: 'the mark ? belongs to unknown, and to nothing else',
    })
    .refine(({ mark: shown, source }) => (shown !== 'V' && shown !== 'G') || source.length > 0, {
      message: 'the marks V and G name a source',
    })
    .readonly()
}

/** `accepted`: read where present, tolerated where absent. `none`: not looked at. */
const demand = z.enum(['required', 'accepted', 'none'])

const purpose = z.enum(['serverAuth', 'clientAuth'])

const issuers = z.union([
  z.strictObject({ kind: z.literal('store'), store: z.enum(['microsoft', 'mozilla', 'chrome']) }),
  z.strictObject({ kind: z.literal('authorities'), authorities: z.array(z.string()).min(1).readonly() }),
  z.strictObject({ kind: z.literal('roots'), roots: z.array(z.string()).min(1).readonly() }),
  /** Any public CA; which list the peer reads is not said. */
  z.strictObject({ kind: z.literal('public') }),
  /** A list that the vendor publishes and whose content these files do not hold. */
  z.strictObject({ kind: z.literal('published'), list: z.string() }),
  /** Whatever the administrator of the peer puts into its trust list. */
  z.strictObject({ kind: z.literal('own-list') }),
])
export type Issuers = z.infer<typeof issuers>

const period = z.strictObject({
  id: z.string().regex(/^[a-z\d.-]+$/),
  /** First day. Absent: since ever, as far as known. */
  since: day.optional(),
  /** Last day. Absent: until further notice. */
  until: day.optional(),
  /** The source says a week or a month, not a day. */
  precision: z.enum(['week', 'month']).optional(),
  /** What is odd about the period, or may change. */
  note: z.string().optional(),
  /** Whether the peer verifies the certificate of the server it dials. */
  verifiesServer: fact(z.enum(['yes', 'no'])),
  /** serverAuth in our certificate, where the peer dials us. */
  serverAuth: fact(demand),
  /** Whether the peer wants a client certificate where we dial it. */
  clientCertificate: fact(z.enum(['required', 'requested', 'not-asked'])),
  /** clientAuth in our certificate, where we dial the peer. */
  clientAuth: fact(demand),
  issuers: fact(issuers),
  privateCa: fact(z.enum(['refused', 'accepted'])),
  commonName: fact(z.enum(['counts', 'ignored'])),
  wildcard: fact(z.enum(['one-label', 'refused'])),
  /** `no`: the peer compares no name at all. */
  checksName: fact(z.enum(['yes', 'no'])),
  /** Names below these are refused, e.g. `onmicrosoft.com`. */
  refusedSuffixes: fact(z.array(z.string()).min(1).readonly()),
  /** The domain must be registered or claimed at the peer. */
  registeredDomain: fact(z.enum(['required', 'none'])),
  keyTypes: fact(
    z
      .array(z.enum(['rsa', 'ec']))
      .min(1)
      .readonly(),
  ),
  /** What happens to a key type that the list leaves out. */
  otherKeys: fact(z.enum(['refused'])),
  tlsMin: fact(z.enum(['TLSv1.2', 'TLSv1.3'])),
  tlsMax: fact(z.enum(['TLSv1.2', 'TLSv1.3'])),
  /** Names of OpenSSL, in the order of the source. */
  suites: fact(z.array(z.string()).min(1).readonly()),
  groups: fact(z.array(z.string()).min(1).readonly()),
  /** Whether the peer shows a client certificate where it dials us and is asked for one. */
  showsClientCertificate: fact(z.enum(['yes', 'no'])),
  /** Purposes in the certificate of the peer; `either`: both kinds are in use. */
  shows: fact(z.union([z.array(purpose).min(1).readonly(), z.literal('either')])),
  /** Roots that we need to verify the peer. */
  showsRoots: fact(z.array(z.string()).min(1).readonly()),
})
export type Period = z.infer<typeof period>
/** The parts of a period that are facts. */
export type FactName = {
  [Name in keyof Period]-?: Period[Name] extends { readonly mark: Mark } ? Name : never
}[keyof Period]

export interface Fact<T> {
  readonly value: T | 'unknown'
  readonly mark: Mark
  readonly source: readonly string[]
  readonly note?: string | undefined
}

export const peerPolicySchema = z
  .strictObject({
    name: z.string().regex(/^[a-z\d-]+$/),
    title: z.string().min(1),
    kind: z.enum(['service', 'server']),
    about: z.string().min(1),
    /** The day the sources were read last. */
    checked: day,
    /** Who opens connections. */
    dials: fact(
      z
        .array(z.enum(['peer', 'us']))
        .min(1)
        .readonly(),
    ),
    endpoints: z.array(z.string()).readonly(),
    /** Whether and how the peer checks revocation. */
    revocation: fact(z.enum(['crl', 'ocsp', 'none'])),
    /** What the peer expects of OPTIONS, and other duties that no certificate fulfils. */
    duties: z.array(z.string()).readonly(),
    periods: z.array(period).min(1).readonly(),
    /** Tag to site or repository and title. */
    sources: z.record(z.string(), z.string().min(1)).readonly(),
  })
  .check(({ value, issues }) => {
    for (const message of [...gapsOf(value.periods), ...unnamedSources(value)])
      issues.push({ code: 'custom', message, input: value })
  })
export type PeerPolicy = z.infer<typeof peerPolicySchema>

/** Periods follow each other without gap and overlap: each day has one answer. */
function gapsOf(periods: readonly Period[]): readonly string[] {
  return periods.slice(1).flatMap((next, index) => {
    const before = periods[index]
    const wanted = before?.until === undefined ? undefined : dayAfter(before.until)
    return wanted === next.since && wanted !== undefined
      ? []
      : [`period ${next.id}: wanted since ${wanted ?? 'a period before it that ends'}, found ${next.since ?? 'none'}`]
  })
}

function unnamedSources(value: z.infer<typeof peerPolicySchema>): readonly string[] {
  const facts = [value.dials, value.revocation, ...value.periods.flatMap((each) => Object.values(each))]
  const tags = facts.flatMap((each) => (typeof each === 'object' && 'source' in each ? each.source : []))
  return [...new Set(tags)].filter((tag) => !(tag in value.sources)).map((tag) => `source ${tag} is not in sources`)
}

/** `2026-02-28` -> `2026-03-01`. */
export function dayAfter(date: string): string {
  return dayOf(Date.parse(date) + 86_400_000)
}

/** `2026-02-28` */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The period that holds on a day. Absent: the policy begins later or has ended. */
export function periodOn({ periods }: PeerPolicy, date: string): Period | undefined {
  return periods.find(({ since = '0000', until = '9999-12-31' }) => since <= date && date <= until)
}
