/**
 * The line `siplab up --json` writes once every node is up or has stopped. Its shape is a promise: docs/contract.md.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import type { ListenerStatus } from '../node/control/control-api.ts'
import { networkText } from '../topology/addressing.ts'
import { enterCommand } from './namespace.ts'
import { foreignFolder } from './foreign.ts'
import type { ForeignPlan, LabPlan } from '../topology/plan-types.ts'

export interface ReadyNode {
  readonly name: string
  readonly role: string
  readonly fqdn: string
  /** Absent when the node has stopped. */
  readonly pid?: number
  readonly listeners: readonly Omit<ListenerStatus, 'serial'>[]
}

export interface ReadyDocument {
  readonly event: 'ready' | 'degraded'
  readonly topology: string
  readonly domain: string
  readonly profile: string
  /** Absolute path of the data folder. */
  readonly data: string
  readonly nodes: readonly ReadyNode[]
  readonly dns: { readonly internal: DnsAddress; readonly external: DnsAddress }
  /** Only of a lab over IPv6. */
  readonly network?: Ipv6Network
  /** Paths of PEM files; a lab without certificates has neither. */
  readonly trust: { readonly internal?: string; readonly public?: string }
  /** Foreign servers, each with the files made for it. Absent: the lab file names none. */
  readonly foreign?: readonly ReadyForeign[]
  readonly users: readonly {
    readonly uri: string
    readonly login: string
    readonly password: string
    readonly home: string
    readonly remote: boolean
  }[]
  /** Only when degraded: why, most important first. */
  readonly verdicts?: readonly Verdict[]
}

/** How a lab over IPv6 came by its addresses. */
export interface Ipv6Network {
  /** `fd51:1ab:41::/48`. */
  readonly prefix: string
  /** `machine`: the loopback device of this machine has them. `namespace`: that of a namespace of the lab's own. */
  readonly on: 'machine' | 'namespace'
  /** What goes before the command line of a program that is to reach the lab; only with `namespace`. */
  readonly enter?: string
}

export interface ReadyForeign {
  readonly name: string
  readonly fqdn: string
  readonly address: string
  readonly port: number
  /** Absolute paths. Certificate and key are absent where it brings its own. */
  readonly certificate?: string
  readonly key?: string
  /** What it has to trust. */
  readonly roots: string
}

interface DnsAddress {
  readonly address: string
  readonly port: number
}

/** One line for each change after the first. */
export type LabChange =
  | {
      readonly event: 'node-stopped'
      readonly node: string
      readonly exit?: number
      readonly signal?: string
      readonly verdict?: Verdict
    }
  | { readonly event: 'node-ready'; readonly node: string; readonly pid: number }
  | { readonly event: 'link-refused'; readonly verdict: Verdict }
  | { readonly event: 'stopped' }

export interface ReadyParts {
  readonly data: string
  readonly nodes: readonly ReadyNode[]
  readonly trust: ReadyDocument['trust']
  readonly verdicts: readonly Verdict[]
  /** Of an IPv6 lab: runs in a network namespace of its own. */
  readonly inNamespace: boolean
  /** A node stopped, with or without a verdict. */
  readonly incomplete: boolean
}

export function readyDocument(plan: LabPlan, parts: ReadyParts): ReadyDocument {
  const { data, nodes, trust, verdicts, incomplete, inNamespace } = parts
  const degraded = incomplete || verdicts.length > 0
  return {
    event: degraded ? 'degraded' : 'ready',
    topology: plan.topology,
    domain: plan.domain,
    profile: plan.profile.name,
    data,
    nodes,
    dns: { internal: dnsAddress(plan, 'internal'), external: dnsAddress(plan, 'external') },
    ...(plan.addressing === 'ipv6' ? { network: ipv6Network(plan, inNamespace) } : {}),
    trust,
    ...(plan.foreign.length === 0 ? {} : { foreign: plan.foreign.map((server) => readyForeign(data, server)) }),
    users: plan.users,
    ...(degraded ? { verdicts } : {}),
  }
}

function ipv6Network(plan: LabPlan, inNamespace: boolean): Ipv6Network {
  const prefix = networkText(plan.addressing, plan.network)
  return inNamespace
    ? { prefix, on: 'namespace', enter: enterCommand(process.pid, process.getuid?.() === 0).join(' ') }
    : { prefix, on: 'machine' }
}

function readyForeign(data: string, server: ForeignPlan): ReadyForeign {
  const { name, fqdn, address, port } = server
  const { chain, key, roots } = foreignFolder(data, server)
  const issued = server.certificate === undefined ? {} : { certificate: chain, key }
  return { name, fqdn, address, port, ...issued, roots }
}

function dnsAddress(plan: LabPlan, view: 'internal' | 'external'): DnsAddress {
  const found = plan.dns.find(({ name }) => name === view)
  if (found === undefined) throw new Error(`the plan of ${plan.topology} has no ${view} DNS view`)
  return { address: found.address, port: found.port }
}
