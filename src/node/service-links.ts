/**
 * The links that one running server dials: watched, probed again, dialled again, and broken where the lab placed a
 * fault on them.
 */
import { verdict } from '../verdicts/codes.ts'
import type { Clock } from '../sip/clock.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { LinkFault } from '../sip/transport/types.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { LinkState } from './control/control-api.ts'
import type { NodeFolder } from './control/node-folder.ts'
import { keepFaults, keptFaults } from './kept-faults.ts'
import { nodeDirectory } from './diagnosis.ts'
import { LinkWatch, type NodeLinks, type ProbeResult, redialled } from './links.ts'
import { probe } from './probe.ts'
import type { Recorder } from './recorder.ts'
import { allowsOwn } from '../roles/law/law.ts'
import type { WatchedPeer } from '../roles/role.ts'
import type { Stack } from './stack.ts'

export interface ServiceLinksOptions {
  readonly lab: LabPlan
  readonly plan: NodePlan
  /** Faults on links are kept there. */
  readonly folder: Pick<NodeFolder, 'root'>
  readonly clock: Clock
  readonly recorder: Recorder
}

export class ServiceLinks {
  readonly #options: ServiceLinksOptions
  readonly #faults: Map<string, LinkFault>
  #stack: Stack | undefined
  #watch: NodeLinks | undefined

  constructor(options: ServiceLinksOptions) {
    this.#options = options
    this.#faults = new Map(keptFaults(options.folder) as readonly (readonly [string, LinkFault])[])
  }

  get states(): readonly LinkState[] {
    return this.#watch?.links ?? []
  }

  /** @param dials whether this server has a certificate to show where it dials */
  open(stack: Stack, dials: boolean): void {
    this.#stack = stack
    for (const [peer, fault] of this.#faults) this.#putAgain(stack, peer, fault)
    this.#watch = stack.links ?? this.#watchOf(stack, dials ? lawfulPeers(stack.parts) : [])
  }

  start(): void {
    this.#watch?.start()
  }

  /** A fresh OPTIONS now, to one peer or to all. */
  probe(peer?: string): Promise<readonly LinkState[]> {
    return this.#watch?.probeNow(peer) ?? Promise.resolve([])
  }

  /**
   * Closes the flows this node dialled to a peer, or to all, and dials again: live flows keep what they were opened
   * with.
   */
  redial(peer?: string): Promise<readonly LinkState[]> {
    for (const flow of [...(this.#stack?.transport.flows() ?? [])]) {
      const dialled = flow.direction === 'dialled' && flow.secure
      if (dialled && (peer === undefined || flow.dialledName?.toLowerCase() === peer.toLowerCase()))
        flow.close(redialled)
    }
    return this.probe(peer)
  }

  /** A fault on the link to a peer, acted out where this node dials; undefined removes it. */
  setFault(peer: string, fault: LinkFault | undefined): void {
    if (fault === undefined) this.#faults.delete(peer)
    else this.#faults.set(peer, fault)
    keepFaults(this.#options.folder, [...this.#faults])
    this.#stack?.transport.setLinkFault(peer, fault)
  }

  #putAgain({ transport }: Stack, peer: string, fault: LinkFault): void {
    transport.setLinkFault(peer, fault)
    this.#options.recorder.record('link.fault', {
      message: `The fault on the link to ${peer} is still on`,
      data: { peer, fault },
    })
  }

  flowOpened({ direction, peer }: Flow): void {
    if (direction === 'accepted' && peer !== undefined) this.#watch?.peerSeen(peer.names)
  }

  flowClosed({ dialledName }: Flow, because: string): void {
    this.#watch?.flowClosed(dialledName, because)
  }

  close(): void {
    this.#watch?.close()
  }

  #watchOf(stack: Stack, peers: readonly WatchedPeer[]): LinkWatch {
    const { lab, plan, clock } = this.#options
    const who = nodeDirectory(lab)
    return new LinkWatch({
      clock,
      peers,
      probe: async (peer) =>
        this.#explained(
          peer,
          await probe({ clock, plan, who, proxy: stack.proxy, transport: stack.transport, locate: stack.locate }, peer),
        ),
      onChange: (link) => this.#tell(link),
    })
  }

  #tell({ peer, state, verdict: found }: LinkState): void {
    this.#options.recorder.record(state === 'up' ? 'link.up' : 'link.down', {
      message:
        state === 'up'
          ? `The link to ${peer} is up`
          : `The link to ${peer} is down: ${found?.message ?? 'no reason known'}`,
      ...(found === undefined ? {} : { verdict: found }),
      data: { peer },
    })
  }

  /** A reset that this node acts out itself looks like a peer that refuses; here the true cause is known. */
  #explained({ fqdn }: WatchedPeer, result: ProbeResult): ProbeResult {
    const fault = this.#faults.get(fqdn)
    if (fault?.kind !== 'reset' || result.kind !== 'failed' || result.verdict.found !== 'link.reset') return result
    const { node, link, direction } = result.verdict
    const where = {
      ...(node === undefined ? {} : { node }),
      ...(link === undefined ? {} : { link, fix: `siplab heal '${link}'` }),
      ...(direction === undefined ? {} : { direction }),
    }
    return {
      kind: 'failed',
      verdict: verdict('link.reset', {
        ...where,
        found: `a fault of the lab resets the connection after ${fault.amount} octets`,
      }),
    }
  }
}

/** The link watch is a sender like any other: OPTIONS of its own. */
export function lawfulPeers({ law, watched }: Pick<Stack['parts'], 'law' | 'watched'>): readonly WatchedPeer[] {
  return watched.filter(({ face, by }) => {
    const facts = law[face]
    return facts !== undefined && allowsOwn(facts, { method: 'OPTIONS', dialog: 'none', target: by })
  })
}
