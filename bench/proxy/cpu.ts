/**
 * What a process tree costs: CPU seconds and memory, read from /proc (Linux). Threads and live children are counted.
 */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** User and system seconds spent so far by `pid` and every live descendant, with what ended children left behind. */
export function cpuSeconds(pid: number): number {
  return tree(pid).reduce((sum, each) => sum + secondsOf(each), 0)
}

/**
 * By the scheduler's account of the live threads, in nanoseconds; /proc/PID/stat counts whole ticks, a twentieth of a
 * short round. Threads that ended in a live process are left out: ours and Kamailio's stay. Ended children, and all of
 * it where the kernel keeps no such account, are read from the ticks.
 */
function secondsOf(pid: number): number {
  const fields = statFields(pid)
  if (fields === undefined) return 0
  const inTicks = (...places: readonly number[]): number =>
    places.reduce((sum, at) => sum + Number(fields[at]), 0) / ticksPerSecond
  return (threadSeconds(pid) ?? inTicks(11, 12)) + inTicks(13, 14)
}

/** undefined: the kernel keeps no account. */
function threadSeconds(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return threads.reduce((sum, each) => sum + each, 0) / 1e9
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Proportional set size of the tree in bytes: shared pages count once, split among those who share them. */
export function memoryBytes(pid: number): number {
  return tree(pid).reduce((sum, each) => sum + pss(each), 0)
}

function tree(root: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), pid])
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** Fields of /proc/PID/stat behind the command name; undefined when the process ended meanwhile. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

function pss(pid: number): number {
  try {
    const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    return Number(line?.[1] ?? 0) * 1024
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ESRCH'
}
