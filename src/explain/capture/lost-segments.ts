/** Data that never arrive although small packets do: the path drops large segments. */
import { bothSides, other, type Connection } from './connection.ts'
import { broken, frameEvidence, type Diagnosis } from './diagnosis.ts'

/** Below it no path of today drops a segment for its size (RFC 8200 §5: every IPv6 path carries 1280). */
const largeOctets = 1000
const resentOften = 2

export function lostSegments(connection: Connection): Diagnosis | undefined {
  for (const side of bothSides) {
    const { stream, place } = connection.sides[side]
    const { unreachable } = connection
    const large = stream.largest >= largeOctets && stream.unacknowledged >= largeOctets
    const again = stream.resent >= resentOften && stream.largestResent >= largeOctets
    const tooBig = unreachable?.tooBig === true
    if (!(large && (again || stream.hole || tooBig))) continue
    const receiver = connection.sides[other(side)].place
    const what = `${stream.unacknowledged} octets of ${place} in segments of up to ${stream.largest}`
    const whence = tooBig ? ', and an ICMP message says that they are too large' : ''
    return broken({
      candidates: [
        {
          code: 'link.large-segments-lost',
          why: `${what} never reach ${receiver}${whence}`,
        },
        { code: 'tls.handshake-timeout', why: 'the handshake does not go on' },
      ],
      evidence: [
        frameEvidence(
          connection.lastFrame,
          `${stream.resent} segments of ${place} are sent again, ${stream.unacknowledged} octets stay unacknowledged`,
        ),
      ],
    })
  }
  return undefined
}
