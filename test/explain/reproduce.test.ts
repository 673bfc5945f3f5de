import t from 'tap'
import { faultFor, namedInLab, reproduce, reproducible } from '../../src/explain/reproduce.ts'
import { faultList } from '../../src/faults/targets.ts'

/** Said beside the verdict of the refusal: the server would not have missed the certificate. */
const beside: Readonly<Record<string, string>> = { 'tls.client-cert-unneeded': 'cert.eku-missing' }

t.test('every command that shows a cause names a fault of the catalogue, which has this verdict', async (t) => {
  for (const code of reproducible) {
    const faults = faultList.filter(({ name }) => name === faultFor(code))
    t.ok(
      faults.some(({ verdict }) => verdict === (beside[code] ?? namedInLab(code))),
      `${code}: ${faultFor(code)} has ${faults.map(({ verdict }) => verdict).join()}`,
    )
  }
})

t.test('the end is one at which the fault can stand', async (t) => {
  for (const code of reproducible) {
    const end = / --as (server|client)$/.exec(reproduce(code)[1] ?? '')?.[1]
    const sides = faultList.find(({ name }) => name === faultFor(code))?.sides
    if (end !== undefined && sides !== undefined)
      t.ok(
        sides.some((side) => side === end),
        `${code}: ${sides.join()}`,
      )
  }
})

t.test('a fault that needs another lab says which', async (t) => {
  t.same(reproduce('crl.unreachable'), ['siplab up edge-pool', 'siplab break edge crl-point-unreachable'])
  t.same(reproduce('clock.wrong'), ['siplab up edge --movable-clock', 'siplab break director clock-behind'])
})

t.test('every verdict of a fault that a lab can show has its commands', async (t) => {
  const shown = faultList.flatMap(({ verdict, notInALab }) =>
    verdict === undefined || notInALab !== undefined ? [] : [verdict],
  )
  t.same(
    [...new Set(shown)].filter((code) => !reproducible.some((each) => each === code)),
    [],
  )
})
