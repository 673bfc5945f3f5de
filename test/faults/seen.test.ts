import t from 'tap'
import { judged } from '../../src/faults/seen.ts'
import { verdict } from '../../src/verdicts/codes.ts'

t.test('the remark that names the fault comes first, wherever a node put it', async (t) => {
  const remark = { ...verdict('crl.not-checked'), others: [verdict('cert.is-ca'), verdict('trust.too-long')] }
  const { remarks } = judged(
    { kind: 'accepted', verdict: 'trust.too-long' },
    { verdicts: [], remarks: [remark], links: [], notes: [] },
  )
  t.strictSame(
    remarks.map(({ code }) => code),
    ['trust.too-long', 'crl.not-checked', 'cert.is-ca'],
  )
})
