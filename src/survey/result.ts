/** What a survey found: one document, from which every report is made and which two surveys are compared by. */
import { z } from 'zod'

const tlsVersion = z.enum(['1.2', '1.3'])
export type TlsVersion = z.infer<typeof tlsVersion>
export const tlsVersions: readonly TlsVersion[] = ['1.2', '1.3']

/**
 * `critical`: someone who should not get in gets in. `serious`: a limit that the CA or the administrator set does not
 * hold. `remark`: common today, and refused by some peers.
 */
const severity = z.enum(['critical', 'serious', 'remark'])
export type Severity = z.infer<typeof severity>
export const severities: readonly Severity[] = ['critical', 'serious', 'remark']

/** Of text that the other end wrote, and of sentences about it. */
const words = z.string().max(500)

const outcome = z.discriminatedUnion('kind', [
  /**
   * `sip`: it spoke SIP on the connection. `data`: it sent something that is no SIP. `open`: it kept the connection
   * open, as it does for the good certificate, and said nothing.
   */
  z.strictObject({ kind: z.literal('accepted'), proof: z.enum(['sip', 'data', 'open']), words }),
  z.strictObject({
    kind: z.literal('refused'),
    by: z.enum(['alert', 'close', 'reset', 'answer']),
    alert: z.number().int().min(0).max(255).optional(),
    words,
  }),
  /** Neither acceptance nor refusal was shown. */
  z.strictObject({ kind: z.literal('unclear'), words }),
  /** The fault cannot be tried on this end, for the reason given. */
  z.strictObject({ kind: z.literal('cannot'), words }),
])
export type Outcome = z.infer<typeof outcome>

const trial = z.strictObject({
  /** Slug of the catalogue; `good` is the control case. */
  fault: z.string().regex(/^[a-z\d.-]{1,60}$/),
  story: z.string().max(300),
  tls: tlsVersion,
  outcome,
  /** What it means that the fault is accepted; absent: nothing is wrong with what was shown. */
  severity: severity.optional(),
  /** The code of the verdict that a strict end gives; absent: nothing is wrong with what was shown. */
  verdict: z.string().max(60).optional(),
  ms: z.number().min(0),
})
export type Trial = z.infer<typeof trial>

export const surveySchema = z.strictObject({
  survey: z.literal(1),
  direction: z.enum(['dial', 'listen']),
  /** Who was surveyed: `sip.example.com:5061`, or the address of who dialled. */
  target: z.string().max(300),
  /** What it calls itself, e.g. `kamailio (5.6.3 (x86_64/linux))`; absent: it did not say. */
  product: z.string().max(200).optional(),
  /** ISO 8601. */
  at: z.string().max(40),
  ms: z.number().min(0),
  siplab: z.string().max(40),
  /** Why it ended before every fault was tried; absent: it did not. */
  stopped: z.string().max(500).optional(),
  controls: z.array(trial).max(2000),
  trials: z.array(trial).max(5000),
})
export type Survey = z.infer<typeof surveySchema>

/** An accepted fault, with the versions that accept it. */
export interface Accepted {
  readonly fault: string
  readonly story: string
  readonly severity: Severity
  readonly verdict: string
  readonly versions: readonly TlsVersion[]
}

/** Faults that were accepted, the worst first. */
export function acceptedFaults({ trials }: Pick<Survey, 'trials'>): readonly Accepted[] {
  const groups = Map.groupBy(trials.filter(wasAccepted), ({ fault }) => fault)
  const rows = [...groups].flatMap(([fault, some]): readonly Accepted[] => {
    const [first] = some
    if (first?.severity === undefined || first.verdict === undefined) return []
    const { story, severity: weight, verdict } = first
    return [{ fault, story, severity: weight, verdict, versions: some.map(({ tls }) => tls) }]
  })
  return rows.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
}

function wasAccepted({ outcome: seen, severity: weight }: Trial): boolean {
  return seen.kind === 'accepted' && weight !== undefined
}

export interface Totals {
  readonly accepted: Readonly<Record<Severity, number>>
  /** Trials by outcome; those of good variants too. */
  readonly outcomes: Readonly<Record<Outcome['kind'], number>>
  /** Good certificates of an unusual kind that were refused. */
  readonly goodRefused: number
}

export function totalsOf({ trials }: Pick<Survey, 'trials'>): Totals {
  const count = (holds: (each: Trial) => boolean): number => trials.filter(holds).length
  const of = (weight: Severity): number => count((each) => wasAccepted(each) && each.severity === weight)
  const outcomes = (kind: Outcome['kind']): number => count((each) => each.outcome.kind === kind)
  return {
    accepted: { critical: of('critical'), serious: of('serious'), remark: of('remark') },
    outcomes: {
      accepted: outcomes('accepted'),
      refused: outcomes('refused'),
      unclear: outcomes('unclear'),
      cannot: outcomes('cannot'),
    },
    goodRefused: count((each) => each.verdict === undefined && each.outcome.kind === 'refused'),
  }
}
