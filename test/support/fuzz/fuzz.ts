/**
 * Damaged input for everything that reads what strangers send. A finding is an exception that is not the reader's own,
 * a broken promise of the reader, or a reading that takes far too long.
 */
import { createHash } from 'node:crypto'

export interface FuzzTarget {
  readonly name: string
  /** Good input, and findings of the past. */
  readonly corpus: readonly Buffer[]
  /** Words that lead deeper into the reader than random octets. */
  readonly words: readonly string[]
  /** Returns when the reader has read or refused the input; throws for a finding. */
  read(octets: Buffer, next: Random): void | Promise<void>
  close?(): Promise<void>
}

/** `next(6)`: 0 to 5. */
export type Random = (below: number) => number

export interface Finding {
  readonly target: string
  readonly octets: Buffer
  readonly error: string
  /** The one-based input of that target, from this seed on. */
  readonly input: number
}

export interface FuzzResult {
  readonly tried: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

/** Of the processor, not of the clock: readers take milliseconds, also on a machine that stands still meanwhile. */
const slowMs = 5000
/** Findings of one kind are shown once; a run with more kinds ends. */
const mostFindings = 20
const longestInput = 70_000

/** xorshift32: the same seed gives the same damage. */
export function random(seed: number): Random {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

/**
 * All targets, each for the same time; what a target is given depends on the seed alone.
 *
 * @param isOver asked after each input, with the number of all inputs
 */
export async function fuzz(
  targets: readonly FuzzTarget[],
  seed: number,
  isOver: (inputs: number) => boolean,
): Promise<FuzzResult> {
  const states = targets.map((target) => ({ target, next: random(seed ^ hashOf(target.name)), tried: 0, spentMs: 0 }))
  const findings = new Map<string, Finding>()
  for (let inputs = 1; ; inputs += 1) {
    const [state] = states.toSorted((a, b) => a.spentMs - b.spentMs)
    if (state === undefined) break
    const { target, next } = state
    state.tried += 1
    const octets = damaged(target, next)
    const began = performance.now()
    const error = await errorOf(target, octets, next)
    state.spentMs += performance.now() - began
    if (error !== undefined) {
      const kind = `${target.name} ${error.split('\n').slice(0, 2).join(' ').replace(/\d+/g, 'N')}`
      if (!findings.has(kind)) findings.set(kind, { target: target.name, octets, error, input: state.tried })
    }
    if (findings.size >= mostFindings || isOver(inputs)) break
  }
  return {
    tried: Object.fromEntries(states.map(({ target, tried }) => [target.name, tried])),
    findings: [...findings.values()],
  }
}

/** What is wrong with reading these octets; undefined: nothing. */
export async function errorOf(target: FuzzTarget, octets: Buffer, next: Random): Promise<string | undefined> {
  const began = process.cpuUsage()
  try {
    await target.read(octets, next)
  } catch (error) {
    return error instanceof Error ? (error.stack ?? String(error)) : String(error)
  }
  const { user, system } = process.cpuUsage(began)
  const took = (user + system) / 1000
  return took > slowMs ? `took ${Math.round(took)} ms for ${octets.length} octets` : undefined
}

/** A test of a finding, ready to be pasted. */
export function testOf({ target, octets, error }: Finding): string {
  const [summary = ''] = error.split('\n')
  const base64 = octets.toString('base64')
  return [
    `// test/fuzz/corpus.test.ts reads it: test/fixtures/fuzz/${target}/${nameOf(octets)}.b64`,
    `t.test(${JSON.stringify(`${target}: ${summary.slice(0, 80)}`)}, async (t) => {`,
    `  const octets = Buffer.from('${base64}', 'base64')`,
    `  t.equal(await errorOf(await openTarget('${target}'), octets, random(1)), undefined)`,
    '})',
  ].join('\n')
}

function nameOf(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex').slice(0, 12)
}

function hashOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0)
}

const telling = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3c, 0x3d, 0x5c, 0x7f, 0x80, 0xff]

/** One to eight changes of a good input. */
function damaged({ corpus, words }: FuzzTarget, next: Random): Buffer {
  let octets: Buffer = Buffer.from(corpus[next(corpus.length)] ?? Buffer.alloc(1))
  for (let edits = 1 + next(8); edits > 0; edits -= 1) octets = edited(octets, { corpus, words }, next)
  return octets.subarray(0, longestInput)
}

function edited(octets: Buffer, { corpus, words }: Pick<FuzzTarget, 'corpus' | 'words'>, next: Random): Buffer {
  const at = next(octets.length + 1)
  const to = Math.min(octets.length, at + next(1 + next(64)))
  const with_ = (middle: Uint8Array, end = at): Buffer =>
    Buffer.concat([octets.subarray(0, at), middle, octets.subarray(end)])
  switch (next(8)) {
    case 0:
      return with_(Buffer.from([next(256)]), at + 1)
    case 1:
      return with_(Buffer.from([telling[next(telling.length)] ?? 0]), at + next(2))
    case 2:
      return with_(Buffer.from([(octets[at] ?? 0) ^ (1 << next(8))]), at + 1)
    case 3:
      return with_(Buffer.alloc(0), to)
    case 4:
      return with_(Buffer.from(words[next(words.length)] ?? '', 'latin1'), at + next(2) * (to - at))
    case 5:
      return with_(Buffer.concat(Array(1 + next(1 << next(10))).fill(octets.subarray(at, to)))).subarray(
        0,
        longestInput,
      )
    case 6: {
      const other = corpus[next(corpus.length)] ?? octets
      return Buffer.concat([octets.subarray(0, at), other.subarray(next(other.length + 1))])
    }
    default:
      return octets.subarray(0, at)
  }
}
