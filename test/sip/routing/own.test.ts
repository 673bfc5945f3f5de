/** How a node names itself where one face listens at several ports. */
import t from 'tap'
import { OwnNames } from '../../../src/sip/routing/own.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { testFlow } from '../../support/arrival.ts'

const own = new OwnNames({
  internal: {
    name: 'sip.lab.test',
    recordRouteName: 'sip.lab.test',
    ports: {},
    serverPorts: { tls: 5061 },
    ownPorts: [5061, 10443],
    alsoKnownAs: [],
  },
})

const flowAt = (port: number, direction: Flow['direction']): Flow => ({
  ...testFlow(),
  direction,
  local: { address: '192.0.2.1', port },
})

t.test('a client is told the port it came by', async (t) => {
  t.equal(own.recordRoute(flowAt(10443, 'accepted'), 'sip', undefined), '<sip:sip.lab.test:10443;transport=tls;lr>')
})

t.test('the port of one flow is not told to a client of another', async (t) => {
  t.same(
    [10443, 5061, 10443].map((port) =>
      own.recordRoute(flowAt(port, 'accepted'), 'sip', undefined).includes(`:${port};`),
    ),
    [true, true, true],
  )
})

t.test('a server that was dialled is told the port for servers, not the one the connection has here', async (t) => {
  t.equal(own.recordRoute(flowAt(48211, 'dialled'), 'sip', 'token'), '<sip:token@sip.lab.test:5061;transport=tls;lr>')
})

t.test('behind a service that leads elsewhere, a client is told the port it dialled', async (t) => {
  const behind = new OwnNames({
    internal: {
      name: 'sip.lab.test',
      recordRouteName: 'sip.lab.test',
      ports: {},
      serverPorts: { tls: 5061 },
      ownPorts: [5061, 443],
      dialledAs: new Map([
        [10443, 443],
        [15061, 5061],
      ]),
      alsoKnownAs: [],
    },
  })
  const route = behind.recordRoute(flowAt(10443, 'accepted'), 'sip', undefined)
  t.equal(route, '<sip:sip.lab.test:443;transport=tls;lr>')
})
