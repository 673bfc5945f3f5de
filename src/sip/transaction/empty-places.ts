/**
 * The places of a table that holds nothing yet. `Array.from` takes seven times as long, and large tables grow under
 * load (bench/proxy.ts, UDP calls).
 */
export function emptyPlaces<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}
