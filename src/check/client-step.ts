/**
 * Does the server want a certificate of its client, and what does it do with none, a good one and a wrong one? Seen by
 * its first SIP answer.
 */
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import { examineOwn } from './certificate-step.ts'
import type { Candidate } from './discover.ts'
import { announcedCas, fits } from '../sip/transport/connection/ca-names.ts'
import { connectionOptions, dialSecure, type OwnCertificate, type Place, type Secured } from './handshake.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckOptions, OwnIdentity } from './options.ts'
import { failure, fine, fromVerdict, note, notTried, warning, type Evidence, type Finding } from './step.ts'
import { refusalVerdict } from './own-refusal.ts'
import { strangerOf, strangerText } from './strangers.ts'
import { demandFinding, handshakeOptions, type TlsDone } from './tls-step.ts'
import type { Observed, Talk } from './talk.ts'

/** A conversation that the server took part in. */
export interface Conversation {
  /** The newest TLS session of a connection on which our certificate was shown. */
  readonly session?: Secured['session']
  readonly talk: Talk
  readonly observed: Extract<Observed, { kind: 'response' }>
}

export interface Asking {
  readonly place: Place
  readonly candidate: Candidate
  /** Request-URI and sender of the OPTIONS. */
  readonly uri: string
  readonly from: string
}

/** @returns a connection on which SIP is spoken; undefined when the server speaks with none of what we have */
export async function clientStep(
  log: CheckLog,
  { secured: seen, shownOwn }: TlsDone,
  asking: Asking,
  options: CheckOptions,
  wrong: OwnCertificate | undefined,
): Promise<Conversation | undefined> {
  return log.step('client-certificate', 'certificate of the client', async (inner) => {
    if (shownOwn && options.own !== undefined) return alreadyShown(inner, options.own, seen, asking, options)
    const without = seen.talk
    const observed = await inner.step('client-certificate.none', 'without a certificate', async () => {
      const answer = await without.options(asking.uri, asking.from, options.timeoutMs)
      return { finding: withoutFinding(answer, seen, options), value: answer }
    })
    const good = options.own === undefined ? undefined : await withOwn(inner, options.own, seen, asking, options)
    if (good === undefined && options.own !== undefined) await announced(inner, options.own, seen, asking, options)
    if (good !== undefined && options.own !== undefined) await resumption(inner, options.own, good, asking, options)
    if (wrong !== undefined && seen.asksCertificate) await withWrong(inner, wrong, asking, options)
    const spoken = good ?? (observed.kind === 'response' ? { talk: without, observed } : undefined)
    if (spoken?.talk !== without) without.close()
    return { finding: summary(seen, observed, good, inner, options), value: spoken }
  })
}

function withoutFinding(observed: Observed, { asksCertificate, protocol }: Secured, options: CheckOptions): Finding {
  const evidence: Evidence = { asksCertificate, protocol, ...observedEvidence(observed) }
  if (observed.kind === 'response')
    return fine(
      `A client without a certificate gets a SIP answer: ${observed.response.status} ${observed.response.reason}.`,
      evidence,
    )
  if (observed.kind === 'not-sip')
    return failure(
      'sip.not-sip',
      { found: strangerText({ kind: strangerOf(observed.line), line: observed.line }) },
      evidence,
    )
  if (observed.kind === 'silent')
    return failure('link.unconfirmed', { found: `no answer to OPTIONS within ${options.timeoutMs} ms` }, evidence)
  if (!asksCertificate)
    return failure(
      'link.unconfirmed',
      {
        message: 'The server closed the connection after the handshake, though it asked for no certificate',
        found: observed.found,
      },
      evidence,
    )
  const found =
    observed.said !== undefined
      ? observed.found
      : observed.alert === undefined
        ? 'the server asked for a certificate and closed the connection after the handshake'
        : `alert ${observed.alert}`
  return demandFinding(found, options.profile, options.own === undefined ? 'failed' : 'note', evidence)
}

/** The handshake itself needed our certificate; what is left is the first SIP answer. */
async function alreadyShown(
  log: CheckLog,
  own: OwnIdentity,
  seen: Secured,
  { uri, from }: Asking,
  options: CheckOptions,
): Promise<Done<Conversation | undefined>> {
  const { talk } = seen
  log.put(
    'client-certificate.none',
    'without a certificate',
    demandFinding('it breaks the handshake off', options.profile, 'note'),
  )
  const conversation = await log.step(
    'client-certificate.own',
    `with the certificate of ${own.label}`,
    async (): Promise<Done<Conversation | undefined>> => {
      const observed = await talk.options(uri, from, options.timeoutMs)
      const evidence: Evidence = { label: own.label, protocol: seen.protocol, ...observedEvidence(observed) }
      if (observed.kind === 'response')
        return { finding: acceptedFinding(own, options, observed, evidence), value: { talk, observed } }
      talk.close()
      return { finding: ownFinding(observed, own, options, evidence), value: undefined }
    },
  )
  const failed = log.steps.find(({ outcome }) => outcome === 'failed')
  return {
    finding: failed ?? fine('The server requires a certificate and accepts ours.', { asks: true, demands: true }),
    value: conversation,
  }
}

