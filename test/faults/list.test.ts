import t from 'tap'
import { faults } from '../../src/faults/catalogue/index.ts'
import { faultList } from '../../src/faults/list.ts'
import { endsOf } from '../../src/faults/place.ts'

const sidesOf = (name: string): readonly string[] | undefined => faultList.find((fault) => fault.name === name)?.sides

t.test('the list names the ends that break takes with --as', async (t) => {
  t.same(sidesOf('expired'), ['server', 'client'])
  t.same(sidesOf('client-cert-missing'), ['client'])
  t.same(sidesOf('ca-names-filter'), ['server'], 'the node that announces no CA is the server')
  t.same(sidesOf('sni-missing'), ['client'], 'the node that sends no SNI is the client')
  for (const fault of faults) t.same(sidesOf(fault.slug), endsOf(fault), fault.slug)
})
