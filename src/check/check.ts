/**
 * One walk: discovery, TCP, TLS, certificate, client certificate, SIP. It stops where going on makes no sense and says
 * what could not be tried.
 */
import { faultPki } from '../faults/catalogue/fault-pki.ts'
import { toVerdict } from '../certificates/examine/index.ts'
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Socket } from 'node:net'
import { certificateStep, examineOwn, isTrustCode, pathEvidence } from './certificate-step.ts'
import { type Asking, clientStep } from './client-step.ts'
import { clockStep } from './clock-step.ts'
import type { Candidate } from './discover.ts'
import { openTcp, type OwnCertificate, type Place } from './handshake.ts'
import type { CheckLog } from './check-log.ts'
import type { CheckOptions, OwnIdentity } from './options.ts'
import { sipStep } from './sip-step.ts'
import { failure, fine, fromVerdict, notTried, type Step } from './step.ts'
import { Talk } from './talk.ts'
import { otherAddresses, otherMembers, withoutName } from './other-peers.ts'
import { handshakeOptions, tlsStep } from './tls-step.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface Walk {
  /** Request-URI of the OPTIONS, e.g. `sip:lab.test`. */
  readonly uri: string
  /** Who asks, e.g. `sip:alice@lab.test`. */
  readonly from: string
}

/** What a walk leaves for those that go further, such as a login. */
export interface Reached {
  readonly candidate: Candidate
  readonly place: Place
}

/** @returns where SIP is spoken; undefined when the walk ended before */
export async function walk(
  log: CheckLog,
  candidates: readonly Candidate[],
  { uri, from }: Walk,
  options: CheckOptions,
): Promise<Reached | undefined> {
  readMaterial(log, options)
  if (candidates.length === 0)
    return stop(log, ['tcp', 'tls', 'certificate', 'client-certificate', 'sip'], 'no address to dial was found')
  const connected = await tcpStep(log, candidates, options)
  if (connected === undefined)
    return stop(log, ['tls', 'certificate', 'client-certificate', 'sip'], 'no TCP connection was made')
  const { candidate, place } = connected
  const asking = { place, candidate, uri, from }
  return candidate.transport === 'tcp'
    ? walkInClear(log, connected, asking, options)
    : walkSecured(log, connected, asking, options)
}

async function walkInClear(
  log: CheckLog,
  { socket, candidate, place }: Connected,
  { uri, from }: Asking,
  options: CheckOptions,
): Promise<Reached | undefined> {
  stop(log, ['tls', 'certificate', 'client-certificate'], 'the client uses plain TCP here')
  const talk = new Talk(socket, 'TCP')
  const observed = await talk.options(uri, from, options.timeoutMs)
  const spoken = await sipStep(log, talk, uri, observed, options.timeoutMs)
  if (observed.kind === 'response') clockStep(log, observed.response, options)
  talk.close()
  return spoken ? { candidate, place } : undefined
}

async function walkSecured(
  log: CheckLog,
  { socket, candidate, place }: Connected,
  asking: Asking,
  options: CheckOptions,
): Promise<Reached | undefined> {
  const shaken = await tlsStep(log, socket, place, candidate, options)
  if (shaken === undefined) return stop(log, ['certificate', 'client-certificate', 'sip'], 'there is no TLS connection')
  if ('chain' in shaken) {
    await certificateStep(log, { chain: shaken.chain, nodeSays: 'not-asked' }, candidate, options)
    return stop(log, ['client-certificate', 'sip'], 'there is no TLS connection')
  }
  const good = await certificateStep(log, shaken.secured, candidate, options)
  const seen = { place, chain: shaken.secured.chain }
  const wanted = handshakeOptions(candidate, options)
  await otherAddresses(log, seen, candidate, wanted, options)
  const known = await otherMembers(log, seen, candidate, wanted, options)
  await withoutName(log, { place, known }, candidate, wanted, options)
  // A client would hang up here; what the server says to one that does not is still worth knowing, and does no harm.
  const wrong = options.probe ? strangersCertificate(candidate, options.now()) : undefined
  const conversation = await clientStep(log, shaken, asking, options, wrong)
  if (conversation === undefined) return stop(log, ['sip'], 'the server did not speak SIP with this client')
  await sipStep(log, conversation.talk, asking.uri, conversation.observed, options.timeoutMs)
  clockStep(log, conversation.observed.response, options)
  conversation.talk.close()
  return good ? { candidate, place } : undefined
}

/** Unreadable files are reported first: every later step is judged with the files that are left. */
function readMaterial(log: CheckLog, options: CheckOptions): void {
  const { trust, crlVerdicts, own } = options
  putVerdicts(log, 'trust', `trust list of ${trust.from}`, trust.verdicts)
  putVerdicts(log, 'crl', 'certificate revocation lists', crlVerdicts)
  if (own !== undefined) ownStep(log, own, options)
}

