/** The failed connections in the event file of a node that has stopped. Its messages are gone with it. */
import type { NodeEvent, TraceEntry } from '../../node/control/control-api.ts'

/** @returns undefined for other events */
export function entryOfEvent(event: NodeEvent): TraceEntry | undefined {
  const { verdict, connection, data, time, node } = event
  if ((event.event !== 'flow.refused' && event.event !== 'flow.lost') || verdict === undefined) return undefined
  const [source, destination] = connection?.split('>') ?? []
  if (source === undefined || destination === undefined) return undefined
  const side = data?.['side'] === 'dialled' ? 'dialled' : 'accepted'
  const [local, remote] = side === 'dialled' ? [source, destination] : [destination, source]
  const { code, message, found, certificate } = verdict
  return {
    time,
    node,
    kind: 'handshake',
    direction: side === 'dialled' ? 'out' : 'in',
    local,
    remote,
    handshake: {
      result: event.event === 'flow.refused' ? 'refused' : 'lost',
      side,
      face: String(data?.['face'] ?? ''),
      // A verdict of an end that refuses is about the certificate of the other end.
      ...(event.event === 'flow.refused' && certificate !== undefined ? { peer: certificate } : {}),
      verdict: code,
      message,
      ...(found === undefined ? {} : { found }),
    },
  }
}
