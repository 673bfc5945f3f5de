/** From one connection to what broke it: the questions in the order in which a handshake goes. */
import type { Connection } from './connection.ts'
import { broken, certainly, firstClosing, frameEvidence, unclear, well, type Diagnosis } from './diagnosis.ts'
import { diagnoseHello } from './diagnose-hello.ts'
import { diagnoseHandshake } from './diagnose-handshake.ts'
import type { Judge } from './diagnose-refusal.ts'
import type { Speech } from './first-octets.ts'
import { sipPorts } from './sip-ports.ts'

/** @param captureEnd when the last packet of the capture came, in milliseconds */
export function diagnose(connection: Connection, judge: Judge, captureEnd: number): Diagnosis {
  return (
    noConnection(connection) ??
    oneDirection(connection) ??
    noTls(connection) ??
    (connection.tls?.serverHello === undefined
      ? diagnoseHello(connection, captureEnd)
      : diagnoseHandshake(connection, judge, captureEnd))
  )
}

/** SYN, and nothing that is an answer to it. */
function noConnection(connection: Connection): Diagnosis | undefined {
  const { answered, syns, unreachable } = connection
  const acceptor = connection.sideOf('acceptor')
  const dialler = connection.sideOf('dialler')
  if (!connection.begun || answered !== undefined || dialler.stream.octets > 0 || dialler.acknowledgements > 0)
    return undefined
  const reset = connection.closings.find(({ side }) => connection.end(side) === 'acceptor')
  if (reset !== undefined)
    return certainly('link.refused', `${acceptor.place} answers SYN with a reset: nothing listens there`, {
      whoRefused: 'acceptor',
      evidence: [frameEvidence(reset.frame, `reset by ${acceptor.place}`)],
    })
  if (acceptor.packets > 0) return undefined
  if (unreachable !== undefined && !unreachable.tooBig)
    return certainly('link.unreachable', `an ICMP message says that ${acceptor.place} cannot be reached`, {
      evidence: [frameEvidence(unreachable.frame, 'ICMP destination unreachable')],
    })
  return broken({
    candidates: [
      {
        code: 'link.timeout',
        why: `${acceptor.place} answers none of ${syns} SYN: a firewall drops them, or the host is down`,
      },
    ],
    evidence: [frameEvidence(connection.firstFrame, `${syns} SYN from ${dialler.place}, no answer`)],
  })
}

/** Only one end is in the capture: nothing can be said about the other one. */
function oneDirection(connection: Connection): Diagnosis | undefined {
  const silent = connection.sides.find(({ packets }) => packets === 0)
  if (silent === undefined) return undefined
  return unclear([
    frameEvidence(
      connection.firstFrame,
      `the capture holds one direction only, nothing from ${silent.place}: record it again where both directions pass`,
    ),
  ])
}

const names: Readonly<Record<Speech['kind'], string>> = {
  tls: 'TLS',
  ssl2: 'SSL 2',
  sip: 'SIP without TLS',
  http: 'HTTP without TLS',
  proxy: 'the PROXY protocol',
  other: 'no TLS',
}

/** One end speaks TLS and the other does not, or speaks something else on a port for TLS. */
function noTls(connection: Connection): Diagnosis | undefined {
  const dialler = connection.sideOf('dialler')
  const acceptor = connection.sideOf('acceptor')
  const { firstFrame } = connection
  if (dialler.proxy !== undefined && dialler.speech?.kind !== 'sip' && acceptor.speech?.kind !== 'sip') {
    const answer = connection.tls?.serverHello
    if (answer === undefined && firstClosing(connection)?.end === 'acceptor') return unexpectedProxy(connection)
  }
  if (dialler.speech?.kind === 'tls' && acceptor.speech !== undefined && isPlain(acceptor.speech))
    return certainly('tls.not-tls', `the acceptor answers the ClientHello with ${names[acceptor.speech.kind]}`, {
      whoRefused: 'dialler',
      evidence: [frameEvidence(firstFrame, `the acceptor says: ${acceptor.speech.line}`)],
    })
  if (dialler.speech === undefined || !isPlain(dialler.speech)) return undefined
  return plainDialler(connection, dialler.speech)
}

function isPlain(speech: Speech): speech is Extract<Speech, { readonly line: string }> {
  return speech.kind === 'sip' || speech.kind === 'http' || speech.kind === 'other' || speech.kind === 'proxy'
}

function unexpectedProxy(connection: Connection): Diagnosis {
  const dialler = connection.sideOf('dialler')
  return broken({
    candidates: [
      { code: 'tls.not-tls', why: 'the first octets of the dialler are no TLS: a PROXY header comes first' },
      {
        code: 'tls.proxy-protocol',
        why: 'the dialler, as a rule a balancer, sends a PROXY header and the acceptor closes',
      },
    ],
    whoRefused: 'acceptor',
    evidence: [frameEvidence(connection.firstFrame, `the dialler says: ${dialler.proxy ?? ''}`)],
  })
}

function plainDialler(
  connection: Connection,
  speech: Extract<Speech, { readonly line: string }>,
): Diagnosis | undefined {
  const acceptor = connection.sideOf('acceptor')
  const evidence = [frameEvidence(connection.firstFrame, `the dialler says: ${speech.line}`)]
  const answer = acceptor.speech
  const wantsTls = answer?.kind === 'tls' || (answer?.kind === 'http' && /^HTTP\/1\.[01] 4\d\d/.test(answer.line))
  const why = `the dialler speaks ${names[speech.kind]}`
  if (answer !== undefined && wantsTls)
    return certainly('tls.not-tls', `${why} to a port for TLS`, { whoRefused: 'acceptor', evidence })
  if (answer?.kind === speech.kind) return well(evidence)
  if (answer !== undefined)
    return unclear([...evidence, frameEvidence(connection.lastFrame, 'the answer is in another protocol')])
  const closing = firstClosing(connection)
  if (closing?.end !== 'acceptor') return unclear(evidence)
  if (sipPorts.tls.has(acceptor.port))
    return certainly('tls.not-tls', `${why}, and the acceptor on the port for SIP over TLS closes without an answer`, {
      whoRefused: 'acceptor',
      evidence,
    })
  return broken({
    candidates: [{ code: 'tls.not-tls', why: `${why}, and the acceptor closes without an answer` }],
    whoRefused: 'acceptor',
    evidence,
  })
}
