/**
 * The TLS step: one handshake as the client would do it, then one for every other version; a failure is looked into
 * until it has a name.
 */
import type { Socket } from 'node:net'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Candidate } from './discover.ts'
import { dialSecure, secure, type Broken, type HandshakeOptions, type Place, type Secured } from './handshake.ts'
import { formFinding, unknownName, unrecognizedName } from './handshake-form.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import type { CheckProfile } from './profiles.ts'
import { refusalVerdict } from './own-refusal.ts'
import { lookWithoutTls, strangerText } from './strangers.ts'
import { failure, fine, fromVerdict, note, warning, type Evidence, type Finding } from './step.ts'
import { otherVersions, versionOrder } from './versions-step.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** The handshake of this check: what it allows, trusts and asks for. */
export function handshakeOptions(candidate: Candidate, options: CheckOptions): HandshakeOptions {
  const { limits, trust, crls, timeoutMs, allowPartialTrustChain, withoutSni, proxyProtocol } = options
  const [name] = candidate.names
  return {
    ...limits,
    ...(name === undefined || withoutSni === true ? {} : { servername: name }),
    anchors: trust.anchors,
    crls,
    ...(allowPartialTrustChain === true ? { allowPartialTrustChain } : {}),
    ...(proxyProtocol === true ? { proxyProtocol } : {}),
    timeoutMs,
    askStaple: true,
    ...(candidate.transport === 'wss' ? { webSocketHost: endpointText(candidate.host, candidate.port) } : {}),
  }
}

/** The handshake broke off for want of a certificate of ours, after the server had shown its own. */
export interface Shown {
  readonly chain: readonly Buffer[]
}

export interface TlsDone {
  readonly secured: Secured
  /** The server ends every handshake without a client certificate (TLS 1.2), so ours was shown at once. */
  readonly shownOwn: boolean
}

/** @returns the open connection; undefined when there is none to go on with */
export async function tlsStep(
  log: CheckLog,
  socket: Socket,
  place: Place,
  candidate: Candidate,
  options: CheckOptions,
): Promise<TlsDone | Shown | undefined> {
  return log.step('tls', `TLS handshake with ${endpointText(candidate.host, place.port)}`, async (inner) => {
    const wanted = handshakeOptions(candidate, options)
    const first = await secure(socket, place, wanted)
    if (first.kind === 'broken' && first.askedCertificate && first.alert !== undefined)
      return demanded(first, place, wanted, options)
    const opened =
      first.kind === 'broken' && first.errorCode === 'ECONNRESET'
        ? await withoutStaple(inner, first, place, wanted)
        : first
    if (opened.kind === 'broken') return { finding: await explain(opened, place, candidate, wanted), value: undefined }
    await otherVersions(inner, opened, place, wanted, options.own)
    stapleNote(inner, opened)
    return {
      finding: fine(
        `${opened.protocol} with ${opened.cipher}, ${opened.chain.length} certificates received.`,
        evidenceOf(opened, wanted),
      ),
      value: { secured: opened, shownOwn: false },
    }
  })
}

/** TLS 1.2 refuses a client without a certificate inside the handshake, with an alert that does not say so (40). */
async function demanded(
  { found, chain }: Broken,
  place: Place,
  wanted: HandshakeOptions,
  options: CheckOptions,
): Promise<Done<TlsDone | Shown | undefined>> {
  const { own, profile } = options
  if (own === undefined || own.key === '')
    return {
      finding: demandFinding(`the server asked for a certificate and ended the handshake: ${found}`, profile, 'failed'),
      value: chain.length === 0 ? undefined : { chain },
    }
  const again = await dialSecure(place, { ...wanted, own, askStaple: false })
  if (again.kind === 'secured')
    return {
      finding: fine(
        `${again.protocol} with ${again.cipher}, once our certificate is shown.`,
        evidenceOf(again, wanted),
      ),
      value: { secured: again, shownOwn: true },
    }
  const said = again.code
  return {
    finding: fromVerdict(refusalVerdict(own, options, { said, found: again.found, alert: again.alert })),
    value: undefined,
  }
}

