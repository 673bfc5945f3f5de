// A SIP proxy with registrar: `node proxy.mjs`, then point phones of example.test at 127.0.0.1:5060 (UDP or TCP).
import * as sip from 'siplab/sip'

const self = '127.0.0.1'
const port = Number(process.argv[2] ?? 5060)
const domains = ['example.test']
const clock = sip.systemClock
const users = sip.fixedUsers('example.test', { alice: 'secret-a', bob: 'secret-b' })
const location = sip.memoryLocation({ clock })
const digest = sip.digest({ credentials: users, realm: 'example.test', clock, algorithms: ['SHA-256', 'MD5'] })

const server = await sip.openServer({
  name: self,
  domains,
  listeners: ['udp', 'tcp'].map((transport) => ({ transport, address: self, port })),
  policies: ({ isOpen }) => [
    sip.authenticate({ schemes: [digest], realm: 'example.test', self, clock, accounts: users }),
    sip.registrar({ location, accounts: users, domains, clock, self }),
    sip.localTargets({ location, accounts: users, domains, self, isOpen }),
  ],
  onFlowClosed: (flow) => location.removeFlow(flow.id),
})

console.log(
  `serving ${domains} on ${server.listeners.map(({ local }) => `${local.address}:${local.port}`).join(' and ')}`,
)
