import { readFileSync } from 'node:fs'
import t from 'tap'
import { configurationFiles } from '../../src/topology/configuration-docs.ts'
import { loadTopology, topologyNames } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { renderSvg } from '../../src/topology/render/svg.ts'

const top = new URL('../../', import.meta.url)

const wallSheet = { path: 'docs/edge.svg', text: renderSvg(planLab(loadTopology('edge'))) }

for (const { path, text } of [...configurationFiles(), wallSheet]) {
  t.test(`${path} is current (node scripts/docs-configuration.ts writes it)`, async (t) => {
    t.equal(readFileSync(new URL(path, top), 'utf8'), text)
  })
}

t.test('every setting of the lab file has a sentence', async (t) => {
  const page = configurationFiles().find(({ path }) => path === 'docs/configuration.md')?.text ?? ''
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  t.ok(rows.length > 50)
  t.strictSame(
    rows.filter((row) => row.split(' | ')[3]?.trim() === ''),
    [],
  )
})

t.test('every lab file names its schema for editors', async (t) => {
  for (const name of topologyNames())
    t.match(
      readFileSync(new URL(`config/${name}.yaml`, top), 'utf8'),
      /^# yaml-language-server: \$schema=\.\/topology\.schema\.json/,
    )
})
