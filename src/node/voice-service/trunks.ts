/**
 * The trunks of a voice service and what it thinks of each: silent until it shows itself with OPTIONS, then called back
 * with OPTIONS; active when it answers (topology-facts §7.1). To everybody else they are the links this node dials.
 */
import { verdict } from '../../verdicts/codes.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { Clock } from '../../sip/clock.ts'
import { DialError } from '../../sip/transport/refusal.ts'
import { UserAgentError } from '../../sip/user-agent/index.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import type { LinkState } from '../control/control-api.ts'
import { type Directory, diagnoseRefusal } from '../diagnosis.ts'
import type { NodeLinks } from '../links.ts'
import { ownWill, redialled } from '../links.ts'
import type { Recorder } from '../recorder.ts'

export interface Trunk {
  /** Names it may show, the first is its own FQDN. */
  readonly names: readonly string[]
  readonly state: 'silent' | 'active' | 'failed'
  /** Why the call back failed. */
  readonly trouble: Verdict | undefined
}

export interface TrunksOptions {
  readonly plan: NodePlan
  readonly clock: Clock
  readonly names: readonly (readonly string[])[]
  readonly who: Directory
  readonly recorder: Pick<Recorder, 'record'>
  /** OPTIONS to that URI; rejects when no answer comes. */
  readonly ask: (uri: string) => Promise<{ readonly status: number }>
}

interface Watched {
  trunk: Trunk
  since: string
  /** Where it asked to be called back; undefined: it never asked. */
  uri: string | undefined
  asking: Promise<void> | undefined
}

export class Trunks implements NodeLinks {
  readonly #options: TrunksOptions
  readonly #watched: readonly Watched[]
  #closed = false

  constructor(options: TrunksOptions) {
    this.#options = options
    this.#watched = options.names.map((names) => ({
      trunk: { names, state: 'silent', trouble: undefined },
      since: this.#now(),
      uri: undefined,
      asking: undefined,
    }))
  }

  /** The trunk that may show that name. */
  named(fqdn: string): Trunk | undefined {
    return this.#watched.find(({ trunk }) => trunk.names.includes(fqdn))?.trunk
  }

  /** It has shown itself: it is asked back, one question at a time. */
  greeted(trunk: Trunk, uri: string | undefined): void {
    const watched = this.#watched.find((each) => each.trunk.names === trunk.names)
    if (watched === undefined) return
    watched.uri = uri ?? `sip:${trunk.names[0]}:5061;transport=tls`
    void this.#ask(watched)
  }

  get links(): readonly LinkState[] {
    return this.#watched.map(linkOf)
  }

  /** Nothing: the first word is the trunk's. */
  start(): void {}

  async probeNow(fqdn?: string): Promise<readonly LinkState[]> {
    const wanted = this.#watched.filter(({ trunk }) => fqdn === undefined || trunk.names.includes(fqdn))
    await Promise.all(wanted.map((watched) => this.#ask(watched)))
    return wanted.map(linkOf)
  }

  /** The connection may only have been idle: a new OPTIONS tells. */
  flowClosed(dialledName: string | undefined, because: string): void {
    if (dialledName === undefined || ownWill.includes(because)) return
    for (const watched of this.#watched)
      if (watched.trunk.state === 'active' && watched.trunk.names.includes(dialledName.toLowerCase()))
        void this.#ask(watched)
  }

  /** Its OPTIONS will say so. */
  peerSeen(): void {}

  close(): void {
    this.#closed = true
  }

  #ask(watched: Watched): Promise<void> {
    const { uri } = watched
    if (uri === undefined || this.#closed) return Promise.resolve()
    watched.asking ??= this.#callBack(watched, uri).finally(() => (watched.asking = undefined))
    return watched.asking
  }

  async #callBack(watched: Watched, uri: string): Promise<void> {
    const { recorder } = this.#options
    const [peer = uri] = watched.trunk.names
    try {
      const { status } = await this.#answerTo(uri)
      if (this.#become(watched, 'active', undefined))
        recorder.record('link.up', { message: `The trunk ${peer} is active`, data: { peer, status } })
    } catch (error) {
      if (this.#closed) return
      const trouble = this.#diagnose(error, peer)
      if (this.#become(watched, 'failed', trouble))
        recorder.record('link.down', {
          message: `The trunk ${peer} does not answer OPTIONS: ${trouble.message}`,
          verdict: trouble,
          data: { peer },
        })
    }
  }

  /** Once more where this node itself closed the connection to dial anew: that is no word of the trunk. */
  async #answerTo(uri: string): Promise<{ readonly status: number }> {
    const { ask } = this.#options
    try {
      return await ask(uri)
    } catch (error) {
      if (error instanceof UserAgentError && error.code === redialled) return await ask(uri)
      throw error
    }
  }

  /** True when that is news. */
  #become(watched: Watched, state: Trunk['state'], trouble: Verdict | undefined): boolean {
    const { trunk } = watched
    const isNews = trunk.state !== state || trunk.trouble?.code !== trouble?.code
    watched.trunk = { ...trunk, state, trouble }
    if (isNews) watched.since = this.#now()
    return isNews
  }

  #diagnose(error: unknown, peer: string): Verdict {
    const { plan, who } = this.#options
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    if (cause instanceof DialError) return diagnoseRefusal(plan, who, cause.refusal)
    const found = error instanceof Error ? error.message : String(error)
    const code =
      error instanceof Error && 'code' in error && error.code === 'peer.silent' ? 'link.timeout' : 'link.reset'
    return verdict(code, { node: plan.name, link: `${plan.name}->${who.byName(peer)}`, direction: 'outgoing', found })
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString()
  }
}

const linkStates: Readonly<Record<Trunk['state'], LinkState['state']>> = {
  silent: 'untried',
  active: 'up',
  failed: 'down',
}

function linkOf({ trunk: { names, state, trouble }, since }: Watched): LinkState {
  return {
    peer: names[0] ?? '',
    state: linkStates[state],
    since,
    ...(trouble === undefined ? {} : { verdict: trouble }),
  }
}
