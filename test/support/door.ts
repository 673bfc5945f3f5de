/** A server whose first octets pass a door before TLS reads them, as the listeners of nodes do. */
import { createServer as createTcp, type Server as TcpServer } from 'node:net'
import type { Server } from 'node:tls'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { EndSettings } from '../../src/faults/catalogue/variation.ts'
import { awaitHello } from '../../src/sip/transport/connection/client-hello.ts'
import { atDoor, beginsWithProxyHeader } from '../../src/sip/transport/connection/door.ts'

/** @param onShut the code of a refusal at the door */
export function behindDoor(
  server: Server,
  settings: EndSettings | undefined,
  onShut: (code: string) => void = () => undefined,
): TcpServer {
  return createTcp({ pauseOnConnect: true }, (raw) => {
    awaitHello(raw, 5000, {
      arrived: (octets) => {
        const answer = atDoor(octets, settings)
        const unawaited = answer.kind === 'open' && answer.skip === 0 && beginsWithProxyHeader(octets)
        if (answer.kind === 'open' && !unawaited) {
          if (answer.skip > 0) raw.read(answer.skip)
          server.emit('connection', raw)
          return
        }
        if (answer.kind === 'shut' && answer.alert !== undefined) raw.end(answer.alert, () => raw.destroy())
        else raw.resetAndDestroy()
        onShut(answer.kind === 'shut' ? answer.code : 'tls.proxy-protocol')
      },
      missing: () => raw.destroy(),
    })
  })
}

/** The certificate for one name beside the default one. */
export function addNamed(server: Server, settings: EndSettings | undefined, rest: SecureContextOptions): void {
  const named = settings?.named
  if (named === undefined) return
  server.addContext(named.name, createSecureContext({ ...rest, cert: named.certificate, key: named.key }))
}
