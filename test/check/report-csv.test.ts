import t from 'tap'
import { csvReport } from '../../src/check/report-csv.ts'
import { fine } from '../../src/check/step.ts'

for (const text of ['=1+1', '@A1', ' \n=1+1', '\n1', '\uff1d1+1', '\uff0d1'])
  t.test(`a cell is no formula: ${JSON.stringify(text)}`, async (t) => {
    const steps = [{ id: 'tcp', title: text, ms: 1, steps: [], ...fine('it works') }]
    const report = { target: 'sip.lab.test', profile: 'modern', at: '2026-11-29T12:00:00.000Z', steps }
    t.ok(csvReport([report as never]).includes(`"'${text}"`))
  })