/** The finding for a client without a certificate at a server that wants one. */
export function demandFinding(
  found: string,
  { speaksAs }: CheckProfile,
  outcome: 'failed' | 'note',
  evidence: Evidence = {},
): Finding {
  const fix =
    speaksAs === 'client'
      ? 'dial the port for users, or configure the server to request a certificate without requiring it'
      : 'show one: --cert FILE --key FILE, or --as NODE'
  const silent = evidence['closed'] === true && evidence['alert'] === undefined && evidence['said'] === undefined
  const details = {
    message: `The server ${silent ? 'probably ' : ''}requires a certificate of every client`,
    found: silent ? `${found}, without an alert: it may have closed for another reason` : found,
    fix,
  }
  return outcome === 'failed'
    ? failure('tls.client-cert-missing', details, evidence)
    : note('tls.client-cert-missing', details, evidence)
}

/** A server whose OCSP responder fails breaks the handshake of every client that asks for a staple. */
async function withoutStaple(
  log: CheckLog,
  first: Broken,
  place: Place,
  wanted: HandshakeOptions,
): Promise<Secured | Broken> {
  const again = await dialSecure(place, { ...wanted, askStaple: false })
  if (again.kind === 'broken') return first
  log.put(
    'tls.staple',
    'stapled OCSP answer',
    warning('tls.staple-invalid', {
      found: 'the handshake breaks for a client that asks for an OCSP answer, and succeeds for one that does not',
      fix: 'make the OCSP responder reachable for the server again, or switch stapling off',
    }),
  )
  return again
}

function evidenceOf(
  { protocol, cipher, group, chain, asksCertificate, tlsMs }: Secured,
  { servername }: HandshakeOptions,
): Evidence {
  return {
    protocol,
    cipher,
    ...(group === undefined ? {} : { group }),
    sni: servername ?? 'none',
    certificates: chain.length,
    asksCertificate,
    handshakeMs: Math.round(tlsMs * 10) / 10,
  }
}

/** Node checks nothing in a stapled answer; whether it is one at all can be seen. */
function stapleNote(log: CheckLog, { staple }: Secured): void {
  if (log.steps.some(({ id }) => id === 'tls.staple')) return
  if (staple === undefined) return log.put('tls.staple', 'stapled OCSP answer', note('tls.staple-missing'))
  if (isOcspSuccess(staple))
    return log.put(
      'tls.staple',
      'stapled OCSP answer',
      fine(`The server sent ${staple.length} octets; siplab does not verify them.`, { octets: staple.length }),
    )
  log.put(
    'tls.staple',
    'stapled OCSP answer',
    warning('tls.staple-invalid', { found: `${staple.length} octets that are no successful OCSP response` }),
  )
}

/** OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED successful (0), responseBytes [0] … } (RFC 6960 §4.2.1). */
function isOcspSuccess(staple: Buffer): boolean {
  if (staple[0] !== 0x30) return false
  const lengthOctet = staple[1] ?? 0
  const at = lengthOctet < 0x80 ? 2 : 2 + (lengthOctet & 0x7f)
  return staple[at] === 0x0a && staple[at + 1] === 1 && staple[at + 2] === 0 && staple[at + 3] === 0xa0
}

const unclear: ReadonlySet<string> = new Set(['tls.handshake-failed', 'tls.handshake-timeout', 'tls.not-tls'])

/** From a broken handshake to its cause, by further handshakes that differ in one thing. */
async function explain(seen: Broken, place: Place, candidate: Candidate, wanted: HandshakeOptions): Promise<Finding> {
  const evidence: Evidence = { said: seen.found, ...(seen.alert === undefined ? {} : { alert: seen.alert }) }
  if (seen.at === 'tcp') return failure(seen.code, { found: seen.found }, evidence)
  if (seen.alert === 40) return agreement(place, wanted, evidence)
  if (seen.code === 'tls.no-common-version' && seen.alert !== undefined) return oldVersions(place, wanted, evidence)
  if (seen.alert === unrecognizedName) return unknownName(seen, place, wanted, evidence)
  const notTls = seen.alert === undefined && unclear.has(seen.code)
  if (!notTls) return failure(seen.code, { found: seen.found }, evidence)
  const stranger = await lookWithoutTls(place, `sip:${candidate.host}`, wanted.timeoutMs)
  const details = {
    found: strangerText(stranger),
    fix:
      stranger.kind === 'sip-clear'
        ? 'dial this port with transport tcp, or open a TLS listener'
        : 'check that host and port are those of the SIP server',
  }
  if (stranger.kind === 'silent' || stranger.kind === 'tls' || stranger.kind === 'other') {
    const byForm = await formFinding(seen, place, wanted, evidence)
    if (byForm !== undefined) return byForm
  }
  if (stranger.kind === 'silent' || stranger.kind === 'tls')
    return failure(seen.code, { found: `${seen.found}; without TLS, ${strangerText(stranger)}` }, evidence)
  return failure('tls.not-tls', details, { ...evidence, answers: stranger.line })
}

