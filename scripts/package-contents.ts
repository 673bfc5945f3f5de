/** What the package holds, looked at where `npm install` put it. */
import { deepStrictEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageVersion, run } from '../test/support/packed.ts'

/** JavaScript and declarations, no TypeScript source but that of the examples. */
export function holdsNoSource(folder: string): void {
  const files = readdirSync(join(folder, 'node_modules', 'siplab'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('node_modules'),
  )
  deepStrictEqual(
    files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.startsWith('examples')),
    [],
  )
  ok(files.includes(join('dist', 'library', 'sip.d.ts')), 'no dist/library/sip.d.ts')
}

/** `--help`, `--version`, a plan of a shipped topology, and both modules. */
export async function answers(folder: string): Promise<void> {
  const bin = join(folder, 'node_modules', '.bin', 'siplab')
  const siplab = (...args: readonly string[]): Promise<string> => run(process.execPath, [bin, ...args], { cwd: folder })
  match(await siplab('--help'), /siplab up/)
  equal((await siplab('--version')).trim(), packageVersion)
  equal((JSON.parse(await siplab('plan', 'edge', '--json')) as { topology: string }).topology, 'edge')
  const script =
    `import { loadTopology, startLab } from 'siplab'; import * as sip from 'siplab/sip'; ` +
    `console.log(JSON.stringify([loadTopology('edge').name, typeof startLab, typeof sip.registrar]))`
  const found = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder })
  deepStrictEqual(JSON.parse(found), ['edge', 'function', 'function'])
}

/** The pages that README and the pages of docs link to. */
export function holdsLinkedPages(folder: string): void {
  const home = join(folder, 'node_modules', 'siplab')
  const inside = (name: string): readonly string[] =>
    readdirSync(join(home, name)).flatMap((each) => (each.endsWith('.md') ? [join(name, each)] : []))
  // The evidence of conformance.md is in test/, which is not published.
  const pages = [...inside('.'), ...inside('docs')].filter((page) => page !== join('docs', 'conformance.md'))
  const dead = pages.flatMap((page) =>
    [...readFileSync(join(home, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(home, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  )
  ok(pages.length > 20, `${pages.length} pages`)
  deepStrictEqual(dead, [])
}
