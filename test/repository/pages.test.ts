/** The command blocks of README and docs, and the list of those that do not run. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { blocksOf, commandsOf, strayCommands } from '../../scripts/page-blocks.ts'
import { blocksOfPage, pagesOfRepository, whyNot } from '../../scripts/pages.ts'
import { given, notRun } from '../../scripts/pages-not-run.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = pagesOfRepository()

/** Walked by .ci/jobs/your-own, with the programs that it needs. */
const ownJob = new Set(['docs/your-own.md', 'docs/house-style.md', 'docs/api-siplab.md', 'docs/api-sip.md'])

t.test('every command of a page is in a sh block, where a run finds it', async (t) => {
  const stray = pages
    .filter((page) => !ownJob.has(page))
    .flatMap((page) => strayCommands(page, readFileSync(join(root, page), 'utf8')))
  t.strictSame(stray, [])
})

t.test('every entry of the list of blocks that do not run is a block', async (t) => {
  const blocks = pages.flatMap(blocksOfPage)
  t.strictSame(
    notRun.filter(({ page, first }) => !blocks.some((block) => block.page === page && block.text.startsWith(first))),
    [],
  )
})

t.test('every page that takes something as given has a block that runs', async (t) => {
  t.strictSame(
    Object.keys(given).filter((page) => blocksOfPage(page).every((block) => whyNot(block) !== undefined)),
    [],
  )
})

t.test('every block that runs is cut into commands', async (t) => {
  for (const block of pages.flatMap(blocksOfPage))
    t.ok(commandsOf(block.text).length > 0, `${block.page}:${block.line}`)
})

t.test('a command goes on over the next line where a shell would wait', async (t) => {
  const block = "siplab scenario run a \\\n  b\nfor n in 1 2; do\n  echo $n\ndone\n\n# why\nprintf 'a\nb'\nlast"
  t.strictSame(
    commandsOf(block).map(({ text }) => text.split('\n').length),
    [2, 3, 2, 1],
  )
})

t.test('a comment names the exit status, and what runs until Ctrl-C', async (t) => {
  const [refused, follows, plain] = commandsOf(
    'siplab check fe1   # exit status 1: it has expired\nsiplab events --follow # until Ctrl-C\nsiplab down',
  )
  t.match(refused, { status: 1, untilInterrupted: false })
  t.match(follows, { status: 0, untilInterrupted: true })
  t.match(plain, { status: 0, untilInterrupted: false })
})

t.test('a block inside a list loses the indent of its fence', async (t) => {
  t.match(blocksOf('p.md', '- a\n\n  ```sh\n  siplab up\n  ```\n'), [{ line: 3, text: 'siplab up' }])
})

t.test('an open quote at the end of a block is an error', async (t) => {
  t.throws(() => commandsOf("echo 'a"), /does not end/)
})
