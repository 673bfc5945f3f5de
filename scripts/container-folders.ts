/**
 * Makes the folders that volumes are mounted on, for every topology in config/: `node scripts/container-folders.ts
 * /data`. A named volume takes owner and mode from the folder it is first mounted on.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadTopology, topologyNames } from '../src/topology/load.ts'
import { planLab } from '../src/topology/plan.ts'

const root = process.argv[2] ?? '/data'
const nodes = new Set(
  topologyNames().flatMap((name) =>
    planLab(loadTopology(name), { addressing: 'containers' }).nodes.map((node) => node.name),
  ),
)
for (const folder of ['pki', ...[...nodes].map((node) => join('nodes', node))])
  mkdirSync(join(root, folder), { recursive: true, mode: 0o700 })
