/**
 * What a server listens on and which certificates it shows there and when it dials: checked, opened, replaced while it
 * runs.
 */
import { assignedFiles } from '../certificates/node-certificates.ts'
import { joined } from '../certificates/startup-check.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Listener, TlsMaterial, TransportLayer } from '../sip/transport/types.ts'
import type { Listener as PlannedListener, NodePlan } from '../topology/plan-types.ts'
import { isMtls, readNodeSettings } from './administration.ts'
import type { ListenerStatus } from './control/control-api.ts'
import { ControlRefusal } from './control/control-server.ts'
import { examineOwn, groundOf } from './examine-peer.ts'
import type { NodeFolder } from './control/node-folder.ts'
import {
  checkAll,
  nameShown,
  type OwnCertificate,
  type OwnCertificateCheck,
  purposesOf,
  referenceUses,
  renewedText,
  unassignedVerdict,
} from './certificates/own-certificates.ts'
import type { Recorder } from './recorder.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface ListeningOptions {
  readonly plan: NodePlan
  readonly folder: NodeFolder
  readonly recorder: Recorder
  readonly wall: () => number
}

/** What `reload` tells: lines for people. */
export interface Changes {
  readonly changed: string[]
  readonly unchanged: string[]
}

/** Reported only under a fault: unchecked revocation is no news in a lab that has set up none. */
const usualRemarks: ReadonlySet<string> = new Set(['crl.not-checked', 'cert.algorithm-unreadable'])

export class Listening {
  readonly #options: ListeningOptions
  readonly #listeners = new Map<PlannedListener, Listener>()
  #transport: Pick<TransportLayer, 'listen' | 'setOutgoingTls'> | undefined
  #own: readonly OwnCertificate[] = []

  constructor(options: ListeningOptions) {
    this.#options = options
  }

  /** The certificates in use. */
  get own(): readonly OwnCertificate[] {
    return this.#own
  }

  get status(): readonly ListenerStatus[] {
    return [...this.#listeners].map(([planned, listener]) => this.#statusOf(planned, listener))
  }

  /** What a face shows to a peer that dials it, else what it shows when it dials; of `dialled` the latter first. */
  materialOf(face: string, side: 'accepted' | 'dialled' = 'accepted'): TlsMaterial | undefined {
    const listens = this.#own.find(({ use }) => use.listensOn === face)
    const dials = this.#own.find(({ use }) => use.dialsFrom === face)
    const own = side === 'accepted' ? (listens ?? dials) : (dials ?? listens)
    if (own === undefined) return undefined
    const renewed = this.#renewedSince(own)
    return renewed === undefined ? own.material : { ...own.material, renewed }
  }

  /** A certificate that has ended may have been renewed in its file, and never loaded. */
  #renewedSince({ use: { reference }, leaf, notAfter }: OwnCertificate): string | undefined {
    const { folder, wall } = this.#options
    return wall() < notAfter ? undefined : renewedText(folder.root, reference, leaf)
  }

  /**
   * Loads everything that is assigned, used or not: a reference that nothing listens by any more is as fatal as any.
   *
   * @returns why the service cannot start; undefined when it can
   */
  load(): { readonly verdict: Verdict; readonly reference: string } | undefined {
    const { plan } = this.#options
    const checks = this.#checks(true)
    for (const check of checks) {
      if (check.kind === 'bad')
        return { verdict: { ...joined(check.verdicts), node: plan.name }, reference: check.use.reference }
    }
    this.#own = checks.flatMap((check) => (check.kind === 'good' ? [check.own] : []))
    const unmet = checks.find((check) => check.kind === 'unassigned' && this.#needs(check.use.listensOn))
    if (unmet?.kind !== 'unassigned') return undefined
    return { verdict: unassignedVerdict(plan.name, unmet.use.reference), reference: unmet.use.reference }
  }

  /**
   * The first certificate that can be read, good or bad: the chain of events names one even where a list is to blame.
   */
  firstLeaf(): OwnCertificate['leaf'] | undefined {
    return this.#checks(true).flatMap((check) =>
      check.kind === 'good' ? [check.own.leaf] : check.kind === 'bad' && check.leaf !== undefined ? [check.leaf] : [],
    )[0]
  }

