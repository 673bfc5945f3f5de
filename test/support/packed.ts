/** The package as npm would publish it, installed in an empty folder; no registry is asked. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository as root, runProgram } from './command.ts'
import type { CommandOptions } from './command.ts'

const { name, dependencies, version, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly version: string
  readonly files: readonly string[]
}

export const packageName = name
export const packageVersion = version

/** npm of this machine, with the Node that runs the tests; nothing is fetched. */
async function npm(args: readonly string[], folder: string, timeoutMs?: number): Promise<void> {
  const { status, stderr } = await runProgram('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    environment: { npm_config_loglevel: 'error' },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${folder}:\n${stderr}`)
}

/** What a program printed; rejects with its complaint unless it ended with 0. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args, options)
  if (status !== 0) throw new Error(`${args.join(' ')} ended with status ${status}:\n${(stdout + stderr).slice(-4000)}`)
  return stdout
}

/** The sources as git has them, so that packing leaves the tree as it is. */
function copyOfTheTree(to: string): string {
  const built = ['dist', 'src/cli/siplab.mjs']
  const sources = ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
  for (const name of [...sources, ...files.filter((each) => !built.includes(each))]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(to, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'))
  return to
}

/** Installs the tarball alone; its dependencies are those of the repository. */
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

/**
 * Packs a copy of the tree.
 *
 * @param scratch an empty folder
 * @param timeoutMs how long npm may take; absent: as long as a test may wait
 * @returns the tarball
 */
export async function pack(scratch: string, timeoutMs?: number): Promise<string> {
  mkdirSync(join(scratch, 'out'))
  const tree = copyOfTheTree(scratch)
  await npm(['pack', '--pack-destination', join(tree, 'out')], tree, timeoutMs)
  const tarball = readdirSync(join(tree, 'out')).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  return join(tree, 'out', tarball)
}

/**
 * Packs the tree and installs the tarball.
 *
 * @param scratch an empty folder
 * @returns the folder that holds node_modules/siplab
 */
export async function packAndInstall(scratch: string): Promise<string> {
  return installed(await pack(scratch), join(scratch, 'empty'))
}
