import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/**
 * A folder for a whole test file, removed when its process ends. `t.testdir()` of the outermost `t` is one folder for
 * all files that run in one process (test/unit).
 */
export function ownFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
