/** Every Record-Route value leads back to the listener that it names, for every pair of transports and schemes. */
import { equal, ok } from 'node:assert/strict'
import { fc } from '../../support/property.ts'
import t from 'tap'
import { parseNameAddress } from '../../../src/sip/message/index.ts'
import { OwnNames } from '../../../src/sip/routing/own.ts'
import { locateTarget } from '../../../src/sip/transport/dial/locate.ts'
import type { TransportName } from '../../../src/sip/transport/flow.ts'
import { FakeFlow } from '../../support/fake-transport.ts'

const names = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const
const portOf: Readonly<Record<TransportName, number>> = { udp: 5060, tcp: 5062, tls: 5061, ws: 8080, wss: 8443 }

// conformance: RFC 5630 §5.1.2 — a Record-Route value says sips only where its side is secured, and names a listener
t.test('a Record-Route value names a listener of its side', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom('sip', 'sips'),
      fc.constantFrom('accepted', 'dialled' as const),
      fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
      (transport, scheme, direction, others) => {
        // A flow is accepted where there is a listener; a dialled one may be of another transport.
        const listening = direction === 'accepted' ? [...new Set([transport, ...others])] : ['tls' as const, ...others]
        const ports = Object.fromEntries(listening.map((name) => [name, portOf[name]]))
        const own = new OwnNames({
          internal: { name: 'fe1.lab.test', recordRouteName: 'fe1.lab.test', ports, alsoKnownAs: [] },
        })
        const { uri } = parseNameAddress(own.recordRoute(new FakeFlow({ transport, direction }), scheme, undefined))
        const { secure, port, transport: named } = locateTarget(uri)
        const leads = listening.find((name) => portOf[name] === port)
        equal(leads, named)
        ok(!secure || leads === 'tls' || leads === 'wss', `${uri.text} is no secured listener`)
      },
    ),
  )
})