async function withOwn(
  log: CheckLog,
  own: OwnIdentity,
  seen: Secured,
  asking: Asking,
  options: CheckOptions,
): Promise<Conversation | undefined> {
  return log.step('client-certificate.own', `with the certificate of ${own.label}`, async () => {
    const without = notShown(own, seen)
    return without === undefined ? await showOwn(own, asking, options) : { finding: without, value: undefined }
  })
}

/** Refused with our certificate: whether the CAs that the server announces would let other clients show it at all. */
async function announced(
  log: CheckLog,
  { cert }: OwnIdentity,
  { asksCertificate }: Secured,
  { place, candidate }: Asking,
  options: CheckOptions,
): Promise<void> {
  if (!asksCertificate || cert === '') return
  const wanted = connectionOptions({ ...handshakeOptions(candidate, options), askStaple: false })
  const names = await announcedCas({ host: place.address, port: place.port }, wanted, options.timeoutMs)
  if (names === undefined || fits(names, cert)) return
  log.put(
    'client-certificate.announced',
    'CAs that the server announces',
    warning('tls.issuer-not-announced', {
      message: 'The server announces no CA above our certificate',
      found: `${names.length} names; clients of Java, Go, GnuTLS and Windows then show none, those of OpenSSL do`,
      fix: 'put the root above the certificate into the trust list of the server, and keep that list below 16 kB',
    }),
  )
}

/** Whether the server takes a second connection without looking at our certificate again. */
async function resumption(
  log: CheckLog,
  own: OwnIdentity,
  { session }: Conversation,
  asking: Asking,
  options: CheckOptions,
): Promise<void> {
  const offered = session?.()
  if (offered === undefined) return
  const wanted = { ...handshakeOptions(asking.candidate, options), own, askStaple: false, session: offered }
  const again = await dialSecure(asking.place, wanted)
  if (again.kind === 'broken') return
  again.talk.close()
  if (again.resumed)
    log.put(
      'client-certificate.resumed',
      'a second connection',
      note('tls.session-resumed', {
        found:
          'the server gave a ticket and resumed the session: an expired or revoked client certificate stays accepted',
        fix: 'switch session tickets off at the server, or let it look at the certificate of a resumed session',
      }),
    )
}

/** What OpenSSL refuses to load. */
const unfit: ReadonlySet<string> = new Set(['key.mismatch', 'chain.out-of-order'])

/** Why our certificate is not tried. */
function notShown(own: OwnIdentity, seen: Secured): Finding | undefined {
  const [unusable] = own.verdicts.filter(({ code }) => code !== 'key.permissions')
  // A pair that does not fit never leaves this machine: the server has not seen it.
  if (unusable !== undefined && (own.key === '' || own.cert === '' || unfit.has(unusable.code)))
    return fromVerdict(unusable)
  if (own.key === '' || own.cert === '') return notTried('Not tried: this check has no certificate of its own.')
  return seen.asksCertificate
    ? undefined
    : fine('The server asks for no certificate, so ours is not shown.', { asksCertificate: false })
}

async function showOwn(
  own: OwnIdentity,
  asking: Asking,
  options: CheckOptions,
): Promise<{ readonly finding: Finding; readonly value: Conversation | undefined }> {
  const opened = await dialSecure(asking.place, {
    ...handshakeOptions(asking.candidate, options),
    own,
    askStaple: false,
  })
  if (opened.kind === 'broken') {
    const { errorCode, found, alert } = opened
    const refusal = refusalVerdict(own, options, { said: nodeErrorToCode(errorCode, found), found, alert })
    return { finding: fromVerdict(refusal), value: undefined }
  }
  const { talk } = opened
  const observed = await talk.options(asking.uri, asking.from, options.timeoutMs)
  const evidence: Evidence = { label: own.label, protocol: opened.protocol, ...observedEvidence(observed) }
  if (observed.kind === 'response')
    return {
      finding: acceptedFinding(own, options, observed, evidence),
      value: { talk, observed, session: opened.session },
    }
  talk.close()
  return { finding: ownFinding(observed, own, options, evidence), value: undefined }
}

