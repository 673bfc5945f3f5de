/** Connections that ended before the acceptor chose anything: what the ClientHello offered decides. */
import type { Candidate, Evidence } from '../answer.ts'
import type { Connection } from './connection.ts'
import {
  broken,
  certainly,
  closingText,
  decisiveAlert,
  firstClosing,
  frameEvidence,
  isRecordedInPart,
  unclear,
  type Diagnosis,
} from './diagnosis.ts'
import { lostSegments } from './lost-segments.ts'
import type { ClientHello } from './tls-messages.ts'
import { alertName, cipherName, groupName, signatureName, versionName } from './tls-names.ts'
import type { SeenAlert } from './tls-session.ts'

/** A dialler that gives up after so long without an answer gave up for the silence: a handshake takes less. */
const silentMilliseconds = 200

export function diagnoseHello(connection: Connection, captureEnd: number): Diagnosis {
  const alert = decisiveAlert(connection)
  if (alert !== undefined) return refusedHello(connection, alert)
  const closing = firstClosing(connection)
  const evidence = closing === undefined ? [] : [frameEvidence(closing.frame, closingText(closing))]
  const lost = lostSegments(connection)
  if (lost !== undefined) return lost
  const until = closing?.at ?? captureEnd
  const waited = waitedFor(connection, until)
  if (closing?.end !== 'acceptor' && waited >= silentMilliseconds) return noAnswer(connection, waited, evidence)
  const isFromStart = connection.begun || connection.tls?.clientHello !== undefined
  const isWhole = isFromStart && !isRecordedInPart(connection)
  if (closing?.how === 'reset' && isWhole) return reset(connection, closing.end === 'acceptor', closing.frame)
  const said = connection.sideOf('dialler').stream.octets > 0 && isWhole
  if (closing?.end === 'acceptor' && said)
    return broken({
      candidates: [
        { code: 'tls.handshake-failed', why: 'the acceptor closes after the ClientHello, without an alert' },
      ],
      evidence,
    })
  if (connection.sides.every(({ stream }) => stream.octets === 0) && closing !== undefined)
    return unclear([...evidence, frameEvidence(connection.firstFrame, 'neither end said anything')])
  return unclear([...evidence, frameEvidence(connection.lastFrame, whatIsMissing(connection))])
}

function whatIsMissing(connection: Connection): string {
  const { tls, begun } = connection
  if (begun && isRecordedInPart(connection)) return 'octets of the handshake are not in the capture'
  if (!begun) return 'the capture begins in the middle of the connection'
  return tls?.clientHello === undefined ? 'no whole ClientHello is in the capture' : 'no answer is in the capture'
}

/**
 * HAProxy with `accept-proxy` looks at the first octets without taking them and resets. On Linux such a reset comes
 * without an acknowledgement of its own before it.
 */
function reset(connection: Connection, byAcceptor: boolean, frame: number): Diagnosis {
  const evidence = [frameEvidence(frame, `the ${byAcceptor ? 'acceptor' : 'dialler'} resets in the handshake`)]
  const why = `the ${byAcceptor ? 'acceptor' : 'dialler'} resets the connection in the handshake`
  const plain: Candidate = { code: 'link.reset', why }
  if (!byAcceptor || connection.tls?.clientHello === undefined)
    return byAcceptor ? broken({ candidates: [plain], evidence }) : certainly('link.reset', why, { evidence })
  const proxy: Candidate = {
    code: 'tls.proxy-protocol',
    why: 'a port that wants a PROXY header first resets so when a ClientHello comes',
  }
  const untaken = connection.sideOf('acceptor').acknowledgements === 0
  if (untaken) return broken({ candidates: [proxy, plain], whoRefused: 'acceptor', evidence })
  return broken({ candidates: [plain, proxy], evidence })
}

/** How long the dialler has waited for any octet after its ClientHello, in milliseconds. */
function waitedFor(connection: Connection, until: number): number {
  const { clientHello } = connection.tls ?? {}
  const { octets, unseen } = connection.sideOf('acceptor').stream
  const answered = octets > 0 || unseen > 0
  return clientHello === undefined || answered ? 0 : until - clientHello.at
}

function noAnswer(connection: Connection, waited: number, closing: readonly Evidence[]): Diagnosis {
  const frame = connection.tls?.clientHello?.frame ?? connection.firstFrame
  const why = `the acceptor says nothing for ${(waited / 1000).toFixed(1)} s after the ClientHello`
  return certainly('tls.handshake-timeout', why, {
    evidence: [frameEvidence(frame, 'ClientHello, no answer'), ...closing],
  })
}

