/** What a page tells a reader to type is taken by the program as it is now. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { named, takenBy, wholeProgram } from '../support/command-lines.ts'

const root = new URL('../../', import.meta.url)
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

interface Line {
  readonly page: string
  readonly text: string
}

/** Lines of code blocks, fenced or indented, without comments behind them. */
function codeLines(page: string): readonly Line[] {
  let fenced = false
  return readFileSync(new URL(page, root), 'utf8')
    .split('\n')
    .flatMap((line): readonly Line[] => {
      if (line.startsWith('```')) {
        fenced = !fenced
        return []
      }
      const text = line.trim().replace(/\s+#.*$|\s{2,}.*$/, '')
      return fenced || line.startsWith('    ') ? [{ page, text }] : []
    })
}

const lines = pages.flatMap(codeLines)
const program = await wholeProgram()

t.test('every siplab command of a page is one, with options and arguments that it takes', async (t) => {
  const typed = lines.filter(({ text }) => /^(?:npx )?siplab [a-z]/.test(text))
  t.ok(typed.length > 50, `${typed.length} commands were found`)
  const refused = await Promise.all(
    typed.map(async ({ page, text }) => {
      const because = await takenBy(text)
      return because === undefined ? [] : [`${page}: ${text}: ${because}`]
    }),
  )
  t.strictSame(refused.flat(), [])
})

t.test('a phone of a page says whose it is: the shipped labs have four users', async (t) => {
  t.strictSame(
    lines.filter(({ text }) => /^(?:npx )?siplab phone\b/.test(text) && !/--(?:as|uri|count|help)\b/.test(text)),
    [],
  )
})

t.test('a script of ours is run with the Node that npm brought along', async (t) => {
  t.strictSame(
    lines.filter(({ text }) => /^node /.test(text)),
    [],
  )
})

t.test('the contract says of a trace what its help says', async (t) => {
  const help = named(program, 'trace')?.description() ?? ''
  const contract = readFileSync(new URL('docs/contract.md', root), 'utf8')
  t.match([help, contract], [/TLS secrets are never written/, /TLS secrets are never written/])
})

t.test('the house style lists no room that is not there, unless it is planned', async (t) => {
  const style = readFileSync(new URL('docs/house-style.md', root), 'utf8')
  const rooms = [...style.matchAll(/^ {2}([a-z-]+)\/ +(.*)$/gm)].filter(([, , text]) => !/^planned:/.test(text ?? ''))
  const there = new Set(readdirSync(new URL('src/', root)))
  t.strictSame(
    rooms.map(([, name]) => name).filter((name) => name !== undefined && !there.has(name)),
    [],
  )
})
