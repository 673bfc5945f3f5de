/**
 * What a running server does when an own certificate nears its end or ends, and when the calendar is set back to before
 * its begin. What ends the service for it is the profile's choice (`whenOwnCertificateEnds`).
 */
import type { Clock } from '../../sip/clock.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { verdict } from '../../verdicts/codes.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { Condition } from '../condition.ts'
import type { Recorder } from '../recorder.ts'
import { CertificateWatch } from './certificate-watch.ts'
import { closeLinksOf, type LiveLinks, lookForOutlived, lookForRevoked } from './live-links.ts'
import type { OwnCertificate } from './own-certificates.ts'

export interface OwnDatesOptions {
  readonly plan: NodePlan
  readonly clock: Clock
  readonly recorder: Pick<Recorder, 'record'>
  readonly condition: Condition
  /** Flows that are open now. */
  readonly flows: () => Iterable<Flow>
  /** Ends the service for a certificate of that reference. */
  readonly die: (found: Verdict, reference: string) => void
}

/** What a step of the calendar ends as it brought it. */
const aboutTime: ReadonlySet<string> = new Set(['cert.expired', 'cert.not-yet-valid'])

export class OwnDates {
  readonly #options: OwnDatesOptions
  readonly #watch: CertificateWatch

  constructor(options: OwnDatesOptions) {
    this.#options = options
    this.#watch = new CertificateWatch({
      clock: options.clock,
      warnAtFraction: options.plan.profile.warnAtFraction,
      onEnding: (own) => this.#ending(own),
      onEnded: (own) => this.#ended(own),
      onEarly: (own) => this.#early(own),
      onValid: (own) => this.#valid(own),
      onRound: (wall) => lookForOutlived(this.#liveLinks, wall),
    })
  }

  /** What is in use now. What a fault of the lab put there may end without ending the service. */
  watch(own: readonly OwnCertificate[]): void {
    this.#watch.watch(own.filter(({ heldUp }) => !heldUp))
  }

  /** After new revocation lists were read: links of peers that they name. */
  lookForRevoked(own: readonly OwnCertificate[]): void {
    lookForRevoked(this.#liveLinks, own)
  }

  close(): void {
    this.#watch.close()
  }

  /** One certificate may serve several references; it ends the service once. */
  #ending(own: OwnCertificate): void {
    this.#options.recorder.record('certificate.ending', {
      verdict: verdict('cert.expires-soon', { ...this.#place(own), found: `ends ${own.leaf.notAfter}` }),
    })
  }

  #valid({ leaf: { fingerprint } }: OwnCertificate): void {
    this.#options.condition.relieve(
      ({ code, certificate }) => aboutTime.has(code) && certificate?.fingerprint === fingerprint,
    )
  }

  /** Peers by a right clock accept it, others refuse it: the server serves on. */
  #early(own: OwnCertificate): void {
    const { recorder, condition } = this.#options
    const found = verdict('cert.not-yet-valid', {
      ...this.#place(own),
      found: `begins ${own.leaf.notBefore}, ${this.#itIs()}`,
    })
    recorder.record('certificate.early', { verdict: found, data: { reference: own.use.reference } })
    condition.impair(found, ({ code }) => code === found.code)
  }

  #ended(own: OwnCertificate): void {
    const { plan, recorder, condition, die } = this.#options
    if (condition.state === 'stopped') return
    const found = verdict('cert.expired', {
      ...this.#place(own),
      found: `ended ${own.leaf.notAfter}, ${this.#itIs()}`,
    })
    recorder.record('certificate.ended', {
      verdict: found,
      data: { reference: own.use.reference, then: plan.whenOwnCertificateEnds },
    })
    switch (plan.whenOwnCertificateEnds) {
      case 'die':
        return die(found, own.use.reference)
      case 'drain':
        closeLinksOf(this.#liveLinks, own)
        return condition.become('degraded')
      case 'die-at-start':
      case 'warn':
        condition.add(found, ({ code }) => code === found.code)
        condition.become('degraded')
        return
      default:
        return plan.whenOwnCertificateEnds satisfies never
    }
  }

  get #liveLinks(): LiveLinks {
    const { plan, recorder, flows } = this.#options
    return { plan, recorder, flows: flows() }
  }

  #place(own: OwnCertificate): { readonly node: string; readonly certificate: OwnCertificate['leaf'] } {
    return { node: this.#options.plan.name, certificate: own.leaf }
  }

  #itIs(): string {
    const { clock, plan } = this.#options
    return `it is ${new Date(clock.wall()).toISOString()} by the clock of ${plan.name}`
  }
}
