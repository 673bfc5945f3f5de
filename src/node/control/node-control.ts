/** What a SIP server answers on its control socket; see control-api.ts for the list. */
import { assignReference, generalTab, securityTab, setMtls, unassignReference } from '../administration.ts'
import type { Binding } from '../../services/location/binding.ts'
import { StoreError } from '../../services/store/store-error.ts'
import { parseNameAddress } from '../../sip/message/name-address.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import type { LinkFault } from '../../sip/transport/types.ts'
import type { FlowStatus, NodeEvent, Registration } from './control-api.ts'
import {
  type ControlAnswer,
  type ControlCall,
  ControlRefusal,
  type ControlRoutes,
  ControlUsageError,
  json,
  type LineStream,
} from './control-server.ts'
import { traceLines } from './trace-lines.ts'
import { nodeDirectory } from '../diagnosis.ts'
import type { AccountChange, ControlledNode } from '../controlled-node.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export function nodeControl(service: ControlledNode): ControlRoutes {
  return {
    'GET /status': () => json(service.status),
    'GET /events': (call) => events(service, call),
    'GET /flows': () => json(liveFlows(service)),
    'GET /registrations': async () => json(await registrations(service)),
    'GET /trace': (call) => trace(service, call),
    'GET /metrics': () => json(metrics(service)),
    'POST /link-fault': ({ body }) => linkFault(service, body),
    'POST /probe': async ({ body }) => json(await service.links.probe(optionalText(body, 'peer'))),
    'POST /redial': async ({ body }) => json(await service.links.redial(optionalText(body, 'peer'))),
    'POST /ask-store': async () => json(await service.askStores()),
    'POST /forget-user': async ({ body }) => {
      await forgetUser(service, text(body, 'aor'), accountChange(optionalText(body, 'because') ?? 'removed'))
      return json({})
    },
    'POST /forget-accounts': () => {
      service.forgetAccounts()
      return json({})
    },
    ...settingsRoutes(service),
    ...lifeRoutes(service),
  }
}

/** The two tabs of the server's properties, and the way to change them. */
function settingsRoutes(service: ControlledNode): ControlRoutes {
  return {
    'GET /settings/general': () => json(generalTab(service.administered)),
    'GET /settings/security': ({ query }) =>
      json(securityTab(service.administered, { force: query.get('force') === '1' })),
    'POST /assign': async ({ body }) => {
      assignReference(service.administered, text(body, 'reference'), text(body, 'certificate'), {
        force: flag(body, 'force'),
      })
      return json(await service.reload())
    },
    'POST /unassign': async ({ body }) => {
      unassignReference(service.administered, text(body, 'reference'), { force: flag(body, 'force') })
      return json(await service.reload())
    },
    'POST /mtls': async ({ body }) => {
      setMtls(service.administered, flag(body, 'on'))
      return json(await service.reload())
    },
    'POST /reload': async () => json(await service.reload()),
  }
}

function lifeRoutes(service: ControlledNode): ControlRoutes {
  return {
    'POST /drain': async () => {
      await service.drain()
      return json({})
    },
    'POST /stop': () => {
      setImmediate(() => void service.stop())
      return json({})
    },
  }
}

function events({ recorder }: ControlledNode, { query }: ControlCall): ControlAnswer {
  const after = Number(query.get('after') ?? 0)
  if (!Number.isInteger(after)) throw new ControlUsageError(`after: wanted a number, found ${query.get('after')}`)
  return {
    kind: 'lines',
    start(stream: LineStream) {
      for (const event of recorder.events.after(after)) stream.write(event)
      if (query.get('follow') !== '1') return stream.end()
      stream.onClose(recorder.events.follow((event: NodeEvent) => stream.write(event)))
    },
  }
}

/** A live flow keeps the certificates it was opened with, whatever was renewed since. */
function liveFlows({ stack, plan, lab }: ControlledNode): readonly FlowStatus[] {
  const who = nodeDirectory(lab)
  return [...(stack?.transport.flows() ?? [])].map(({ direction, transport, local, remote, own, peer }) => ({
    link:
      direction === 'dialled'
        ? `${plan.name}->${who.byAddress(remote.address)}`
        : `${who.byAddress(remote.address)}->${plan.name}`,
    direction,
    transport,
    local: endpointText(local.address, local.port),
    remote: endpointText(remote.address, remote.port),
    ...(own === undefined ? {} : { own: own.serial }),
    ...(peer === undefined ? {} : { peer: peer.serial }),
  }))
}

