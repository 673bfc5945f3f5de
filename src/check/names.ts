/**
 * DNS lint for a domain: the records a deployment needs, inside and outside, and whether the servers they lead to bear
 * those names.
 */
import { toVerdict } from '../certificates/examine/index.ts'
import { certificateFaults } from './certificate-step.ts'
import { isNamedIn, type Candidate } from './discover.ts'
import { dialSecure } from './handshake.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { failure, fine, fromVerdict, note, warning, type Finding } from './step.ts'
import { handshakeOptions } from './tls-step.ts'
import { ResolveError, type Resolver, type SrvRecord } from '../sip/transport/dial/resolver.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface NameView {
  readonly name: 'inside' | 'outside'
  readonly resolver: Resolver
  /** With the trust for servers seen from this side. */
  readonly options: CheckOptions
  /**
   * What a plan says of one SRV name: target and port, `absent` where it has none. Absent altogether: there is no plan.
   */
  readonly planned?: (service: string) => { readonly target: string; readonly port: number } | 'absent'
  /** The firewall table; absent: there is none. */
  readonly portIsOpen?: (address: string, port: number) => boolean
}

interface Service {
  readonly service: string
  readonly view: NameView['name']
  readonly transport: 'tls' | 'tcp'
  /** Usual ports (topology-facts §3, §4). */
  readonly ports: readonly number[]
  /** A deployment without it still works. */
  readonly optional: boolean
  readonly use: string
}

const services: readonly Service[] = [
  {
    service: '_sipinternaltls._tcp',
    view: 'inside',
    transport: 'tls',
    ports: [5061],
    optional: false,
    use: 'clients inside find their server over TLS',
  },
  {
    service: '_sipinternal._tcp',
    view: 'inside',
    transport: 'tcp',
    ports: [5060],
    optional: true,
    use: 'clients inside find their server over TCP',
  },
  {
    service: '_sip._tls',
    view: 'outside',
    transport: 'tls',
    ports: [443, 5061],
    optional: false,
    use: 'remote users find the access proxy',
  },
  {
    service: '_sipfederationtls._tcp',
    view: 'outside',
    transport: 'tls',
    ports: [5061],
    optional: true,
    use: 'partners find the access proxy',
  },
]

/** @param views at least one; a domain without a record in any of them fails */
export async function lintNames(log: CheckLog, domain: string, views: readonly NameView[]): Promise<void> {
  let exists = false
  for (const view of views) {
    await log.step(`names.${view.name}`, `${domain}, ${view.name} view`, async (inner) => {
      for (const service of services) {
        const found =
          service.view === view.name
            ? await lintService(inner, service, domain, view)
            : await lintLeak(inner, service, domain, view)
        exists ||= found
      }
      if (view.name === 'outside' && (await lintHost(inner, `sip.${domain}`, view))) exists = true
      const worst =
        inner.steps.find(({ outcome }) => outcome === 'failed') ??
        inner.steps.find(({ outcome }) => outcome === 'warning')
      return { finding: worst ?? fine('The records are right.'), value: undefined }
    })
  }
  if (!exists)
    log.put(
      'names.domain',
      `records of ${domain}`,
      failure('dns.not-found', {
        message: `The DNS has no SIP record of ${domain}`,
        found: `none of ${services.length} SRV names and no address of sip.${domain}`,
        fix: 'check the name of the domain, or publish its SRV records',
      }),
    )
}

