/**
 * Does a server send its answer to an address that is only in Via? Then anyone lets it write to anyone. The
 * response goes to where the request came from (RFC 3261 §18.2.2, RFC 3581); the other address is one of our own.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { bracketed, endpointText } from '../sip/message/endpoint.ts'
import { composeRequest } from '../sip/message/compose.ts'
import { randomToken } from '../sip/message/random.ts'
import { failure, fine, notTried, type Finding } from './step.ts'

/** @param server numeric; asked at port 5060 */
export async function answersElsewhere(own: string, server: string, timeoutMs: number, port = 5060): Promise<Finding> {
  const other = otherAddress(own)
  if (other === undefined) return notTried('Not tried: this machine has one address, and the test needs two.')
  const [here, there] = await Promise.all([bound(own), bound(other)])
  if (here === undefined || there === undefined) {
    for (const socket of [here, there]) socket?.close()
    return notTried(`Not tried: no UDP port could be opened on ${own} and ${other}.`)
  }
  try {
    const received = Promise.race([
      receivedBy(here, 'here'),
      receivedBy(there, 'there'),
      silence(Math.min(timeoutMs, 2000)),
    ])
    here.send(question(other, there.address().port, server), port, server)
    return findingOf(await received, other)
  } finally {
    here.close()
    there.close()
  }
}

type Where = 'here' | 'there' | 'nowhere'

function findingOf(where: Where, other: string): Finding {
  if (where === 'nowhere') return fine('No answer over UDP, at either of our addresses.', { answered: false })
  if (where === 'here') return fine('The response came to the source address of the request.', { answered: true })
  return failure('border.udp-elsewhere', { found: `the response came to ${other}, which only the Via named` })
}

/** Another address of this machine, as near as its own; on loopback every address of 127.0.0.0/8 is. */
function otherAddress(own: string): string | undefined {
  if (own.startsWith('127.')) return own === '127.0.0.2' ? '127.0.0.3' : '127.0.0.2'
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const inside = all.some(({ address, internal }) => internal && address === own)
  const family = isIPv6(own) ? 'IPv6' : 'IPv4'
  // A link-local address needs its interface beside it, and `::1` leads nowhere but here.
  return all.find(
    (one) =>
      one.family === family &&
      one.internal === inside &&
      one.address !== own &&
      one.address !== '::1' &&
      !one.address.startsWith('fe80:'),
  )?.address
}

function question(via: string, port: number, server: string): string {
  return composeRequest({
    method: 'OPTIONS',
    uri: `sip:${bracketed(server)}`,
    via: `SIP/2.0/UDP ${endpointText(via, port)};maddr=${bracketed(via)};branch=z9hG4bK${randomToken(8)}`,
    from: `<sip:check@${bracketed(via)}>;tag=${randomToken(4)}`,
    to: `<sip:${bracketed(server)}>`,
    callId: randomToken(12),
    cseq: 1,
  })
}

function bound(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind(0, address, () => resolve(socket))
  })
}

function receivedBy(socket: Socket, where: Where): Promise<Where> {
  return new Promise((resolve) => socket.once('message', () => resolve(where)))
}

function silence(ms: number): Promise<Where> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'nowhere'))
}