function refusedHello(connection: Connection, alert: SeenAlert): Diagnosis {
  const evidence = [
    frameEvidence(alert.frame, `the ${alert.from} sends alert ${alertName(alert.number)} (${alert.number})`),
  ]
  const details = { whoRefused: alert.from, evidence }
  const hello = connection.tls?.clientHello
  if (alert.from === 'dialler' || hello === undefined)
    return broken({
      candidates: [{ code: 'tls.alert', why: `the ${alert.from} sends ${alertName(alert.number)}` }],
      ...details,
    })
  const cause = causeInHello(alert.number, hello)
  if (cause !== undefined) return certainly(cause.code, cause.why, details)
  if (noAgreementAlerts.has(alert.number)) {
    const candidates = noAgreement(hello)
    return broken({ candidates, certain: candidates.length === 1, ...details })
  }
  const why = `the acceptor refuses the ClientHello with ${alertName(alert.number)}`
  return broken({ candidates: [{ code: 'tls.alert', why }], ...details })
}

/** handshake_failure, illegal_parameter, insufficient_security, missing_extension (RFC 8446 §6.2). */
const noAgreementAlerts: ReadonlySet<number> = new Set([40, 47, 71, 109])

/** The one cause of an alert that has only one. */
function causeInHello(alert: number, hello: ClientHello): Candidate | undefined {
  switch (alert) {
    case 70:
    case 86: {
      const offered = hello.versions.map(versionName).join(', ')
      return { code: 'tls.no-common-version', why: `the acceptor takes none of the versions offered: ${offered}` }
    }
    case 112: {
      const name = hello.serverName ?? 'a hello without name'
      return { code: 'tls.name-unknown', why: `the acceptor keeps no certificate for ${name}` }
    }
    case 120: {
      const offered = hello.protocols.join(', ')
      return { code: 'tls.alpn-mismatch', why: `the acceptor takes none of the protocols ${offered}` }
    }
    default:
      return undefined
  }
}

/** What the acceptor may have missed: where the offer lacks what every server of its version has. */
function noAgreement(hello: ClientHello): readonly Candidate[] {
  const narrow = [narrowCiphers(hello), narrowGroups(hello), narrowSignatures(hello), narrowVersions(hello)].filter(
    (each) => each !== undefined,
  )
  if (narrow.length > 0) return narrow
  return [
    { code: 'tls.no-common-cipher', why: 'the acceptor may allow other cipher suites, or have a key of another type' },
    { code: 'tls.no-common-group', why: 'the acceptor may allow other groups' },
    { code: 'tls.no-common-signature', why: 'the acceptor may have a key for which no signature algorithm is offered' },
  ]
}

/** TLS 1.3 servers all have AES-128-GCM (RFC 8446 §9.1); before, the suites must fit RSA and ECDSA keys. */
function narrowCiphers({ versions, ciphers }: ClientHello): Candidate | undefined {
  if (versions.includes(0x0304) && ciphers.includes(0x1301)) return undefined
  const names = ciphers.map(cipherName)
  const rsa = names.some((name) => /_RSA_WITH_/.test(name))
  const ecdsa = names.some((name) => /_ECDSA_WITH_/.test(name))
  if (rsa && ecdsa) return undefined
  const only = rsa ? 'only for RSA keys' : ecdsa ? 'only for ECDSA keys' : 'that few servers have'
  const shown = names
    .filter((name) => !name.includes('SCSV'))
    .slice(0, 4)
    .join(', ')
  return { code: 'tls.no-common-cipher', why: `the dialler offers cipher suites ${only}: ${shown}` }
}

/** Every server has P-256 (RFC 8446 §9.1). Without the extension the server may choose. */
function narrowGroups({ groups }: ClientHello): Candidate | undefined {
  if (groups.length === 0 || groups.includes(23)) return undefined
  return { code: 'tls.no-common-group', why: `the dialler offers only the groups ${groups.map(groupName).join(', ')}` }
}

/** Some stacks send handshake_failure where they have none of the versions. */
function narrowVersions({ versions }: ClientHello): Candidate | undefined {
  if (versions.includes(0x0303)) return undefined
  return { code: 'tls.no-common-version', why: `the dialler offers only ${versions.map(versionName).join(', ')}` }
}

/** What RSA and P-256 keys sign with (RFC 8446 §9.1). */
function narrowSignatures({ signatures, versions }: ClientHello): Candidate | undefined {
  if (signatures.length === 0) return undefined
  const tls13 = versions.includes(0x0304)
  const rsa =
    signatures.includes(0x0804) || (!tls13 && signatures.includes(0x0401)) || versions.some((each) => each < 0x0303)
  if (rsa && signatures.includes(0x0403)) return undefined
  return {
    code: 'tls.no-common-signature',
    why: `the dialler offers only the signature algorithms ${signatures.slice(0, 6).map(signatureName).join(', ')}`,
  }
}