/** @returns whether the record exists, as far as the DNS says */
async function lintService(log: CheckLog, wanted: Service, domain: string, view: NameView): Promise<boolean> {
  const name = `${wanted.service}.${domain}`
  return log.step(
    `names.${view.name}.${wanted.service}`,
    `SRV ${name}: ${wanted.use}`,
    async (inner): Promise<Done<boolean>> => {
      const records = await srvOf(view.resolver, name)
      if ('outcome' in records) return { finding: records, value: true }
      const planned = view.planned?.(name)
      if (records.length === 0) return { finding: missing(name, wanted, planned), value: false }
      const equal = records.length > 1 && records.every(({ priority }) => priority === records[0]?.priority)
      if (equal)
        inner.put(
          `names.${view.name}.${wanted.service}.several`,
          'several records',
          warning('dns.wrong-target', {
            message: 'Clients do not spread over several SRV records of one priority',
            found: records.map(({ target }) => target).join(', '),
            fix: 'publish one record that leads to the pool',
          }),
        )
      for (const record of records.slice(0, 4)) await lintTarget(inner, record, wanted, domain, view)
      const worst =
        inner.steps.find(({ outcome }) => outcome === 'failed') ??
        inner.steps.find(({ outcome }) => outcome === 'warning')
      if (worst !== undefined) return { finding: worst, value: true }
      return {
        finding:
          againstPlan(records, planned) ??
          fine(`It points to ${records.map(({ target, port }) => `${target}:${port}`).join(', ')}.`),
        value: true,
      }
    },
  )
}

function missing(
  name: string,
  { optional, use }: Service,
  planned: ReturnType<Exclude<NameView['planned'], undefined>> | undefined,
): Finding {
  const details = {
    message: `There is no record SRV ${name}: ${use} by other names or not at all`,
    fix: `add the record SRV ${name}`,
  }
  if (planned !== undefined && planned !== 'absent')
    return failure('dns.not-found', { ...details, found: `the plan has ${planned.target}:${planned.port}` })
  if (planned === 'absent' || optional)
    return note('dns.not-found', { message: `There is no record SRV ${name}, and none is needed` })
  return warning('dns.not-found', details)
}

function againstPlan(
  records: readonly SrvRecord[],
  planned: ReturnType<Exclude<NameView['planned'], undefined>> | undefined,
): Finding | undefined {
  if (planned === undefined) return undefined
  const found = records.map(({ target, port }) => `${target}:${port}`).join(', ')
  if (planned === 'absent')
    return warning('dns.wrong-target', { message: 'The record is not in the plan', found, fix: 'remove the record' })
  if (records.some(({ target, port }) => target === planned.target && port === planned.port)) return undefined
  return failure('dns.wrong-target', { found: `${found}, the plan has ${planned.target}:${planned.port}` })
}

/** One target: in the domain, with an address, behind an open port, and with a certificate that bears its name. */
async function lintTarget(
  log: CheckLog,
  record: SrvRecord,
  { ports, transport, service }: Service,
  domain: string,
  view: NameView,
): Promise<void> {
  const id = `names.${view.name}.${service}`
  const target = record.target.toLowerCase()
  if (!isNamedIn(target, domain, false))
    log.put(`${id}.domain`, `${target} in ${domain}`, failure('dns.srv-outside-domain', { found: target }))
  const addresses = await addressesOf(view.resolver, target)
  if ('outcome' in addresses) return log.put(`${id}.address`, `address of ${target}`, addresses)
  if (addresses.length === 0)
    return log.put(
      `${id}.address`,
      `address of ${target}`,
      failure('dns.not-found', {
        message: `The target ${target} has no address`,
        fix: `add an A record for ${target}`,
      }),
    )
  log.put(`${id}.address`, `address of ${target}`, fine(addresses.join(', '), { addresses: [...addresses] }))
  log.put(`${id}.port`, `port ${record.port}`, portFinding(record.port, ports, addresses, view))
  if (transport === 'tls')
    await lintCertificate(
      log,
      id,
      { host: target, port: record.port, transport, addresses, names: [target], found: service },
      view,
    )
}

