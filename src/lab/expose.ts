/**
 * `siplab up --expose outer=192.0.2.10`: one face of a lab on an address of this machine that others reach. Only doors
 * that ask who comes are opened there.
 */
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { LabPlan, Listener, NodePlan } from '../topology/plan-types.ts'
import { LabError } from './lab-error.ts'

/** The faces that may be exposed, each with its address: `outer` is the outside face of the access proxy. */
export interface Exposure {
  readonly outer: string
}

/** IPv4 addresses of this machine that are not loopback. */
function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) =>
    all.flatMap(({ address, family, internal }) => (family === 'IPv4' && !internal ? [address] : [])),
  )
}

/**
 * @param plan with the exposure
 * @returns the warning, for people
 * @throws LabError `expose.address`, `expose.face`, `expose.door`, `expose.taken`
 */
export async function checkExposure(
  plan: LabPlan,
  { outer }: Exposure,
  addresses: readonly string[] = machineAddresses(),
): Promise<string> {
  if (!addresses.includes(outer))
    throw refused(
      'address',
      `an IPv4 address of this machine that is not loopback (${addresses.join(', ') || 'it has none'})`,
      outer,
    )
  const node = plan.nodes.find(({ role }) => role === 'access-proxy')
  if (node === undefined)
    throw refused('face', 'a lab with an access proxy, whose outside face is exposed, such as edge', plan.topology)
  const doors = node.listeners.filter(({ address }) => address === outer)
  const open = doors.find((door) => whyOpen(node, door) !== undefined)
  if (open !== undefined)
    throw refused(
      'door',
      'only listeners that authenticate peers: mutual TLS, or TLS with sign-in of users',
      `${open.transport} ${open.port} of ${node.name}: ${whyOpen(node, open) ?? ''}. Switch it off in the lab file ` +
        '(listeners, enabled: false)',
    )
  for (const { port, transport } of doors) {
    const trouble = await cannotListen(outer, port)
    if (trouble !== undefined)
      throw refused('taken', 'ports that are free', `${outer}:${port} (${transport}, ${trouble})`)
  }
  return warning(plan, node, outer, doors)
}

/** Undefined: the door asks for a certificate, or users have to sign in behind it. */
function whyOpen({ settings }: NodePlan, { transport, mutual }: Listener): string | undefined {
  if (transport !== 'tls' && transport !== 'wss') return 'it has no TLS, so passwords and calls are sent in clear text'
  if (mutual === 'required') return undefined
  const usersSignIn = settings.kind === 'access-proxy' && settings.allowOutsideUsers
  return usersSignIn ? undefined : 'it asks for no certificate, and no user may sign in there'
}

function warning(plan: LabPlan, { name }: NodePlan, address: string, doors: readonly Listener[]): string {
  const list = doors.map(({ transport, port }) => `${transport} ${port}`).join(', ')
  const remote = plan.users.filter((user) => user.remote).map(({ login }) => login)
  const passwords =
    remote.length === 0
      ? ''
      : ` The passwords of ${remote.join(', ')} stand in the lab file: anyone who knows them signs in.`
  return (
    `warning: ${name} listens on ${address} (${list}); every machine that reaches this address reaches the lab. ` +
    `It is a lab, not a server for production.${passwords} DNS stays on loopback: ` +
    `siplab plan ${plan.topology} --format hosts has the names.`
  )
}

function refused(what: 'address' | 'face' | 'door' | 'taken', wanted: string, found: string): LabError {
  return new LabError('usage', `expose.${what}`, `--expose outer: wanted ${wanted}; found ${found}`)
}

function cannotListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
