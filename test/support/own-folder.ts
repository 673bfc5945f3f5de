import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

/** The same with files in it: `ownFiles(t, { 'root.pem': pem })`; mode 0600, as keys want it. */
export function ownFiles(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = ownFolder(t)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 })
  return folder
}
