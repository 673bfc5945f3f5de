/** Writes config/*.schema.json, docs/configuration.md and docs/edge.svg: `node scripts/docs-configuration.ts`. */
import { writeFileSync } from 'node:fs'
import { configurationFiles } from '../src/topology/configuration-docs.ts'
import { loadTopology } from '../src/topology/load.ts'
import { planLab } from '../src/topology/plan.ts'
import { renderSvg } from '../src/topology/render/svg.ts'

const wallSheet = { path: 'docs/edge.svg', text: renderSvg(planLab(loadTopology('edge'))) }

for (const { path, text } of [...configurationFiles(), wallSheet]) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text)
  console.error(path)
}
