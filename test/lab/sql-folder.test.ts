/**
 * Where a private PostgreSQL cannot lie in the folder of the lab (a lab of root), its data goes with the lab, however
 * that ends.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { siplab, type CommandResult } from '../support/command.ts'
import { postgresqlMissing } from '../support/postgresql.ts'
import { until } from '../support/until.ts'

t.setTimeout(90_000)

const reason =
  (await postgresqlMissing()) ??
  (process.getuid?.() === 0 ? undefined : 'only a lab of root keeps its database outside its folder')

interface Status {
  readonly pid: number
  readonly nodes: readonly { readonly name: string; readonly pid?: number }[]
}

/** The folder of the database of a lab that runs, and its processes. */
interface Running {
  readonly folder: string
  readonly supervisor: number
  readonly sql: number
}

t.test('the data of a private PostgreSQL', { skip: reason ?? false }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'siplab-sqlf-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const file = join(root, 'lab.yaml')
  writeFileSync(
    file,
    `
name: one
about: One front end and its SQL back end.
profile: lcs2005
domain: lab.test
store: postgres
hosts:
  fe1: { role: front-end }
  sql: { role: sql }
users: {}
`,
  )
  const data = join(root, 'data')
  const lab = (...args: readonly string[]): Promise<CommandResult> => siplab([...args, '--data', data])

  async function up(...options: readonly string[]): Promise<Running> {
    const { status, stderr } = await lab('up', file, '--detach', ...options)
    if (status !== 0) throw new Error(stderr)
    return running()
  }

  async function running(): Promise<Running> {
    const { pid, nodes } = JSON.parse((await lab('status', '--json')).stdout) as Status
    const access = JSON.parse(readFileSync(join(data, 'store.json'), 'utf8')) as Readonly<
      Record<string, { readonly folder: string }>
    >
    const folder = access['lab.test']?.folder ?? ''
    if (!existsSync(folder)) throw new Error(`no folder ${folder}`)
    return { folder, supervisor: pid, sql: nodes.find(({ name }) => name === 'sql')?.pid ?? 0 }
  }

  t.test('stays when its own node is killed as well, until somebody asks for the lab', async (t) => {
    const killed = await up()
    for (const pid of [killed.sql, killed.supervisor]) process.kill(pid, 'SIGKILL')
    t.ok(existsSync(killed.folder))
    await up('--fresh')
    t.notOk(existsSync(killed.folder))
  })

  t.test('goes when the supervisor is killed', async (t) => {
    const { folder, supervisor } = await running()
    process.kill(supervisor, 'SIGKILL')
    await t.resolves(until(() => !existsSync(folder)))
  })

  t.test('goes when the lab is brought down, and when one that was killed is', async (t) => {
    const { folder } = await up()
    await lab('down')
    t.notOk(existsSync(folder))
    mkdirSync(folder)
    await lab('down')
    t.notOk(existsSync(folder))
  })
})