  /** Opens every listener that should be open; rejects with what the system or OpenSSL minds. */
  async open(transport: Pick<TransportLayer, 'listen' | 'setOutgoingTls'>): Promise<void> {
    this.#transport = transport
    for (const own of this.#own) this.#useWhenDialling(own)
    for (const planned of this.#wanted()) await this.#listen(planned)
    for (const own of this.#own) this.#remark(own)
  }

  /** Applies the settings and certificates on disk now; where one is bad, the old one stays in use. */
  async reload(changes: Changes): Promise<void> {
    for (const check of this.#checks(false)) this.#apply(check, changes)
    await this.#applyListeners(changes.changed)
  }

  /** No new connection from here on; those there are stay. */
  async closeListeners(): Promise<void> {
    for (const [planned, listener] of this.#listeners) {
      this.#listeners.delete(planned)
      await listener.close()
    }
  }

  #checks(atStart: boolean): readonly OwnCertificateCheck[] {
    const { plan, folder, wall } = this.#options
    return checkAll({ plan, folder, now: wall(), tolerate: this.#tolerated(), atStart })
  }

  /** What the profile forgives: with `warn` a certificate that ended only warns, at the start as well. */
  #tolerated(): ReadonlySet<VerdictCode> {
    return new Set(this.#options.plan.whenOwnCertificateEnds === 'warn' ? (['cert.expired'] as const) : [])
  }

  /** Whether a TLS listener of that face is to be open. */
  #needs(face: string | undefined): boolean {
    return (
      face !== undefined && this.#wanted().some((listener) => listener.face === face && listener.mutual !== undefined)
    )
  }

  #wanted(): readonly PlannedListener[] {
    const { mtls } = readNodeSettings(this.#options.folder)
    return this.#options.plan.listeners.filter(
      (listener) =>
        (mtls || !isMtls(listener)) && (listener.transport !== 'wss' || this.#hasCertificateFor(listener.face)),
    )
  }

  /** Browsers are not served without a certificate; that alone ends no service: the servers of 2005 knew no WSS. */
  #hasCertificateFor(face: string): boolean {
    const { plan, folder } = this.#options
    return referenceUses(plan).some(
      ({ reference, listensOn }) => listensOn === face && assignedFiles(folder.root, reference) !== undefined,
    )
  }

  async #listen(planned: PlannedListener): Promise<void> {
    const own = this.#own.find(({ use }) => use.listensOn === planned.face)
    const { face, transport, address, port, bound = port, mutual = 'off', refusals = 'silent' } = planned
    const isSecure = transport === 'tls' || transport === 'wss'
    const listener = await this.#transport?.listen({
      face,
      transport,
      address,
      port: bound,
      mutual,
      tls: isSecure ? own?.material : undefined,
      refusals,
    })
    if (listener !== undefined) this.#listeners.set(planned, listener)
  }

