/**
 * Handshakes that die by their form and not by certificate, version or cipher: the name in SNI, the size of the
 * ClientHello or of the answer, a PROXY header that the port waits for. Each is proved by a second try that differs in
 * one thing.
 */
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { dialSecure, openTcp, type Broken, type HandshakeOptions, type Place } from './handshake.ts'
import { failure, fromVerdict, type Evidence, type Finding } from './step.ts'

/**
 * For a handshake that broke without an alert.
 *
 * @returns undefined when no change of form lets the handshake succeed
 */
export async function formFinding(
  seen: Broken,
  place: Place,
  wanted: HandshakeOptions,
  evidence: Evidence,
): Promise<Finding | undefined> {
  const named = (code: VerdictCode, found: string): Finding => failure(code, { found }, evidence)
  if (await succeeds(place, { ...wanted, ...smallHello })) {
    // A server that was only slow, or had just started, takes the first ClientHello as well.
    if (await succeeds(place, wanted))
      return failure(seen.code, { found: `${seen.found}; tried again, the same handshake succeeded` }, evidence)
    return named(
      'tls.hello-too-large',
      `${seen.found}; the handshake succeeds with a ClientHello of fewer groups, which fits one small segment`,
    )
  }
  if (wanted.proxyProtocol === true && (await succeeds(place, { ...wanted, proxyProtocol: false })))
    return named('tls.proxy-protocol', `${seen.found}; the handshake succeeds without the PROXY header that was sent`)
  if (wanted.proxyProtocol !== true && (await succeedsBehindProxyHeader(place, wanted)))
    return named('tls.proxy-protocol', `${seen.found}; the handshake succeeds behind a header "PROXY TCP4 …"`)
  if (seen.code === 'tls.handshake-timeout' && (await answersSmall(place, wanted))) return answerLost(seen, evidence)
  return undefined
}

/** A path that loses the large answer and a server that stops before it writes one look the same from here. */
function answerLost({ found }: Broken, evidence: Evidence): Finding {
  const lost = verdict('link.large-segments-lost', {
    message: 'Large TCP segments are probably lost between the ends',
    found:
      `${found}; a ClientHello that the server refuses in a few octets is answered at once, one that it answers with ` +
      'its certificate is not',
  })
  const candidates: Verdict['candidates'] = [
    { code: lost.code, why: 'the refusal fits a small segment, the certificate does not' },
    { code: 'tls.handshake-timeout', why: 'a server that waits for its key or certificate is silent in the same way' },
  ]
  return fromVerdict({ ...lost, candidates }, evidence)
}

/** Alert `unrecognized_name` (RFC 6066 §3). */
export const unrecognizedName = 112

/** Without the hybrid key share, which alone takes 1,216 octets. */
const smallHello: Partial<HandshakeOptions> = { groups: 'X25519:P-256', askStaple: false }

/** The server has no certificate for the name; a second try without SNI tells whether it has one for no name. */
export async function unknownName(
  seen: Broken,
  place: Place,
  wanted: HandshakeOptions,
  evidence: Evidence,
): Promise<Finding> {
  const { servername, ...without } = wanted
  const sent = servername === undefined ? 'no name (SNI)' : `the name ${servername} (SNI)`
  const passes = servername !== undefined && (await succeeds(place, { ...without, askStaple: false }))
  return failure(
    'tls.name-unknown',
    { found: `${seen.found} to ${sent}${passes ? '; without SNI the handshake succeeds' : ''}` },
    evidence,
  )
}

async function succeeds(place: Place, options: HandshakeOptions): Promise<boolean> {
  const again = await dialSecure(place, options)
  if (again.kind === 'broken') return again.askedCertificate || again.chain.length > 0
  again.talk.close()
  return true
}

/** Version 1 of the PROXY protocol, from our own address. */
async function succeedsBehindProxyHeader(place: Place, options: HandshakeOptions): Promise<boolean> {
  const again = await dialSecure(place, { ...options, askStaple: false, proxyProtocol: true })
  if (again.kind === 'broken') return again.askedCertificate || again.chain.length > 0
  again.talk.close()
  return true
}

/** Whether the server answers a ClientHello that it must refuse: the refusal is an alert of seven octets. */
async function answersSmall(place: Place, { timeoutMs }: HandshakeOptions): Promise<boolean> {
  const socket = await openTcp(place, timeoutMs)
  if ('kind' in socket) return false
  const answered = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => answered.resolve(false), timeoutMs)
  socket.once('data', () => answered.resolve(true))
  socket.once('error', () => answered.resolve(false))
  socket.once('close', () => answered.resolve(false))
  socket.write(refusableHello)
  return answered.promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** TLS 1.2, the one cipher suite TLS_NULL_WITH_NULL_NULL, which no server may take (RFC 5246 §A.5). */
const refusableHello = Buffer.concat([
  Buffer.from([0x16, 0x03, 0x01, 0x00, 0x2d, 0x01, 0x00, 0x00, 0x29, 0x03, 0x03]),
  Buffer.alloc(32, 0x5a),
  Buffer.from([0x00, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00]),
])
