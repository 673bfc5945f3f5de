/** The package as it would be published. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { packageVersion, packAndInstall, run } from '../support/packed.ts'

t.test('the packed package', async (t) => {
  const folder = await packAndInstall(t.testdir())
  const bin = join(folder, 'node_modules', '.bin', 'siplab')

  t.test('holds JavaScript and declarations, and no TypeScript source', async (t) => {
    const files = readdirSync(join(folder, 'node_modules', 'siplab'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules'),
    )
    t.strictSame(
      files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.startsWith('examples')),
      [],
    )
    t.ok(files.includes(join('dist', 'library', 'sip.d.ts')))
  })

  t.test('runs siplab --help and --version', async (t) => {
    t.match(await run(process.execPath, [bin, '--help']), /siplab up/)
    t.equal((await run(process.execPath, [bin, '--version'])).trim(), packageVersion)
  })

  t.test('plans a shipped topology', async (t) => {
    const stdout = await run(process.execPath, [bin, 'plan', 'edge', '--json'], { cwd: folder })
    t.match(JSON.parse(stdout), { topology: 'edge' })
  })

  t.test('gives siplab and siplab/sip to import', async (t) => {
    const script =
      `import { loadTopology, startLab } from 'siplab'; import * as sip from 'siplab/sip'; ` +
      `console.log(JSON.stringify([loadTopology('edge').name, typeof startLab, typeof sip.registrar]))`
    const stdout = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder })
    t.strictSame(JSON.parse(stdout), ['edge', 'function', 'function'])
  })

  t.test('holds the pages that README and the pages of docs link to', async (t) => {
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
    t.ok(pages.length > 20)
    t.strictSame(dead, [])
  })
})