  #useWhenDialling({ use, material }: OwnCertificate): void {
    if (use.dialsFrom !== undefined) this.#transport?.setOutgoingTls(use.dialsFrom, material)
  }

  #apply(check: OwnCertificateCheck, changes: Changes): void {
    switch (check.kind) {
      case 'unassigned':
        return this.#drop(check.use.reference, changes)
      case 'bad': {
        const cause = joined(check.verdicts)
        changes.unchanged.push(`${check.use.reference}: ${cause.message}`)
        return this.#options.recorder.record('certificate.kept', {
          verdict: cause,
          data: { reference: check.use.reference },
        })
      }
      case 'good':
        return this.#takeNew(check.own, changes)
      default:
        return check satisfies never
    }
  }

  #drop(reference: string, { changed }: Changes): void {
    const before = this.#own.find(({ use }) => use.reference === reference)
    if (before === undefined) return
    this.#own = this.#own.filter((own) => own !== before)
    if (before.use.dialsFrom !== undefined) this.#transport?.setOutgoingTls(before.use.dialsFrom, undefined)
    changed.push(`${reference} shows nothing any more`)
    this.#options.recorder.record('certificate.assigned', { data: { reference, serial: undefined } })
  }

  #takeNew(own: OwnCertificate, { changed, unchanged }: Changes): void {
    const { recorder } = this.#options
    const { reference, listensOn } = own.use
    const before = this.#own.find(({ use }) => use.reference === reference)
    try {
      for (const [planned, listener] of this.#listeners) {
        if (planned.face !== listensOn || planned.mutual === undefined) continue
        listener.replaceTls(own.material)
        changed.push(
          `${reference}: ${planned.face} ${endpointText(planned.address, planned.port)} now shows ${own.leaf.serial}`,
        )
      }
    } catch (error) {
      unchanged.push(`${reference}: ${error instanceof Error ? error.message : String(error)}`)
      return recorder.record('certificate.kept', { message: String(error), data: { reference } })
    }
    this.#useWhenDialling(own)
    if (own.use.dialsFrom !== undefined)
      changed.push(`${reference}: what dials from ${own.use.dialsFrom} now shows ${own.leaf.serial}`)
    this.#own = [...this.#own.filter((each) => each !== before), own]
    this.#remark(own)
    if (before?.leaf.fingerprint !== own.leaf.fingerprint)
      recorder.record('certificate.live', {
        data: {
          reference,
          serial: own.leaf.serial,
          serialReversed: own.leaf.serialReversed,
          notAfter: own.leaf.notAfter,
        },
      })
  }

  /** What is wrong with a certificate that is used all the same. */
  #remark({ use, leaf, warnings, underFault, material }: OwnCertificate): void {
    const { plan, recorder, wall } = this.#options
    // A node that dials without its certificate shows none that could be examined.
    const more =
      material.certificate === ''
        ? []
        : examineOwn(
            plan,
            groundOf(material, wall()),
            { certificate: material.certificate, name: nameShown(plan, use), purposes: purposesOf(use) },
            new Set(warnings.map(({ code }) => code)),
          )
    const [first, ...others] = [...warnings, ...more].filter(({ code }) => underFault || !usualRemarks.has(code))
    if (first === undefined) return
    recorder.record('certificate.remarked', {
      verdict: { ...joined([first, ...others]), node: plan.name },
      data: { reference: use.reference, serial: leaf.serial },
    })
  }

  /** Opens what should be open and closes what should not. */
  async #applyListeners(changed: string[]): Promise<void> {
    const wanted = this.#wanted()
    for (const [planned, listener] of this.#listeners) {
      if (wanted.includes(planned)) continue
      this.#listeners.delete(planned)
      await listener.close()
      this.#tellSwitched(planned, false, changed)
    }
    for (const planned of wanted) {
      if (this.#listeners.has(planned)) continue
      this.#requireCertificate(planned)
      await this.#listen(planned)
      this.#tellSwitched(planned, true, changed)
    }
  }

  #tellSwitched(planned: PlannedListener, on: boolean, changed: string[]): void {
    const state = on ? 'open' : 'closed'
    changed.push(`${planned.face} ${endpointText(planned.address, planned.port)} is ${state}`)
    if (isMtls(planned))
      this.#options.recorder.record('mtls.changed', {
        message: `The MTLS listener is ${state}`,
        data: { on, port: planned.port },
      })
  }

  /** @throws ControlRefusal `config.certificate-unassigned` */
  #requireCertificate(planned: PlannedListener): void {
    if (planned.mutual === undefined || this.#own.some(({ use }) => use.listensOn === planned.face)) return
    const use = referenceUses(this.#options.plan).find(({ listensOn }) => listensOn === planned.face)
    const found = unassignedVerdict(this.#options.plan.name, use?.reference ?? 'listener')
    throw new ControlRefusal(
      found.code,
      `${planned.face} ${endpointText(planned.address, planned.port)} cannot be opened: ${found.message}`,
      found,
    )
  }

  #statusOf({ face, transport, address, mutual }: PlannedListener, listener: Listener): ListenerStatus {
    const own = this.#own.find(({ use }) => use.listensOn === face)
    return {
      face,
      transport,
      address,
      port: listener.local.port,
      ...(mutual === undefined ? {} : { mutual }),
      ...(mutual === undefined || own === undefined ? {} : { serial: own.leaf.serial }),
    }
  }
}
