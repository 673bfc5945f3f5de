import t from 'tap'
import { sourceOf } from '../../../src/sip/transport/source.ts'

t.test('an IPv4 address is a source of its own, however it is written', async (t) => {
  t.equal(sourceOf('192.0.2.7'), '192.0.2.7')
  t.equal(sourceOf('::ffff:192.0.2.7'), '192.0.2.7')
  t.equal(sourceOf('edge.lab.test'), 'edge.lab.test')
})

t.test('an IPv6 network of 64 bits is one source, however its addresses are written', async (t) => {
  for (const address of [
    '2001:db8:0:1::7',
    '[2001:DB8:0:1:a:b:c:d]',
    '2001:db8::1:0:0:0:9',
    '2001:db8:0:1:0:0:1.2.3.4',
  ])
    t.equal(sourceOf(address), '2001:db8:0:1::/64', address)
  t.not(sourceOf('2001:db8:0:2::7'), sourceOf('2001:db8:0:1::7'))
  t.equal(sourceOf('::1'), '0:0:0:0::/64')
})
