/** What a person reads once a lab is up: its nodes, where to point a phone, who can sign in, and what is wrong. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { Ipv6Network, LabChange, ReadyDocument, ReadyForeign } from '../lab/ready-document.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { paint, table } from './io.ts'
import type { Io } from './io.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** @param place whether the lab runs in this terminal, where Ctrl-C reaches it, or in the background */
export function readyText(
  io: Io,
  ready: ReadyDocument,
  plan: LabPlan,
  place: 'terminal' | 'background' = 'terminal',
): string {
  const bold = (text: string): string => paint(io.colours.out, 'bold', text)
  const state =
    ready.event === 'ready'
      ? paint(io.colours.out, 'green', 'is up')
      : paint(io.colours.out, 'yellow', 'is up, but degraded')
  const trust =
    ready.trust.internal === undefined
      ? ''
      : `\nA phone must trust ${ready.trust.internal} inside, ${ready.trust.public} outside.\n`
  return [
    `\n${bold(`${ready.topology} (${ready.domain}, ${ready.profile})`)} ${state}. ${plan.about}\n`,
    (ready.verdicts ?? []).map((verdict) => `  ${verdictText(verdict)}\n`).join(''),
    `\n${nodeTable(ready)}`,
    `\n${bold('Point a phone to')}\n${phoneTable(plan)}`,
    trust,
    foreignText(ready.foreign ?? []),
    ready.users.length === 0 ? '' : `\n${bold('Sign in as')}\n${userTable(ready)}`,
    `\nDNS: inside ${endpointText(ready.dns.internal.address, ready.dns.internal.port)}, outside ` +
      `${endpointText(ready.dns.external.address, ready.dns.external.port)}.`,
    ready.network === undefined ? '' : ipv6Text(ready.network),
    place === 'background'
      ? '\nThe lab runs in the background: siplab status, events and trace show it, siplab down brings it down.\n'
      : '\nCtrl-C brings the lab down. In another terminal, siplab status, events and trace show its state.\n',
  ].join('')
}

function ipv6Text({ prefix, on, enter = '' }: Ipv6Network): string {
  return on === 'machine'
    ? `\nIPv6: the loopback device of this machine has the addresses of ${prefix}.`
    : `\nIPv6: ${prefix} is in a network namespace of its own, which siplab enters by itself. ` +
        `To start your own phone there:\n  ${enter} PHONE\n`
}

/** `fe1 -> director: cert.expired 0x800B0101 CERT_E_EXPIRED: The certificate … has expired; renew it: siplab …`. */
export function verdictText({ code, node, link, windows, message, found, fix }: Verdict): string {
  const where = link ?? node
  const number = windows === undefined ? '' : ` (${windows.hresult} ${windows.name})`
  const what = `${where === undefined ? '' : `${where}: `}${code}${number}: ${message}`
  return `${what}${found === undefined ? '' : `, found: ${found}`}${fix === undefined ? '' : `; ${fix}`}`
}

export function changeText(io: Io, change: LabChange): string {
  switch (change.event) {
    case 'node-stopped': {
      const how = change.exit === undefined ? (change.signal ?? 'ended') : `exit ${change.exit}`
      const cause = change.verdict === undefined ? '' : `: ${verdictText(change.verdict)}`
      return `${paint(io.colours.err, 'red', `${change.node} has stopped`)} (${how})${cause}\n`
    }
    case 'node-ready':
      return `${paint(io.colours.err, 'green', `${change.node} is up again`)} (process ${change.pid})\n`
    case 'link-refused':
      return `${paint(io.colours.err, 'yellow', 'link refused')}: ${verdictText(change.verdict)}\n`
    case 'stopped':
      return 'the lab is down\n'
    default:
      return change satisfies never
  }
}

function nodeTable({ nodes }: ReadyDocument): string {
  const rows = nodes.map(({ name, role, fqdn, pid, listeners }) => [
    name,
    role,
    fqdn,
    pid === undefined ? 'stopped' : String(pid),
    listeners.map(({ transport, address, port }) => `${transport} ${endpointText(address, port)}`).join(', '),
  ])
  return table(['NODE', 'ROLE', 'FQDN', 'PROCESS', 'LISTENS ON'], rows)
}

function phoneTable({ phones }: LabPlan): string {
  return table(
    ['FROM', 'DOMAIN', 'TRANSPORT', 'HOST', 'ADDRESS'],
    phones.map(({ from, domain, transport, host, address, port }) => [
      from,
      domain,
      transport,
      host,
      endpointText(address, port),
    ]),
  )
}

/** What its operator needs: the files, and what has to be trusted. */
function foreignText(servers: readonly ReadyForeign[]): string {
  return servers
    .map(({ name, fqdn, address, port, certificate, key, roots }) => {
      const own =
        certificate === undefined
          ? 'It has a certificate of its own'
          : `Its certificate is ${certificate}, its key ${key}`
      const where = `${name} (${fqdn}, ${endpointText(address, port)})`
      return `\n${where} is a foreign server. ${own}; it has to trust ${roots}\n`
    })
    .join('')
}

function userTable({ users }: ReadyDocument): string {
  return table(
    ['USER', 'PASSWORD', 'HOME', 'FROM OUTSIDE'],
    users.map(({ uri, password, home, remote }) => [uri, password, home, remote ? 'yes' : 'no']),
  )
}
