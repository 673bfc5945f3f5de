/** How sure a ratio is that was measured in pairs, on a machine that does other things too. */

export interface PairedRatio {
  /** Geometric mean of the ratios of the pairs. */
  readonly ratio: number
  /** Ends of its 95 % interval; NaN with fewer than two pairs. */
  readonly low: number
  readonly high: number
  readonly pairs: number
}

/** Student's t, two-sided 95 %, for 1 to 30 degrees of freedom. */
const t95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const

/**
 * Student's interval over the logarithms of the ratios: what slows a pair down slows both of its sides, and a ratio and
 * its inverse weigh the same. With eight pairs resampling would give too narrow an interval; this one needs no seed.
 *
 * @param ours one number a pair; @param other the numbers of the same pairs
 * @throws RangeError when a number has no partner, or is not above 0
 */
export function pairedRatio(ours: readonly number[], other: readonly number[]): PairedRatio {
  if (ours.length !== other.length || ours.length === 0)
    throw new RangeError(`wanted pairs, found ${ours.length} numbers beside ${other.length}`)
  const logs = ours.map((mine, at) => Math.log(mine / (other[at] ?? NaN)))
  if (!logs.every(Number.isFinite)) throw new RangeError(`wanted costs above 0, found ${ours.join()} ÷ ${other.join()}`)
  const pairs = logs.length
  const mean = logs.reduce((sum, one) => sum + one, 0) / pairs
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (pairs - 1)
  // Beyond the table the last value is a little too wide.
  const half = (t95[Math.min(pairs - 1, t95.length) - 1] ?? NaN) * Math.sqrt(variance / pairs)
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half), pairs }
}

/** The cost is above the bar beyond doubt: the whole interval is. */
export function isAboveBar({ low }: PairedRatio, bar: number): boolean {
  return low > bar
}
