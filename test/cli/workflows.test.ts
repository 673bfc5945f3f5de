/** action.yml and the workflow snippets of docs/dashboards.md: well formed, and their commands are taken. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { takenBy } from '../support/command-lines.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, unknown>>
}

interface Action {
  readonly name: string
  readonly description: string
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly required?: boolean }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

const action = parse(read('action.yml')) as Action
const snippets = [...read('docs/dashboards.md').matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text)

t.test('action.yml', async (t) => {
  t.test(
    'is a composite action whose steps either use an action of a fixed major version or run a shell',
    async (t) => {
      t.equal(action.runs.using, 'composite')
      for (const { uses, run, shell } of action.runs.steps)
        if (uses === undefined) t.match({ run, shell }, { run: String, shell: String })
        else t.match(uses, /^[\w-]+\/[\w-]+@v\d+$/)
    },
  )

  t.test('puts no input into a script: a shell never reads what a workflow wrote as code', async (t) => {
    for (const { run = '' } of action.runs.steps) t.notMatch(run, /\$\{\{/)
  })

  t.test('uses only inputs that it declares', async (t) => {
    const used = [...read('action.yml').matchAll(/\$\{\{ inputs\.([\w-]+) \}\}/g)].map(([, name = '']) => name)
    t.ok(used.length > 0)
    for (const name of used) t.ok(name in action.inputs, name)
  })

  t.test('runs its last step as bash of a runner does', async (t) => {
    const { run = '', env = {} } = action.runs.steps.at(-1) ?? {}
    t.strictSame(Object.keys(env).toSorted(), ['ACTION_PATH', 'SIPLAB_COMMAND'])
    const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      encoding: 'utf8',
      env: { ...process.env, ACTION_PATH: new URL('.', root).pathname, SIPLAB_COMMAND: 'plan edge --format hosts' },
    })
    t.equal(status, 0)
    t.match(stdout, /sip\.lab\.test/)
  })

  t.test('hands the exit status of siplab on: a failed check fails the job', async (t) => {
    const { run = '' } = action.runs.steps.at(-1) ?? {}
    const { status } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      env: { ...process.env, ACTION_PATH: new URL('.', root).pathname, SIPLAB_COMMAND: 'plan edgee' },
    })
    t.equal(status, 2)
  })
})

t.test('the workflow snippets of docs/dashboards.md', async (t) => {
  t.test('are well-formed YAML', async (t) => {
    t.ok(snippets.length >= 4)
    for (const snippet of snippets) t.doesNotThrow(() => parse(snippet))
  })

  t.test('have commands that siplab takes', async (t) => {
    const lines = snippets.flatMap((text) => [
      ...[...text.matchAll(/\bcommand: (.+)/g)].map(([, words = '']) => `siplab ${words}`),
      ...[...text.matchAll(/\bnpx (siplab .+)/g)].map(([, words = '']) => words),
    ])
    t.ok(lines.length >= 4)
    for (const line of lines) t.equal(await takenBy(line), undefined, line)
  })

  t.test('give the action only inputs that it has', async (t) => {
    const given = snippets.flatMap((text) => valuesOf(parse(text), 'with', /^OWNER\/siplab@/))
    t.ok(given.length > 0)
    for (const inputs of given) for (const name of Object.keys(inputs)) t.ok(name in action.inputs, name)
  })
})

/** `with` of every step that uses our action. */
function valuesOf(value: unknown, key: 'with', uses: RegExp): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null) return []
  const own = value as Step
  const here = uses.test(own.uses ?? '') && own[key] !== undefined ? [own[key]] : []
  return [...here, ...Object.values(value).flatMap((inner) => valuesOf(inner, key, uses))]
}
