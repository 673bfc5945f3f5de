/**
 * `ms-diagnostics: 1010;reason="…";source="director.lab.test";ErrorType="…"` on failures made here ([MS-OCER],
 * topology-facts §5.1). The ids are the documented ones; a failure without a documented id carries none and says only
 * our code.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import { warning399 } from '../sip/message/answer.ts'
import { MessageError } from '../sip/message/message-error.ts'
import type { HeaderField } from '../sip/message/types.ts'
import type { Asker } from '../sip/routing/settings.ts'
import { LocateError } from '../sip/transport/dial/locate.ts'
import { DialError } from '../sip/transport/refusal.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { type Directory, diagnoseRefusal } from './diagnosis.ts'

interface Diagnosis {
  readonly id: number
  readonly reason: string
  readonly fields?: readonly (readonly [name: string, value: string])[]
}

/** `SIPPROXY_E_ROUTING`: Route refused (topology-facts §6.2). */
const routing = [['HRESULT', '0xC3E93C5E(SIPPROXY_E_ROUTING)']] as const

/** Our reason for a refusal -> the documented id and its meaning in our words. */
const byReason: Readonly<Record<string, Diagnosis>> = {
  'auth.wrong-password': { id: 1000, reason: 'The last step of authentication failed' },
  'auth.unknown-user': { id: 1000, reason: 'The last step of authentication failed' },
  'route.unknown-user': { id: 1003, reason: 'User does not exist' },
  'route.token-forged': { id: 1004, reason: 'Route set is no longer valid', fields: routing },
  'route.token-old': { id: 1004, reason: 'Route set is no longer valid', fields: routing },
  'route.abuse': { id: 1004, reason: 'Route set is no longer valid', fields: routing },
  'route.no-target': { id: 1005, reason: 'Cannot route to the destination domain' },
  'route.next-hop-down': { id: 1007, reason: 'Temporarily cannot route to the destination domain' },
  'remote.not-allowed': { id: 1012, reason: 'Sender is not allowed to communicate from outside' },
  'remote.foreign-domain': { id: 1017, reason: 'Cannot route From and To domains in this combination' },
  'remote.user-not-enabled': { id: 4003, reason: 'User is not enabled for remote access' },
}

export function diagnosticsHeaders(
  node: { readonly plan: NodePlan; readonly who: Directory },
  because: string,
  { face }: Asker,
  status: number,
  detail: unknown,
): readonly HeaderField[] {
  const warning = warningOf(node.plan, detail)
  const diagnosis = diagnose(
    { ...node, toOutside: face === 'internal' && node.plan.role === 'access-proxy' },
    because,
    status,
    detail,
  )
  if (diagnosis === undefined) return warning
  const fields = (diagnosis.fields ?? []).map(([name, value]) => `;${name}="${quoted(value)}"`).join('')
  return [
    ...warning,
    ['ms-diagnostics', `${diagnosis.id};reason="${quoted(diagnosis.reason)}";source="${node.plan.fqdn}"${fields}`],
  ]
}

/** Field and place at fault (RFC 3261 §20.43, §21.4.1). */
function warningOf({ fqdn }: NodePlan, detail: unknown): readonly HeaderField[] {
  const found = detail instanceof MessageError ? detail.message : detail
  return typeof found === 'string' ? [['Warning', warning399(fqdn, found)]] : []
}

interface Teller {
  readonly plan: NodePlan
  readonly who: Directory
  /** The request was on its way to another organisation. */
  readonly toOutside: boolean
}

/** How a connection ends when the other end refuses our certificate: without an alert, right after the handshake. */
const silentRefusals: ReadonlySet<string> = new Set(['flow.closed-after-handshake', 'tls.peer-refused'])

function diagnose(node: Teller, because: string, status: number, detail: unknown): Diagnosis | undefined {
  if (detail instanceof LocateError)
    return {
      id: detail.code === 'dns.not-found' ? 1014 : 1008,
      reason: 'Unable to resolve the name of the next hop',
      fields: [['cause', detail.message]],
    }
  if (detail instanceof DialError)
    return ofRefusal(diagnoseRefusal(node.plan, node.who, detail.refusal), detail, node.toOutside)
  if (silentRefusals.has(because)) return tlsFailed([['cause', 'tls.peer-refused']], node.toOutside)
  return (
    byReason[because] ??
    (status === 504
      ? { id: 1007, reason: 'Temporarily cannot route to the destination', fields: [['cause', because]] }
      : undefined)
  )
}

/**
 * 1010 stands for a certificate that was not good enough, 1038 and 1039 for connections that failed before or in TLS.
 */
function ofRefusal(found: Verdict, { refusal }: DialError, toOutside: boolean): Diagnosis {
  const fields: [string, string][] = [
    ['cause', found.code],
    ['PeerServer', refusal.wantedName ?? refusal.remote.address],
  ]
  if (found.windows !== undefined) fields.push(['HRESULT', `${found.windows.hresult}(${found.windows.name})`])
  if (/^(cert|chain|crl)\./.test(found.code))
    return {
      id: 1010,
      reason: 'Certificate trust with next-hop server could not be established',
      fields: [['ErrorType', found.message], ['tls-target', refusal.wantedName ?? ''], ...fields],
    }
  if (/^(tls)\./.test(found.code)) return tlsFailed(fields, toOutside)
  return { id: 1038, reason: 'Failed to connect to a peer server', fields }
}

/** 1047 with the socket code where the peer is another organisation's (topology-facts §5.1), 1039 inside. */
function tlsFailed(fields: NonNullable<Diagnosis['fields']>, toOutside: boolean): Diagnosis {
  if (!toOutside) return { id: 1039, reason: 'Failed to complete TLS negotiation with a peer server', fields }
  return {
    id: 1047,
    reason: 'Failed to complete TLS negotiation with a federated peer server',
    fields: [...fields, ['WinsockFailureCode', '10054(WSAECONNRESET)']],
  }
}

function quoted(text: string): string {
  return text
    .replace(/[\r\n]/g, ' ')
    .replace(/["\\]/g, "'")
    .slice(0, 300)
}