function portFinding(
  port: number,
  usual: readonly number[],
  addresses: readonly string[],
  { portIsOpen }: NameView,
): Finding {
  const [address = ''] = addresses
  if (portIsOpen?.(address, port) === false)
    return failure('link.timeout', {
      message: 'The firewall table does not open this port',
      found: endpointText(address, port),
      fix: 'open the port, or let the record name another: siplab plan --format nftables',
    })
  if (portIsOpen !== undefined) return fine(`${endpointText(address, port)} is open in the firewall table.`)
  if (usual.includes(port)) return fine(`${port} is usual here.`)
  return warning('dns.wrong-target', {
    message: 'The port is unusual for this service',
    found: `${port}, usual ${usual.join(' or ')}`,
    fix: 'check that firewalls on the way let the port pass',
  })
}

async function lintHost(log: CheckLog, host: string, view: NameView): Promise<boolean> {
  const addresses = await addressesOf(view.resolver, host)
  const title = `A ${host}`
  if ('outcome' in addresses) {
    log.put(`names.${view.name}.sip`, title, addresses)
    return true
  }
  log.put(
    `names.${view.name}.sip`,
    title,
    addresses.length > 0
      ? fine(addresses.join(', '))
      : warning('dns.not-found', {
          message: `${host} has no address outside; clients that find no SRV record try it`,
          fix: `add an A record for ${host}`,
        }),
  )
  return addresses.length > 0
}

/** The name on the certificate that answers there; trust and dates are the business of a check of that host. */
async function lintCertificate(log: CheckLog, id: string, candidate: Candidate, { options }: NameView): Promise<void> {
  await log.step(
    `${id}.certificate`,
    `certificate at ${endpointText(candidate.host, candidate.port)}`,
    async (): Promise<Done<undefined>> => {
      const seen = await dialSecure(
        { address: candidate.addresses[0] ?? '', port: candidate.port },
        { ...handshakeOptions(candidate, options), askStaple: false },
      )
      if (seen.kind === 'broken') return { finding: warning(seen.code, { found: seen.found }), value: undefined }
      seen.talk.close()
      const examination = certificateFaults(seen.chain, candidate, options)
      const naming = examination.faults.find(({ code }) => nameCodes.has(code))
      const diagnosis = toVerdict(examination)
      const shown = [diagnosis, ...(diagnosis?.others ?? [])].find((one) => one?.code === naming?.code)
      if (naming !== undefined && shown !== undefined)
        return { finding: fromVerdict(shown, {}, naming.refuses ? 'failed' : 'warning'), value: undefined }
      return { finding: fine(`The certificate has the name ${candidate.host}.`), value: undefined }
    },
  )
}

const nameCodes: ReadonlySet<string> = new Set([
  'cert.name-mismatch',
  'cert.wildcard',
  'cert.name-missing',
  'cert.cn-not-in-san',
  'cert.malformed',
])

/** Names for the inside have no business outside (split DNS), and the other way round does no harm. */
async function lintLeak(
  log: CheckLog,
  { service, view: home }: Service,
  domain: string,
  view: NameView,
): Promise<boolean> {
  if (home !== 'inside') return false
  const records = await srvOf(view.resolver, `${service}.${domain}`)
  if ('outcome' in records || records.length === 0) return false
  log.put(
    `names.${view.name}.${service}.leak`,
    `SRV ${service}.${domain} outside`,
    warning('dns.wrong-target', {
      message: 'A record for the inside is visible outside: remote clients try it first and fail',
      found: records.map(({ target }) => target).join(', '),
      fix: 'remove the record from the outside view',
    }),
  )
  return true
}

async function srvOf(resolver: Resolver, name: string): Promise<readonly SrvRecord[] | Finding> {
  return answerOf(async () => (await resolver.srv(name)).filter(({ target }) => target !== '.'))
}

async function addressesOf(resolver: Resolver, host: string): Promise<readonly string[] | Finding> {
  return answerOf(async () => {
    const v4 = await resolver.a(host)
    return v4.length > 0 ? v4 : resolver.aaaa(host)
  })
}

async function answerOf<T extends readonly unknown[]>(question: () => Promise<T>): Promise<T | Finding> {
  try {
    return await question()
  } catch (error) {
    if (error instanceof ResolveError) return failure('dns.unreachable', { found: error.message })
    throw error
  }
}