/** Our own certificate with the eyes of the other end, as far as we share its trust. */
function ownStep(log: CheckLog, own: OwnIdentity, options: CheckOptions): void {
  const title = `our own certificate, of ${own.label}`
  const open = own.verdicts.find(({ code }) => code === 'key.permissions')
  if (open !== undefined) log.put('own-key', `the key of ${own.label}`, fromVerdict(open, {}, 'warning'))
  const unusable = own.verdicts.filter((found) => found !== open)
  if (unusable.length > 0) return putVerdicts(log, 'own-certificate', title, unusable)
  const examination = examineOwn(own, options)
  const diagnosis = toVerdict(examination)
  const evidence = { names: own.names, ...pathEvidence(examination) }
  if (diagnosis === undefined) return log.put('own-certificate', title, fine('Nothing is wrong with it.', evidence))
  // The other end may trust authorities that we do not.
  const sure = !examination.accepted && !isTrustCode(diagnosis.code)
  log.put('own-certificate', title, fromVerdict(diagnosis, evidence, sure ? 'failed' : 'note'))
}

function putVerdicts(log: CheckLog, id: string, title: string, verdicts: readonly Verdict[]): void {
  const [first, ...others] = verdicts
  if (first === undefined) return
  const joined = others.length === 0 ? first : { ...first, others }
  log.put(id, title, fromVerdict(joined, {}, isOnlyWarning(first) ? 'warning' : 'failed'))
}

const lintCodes: ReadonlySet<string> = new Set([
  'trust.too-long',
  'crl.no-next-update',
  'crl.partial',
  'crl.not-checked',
  'cert.expires-soon',
  'cert.eku-absent',
  'cert.san-missing',
  'cert.subject-missing',
])

function isOnlyWarning({ code }: Verdict): boolean {
  return lintCodes.has(code)
}

interface Connected {
  readonly socket: Socket
  readonly candidate: Candidate
  readonly place: Place
}

/** One address after the other, as the client would; never two at once. */
async function tcpStep(
  log: CheckLog,
  candidates: readonly Candidate[],
  options: CheckOptions,
): Promise<Connected | undefined> {
  for (const candidate of candidates) {
    for (const address of candidate.addresses.slice(0, mostAddresses)) {
      const place = { address, port: candidate.port }
      const socket = await log.step(
        'tcp',
        `TCP connection to ${candidate.host} at ${endpointText(address, candidate.port)}`,
        async () => {
          const opened = await openTcp(place, options.timeoutMs)
          if ('kind' in opened)
            return {
              finding: failure(
                opened.code,
                {
                  found: `${endpointText(address, candidate.port)}: ${opened.found}`,
                  fix: 'check that the server runs, and the firewall ports on the way: siplab plan --format nftables',
                },
                { address, port: candidate.port },
              ),
              value: undefined,
            }
          return {
            finding: fine(`Connected to ${endpointText(address, candidate.port)}.`, { address, port: candidate.port }),
            value: opened,
          }
        },
      )
      if (socket !== undefined) return { socket, candidate, place }
    }
  }
  return undefined
}

/** A name with more addresses is not dialled at all of them. */
const mostAddresses = 4

function stop(log: CheckLog, ids: readonly string[], because: string): undefined {
  for (const id of ids) log.put(id, titles[id] ?? id, notTried(`Not tried: ${because}.`))
  return undefined
}

const titles: Readonly<Record<string, string>> = {
  tcp: 'TCP connection',
  tls: 'TLS handshake',
  certificate: 'certificate of the server',
  'client-certificate': 'certificate of the client',
  sip: 'SIP on this connection',
}

/** Signed by an authority made for this one connection, with the server's own name in it. */
function strangersCertificate({ host }: Candidate, now: number): OwnCertificate {
  const { presenter } = faultPki({ now, name: `stranger.${host.replace(/^[^.]*\.?/, '') || 'invalid'}` }).good()
  return { cert: String(presenter.certificate ?? ''), key: String(presenter.key ?? '') }
}

export interface Totals {
  readonly verdict: Verdict | undefined
  readonly ok: boolean
}

/** The first failure names the check; a candidate that was passed over for a good one does not count. */
export function totals(steps: readonly Step[]): Totals {
  const reachedTcp = steps.some(({ id, outcome }) => id === 'tcp' && outcome === 'ok')
  const counting = steps.filter(({ id }) => !(reachedTcp && id === 'tcp'))
  const failed = counting.find(({ outcome }) => outcome === 'failed')
  if (failed === undefined) return { verdict: undefined, ok: true }
  const found = failed.verdict ?? verdict('link.unconfirmed', { message: failed.sentence })
  return { verdict: ledByClock(found, counting), ok: false }
}

/** A refusal that a wrong clock would explain, by a server whose clock is wrong. */
function ledByClock(found: Verdict, steps: readonly Step[]): Verdict {
  const clock = steps.find(({ id, outcome }) => id === 'clock' && outcome === 'failed')?.verdict
  const explains = found.candidates?.some(({ code }) => code === 'clock.wrong') === true
  return clock === undefined || !explains ? found : { ...clock, others: [found, ...(clock.others ?? [])] }
}
