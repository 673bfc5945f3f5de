/**
 * All bindings of a pool in memory: numbers in one typed array, text in an arena, one chained hash table over the
 * address-of-record, one chain for each flow. A refresh writes a few numbers in place (measured by
 * bench/registrations.ts).
 */
import { hashOf } from '../../../sip/message/text-hash.ts'
import type { FlowId } from '../../../sip/transport/flow.ts'
import type { Binding } from '../binding.ts'
import { NameTable } from './names.ts'
import {
  BUCKET,
  CONTACT_LENGTH,
  CSEQ,
  FLOW_BOUND,
  FLOW_NEXT,
  FLOW_PREVIOUS,
  HASH,
  KEY_HASH,
  LENGTH,
  NEXT,
  OWNER,
  Q,
  REG_ID,
  Records,
  TEXT,
  USER_AGENT,
  WHEEL_NEXT,
  WHEEL_PREVIOUS,
  none,
} from './records.ts'
import { StoredBinding, linesOf } from './stored-binding.ts'
import { TextArena } from './text-arena.ts'

/** Width and number of the buckets of the expiry wheel: 8192 × 1024 ms, a little more than the usual 7200 s. */
const bucketMs = 1024
const bucketCount = 8192

export class BindingTable {
  readonly #arena = new TextArena()
  readonly #names = new NameTable()
  readonly #wheel = new Int32Array(bucketCount).fill(none)
  /** First record of each flow. */
  readonly #flows = new Map<FlowId, number>()
  #heads = new Int32Array(1024).fill(none)
  #records = new Records(1024, undefined)
  #used = 0
  #free = none
  #size = 0
  #cursor: number | undefined

  get size(): number {
    return this.#size
  }

  /** Octets held outside the ordinary heap. */
  get bytes(): number {
    return this.#arena.bytes + this.#heads.byteLength + this.#wheel.byteLength + this.#records.bytes
  }

  /** Every binding of that address-of-record, expired ones too, oldest first. */
  get(aor: string): Binding[] {
    const found: Binding[] = []
    const records = this.#records
    const hash = hashOf(aor)
    for (let at = this.#head(hash); at !== none; at = records.get(at, NEXT))
      if (records.get(at, HASH) === hash && this.#arena.hasLine(records.get(at, TEXT), 0, aor))
        found.push(this.#read(at, aor))
    return found.reverse()
  }

  /** Every binding that was registered by that flow, expired ones too. */
  onFlow(flow: FlowId): Binding[] {
    const found: Binding[] = []
    for (let at = this.#flows.get(flow) ?? none; at !== none; at = this.#records.get(at, FLOW_NEXT))
      found.push(this.#read(at, undefined))
    return found
  }

  hasFlow(flow: FlowId): boolean {
    return this.#flows.has(flow)
  }

  put(binding: Binding): void {
    const at = this.#find(binding.aor, binding.key)
    if (at === none) this.#insert(binding)
    else this.#replace(at, binding)
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
    for (let at = 0; at < this.#used; at++) if (this.#records.get(at, BUCKET) !== none) yield this.#read(at, undefined)
  }

  #expireBucket(bucket: number, wall: number): number {
    let dropped = 0
    for (let at = this.#wheel[bucket] ?? none; at !== none; ) {
      const following = this.#records.get(at, WHEEL_NEXT)
      if (this.#records.expires(at) <= wall) {
        this.#delete(at)
        dropped++
      }
      at = following
    }
    return dropped
  }

  /** First record of a hash chain. */
  #head(hash: number): number {
    return this.#heads[hash & (this.#heads.length - 1)] ?? none
  }

  #find(aor: string, key: string): number {
    const records = this.#records
    const hash = hashOf(aor)
    const keyHash = hashOf(key)
    for (let at = this.#head(hash); at !== none; at = records.get(at, NEXT)) {
      if (records.get(at, HASH) !== hash || records.get(at, KEY_HASH) !== keyHash) continue
      if (this.#arena.hasLine(records.get(at, TEXT), 0, aor) && this.#hasKey(at, aor, key)) return at
    }
    return none
  }

  #hasKey(at: number, aor: string, key: string): boolean {
    const cell = this.#records.get(at, TEXT)
    const contact = aor.length + 1
    const line = contact + this.#records.get(at, CONTACT_LENGTH) + 1
    return this.#arena.hasLine(cell, line, this.#arena.hasLine(cell, contact, key) ? '' : key)
  }

  #insert(binding: Binding): void {
    const at = this.#allocate()
    const hash = hashOf(binding.aor)
    this.#records.set(at, HASH, hash)
    this.#records.set(at, KEY_HASH, hashOf(binding.key))
    this.#store(at, linesOf(binding))
    this.#size++
    this.#linkHash(at, hash)
    this.#write(at, binding)
    this.#linkFlow(at)
    this.#linkWheel(at)
  }

  /** The text of a refresh is usually the one already there: then only numbers change. */
  #replace(at: number, binding: Binding): void {
    const lines = linesOf(binding)
    if (!this.#arena.hasLines(this.#records.get(at, TEXT), this.#records.get(at, LENGTH), lines)) {
      this.#releaseText(at)
      this.#store(at, lines)
    }
    this.#unlinkWheel(at)
    const isMoved = this.#records.flow(at) !== flowNumber(binding)
    if (isMoved) this.#unlinkFlow(at)
    this.#write(at, binding)
    if (isMoved) this.#linkFlow(at)
    this.#linkWheel(at)
  }

  #store(at: number, lines: readonly string[]): void {
    const text = lines.join('\n')
    this.#records.set(at, TEXT, this.#arena.store(text))
    this.#records.set(at, LENGTH, text.length)
    this.#records.set(at, CONTACT_LENGTH, lines[1]?.length ?? 0)
  }

