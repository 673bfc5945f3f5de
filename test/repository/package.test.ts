import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository as root, runProgram } from '../support/command.ts'
import type { CommandOptions } from '../support/command.ts'

const { dependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly version: string
}

/** npm of this machine, with the Node that runs the tests; nothing is fetched. */
async function npm(args: readonly string[], folder: string): Promise<void> {
  const { status, stderr } = await runProgram('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    environment: { npm_config_loglevel: 'error' },
  })
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${folder}:\n${stderr}`)
}

async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args, options)
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`)
  return stdout
}

/** The sources as git has them, so that packing leaves the tree as it is. */
function copyOfTheTree(to: string): string {
  for (const name of [
    'src',
    'config',
    'scenarios',
    'scripts',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(to, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'))
  return to
}

/** Installs the tarball alone; its dependencies are those of the repository, so no registry is asked. */
async function installed(tarball: string, folder: string): Promise<string> {
  mkdirSync(folder)
  const overrides = Object.fromEntries(
    Object.keys(dependencies).map((name) => [name, `file:${join(root, 'node_modules', name)}`]),
  )
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'empty',
      private: true,
      dependencies: { ...overrides, siplab: `file:${tarball}` },
      overrides,
    }),
  )
  await npm(['install', '--install-links=false', '--ignore-scripts'], folder)
  return folder
}

t.test('the packed package', async (t) => {
  const tree = copyOfTheTree(t.testdir({ out: {} }))
  await npm(['pack', '--pack-destination', join(tree, 'out')], tree)
  const tarball = readdirSync(join(tree, 'out')).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  const folder = await installed(join(tree, 'out', tarball), join(tree, 'empty'))
  const bin = join(folder, 'node_modules', '.bin', 'siplab')

  t.test('holds JavaScript and declarations, and no TypeScript source', async (t) => {
    const files = readdirSync(join(folder, 'node_modules', 'siplab'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules'),
    )
    t.strictSame(
      files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts')),
      [],
    )
    t.ok(files.includes(join('dist', 'sip', 'index.d.ts')))
  })

  t.test('runs siplab --help and --version', async (t) => {
    t.match(await run(process.execPath, [bin, '--help']), /siplab up/)
    t.equal((await run(process.execPath, [bin, '--version'])).trim(), version)
  })

  t.test('plans a shipped topology', async (t) => {
    const stdout = await run(process.execPath, [bin, 'plan', 'edge', '--json'], { cwd: folder })
    t.match(JSON.parse(stdout), { topology: 'edge' })
  })

  t.test('gives siplab and siplab/sip to import', async (t) => {
    const script =
      `import { loadTopology } from 'siplab'; import * as sip from 'siplab/sip'; ` +
      `console.log(JSON.stringify([loadTopology('edge').name, Object.keys(sip).length > 10]))`
    const stdout = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder })
    t.strictSame(JSON.parse(stdout), ['edge', true])
  })
})