/** Front ends of one pool each know every binding: it belongs to the one whose flow it came by. */
async function registrations({ stores, stack, plan, lab, clock }: ControlledNode): Promise<readonly Registration[]> {
  const found: Registration[] = []
  if (stores?.location === undefined) return found
  const names = new Map(lab.nodes.map(({ fqdn, name }) => [fqdn, name]))
  for await (const binding of stores.location.all()) {
    const flow = binding.flow === undefined ? undefined : stack?.transport.flow(binding.flow)
    found.push({
      aor: binding.aor,
      contact: binding.contact,
      node: names.get(binding.owner) ?? plan.name,
      ...reachedBy(binding, flow),
      expiresSeconds: Math.max(0, Math.round((binding.expires - clock.wall()) / 1000)),
      ...(binding.userAgent === '' ? {} : { userAgent: binding.userAgent }),
    })
  }
  return found
}

/**
 * The flow of the registration, the first hop of its Path when it came through others, nothing when neither is left.
 */
function reachedBy({ path, flowBound }: Binding, flow: Flow | undefined): { readonly flow?: string } {
  if (flow?.open === true) {
    const { transport, local, remote } = flow
    const from = endpointText(remote.address, remote.port)
    return { flow: `${transport} ${endpointText(local.address, local.port)} <- ${from}` }
  }
  const [first] = path
  if (first !== undefined) return { flow: `by way of ${parseNameAddress(first).uri.host}` }
  return flowBound ? {} : { flow: 'dialled' }
}

const accountChanges: readonly AccountChange[] = ['disabled', 'removed', 'moved']

function accountChange(wanted: string): AccountChange {
  const known = accountChanges.find((one) => one === wanted)
  if (known === undefined)
    throw new ControlUsageError(`because: wanted ${accountChanges.join(', ')}, found ${JSON.stringify(wanted)}`)
  return known
}

async function forgetUser(service: ControlledNode, aor: string, because: AccountChange): Promise<void> {
  try {
    await service.forgetUser(aor, because)
  } catch (error) {
    if (error instanceof StoreError) throw new ControlRefusal(error.code, error.message)
    throw error
  }
}

function metrics({ stack, status }: ControlledNode): Readonly<Record<string, number>> {
  const counts = stack?.proxy.transactions.counts
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  return {
    flows: status.flows,
    registrations: status.registrations,
    clientTransactions: counts?.client ?? 0,
    serverTransactions: counts?.server ?? 0,
    openServerTransactions: counts?.open ?? 0,
    strayResponses: counts?.stray ?? 0,
    foreignMessages: counts?.foreign ?? 0,
    residentBytes: rss,
    heapBytes: heapTotal,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    cpuMicroseconds: process.cpuUsage().user + process.cpuUsage().system,
  }
}

function trace({ wire }: ControlledNode, call: ControlCall): ControlAnswer {
  return traceLines(call.query.get('decisions') === '1' ? [wire, wire.decisions] : [wire], call)
}

function linkFault(service: ControlledNode, body: unknown): ControlAnswer {
  const peer = text(body, 'peer')
  const fault = field(body, 'fault')
  if (fault === undefined) {
    service.links.setFault(peer, undefined)
  } else {
    const kind = text(fault, 'kind')
    const amount = field(fault, 'amount') ?? 0
    const name = optionalText(fault, 'name')
    if (!isLinkFault(kind))
      throw new ControlUsageError(`fault.kind: wanted ${linkFaultKinds.join(', ')}, found ${kind}`)
    if (typeof amount !== 'number') throw new ControlUsageError('fault.amount: wanted a number')
    service.links.setFault(peer, { kind, amount, ...(name === undefined ? {} : { name }) })
  }
  service.recorder.record('link.fault', {
    message: fault === undefined ? `The link to ${peer} has no fault now` : `A fault was put on the link to ${peer}`,
    data: { peer, ...(fault === undefined ? {} : { fault }) },
  })
  return json({})
}

const linkFaultKinds = ['cut', 'silent', 'delay', 'slow', 'reset', 'dialled-name'] as const

function isLinkFault(kind: string): kind is LinkFault['kind'] {
  return linkFaultKinds.some((known) => known === kind)
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
}

function text(body: unknown, name: string): string {
  const value = field(body, name)
  if (typeof value !== 'string' || value === '')
    throw new ControlUsageError(`${name}: wanted text, found ${JSON.stringify(value) ?? 'nothing'}`)
  return value
}

function optionalText(body: unknown, name: string): string | undefined {
  return field(body, name) === undefined ? undefined : text(body, name)
}

function flag(body: unknown, name: string): boolean {
  const value = field(body, name)
  if (value !== undefined && typeof value !== 'boolean')
    throw new ControlUsageError(`${name}: wanted true or false, found ${JSON.stringify(value)}`)
  return value === true
}