/** The server took it; had it looked at CRLs as we did, it might not have. */
function acceptedFinding(
  own: OwnIdentity,
  options: CheckOptions,
  { response }: Extract<Observed, { kind: 'response' }>,
  evidence: Evidence,
): Finding {
  const { faults } = examineOwn(own, options)
  const revoked = faults.find(({ code, refuses }) => refuses && (code === 'cert.revoked' || code === 'chain.revoked'))
  const nameless = faults.find(({ code, refuses }) => refuses && code === 'cert.name-not-allowed')
  if (revoked === undefined && nameless !== undefined)
    return warning(
      'tls.name-not-checked',
      { message: 'The server accepts a certificate that has a name of another host', found: nameless.found },
      evidence,
    )
  if (revoked === undefined) return fine(`The server accepts it: ${response.status} ${response.reason}.`, evidence)
  return warning(
    'crl.not-checked',
    {
      message: 'The server accepts a revoked certificate: it checks no CRL, or not for this name',
      fix: 'configure the CRLs of the authorities on the server, for every name it serves',
    },
    evidence,
  )
}

function ownFinding(
  observed: Exclude<Observed, { kind: 'response' }>,
  own: OwnIdentity,
  options: CheckOptions,
  evidence: Evidence,
): Finding {
  if (observed.kind === 'closed') {
    return fromVerdict(
      refusalVerdict(own, options, { said: closingCode(observed), found: observed.found, alert: observed.alert }),
      evidence,
    )
  }
  if (observed.kind === 'not-sip') return failure('sip.not-sip', { found: observed.line }, evidence)
  return failure('link.unconfirmed', { found: `no answer to OPTIONS within ${options.timeoutMs} ms` }, evidence)
}

/** Servers that refuse send an alert, or nothing; words that they say are no proof. */
function closingCode({ alert }: Extract<Observed, { kind: 'closed' }>): VerdictCode {
  return alert === undefined ? 'tls.peer-refused' : nodeErrorToCode(undefined, `SSL alert number ${alert}`)
}

async function withWrong(log: CheckLog, wrong: OwnCertificate, asking: Asking, options: CheckOptions): Promise<void> {
  await log.step('client-certificate.wrong', 'with a certificate of a stranger', async () => {
    const opened = await dialSecure(asking.place, {
      ...handshakeOptions(asking.candidate, options),
      own: wrong,
      askStaple: false,
    })
    if (opened.kind === 'broken')
      return {
        finding: fine(`Refused during the handshake (${opened.found}), as it should be.`, { refused: true }),
        value: undefined,
      }
    const { talk } = opened
    const observed = await talk.options(asking.uri, asking.from, options.timeoutMs)
    talk.close()
    if (observed.kind !== 'response')
      return {
        finding: fine('Refused after the handshake, as it should be.', {
          refused: true,
          ...observedEvidence(observed),
        }),
        value: undefined,
      }
    const { status, reason } = observed.response
    return {
      finding: warning(
        'tls.stranger-accepted',
        {
          found: `${status} ${reason} to a certificate that no authority of ours signed`,
        },
        { refused: false, ...observedEvidence(observed) },
      ),
      value: undefined,
    }
  })
}

function observedEvidence(observed: Observed): Evidence {
  switch (observed.kind) {
    case 'response':
      return { answer: `${observed.response.status} ${observed.response.reason}` }
    case 'closed':
      return {
        closed: true,
        ...(observed.said === undefined ? {} : { said: observed.said }),
        ...(observed.alert === undefined ? {} : { alert: observed.alert }),
        closedAfterMs: Math.round(observed.ms * 10) / 10,
      }
    case 'not-sip':
      return { answer: observed.line }
    case 'silent':
      return { silent: true }
    default:
      return observed satisfies never
  }
}

function summary(
  { asksCertificate }: Secured,
  without: Observed,
  good: Conversation | undefined,
  { steps }: CheckLog,
  { own, profile }: CheckOptions,
): Finding {
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  const evidence: Evidence = { asks: asksCertificate, demands: asksCertificate && without.kind === 'closed' }
  if (failed !== undefined)
    return {
      outcome: 'failed',
      code: failed.code,
      sentence: failed.sentence,
      evidence,
      ...(failed.remedy === undefined ? {} : { remedy: failed.remedy }),
      ...(failed.verdict === undefined ? {} : { verdict: failed.verdict }),
    }
  if (!asksCertificate)
    return profile.speaksAs === 'client'
      ? fine('The server asks for no certificate.', evidence)
      : warning('tls.client-cert-not-asked', {}, evidence)
  if (without.kind === 'response')
    return fine(
      'The server requests a certificate but does not require one' +
        (own === undefined || good === undefined ? '.' : '; it accepts ours.'),
      evidence,
    )
  return fine('The server requires a certificate and accepts ours.', evidence)
}
