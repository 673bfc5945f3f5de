/** What `siplab break` prints first. */
import t from 'tap'
import { summaryOf } from '../../src/cli/commands/faults.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const quiet = { fault: 'trust-list-too-long', remarks: [], links: [], named: true } as const

t.test('the first line of break is the finding of the fault, though it is a remark behind others', async (t) => {
  const remarks = [verdict('crl.not-checked', { node: 'fe1' }), verdict('trust.too-long', { node: 'fe1' })]
  const [first, outcome] = summaryOf({ ...quiet, expected: 'trust.too-long', remarks })
  t.match(first, /^fe1: trust\.too-long/)
  t.equal(outcome, 'a remark names the fault; every link stays up')
})

t.test('a control that no one minds is not led by the remark of a bystander', async (t) => {
  const remarks = [verdict('chain.expired', { node: 'director' })]
  const [first, outcome] = summaryOf({ ...quiet, fault: 'cross-signed', remarks })
  t.equal(first, 'every link stays up with cross-signed')
  t.equal(outcome, 'as expected; a node reports chain.expired')
})

t.test('an outcome without any finding says so', async (t) => {
  const [, outcome] = summaryOf({ ...quiet, expected: 'trust.too-long', named: false })
  t.equal(outcome, 'nothing names the fault; expected trust.too-long')
})

t.test('a verdict about something else is no success', async (t) => {
  const [first, outcome] = summaryOf({
    ...quiet,
    expected: 'cert.expired',
    named: false,
    verdict: verdict('link.refused', { node: 'edge', link: 'edge->director' }),
  })
  t.match(first, /^edge->director: link\.refused/)
  t.equal(outcome, 'the verdict does not name the fault; expected cert.expired')
})
