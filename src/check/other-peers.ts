/**
 * What other peers meet at the same name and this client does not: the other addresses of the name, the other members
 * behind one address, and the certificate for those who send no SNI.
 */
import { toVerdict } from '../certificates/examine/index.ts'
import { verdictCertificate } from '../certificates/examine/explain.ts'
import { certificateFaults } from './certificate-step.ts'
import type { Candidate } from './discover.ts'
import { dialSecure, type Broken, type HandshakeOptions, type Place } from './handshake.ts'
import type { CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { failure, fine, fromVerdict, note, type Finding } from './step.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** A name with more addresses is looked at in part, and the step says so. */
const mostAddresses = 8

/** The certificate that was seen at the address dialled first. */
export interface Seen {
  readonly place: Place
  readonly chain: readonly Buffer[]
}

/** Every other address of the name: one bad member behind a name fails for a part of the peers, or some of the time. */
export async function otherAddresses(
  log: CheckLog,
  { place, chain }: Seen,
  candidate: Candidate,
  wanted: HandshakeOptions,
  options: CheckOptions,
): Promise<void> {
  const others = candidate.addresses.filter((address) => address !== place.address)
  for (const address of others.slice(0, mostAddresses)) {
    const there = { address, port: place.port }
    await log.step('address', `${candidate.host} at ${endpointText(address, place.port)}`, async () => ({
      finding: await lookAt(there, chain, candidate, wanted, options),
      value: undefined,
    }))
  }
  if (others.length > mostAddresses)
    log.put(
      'address',
      `${candidate.host} at further addresses`,
      note('link.unconfirmed', { message: `${others.length - mostAddresses} further addresses were not looked at` }),
    )
}

/** Handshakes at one address after the first: a balancer that takes turns shows each of four members. */
const turns = 4

/**
 * The other members behind one address, a balancer's. One that shows a bad certificate fails for a part of the
 * connections, which is why calls fail some of the time.
 *
 * @returns every certificate that was met there, the first handshake's included
 */
export async function otherMembers(
  log: CheckLog,
  { place, chain }: Seen,
  candidate: Candidate,
  wanted: HandshakeOptions,
  options: CheckOptions,
): Promise<readonly Buffer[]> {
  const title = `${candidate.host} at ${endpointText(place.address, place.port)}, ${turns} further handshakes`
  return log.step('member', title, async () => {
    const met: (readonly Buffer[])[] = []
    for (let turn = 0; turn < turns; turn += 1) met.push(await shownAt(place, wanted, options))
    const leaves = [chain, ...met].flatMap(([leaf]) => (leaf === undefined ? [] : [leaf]))
    const others = met.filter(([leaf]) => leaf !== undefined && chain[0]?.equals(leaf) !== true)
    const answered = met.filter(([leaf]) => leaf !== undefined).length
    return { finding: memberFinding(others, answered, candidate, options), value: leaves }
  })
}

async function shownAt(place: Place, wanted: HandshakeOptions, options: CheckOptions): Promise<readonly Buffer[]> {
  const shown = options.own === undefined || options.own.key === '' ? {} : { own: options.own }
  const seen = await dialSecure(place, { ...wanted, ...shown, askStaple: false })
  if (seen.kind === 'secured') seen.talk.close()
  return seen.chain
}

function memberFinding(
  others: readonly (readonly Buffer[])[],
  answered: number,
  candidate: Candidate,
  options: CheckOptions,
): Finding {
  if (answered < turns)
    return note('link.unconfirmed', {
      message: `${turns - answered} of ${turns} further handshakes showed no certificate`,
    })
  if (others.length === 0) return fine('The same certificate each time.')
  for (const chain of others) {
    const faults = certificateFaults(chain, candidate, options)
    const diagnosis = toVerdict(faults)
    if (faults.accepted || diagnosis === undefined) continue
    const message = `${others.length} of ${turns} further handshakes got another certificate: ${diagnosis.message}`
    return fromVerdict({ ...diagnosis, message })
  }
  return fine(`${others.length} of ${turns} got another certificate, which is good too: several servers answer here.`)
}

async function lookAt(
  place: Place,
  chain: readonly Buffer[],
  candidate: Candidate,
  wanted: HandshakeOptions,
  options: CheckOptions,
): Promise<Finding> {
  const shown = options.own === undefined || options.own.key === '' ? {} : { own: options.own }
  const seen = await dialSecure(place, { ...wanted, ...shown, askStaple: false })
  const evidence = { address: place.address, port: place.port }
  if (seen.kind === 'broken' && seen.chain.length === 0)
    return failure(seen.code, { found: `${endpointText(place.address, place.port)}: ${seen.found}` }, evidence)
  if (seen.kind === 'secured') seen.talk.close()
  const [leaf] = seen.chain
  if (leaf !== undefined && chain[0]?.equals(leaf) === true)
    return fine('The same certificate as at the first address.', evidence)
  const faults = certificateFaults(seen.chain, candidate, options)
  const diagnosis = toVerdict(faults)
  if (!faults.accepted && diagnosis !== undefined) return fromVerdict(diagnosis, evidence)
  return fine('This certificate differs from that of the first address, and is good too.', evidence)
}

/**
 * Peers without SNI, servers of 2003 among them, get the default certificate of the server.
 *
 * @param known certificates that a handshake with the name met
 */
export async function withoutName(
  log: CheckLog,
  { place, known }: { readonly place: Place; readonly known: readonly Buffer[] },
  candidate: Candidate,
  { servername, ...wanted }: HandshakeOptions,
  options: CheckOptions,
): Promise<void> {
  if (servername === undefined) return
  await log.step('tls.without-sni', 'TLS handshake without a server name (SNI)', async () => {
    const shown = options.own === undefined || options.own.key === '' ? {} : { own: options.own }
    const seen = await dialSecure(place, { ...wanted, ...shown, askStaple: false })
    if (seen.kind === 'broken' && seen.chain.length === 0)
      return {
        finding: seen.askedCertificate ? fine('The server accepts a client without SNI.') : refusedWithoutName(seen),
        value: undefined,
      }
    if (seen.kind === 'secured') seen.talk.close()
    return { finding: defaultFinding(seen.chain, known, candidate, options), value: undefined }
  })
}

/** Only an alert shows that the missing name was minded; a slow or busy server shows nothing. */
function refusedWithoutName({ alert, found, code }: Broken): Finding {
  return alert === undefined
    ? note(code, {
        message: 'It cannot be determined whether the server accepts a client that sends no server name (SNI)',
        found,
      })
    : note('tls.name-unknown', { message: 'The server refuses a client that sends no server name (SNI)', found })
}

function defaultFinding(
  shown: readonly Buffer[],
  known: readonly Buffer[],
  candidate: Candidate,
  options: CheckOptions,
): Finding {
  const [leaf] = shown
  if (leaf === undefined || known.some((one) => one.equals(leaf)))
    return fine('Without SNI the server shows the same certificate.')
  const faults = certificateFaults(shown, candidate, options)
  const diagnosis = toVerdict(faults)
  if (faults.accepted || diagnosis === undefined)
    return fine('Without SNI the server shows another certificate, which is good too.')
  const [subject] = faults.path
  const whose = subject === undefined ? 'another certificate' : `the certificate ${verdictCertificate(subject).subject}`
  const message = `A peer that sends no server name (SNI) gets ${whose}`
  const fix = `make the certificate of ${candidate.host} the default of this port`
  return fromVerdict({ ...diagnosis, message, fix }, {}, 'warning')
}
