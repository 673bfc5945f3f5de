/** A message as `siplab trace` shows it: whole, readable, with what authenticates a user blanked out. */
import type { Clock } from '../sip/clock.ts'
import { decodeText } from '../sip/message/flat.ts'
import type { TraceTap } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { TraceEntry } from './control-api.ts'

type TracedMessage = Parameters<TraceTap>[0]

export function traceEntry(
  { plan, clock }: { readonly plan: NodePlan; readonly clock: Clock },
  { direction, flow, text }: TracedMessage,
): TraceEntry {
  return {
    time: new Date(clock.wall()).toISOString(),
    node: plan.name,
    kind: 'message',
    direction,
    transport: flow.transport,
    local: `${flow.local.address}:${flow.local.port}`,
    remote: `${flow.remote.address}:${flow.remote.port}`,
    text: decodeText(withoutSecrets(text)),
  }
}

/** Digest responses and NTLM tokens; the scheme and the realm stay, they explain a refusal. */
function withoutSecrets(text: string): string {
  return text.replace(/^((?:Proxy-)?Authorization:[^\r\n]*)$/gim, (line) =>
    line.replace(/\b(response|cnonce|gssapi-data)="?[^",]*"?/gi, '$1="…"'),
  )
}