interface Widening {
  readonly code: VerdictCode
  readonly change: Partial<HandshakeOptions>
  readonly what: string
}

/** Everything OpenSSL has, for a look at what a server would take. */
const anyCipher = 'ALL:@SECLEVEL=0'

/**
 * Alert 40 says "no agreement" and not about what: widen one of our own limits at a time, then suspect the server's
 * key.
 */
async function agreement(place: Place, wanted: HandshakeOptions, evidence: Evidence): Promise<Finding> {
  const widenings: readonly Widening[] = [
    {
      code: 'tls.no-common-cipher',
      change: { ciphers: `TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:${anyCipher}` },
      what: 'cipher suites',
    },
    { code: 'tls.no-common-group', change: { groups: 'X25519:P-256:P-384:P-521:X448' }, what: 'key exchange groups' },
    { code: 'tls.no-common-signature', change: { signatures: allSignatures }, what: 'signature algorithms' },
  ]
  for (const { code, change, what } of widenings) {
    const wide = await dialSecure(place, { ...wanted, ...change, askStaple: false })
    if (wide.kind === 'broken') continue
    wide.talk.close()
    return failure(
      code,
      {
        found:
          `the handshake succeeds as soon as every one of our ${what} is offered: then ` +
          `${wide.cipher}${wide.group === undefined ? '' : `, ${wide.group}`}`,
      },
      evidence,
    )
  }
  const taken = verdict('tls.alert', {
    message: 'The server accepts no offer of this client',
    found: 'alert 40 to every cipher suite, group and signature algorithm',
    fix: 'check that the server has a certificate and its private key for the dialled name',
  })
  return fromVerdict({ ...taken, candidates: noOffer, whoRefused: 'them' }, evidence)
}

const noOffer = [
  {
    code: 'key.mismatch',
    why: 'a server whose key does not belong to its certificate, or that has none, fits no offer',
  },
  { code: 'tls.name-unknown', why: 'some servers send alert 40 for a name that they do not know' },
  { code: 'tls.client-cert-missing', why: 'some servers send alert 40 if a required certificate is missing' },
] as const satisfies Verdict['candidates']

const allSignatures = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'ed448',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pss_pss_sha256',
  'rsa_pss_pss_sha384',
  'rsa_pss_pss_sha512',
  'RSA+SHA256',
  'RSA+SHA384',
  'RSA+SHA512',
].join(':')

/** Which versions would the other end take? */
async function oldVersions(place: Place, wanted: HandshakeOptions, evidence: Evidence): Promise<Finding> {
  const taken: string[] = []
  for (const version of versionOrder) {
    const old = version === 'TLSv1' || version === 'TLSv1.1'
    const other = await dialSecure(place, {
      ...wanted,
      minVersion: version,
      maxVersion: version,
      askStaple: false,
      ...(old ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
    })
    if (other.kind === 'broken') continue
    other.talk.close()
    taken.push(version)
  }
  const found =
    taken.length === 0
      ? 'the server accepts none of TLS 1.0 to 1.3'
      : `the server accepts ${taken.join(', ')}, this client offers ${wanted.minVersion ?? 'TLSv1.2'} to ` +
        `${wanted.maxVersion ?? 'TLSv1.3'}`
  return failure('tls.no-common-version', { found }, { ...evidence, takes: taken })
}
