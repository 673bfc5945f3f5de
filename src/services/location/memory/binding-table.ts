/**
 * All bindings of a pool in memory: numbers in typed arrays, text in an arena, one chained hash table over the
 * address-of-record, one chain for each flow. A refresh writes a few numbers in place (measured by
 * bench/registrations.ts).
 */
import { hashOf } from '../../../sip/message/text-hash.ts'
import type { FlowId } from '../../../sip/transport/flow.ts'
import type { Binding } from '../binding.ts'
import { NameTable, columnsOf, none } from './table-columns.ts'
import { textArena } from './text-arena.ts'

/** Width and number of the buckets of the expiry wheel: 8192 × 1024 ms, a little more than the usual 7200 s. */
const bucketMs = 1024
const bucketCount = 8192

export class BindingTable {
  readonly #arena = textArena()
  readonly #names = new NameTable()
  readonly #wheel = new Int32Array(bucketCount).fill(none)
  /** First record of each flow. */
  readonly #flows = new Map<FlowId, number>()
  #heads = new Int32Array(1024).fill(none)
  #columns = columnsOf(1024, undefined)
  #used = 0
  #free = none
  #size = 0
  #cursor: number | undefined

  get size(): number {
    return this.#size
  }

  /** Octets held outside the ordinary heap. */
  get bytes(): number {
    const columns = Object.values(this.#columns).reduce((sum, column) => sum + column.byteLength, 0)
    return this.#arena.bytes + this.#heads.byteLength + this.#wheel.byteLength + columns
  }

  /** Every binding of that address-of-record, expired ones too, oldest first. */
  get(aor: string): Binding[] {
    const found: Binding[] = []
    const hash = hashOf(aor)
    const { hash: hashes, next } = this.#columns
    for (let at = this.#heads[hash & (this.#heads.length - 1)] ?? none; at !== none; at = next[at] ?? none) {
      if (hashes[at] !== hash) continue
      const text = this.#textAt(at)
      if (startsWithField(text, aor)) found.push(this.#read(at, text))
    }
    return found.reverse()
  }

  /** Every binding that was registered by that flow, expired ones too. */
  onFlow(flow: FlowId): Binding[] {
    const found: Binding[] = []
    const { flowNext } = this.#columns
    for (let at = this.#flows.get(flow) ?? none; at !== none; at = flowNext[at] ?? none)
      found.push(this.#read(at, this.#textAt(at)))
    return found
  }

  hasFlow(flow: FlowId): boolean {
    return this.#flows.has(flow)
  }

  put(binding: Binding): void {
    const text = textOf(binding)
    const at = this.#find(binding.aor, binding.key)
    if (at === none) this.#insert(binding, text)
    else this.#replace(at, binding, text)
  }

  remove(aor: string, key: string): boolean {
    const at = this.#find(aor, key)
    if (at === none) return false
    this.#delete(at)
    return true
  }

  /** Drops what has run out; looks only at the buckets whose time came since the last call. */
  expire(wall: number): number {
    const last = Math.floor(wall / bucketMs)
    let dropped = 0
    let bucket = Math.max(Math.min(this.#cursor ?? last - bucketCount + 1, last), last - bucketCount + 1)
    for (; bucket <= last; bucket++) dropped += this.#expireBucket(bucket & (bucketCount - 1), wall)
    this.#cursor = last
    return dropped
  }

  *all(): Generator<Binding> {
    for (let at = 0; at < this.#used; at++)
      if (this.#columns.bucket[at] !== none) yield this.#read(at, this.#textAt(at))
  }

  #expireBucket(bucket: number, wall: number): number {
    let dropped = 0
    for (let at = this.#wheel[bucket] ?? none; at !== none; ) {
      const following = this.#columns.wheelNext[at] ?? none
      if ((this.#columns.expires[at] ?? 0) <= wall) {
        this.#delete(at)
        dropped++
      }
      at = following
    }
    return dropped
  }

  #find(aor: string, key: string): number {
    const hash = hashOf(aor)
    const keyHash = hashOf(key)
    const { hash: hashes, keyHash: keyHashes, next } = this.#columns
    for (let at = this.#heads[hash & (this.#heads.length - 1)] ?? none; at !== none; at = next[at] ?? none) {
      if (hashes[at] !== hash || keyHashes[at] !== keyHash) continue
      const text = this.#textAt(at)
      if (startsWithField(text, aor) && keyIn(text) === key) return at
    }
    return none
  }

  #insert(binding: Binding, text: string): void {
    const at = this.#allocate()
    const columns = this.#columns
    const hash = hashOf(binding.aor)
    columns.hash[at] = hash
    columns.keyHash[at] = hashOf(binding.key)
    columns.text[at] = this.#arena.store(text)
    columns.length[at] = text.length
    this.#size++
    this.#linkHash(at, hash)
    this.#write(at, binding)
    this.#linkFlow(at)
    this.#linkWheel(at)
  }

  /** The text of a refresh is usually the one already there: then only numbers change. */
  #replace(at: number, binding: Binding, text: string): void {
    const columns = this.#columns
    if (this.#textAt(at) !== text) {
      this.#arena.release(columns.text[at] ?? 0, columns.length[at] ?? 0)
      columns.text[at] = this.#arena.store(text)
      columns.length[at] = text.length
    }
    this.#unlinkWheel(at)
    const isMoved = columns.flow[at] !== flowNumber(binding)
    if (isMoved) this.#unlinkFlow(at)
    this.#write(at, binding)
    if (isMoved) this.#linkFlow(at)
    this.#linkWheel(at)
  }

  #write(at: number, binding: Binding): void {
    const columns = this.#columns
    columns.expires[at] = binding.expires
    columns.cseq[at] = binding.cseq
    columns.q[at] = binding.q
    columns.regId[at] = binding.regId ?? 0
    columns.flow[at] = flowNumber(binding)
    columns.flowBound[at] = binding.flowBound ? 1 : 0
    columns.owner[at] = this.#names.number(binding.owner)
    columns.userAgent[at] = this.#names.number(binding.userAgent)
  }

  #read(at: number, text: string): Binding {
    const columns = this.#columns
    const aorEnd = text.indexOf('\n')
    const contactEnd = text.indexOf('\n', aorEnd + 1)
    const keyEnd = text.indexOf('\n', contactEnd + 1)
    const callIdEnd = text.indexOf('\n', keyEnd + 1)
    const instanceEnd = text.indexOf('\n', callIdEnd + 1)
    const epidEnd = text.indexOf('\n', instanceEnd + 1)
    const ownerRouteEnd = text.indexOf('\n', epidEnd + 1)
    const receivedEnd = text.indexOf('\n', ownerRouteEnd + 1)
    const contact = text.slice(aorEnd + 1, contactEnd)
    const regId = columns.regId[at] ?? 0
    const flow = columns.flow[at] ?? none
    return {
      aor: text.slice(0, aorEnd),
      key: keyEnd === contactEnd + 1 ? contact : text.slice(contactEnd + 1, keyEnd),
      contact,
      q: columns.q[at] ?? 0,
      expires: columns.expires[at] ?? 0,
      callId: text.slice(keyEnd + 1, callIdEnd),
      cseq: columns.cseq[at] ?? 0,
      path: receivedEnd === -1 ? noPath : text.slice(receivedEnd + 1).split('\n'),
      instance: between(text, callIdEnd, instanceEnd),
      regId: regId === 0 ? undefined : regId,
      epid: between(text, instanceEnd, epidEnd),
      owner: this.#names.name(columns.owner[at] ?? 0),
      ownerRoute: between(text, epidEnd, ownerRouteEnd),
      flowBound: columns.flowBound[at] === 1,
      flow: flow === none ? undefined : (flow as FlowId),
      userAgent: this.#names.name(columns.userAgent[at] ?? 0),
      received: receivedEnd === -1 ? text.slice(ownerRouteEnd + 1) : text.slice(ownerRouteEnd + 1, receivedEnd),
    }
  }

  #delete(at: number): void {
    const columns = this.#columns
    this.#unlinkWheel(at)
    this.#unlinkHash(at)
    this.#unlinkFlow(at)
    this.#arena.release(columns.text[at] ?? 0, columns.length[at] ?? 0)
    columns.bucket[at] = none
    columns.next[at] = this.#free
    this.#free = at
    this.#size--
  }

  #allocate(): number {
    if (this.#free !== none) {
      const at = this.#free
      this.#free = this.#columns.next[at] ?? none
      return at
    }
    if (this.#used === this.#columns.hash.length) this.#columns = columnsOf(Math.ceil(this.#used * 1.5), this.#columns)
    return this.#used++
  }

  #linkHash(at: number, hash: number): void {
    if (this.#size > this.#heads.length) this.#rehash()
    const head = hash & (this.#heads.length - 1)
    this.#columns.next[at] = this.#heads[head] ?? none
    this.#heads[head] = at
  }

  /** The record that is being inserted is in no bucket of the wheel yet, and so is left out. */
  #rehash(): void {
    const { hash, next, bucket } = this.#columns
    const heads = new Int32Array(this.#heads.length * 2).fill(none)
    for (let at = 0; at < this.#used; at++) {
      if (bucket[at] === none) continue
      const head = (hash[at] ?? 0) & (heads.length - 1)
      next[at] = heads[head] ?? none
      heads[head] = at
    }
    this.#heads = heads
  }

  #unlinkHash(at: number): void {
    const { hash, next } = this.#columns
    const head = (hash[at] ?? 0) & (this.#heads.length - 1)
    let before = none
    for (let one = this.#heads[head] ?? none; one !== at && one !== none; one = next[one] ?? none) before = one
    const following = next[at] ?? none
    if (before === none) this.#heads[head] = following
    else next[before] = following
  }

  #linkFlow(at: number): void {
    const { flow: flows, flowNext, flowPrevious } = this.#columns
    const flow = (flows[at] ?? none) as FlowId
    if (flow === none) return
    const first = this.#flows.get(flow) ?? none
    flowNext[at] = first
    flowPrevious[at] = none
    if (first !== none) flowPrevious[first] = at
    this.#flows.set(flow, at)
  }

  #unlinkFlow(at: number): void {
    const { flow: flows, flowNext, flowPrevious } = this.#columns
    const flow = (flows[at] ?? none) as FlowId
    if (flow === none) return
    const following = flowNext[at] ?? none
    const before = flowPrevious[at] ?? none
    if (following !== none) flowPrevious[following] = before
    if (before !== none) flowNext[before] = following
    else if (following !== none) this.#flows.set(flow, following)
    else this.#flows.delete(flow)
  }

  #linkWheel(at: number): void {
    const { expires, bucket, wheelNext, wheelPrevious } = this.#columns
    // An expired record goes into the current bucket of the wheel, or a whole turn would pass before it is found.
    const slot = Math.max(Math.floor((expires[at] ?? 0) / bucketMs), this.#cursor ?? 0) & (bucketCount - 1)
    const first = this.#wheel[slot] ?? none
    bucket[at] = slot
    wheelNext[at] = first
    wheelPrevious[at] = none
    if (first !== none) wheelPrevious[first] = at
    this.#wheel[slot] = at
  }

  #unlinkWheel(at: number): void {
    const { bucket, wheelNext, wheelPrevious } = this.#columns
    const following = wheelNext[at] ?? none
    const before = wheelPrevious[at] ?? none
    if (before === none) this.#wheel[bucket[at] ?? 0] = following
    else wheelNext[before] = following
    if (following !== none) wheelPrevious[following] = before
  }

  #textAt(at: number): string {
    return this.#arena.read(this.#columns.text[at] ?? 0, this.#columns.length[at] ?? 0)
  }
}

const noPath: readonly string[] = []

function flowNumber({ flow }: Binding): number {
  return flow ?? none
}

/** The text between two line ends; undefined: none. */
function between(text: string, before: number, end: number): string | undefined {
  return end === before + 1 ? undefined : text.slice(before + 1, end)
}

/** Fields one a line; a key that is the Contact is not written twice. */
function textOf(binding: Binding): string {
  const key = binding.key === binding.contact ? '' : binding.key
  const head =
    `${binding.aor}\n${binding.contact}\n${key}\n${binding.callId}\n${binding.instance ?? ''}\n` +
    `${binding.epid ?? ''}\n${binding.ownerRoute ?? ''}\n${binding.received}`
  return binding.path.length === 0 ? head : `${head}\n${binding.path.join('\n')}`
}

function keyIn(text: string): string {
  const contact = text.indexOf('\n') + 1
  const key = text.indexOf('\n', contact) + 1
  const callId = text.indexOf('\n', key)
  return callId === key ? text.slice(contact, key - 1) : text.slice(key, callId)
}

function startsWithField(text: string, field: string): boolean {
  return text.charCodeAt(field.length) === 10 && text.startsWith(field)
}
