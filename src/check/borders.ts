/**
 * The questions of the borders, to a server that the caller operates: does it relay, accept a claimed dialog, believe
 * an asserted identity, answer UDP to another address? Each question is one request, which names only our own listener.
 */
import { verdict } from '../verdicts/codes.ts'
import { openDoor, type Arrived, type Door } from './border-door.ts'
import type { Reached } from './check.ts'
import { dialSecure, openTcp } from './handshake.ts'
import type { CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { failure, fine, fromVerdict, notTried, type Evidence, type Finding } from './step.ts'
import { Talk, type Observed, type Question } from './talk.ts'
import { handshakeOptions } from './tls-step.ts'
import { answersElsewhere } from './border-udp.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** What became of one request. */
interface Asked {
  readonly observed: Observed | { readonly kind: 'unreached'; readonly found: string }
  /** It came to our listener. */
  readonly arrived: Arrived | undefined
}

/** @param domain of the server, for the sender that is claimed */
export async function bordersStep(
  log: CheckLog,
  reached: Reached,
  domain: string,
  options: CheckOptions,
): Promise<void> {
  await log.step('borders', `borders of ${reached.candidate.host}`, async (inner) => {
    const door = await openDoor(await ownAddress(reached, options))
    try {
      await askAll(inner, door, reached, domain, options)
    } finally {
      await door.close()
    }
    const failed = inner.steps.find(({ outcome }) => outcome === 'failed')
    return { finding: failed ?? fine('The server accepted none of the test requests.'), value: undefined }
  })
}

/** The address that this machine has on the way to the server. */
async function ownAddress({ place }: Reached, { timeoutMs }: CheckOptions): Promise<string> {
  const socket = await openTcp(place, timeoutMs)
  if ('kind' in socket) return '127.0.0.1'
  const { localAddress = '127.0.0.1' } = socket
  socket.destroy()
  return localAddress
}

async function askAll(
  log: CheckLog,
  door: Door,
  reached: Reached,
  domain: string,
  options: CheckOptions,
): Promise<void> {
  const from = `sip:stranger@${domain}`
  const question = (user: string, more: Partial<Question> = {}): Question => ({
    method: 'MESSAGE',
    uri: door.uri(user),
    from,
    to: `<${door.uri(user)}>`,
    ...more,
  })
  const ask = (asked: Question, user: string): Promise<Asked> => askOnce(door, reached, asked, user, options)
  const relay = await log.step('borders.relay', 'a request to a host outside', async () => {
    const asked = await ask(question('relay'), 'relay')
    return { finding: relayFinding(asked), value: asked }
  })
  await log.step('borders.dialog', 'a request of a dialog that never was', async () => {
    const route = [
      'Route',
      `<sip:${endpointText(reached.candidate.host, reached.place.port)};transport=tls;lr>`,
    ] as const
    const claimed = question('dialog', { to: `<${door.uri('dialog')}>;tag=claimed`, headers: [route] })
    return { finding: dialogFinding(await ask(claimed, 'dialog'), relay), value: undefined }
  })
  await log.step('borders.identity', 'an identity that is only asserted', async () => {
    const asserted = ['P-Asserted-Identity', `<sip:administrator@${domain}>`] as const
    const asked = await ask(question('identity', { headers: [asserted] }), 'identity')
    return { finding: identityFinding(asked, relay), value: undefined }
  })
  await log.step('borders.udp', 'a UDP request that names another address in Via', async () => ({
    finding: await answersElsewhere(door.address, reached.place.address, options.timeoutMs),
    value: undefined,
  }))
}

async function askOnce(
  door: Door,
  { place, candidate }: Reached,
  question: Question,
  user: string,
  options: CheckOptions,
): Promise<Asked> {
  const talk = await talkTo(place, candidate, options)
  if (!(talk instanceof Talk)) return { observed: talk, arrived: undefined }
  try {
    const observed = await talk.ask(question, options.timeoutMs)
    return { observed, arrived: await door.arrival(user, graceMs) }
  } finally {
    talk.close()
  }
}

/** A relayed request may come later than the answer. */
const graceMs = 300

async function talkTo(
  place: Reached['place'],
  candidate: Reached['candidate'],
  options: CheckOptions,
): Promise<Talk | { readonly kind: 'unreached'; readonly found: string }> {
  if (candidate.transport === 'tcp') {
    const socket = await openTcp(place, options.timeoutMs)
    return 'kind' in socket ? { kind: 'unreached', found: socket.found } : new Talk(socket, 'TCP')
  }
  const own = options.own === undefined || options.own.key === '' ? {} : { own: options.own }
  const opened = await dialSecure(place, { ...handshakeOptions(candidate, options), ...own, askStaple: false })
  return opened.kind === 'broken' ? { kind: 'unreached', found: opened.found } : opened.talk
}

function answerText({ observed }: Asked): string {
  if (observed.kind === 'response') return `${observed.response.status} ${observed.response.reason}`
  if (observed.kind === 'silent') return 'no answer'
  if (observed.kind === 'not-sip') return `no SIP: ${observed.line}`
  return observed.found
}

function evidenceOf(asked: Asked): Evidence {
  return { answer: answerText(asked), arrived: asked.arrived !== undefined }
}

function refusedText(asked: Asked): string {
  return `Nothing came to our listener; the server answered: ${answerText(asked)}.`
}

function relayFinding(asked: Asked): Finding {
  if (asked.observed.kind === 'unreached') return notTried(`Not tried: ${asked.observed.found}.`)
  if (asked.arrived === undefined) return fine(refusedText(asked), evidenceOf(asked))
  return failure(
    'border.relay',
    { found: `our listener got the request from ${asked.arrived.from}; the server answered: ${answerText(asked)}` },
    evidenceOf(asked),
  )
}

function dialogFinding(asked: Asked, relay: Asked): Finding {
  if (asked.observed.kind === 'unreached') return notTried(`Not tried: ${asked.observed.found}.`)
  if (asked.arrived === undefined) return fine(refusedText(asked), evidenceOf(asked))
  if (relay.arrived !== undefined)
    return notTried('Not tested: the server relays the same request without a dialog too.')
  return failure(
    'border.dialog-claimed',
    { found: `with a To tag that it never gave out, the request came to our listener from ${asked.arrived.from}` },
    evidenceOf(asked),
  )
}

const challenges: ReadonlySet<number> = new Set([401, 403, 407])

function identityFinding(asked: Asked, relay: Asked): Finding {
  if (asked.observed.kind === 'unreached') return notTried(`Not tried: ${asked.observed.found}.`)
  const { observed, arrived } = asked
  if (arrived?.asserted !== undefined)
    return failure('border.identity-believed', { found: `it passed on ${arrived.asserted}` }, evidenceOf(asked))
  const changed =
    relay.observed.kind === 'response' &&
    challenges.has(relay.observed.response.status) &&
    observed.kind === 'response' &&
    !challenges.has(observed.response.status)
  if (!changed) return fine(`The assertion changes nothing: ${answerText(asked)}.`, evidenceOf(asked))
  const found = `without P-Asserted-Identity it answers ${answerText(relay)}, with it ${answerText(asked)}`
  return fromVerdict(verdict('border.identity-believed', { found }), evidenceOf(asked))
}
