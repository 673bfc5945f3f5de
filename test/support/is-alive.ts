import { readFileSync } from 'node:fs'

/**
 * Whether a process runs. One that has ended and waits for its parent to ask how (a zombie) does not: the parent of
 * orphans may never ask, where the first process of a container is no init.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT')) return false
    throw error
  }
}
