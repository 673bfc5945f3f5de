/**
 * The load balancer of a pool as an HAProxy configuration: connections pass through as TCP, TLS ends on the front end.
 */
import type { LoadBalancerSettings, NodePlan } from '../plan-types.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface HaproxyOptions {
  /** Front ends are asked for in the DNS of the container again and again: their addresses change. */
  readonly followsNames?: boolean
}

/**
 * Configuration of one load balancer: `renderHaproxy(nodePlan(plan, 'pool'))`. A front end that does not take a
 * connection is left out until it does again; connections that it ended are ended, so that clients come back through
 * another one at once.
 *
 * @throws RangeError for a node of another role
 */
export function renderHaproxy(node: NodePlan, { followsNames = false }: HaproxyOptions = {}): string {
  const { settings } = node
  if (settings.kind !== 'load-balancer')
    throw new RangeError(`wanted a load balancer, found ${node.name}, which is ${node.role}`)
  const lines = [
    'global',
    '  maxconn 4096',
    ...(followsNames ? ['resolvers cluster', '  parse-resolv-conf', '  hold valid 1s'] : []),
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    '  retries 2',
    '  option redispatch 1',
    '  timeout client 1h',
    '  timeout server 1h',
    // A host that fell silent is found out; one that only takes no new connections (a drained node) keeps those it has.
    '  option tcpka',
    '  srvtcpka-idle 5s',
    '  srvtcpka-intvl 2s',
    '  srvtcpka-cnt 3',
    // A front end that has no address yet is down, and no mistake of this file.
    ...(followsNames ? ['  default-server resolvers cluster init-addr libc,none'] : []),
    ...settings.ports.flatMap((port) => listen(node, settings, port)),
  ]
  return `${lines.join('\n')}\n`
}

function listen(node: NodePlan, { backends }: LoadBalancerSettings, port: number): readonly string[] {
  return [
    `listen sip-${port}`,
    ...node.listeners
      .filter((listener) => listener.port === port)
      .map(({ address }) => `  bind ${endpointText(address, port)}`),
    '  balance leastconn',
    '  default-server check inter 1s fall 2 rise 1',
    ...backends.map(({ node: name, address }) => `  server ${name} ${endpointText(address, port)}`),
  ]
}
