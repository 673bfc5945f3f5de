import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { about, houseSvg, readHouse } from '../../scripts/docs-house.ts'

const root = resolve(import.meta.dirname, '../..')
const inside = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const pages = [...inside('.'), ...inside('docs')]
const decisions = inside('docs/decisions')

/** `src/…` and what is short for it: a path below a room of src, or of the stack. */
const starts = ['', 'src', 'src/sip', 'src/roles']
const firsts = new Set([
  'console',
  ...['src', 'test', 'scripts', 'bench', 'docs', 'config'],
  ...['src', 'src/sip', 'src/roles'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    ),
  ),
])

/** Paths in backquotes: `roles/law/table.ts`; not `certs/x.pem` of a lab, nor what a line calls planned or new. */
function pathsIn(page: string): readonly string[] {
  return readFileSync(join(root, page), 'utf8')
    .split('\n')
    .filter((line) => !/planned|new file/i.test(line))
    .flatMap((line) => [...line.matchAll(/`([a-z][\w.-]*\/[\w./-]*)`/g)])
    .map(([, path = '']) => path)
    .filter((path) => firsts.has(path.split('/')[0] ?? '') && /\/$|[.][a-z]+$/.test(path))
}

function linksIn(page: string): readonly string[] {
  return [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
}

t.test('docs/house.svg shows the rooms and imports of src now', async (t) => {
  t.equal(readFileSync(join(root, 'docs/house.svg'), 'utf8'), houseSvg(readHouse()), 'npm run docs')
})

t.test('the picture says of every room what it is for', async (t) => {
  t.strictSame(
    [...readHouse().imports.keys()].filter((room) => about[room] === undefined),
    [],
  )
})

for (const page of pages)
  t.test(`every path of the sources named in ${page} exists`, async (t) => {
    t.strictSame(
      pathsIn(page).filter((path) => !starts.some((start) => existsSync(join(root, start, path)))),
      [],
    )
  })

t.test('every link to a file leads to one', async (t) => {
  const dead = [...pages, ...decisions].flatMap((page) =>
    linksIn(page)
      .filter((link) => !existsSync(join(root, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  )
  t.strictSame(dead, [])
})

t.test('every decision named in docs and sources exists', async (t) => {
  const sources = ['src', 'scripts', 'test', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /[.]m?[jt]s$/.test(name))
      .map((name) => join(folder, name)),
  )
  const known = new Set(decisions.map((page) => page.slice('docs/decisions/'.length, 'docs/decisions/'.length + 4)))
  const unknown = [...pages, ...decisions, ...sources].flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/decisions\/(\d{4})/g)]
      .filter(([, number = '']) => !known.has(number))
      .map(([, number = '']) => `${file}: ${number}`),
  )
  t.ok(known.size > 0)
  t.strictSame(unknown, [])
})