  #releaseText(at: number): void {
    this.#arena.release(this.#records.get(at, TEXT), this.#records.get(at, LENGTH))
  }

  #write(at: number, binding: Binding): void {
    const records = this.#records
    records.setExpires(at, binding.expires)
    records.setFlow(at, flowNumber(binding))
    records.set(at, CSEQ, binding.cseq)
    records.set(at, Q, binding.q)
    records.set(at, REG_ID, binding.regId ?? 0)
    records.set(at, FLOW_BOUND, binding.flowBound ? 1 : 0)
    records.set(at, OWNER, this.#names.number(binding.owner))
    records.set(at, USER_AGENT, this.#names.number(binding.userAgent))
  }

  /** @param aor undefined: the one that the record has */
  #read(at: number, aor: string | undefined): Binding {
    const records = this.#records
    const text = this.#arena.read(records.get(at, TEXT), records.get(at, LENGTH))
    const regId = records.get(at, REG_ID)
    const flow = records.flow(at)
    return new StoredBinding(aor ?? text.slice(0, text.indexOf('\n')), text, records.get(at, CONTACT_LENGTH), {
      q: records.get(at, Q),
      expires: records.expires(at),
      cseq: records.get(at, CSEQ) >>> 0,
      regId: regId === 0 ? undefined : regId,
      owner: this.#names.name(records.get(at, OWNER)),
      flowBound: records.get(at, FLOW_BOUND) === 1,
      flow: flow === none ? undefined : (flow as FlowId),
      userAgent: this.#names.name(records.get(at, USER_AGENT)),
    })
  }

  #delete(at: number): void {
    this.#unlinkWheel(at)
    this.#unlinkHash(at)
    this.#unlinkFlow(at)
    this.#releaseText(at)
    this.#records.set(at, BUCKET, none)
    this.#records.set(at, NEXT, this.#free)
    this.#free = at
    this.#size--
  }

  #allocate(): number {
    if (this.#free !== none) {
      const at = this.#free
      this.#free = this.#records.get(at, NEXT)
      return at
    }
    if (this.#used === this.#records.count) this.#records = new Records(Math.ceil(this.#used * 1.5), this.#records)
    this.#records.set(this.#used, BUCKET, none)
    return this.#used++
  }

  #linkHash(at: number, hash: number): void {
    if (this.#size > this.#heads.length) this.#rehash()
    this.#records.set(at, NEXT, this.#head(hash))
    this.#heads[hash & (this.#heads.length - 1)] = at
  }

  /** The record that is being inserted is in no bucket of the wheel yet, and so is left out. */
  #rehash(): void {
    const records = this.#records
    const heads = new Int32Array(this.#heads.length * 2).fill(none)
    for (let at = 0; at < this.#used; at++) {
      if (records.get(at, BUCKET) === none) continue
      const head = records.get(at, HASH) & (heads.length - 1)
      records.set(at, NEXT, heads[head] ?? none)
      heads[head] = at
    }
    this.#heads = heads
  }

  #unlinkHash(at: number): void {
    const hash = this.#records.get(at, HASH)
    let before = none
    for (let one = this.#head(hash); one !== at && one !== none; one = this.#records.get(one, NEXT)) before = one
    const following = this.#records.get(at, NEXT)
    if (before === none) this.#heads[hash & (this.#heads.length - 1)] = following
    else this.#records.set(before, NEXT, following)
  }

  #linkFlow(at: number): void {
    const flow = this.#records.flow(at) as FlowId
    if (flow === none) return
    const first = this.#flows.get(flow) ?? none
    this.#records.set(at, FLOW_NEXT, first)
    this.#records.set(at, FLOW_PREVIOUS, none)
    if (first !== none) this.#records.set(first, FLOW_PREVIOUS, at)
    this.#flows.set(flow, at)
  }

  #unlinkFlow(at: number): void {
    const flow = this.#records.flow(at) as FlowId
    if (flow === none) return
    const following = this.#records.get(at, FLOW_NEXT)
    const before = this.#records.get(at, FLOW_PREVIOUS)
    if (following !== none) this.#records.set(following, FLOW_PREVIOUS, before)
    if (before !== none) this.#records.set(before, FLOW_NEXT, following)
    else if (following !== none) this.#flows.set(flow, following)
    else this.#flows.delete(flow)
  }

  #linkWheel(at: number): void {
    const records = this.#records
    // An expired record goes into the current bucket of the wheel, or a whole turn would pass before it is found.
    const slot = Math.max(Math.floor(records.expires(at) / bucketMs), this.#cursor ?? 0) & (bucketCount - 1)
    const first = this.#wheel[slot] ?? none
    records.set(at, BUCKET, slot)
    records.set(at, WHEEL_NEXT, first)
    records.set(at, WHEEL_PREVIOUS, none)
    if (first !== none) records.set(first, WHEEL_PREVIOUS, at)
    this.#wheel[slot] = at
  }

  #unlinkWheel(at: number): void {
    const records = this.#records
    const following = records.get(at, WHEEL_NEXT)
    const before = records.get(at, WHEEL_PREVIOUS)
    if (before === none) this.#wheel[records.get(at, BUCKET)] = following
    else records.set(before, WHEEL_NEXT, following)
    if (following !== none) records.set(following, WHEEL_PREVIOUS, before)
  }
}

function flowNumber({ flow }: Binding): number {
  return flow ?? none
}
