import t from 'tap'
import { junit, type JunitSuite } from '../../src/reports/junit.ts'

const suite: JunitSuite = {
  name: 'one <suite>',
  at: '2026-01-01T00:00:00.000Z',
  ms: 1500,
  cases: [
    { group: 'g', name: 'well', ms: 1, result: { kind: 'passed' } },
    { group: 'g', name: 'well, with a remark', ms: 0, result: { kind: 'passed', output: 'a < b' } },
    { group: 'g', name: 'not well', ms: 2, result: { kind: 'failed', type: 'x.y', message: '"m"', detail: 'd' } },
    { group: 'g', name: 'not tried', ms: 0, result: { kind: 'skipped', because: 'no & never' } },
  ],
}

t.test('a JUnit document', async (t) => {
  const xml = junit('all', [suite, { ...suite, cases: [] }])

  t.test('counts cases of all suites', async (t) => {
    t.match(xml, '<testsuites name="all" tests="4" failures="1" time="3.000">')
  })

  t.test('counts cases of each suite', async (t) => {
    t.match(
      xml,
      '<testsuite name="one &lt;suite&gt;" tests="4" failures="1" skipped="1" errors="0" time="1.500" timestamp="2026',
    )
    t.match(xml, 'tests="0" failures="0" skipped="0"')
  })

  t.test('has one element for each result', async (t) => {
    t.match(xml, '<testcase classname="g" name="well" time="0.001"/>')
    t.match(xml, '><system-out>a &lt; b</system-out></testcase>')
    t.match(xml, '><failure type="x.y" message="&quot;m&quot;">d</failure></testcase>')
    t.match(xml, '><skipped message="no &amp; never"/></testcase>')
  })
})
