/** A small file system for the folder of a lab, so that its disk can be full without filling that of the machine. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

export interface OwnDisk {
  remove(): void
}

/** Enough for the events of half an hour. */
const megabytes = 256

/** @returns why there is none: it takes root on Linux, and a container may not mount */
export function mountOwnDisk(folder: string): OwnDisk | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount one'
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'siplab-chaos', folder], {
      stdio: 'pipe',
    })
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error)
  }
  return { remove: () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }) }
}
