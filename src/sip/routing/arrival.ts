/** One request on its way through the core, as policies see it. What is rarely used is made on first use. */
import type { Clock } from '../clock.ts'
import type { HeaderField, NameAddress, SipRequest, SipUri } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Arrival, Remarks, Standing } from './decision.ts'

class Notes implements Remarks {
  identity: string | undefined = undefined
  claimed: string | undefined = undefined
  organisation = ''
  trunk = ''
  dialog: Standing | undefined = undefined
  remote = false
  private added: HeaderField[] | undefined = undefined
  private removed: string[] | undefined = undefined
  private others: Map<string, unknown> | undefined = undefined

  get add(): HeaderField[] {
    return (this.added ??= [])
  }

  get remove(): string[] {
    return (this.removed ??= [])
  }

  get other(): Map<string, unknown> {
    return (this.others ??= new Map())
  }
}

export class Incoming implements Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly face: string
  readonly remarks: Remarks = new Notes()
  readonly claimsDialog: boolean
  uri: SipUri
  routes: readonly NameAddress[]
  ownRoute: NameAddress | undefined = undefined
  nearRoute: NameAddress | undefined = undefined
  /** How many Route values of the text are gone from the top of `routes`. */
  popped = 0
  /** A strict router took the last Route value for us (§16.4): the whole set is written anew. */
  lastTaken = false
  /** Hash over what routing depends on (RFC 5393 §4.2.1); our branch ends with it. */
  loopHash = ''
  /** Max-Breadth as received, 60 without one (RFC 5393 §5.3.3). */
  breadth = 60
  hasBreadth = false
  /** Name of the policy whose word counted. */
  decidedBy = ''
  private readonly clock: Clock
  private seenAt: number | undefined = undefined

  constructor(request: SipRequest, flow: Flow, clock: Clock) {
    this.request = request
    this.flow = flow
    this.face = flow.face
    this.clock = clock
    this.claimsDialog = request.toTag !== undefined
    this.uri = request.uri
    this.routes = request.addresses('Route')
  }

  /** One time for all who ask; few do. */
  get wall(): number {
    return (this.seenAt ??= this.clock.wall())
  }

  leaveRoute(): void {
    this.popped += this.routes.length
    this.routes = []
  }
}
