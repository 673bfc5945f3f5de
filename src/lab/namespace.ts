/**
 * Addresses of fd51:1ab:N::/48 without root: a lab over IPv6 runs in a network namespace of its own (namespaces(7)),
 * where its user may give the loopback device any address. Linux, with `ip`, `unshare` and `nsenter`. A machine whose
 * loopback device has the addresses needs no namespace.
 */
import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { keeperAddress } from '../topology/addressing.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { LabError } from './lab-error.ts'

/** Every address that a node of the lab listens on, and the one that keeps the network. */
export function ipv6Addresses(plan: LabPlan): readonly string[] {
  const listening = plan.nodes.flatMap(({ faces }) => faces.flatMap(({ addresses }) => Object.values(addresses)))
  return [...new Set([keeperAddress('ipv6', plan.network), ...listening])]
}

/** Whether this process can listen on an address of the lab. */
export function isHere(plan: LabPlan): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRNOTAVAIL' ? resolve(false) : reject(error),
    )
    server.listen(0, keeperAddress('ipv6', plan.network), () => server.close(() => resolve(true)))
  })
}

/**
 * What goes before a command so that it runs in a new network namespace with the addresses of the lab. Root changes
 * users for a database server and so keeps the users of the machine; anybody else makes a user namespace, and gives its
 * capabilities back once the addresses are there.
 *
 * @throws LabError `network.namespace` where the machine does not let this user
 */
export function newNamespace(plan: LabPlan, isRoot: boolean): readonly string[] {
  const own = isRoot ? [] : ['--user', '--map-current-user', '--keep-caps']
  const command = ['unshare', ...own, '--net', '--', 'sh', '-c', script, 'siplab', ...ipv6Addresses(plan), '--']
  const [program = '', ...args] = [...command, 'true']
  const tried = spawnSync(program, args, { encoding: 'utf8' })
  if (tried.status === 0) return command
  throw notAllowed(plan, tried.error?.message ?? (tried.stderr.trim() || `exit ${String(tried.status)}`))
}

/** Tells the command that it is in a namespace made for it. */
export const namespaceVariable = 'SIPLAB_NAMESPACE'

/** Addresses up to `--`, then the command. */
const script =
  `export ${namespaceVariable}=1; ` +
  'ip link set lo up || exit; while [ "$1" != -- ]; do ip -6 address add "$1/128" dev lo nodad || exit; shift; done; ' +
  'shift; [ "$(id -u)" = 0 ] && exec "$@"; exec setpriv --ambient-caps=-all --inh-caps=-all "$@"'

function notAllowed(plan: LabPlan, found: string): LabError {
  const addresses = ipv6Addresses(plan).join(' ')
  return new LabError(
    'usage',
    'network.namespace',
    'wanted a network namespace with the addresses of the lab (unshare of util-linux, ip of iproute2), found: ' +
      `${found}; ` +
      'where the kernel forbids it, allow it (sysctl kernel.unprivileged_userns_clone=1, ' +
      'kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces) or give the addresses to this ' +
      `machine, and no namespace is needed: for a in ${addresses}; do sudo ip -6 address add $a/128 dev lo; done`,
  )
}

/** What goes before a command so that it runs where that process does; undefined: it runs there already. */
export function sameNamespace(pid: number, isRoot: boolean): readonly string[] | undefined {
  if (readlinkSync('/proc/self/ns/net') === readlinkSync(`/proc/${pid}/ns/net`)) return undefined
  return enterCommand(pid, isRoot)
}

/** `nsenter --net --target 4711 --`, and what else a user who is not root needs. */
export function enterCommand(pid: number, isRoot: boolean): readonly string[] {
  return ['nsenter', ...(isRoot ? [] : ['--preserve-credentials', '--user']), '--net', '--target', String(pid), '--']
}
