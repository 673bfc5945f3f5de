/**
 * Writes the compose files: docker-compose.yml for the full picture, compose/NAME.yml for each shipped topology.
 * `npm run compose` runs it; `--check` only says which are not current.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadTopology, topologyNames } from '../src/topology/load.ts'
import { planLab } from '../src/topology/plan.ts'
import { renderCompose } from '../src/topology/render/compose.ts'

const root = join(import.meta.dirname, '..')
const fullPicture = 'edge-pool'

/** By path below the repository. */
export function composeFiles(): ReadonlyMap<string, string> {
  const planOf = (name: string) => planLab(loadTopology(name), { addressing: 'containers' })
  const others = topologyNames().map(
    (name) => [`compose/${name}.yml`, renderCompose(planOf(name), { context: '..' })] as const,
  )
  return new Map([['docker-compose.yml', renderCompose(planOf(fullPicture))], ...others])
}

export function staleFiles(): readonly string[] {
  return [...composeFiles()]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(([path]) => path)
}

if (import.meta.main) {
  const stale = staleFiles()
  if (process.argv.includes('--check')) {
    for (const path of stale) process.stderr.write(`${path} is not current; npm run compose writes it\n`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    mkdirSync(join(root, 'compose'), { recursive: true })
    for (const path of stale) writeFileSync(join(root, path), composeFiles().get(path) ?? '')
  }
}
