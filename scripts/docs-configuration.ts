/** Writes config/*.schema.json and docs/configuration.md: `node scripts/docs-configuration.ts`. */
import { writeFileSync } from 'node:fs'
import { configurationFiles } from '../src/topology/configuration-docs.ts'

for (const { path, text } of configurationFiles()) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text)
  console.error(path)
}
