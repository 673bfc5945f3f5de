/**
 * The form of what is known about the texts of a stack: which words it prints, what they prove, and about which end.
 * Every pattern is matched against one statement in canonical form: lower case, underscores read as spaces.
 */
import type { VerdictCode } from '../../verdicts/codes.ts'
import { alertByName } from '../../certificates/alert-words.ts'
import { candidatesForAlert, isAboutCertificate } from '../../certificates/alerts.ts'
import type { AlertSender } from '../../certificates/alerts.ts'
import type { CertificateOf, Refuser } from '../answer.ts'

/** How much a statement says; of several statements those with the highest rank decide. */
export const rank = {
  /** The connection ended; nothing about why. */
  closed: 1,
  /** Trouble outside TLS: a name, a route, a SIP answer. */
  outside: 2,
  /** A refusal whose reason several causes share. */
  refusal: 3,
  /** A reason in words or by number. */
  reason: 4,
} as const

type Rank = (typeof rank)[keyof typeof rank]

/** What is wrong where the problem is not one of TLS. */
export type Topic = 'dns' | 'tcp' | 'sip' | 'disk' | 'ice' | 'media' | 'database' | 'service'

export interface Saying {
  readonly rank: Rank
  /** Every cause for which the stack says so, the commonest first. */
  readonly causes: readonly VerdictCode[]
  /** Instead of `causes` where the text names the depth of the certificate: 0, or 1 and above. */
  readonly leaf?: readonly VerdictCode[]
  readonly above?: readonly VerdictCode[]
  /** Instead of `causes` where the text says which file it is about. */
  readonly files?: Partial<Readonly<Record<FileRole, readonly VerdictCode[]>>>
  readonly whose?: CertificateOf
  readonly who?: Refuser
  readonly topic?: Topic
  /** The alert behind it, for the explanation. */
  readonly alert?: number
}

/** What a file is for, read from the words around its name. */
export type FileRole = 'certificate' | 'key' | 'trust'

export interface Rule {
  readonly when: RegExp
  readonly says: Saying | ((match: RegExpExecArray) => Saying | undefined)
  /** Where the same words in another order mean nothing. */
  readonly unless?: RegExp
  /** Where other programs use the same words for other trouble: the line must say this too. */
  readonly only?: RegExp
}

/** A line that is about TLS, certificates or keys. */
export const aboutTls =
  /\bd?tls|\bssl|ssl\b|\bx\.?509|\bpk(?:i|cs)|\bpem\b|handshake|schannel|certificat|\bcert\b|\.(?:pem|crt|cer|key|p12|pfx|crl)\b|private ?key|\bca[- ]?(?:list|file|path)|routines|asn\.?1|rustls|webpki/

interface Sample {
  readonly text: string
  /** The first candidate of the answer; absent: no cause may be named. */
  readonly first?: VerdictCode
  readonly whose?: CertificateOf
  readonly who?: Refuser
}

export interface StackGrammar {
  /** For people, e.g. `GnuTLS`. */
  readonly name: string
  readonly rules: readonly Rule[]
  /** Real lines; a test explains each one. */
  readonly samples: readonly Sample[]
}

type Codes = readonly VerdictCode[]

/** WE refused THEIR certificate, for a reason. */
export function refused(...causes: Codes): Saying {
  return { rank: rank.reason, causes, whose: 'theirs', who: 'us' }
}

/** WE refused THEIR certificate; the depth in the chain says which one. */
export function refusedAt(parts: { readonly leaf: Codes; readonly above: Codes; readonly unknown?: Codes }): Saying {
  const { leaf, above } = parts
  return { ...refused(...(parts.unknown ?? [...leaf, ...above])), leaf, above }
}

/** WE refused THEIR certificate; the words name no reason. */
export const refusedSomehow: Saying = {
  rank: rank.refusal,
  causes: [
    'chain.untrusted-root',
    'chain.incomplete',
    'cert.expired',
    'cert.self-signed',
    'cert.eku-missing',
    'cert.not-yet-valid',
    'chain.root-expired',
    'chain.expired',
    'chain.issuer-mismatch',
    'chain.eku-narrow',
    'cert.revoked',
    'crl.expired',
    'crl.missing',
    'cert.signature-invalid',
    'cert.signature-weak',
    'cert.key-weak',
    'cert.ku-wrong',
    'chain.name-constraint',
    'chain.not-a-ca',
    'chain.path-too-long',
    'cert.critical-extension',
  ],
  whose: 'theirs',
  who: 'us',
}

/** Both ends found no agreement, or one end could not read the other. */
export function handshake(causes: Codes, who?: Refuser): Saying {
  return who === undefined ? { rank: rank.reason, causes } : { rank: rank.reason, causes, who }
}

/** OUR own file, key or trust list. */
export function own(causes: Codes, files?: Saying['files']): Saying {
  const saying: Saying = { rank: rank.reason, causes, whose: 'ours', who: 'us' }
  return files === undefined ? saying : { ...saying, files }
}

/** The other end ended the connection and gave no reason. Any refusal looks like this to a stack that gets no alert. */
export const closed: Saying = {
  rank: rank.closed,
  causes: [
    ...refusedSomehow.causes,
    'cert.name-mismatch',
    'tls.client-cert-missing',
    'tls.handshake-failed',
    'link.reset',
    'tls.handshake-timeout',
    'tls.proxy-protocol',
    'tls.legacy-renegotiation',
    'tls.not-tls',
  ],
  who: 'them',
}

/** The handshake ended; the words do not say which end ended it. */
export const broken: Saying = { rank: rank.closed, causes: closed.causes }

/** Trouble that is not one of TLS: no certificate may be blamed for it. */
export function outside(topic: Topic, ...causes: Codes): Saying {
  return { rank: rank.outside, causes, topic }
}

/** An alert that THEY sent: they refused, where it is about a certificate, OURS. */
export function alertReceived(number: number, sender?: AlertSender): Saying {
  const causes = candidatesForAlert(sender === undefined ? { number } : { number, stack: sender })
  const level = causes.length > 3 ? rank.refusal : rank.reason
  if (isAboutCertificate(number)) return { rank: level, causes, whose: 'ours', who: 'them', alert: number }
  // Both ends may be the one without a common version; an internal error says nothing at all.
  return number === 70 || number === 80 || number === 86
    ? { rank: level, causes, alert: number }
    : { rank: level, causes, who: 'them', alert: number }
}

/**
 * Alerts that say: we cannot read what came. Under TLS 1.3 that is often the refusal of the other end, sent in the
 * clear before its keys were ready.
 */
const unreadable = new Set([10, 20, 21, 22, 50])

/** An alert that WE sent: we refused, where it is about a certificate, THEIRS. */
export function alertSent(number: number, sender?: AlertSender): Saying {
  if (unreadable.has(number)) return closed
  const causes = candidatesForAlert(sender === undefined ? { number } : { number, stack: sender })
  return isAboutCertificate(number)
    ? { rank: rank.refusal, causes, whose: 'theirs', who: 'us', alert: number }
    : { rank: rank.refusal, causes, who: 'us', alert: number }
}

/** The alert whose name is the first group of the pattern. */
export function receivedByName(match: RegExpExecArray): Saying | undefined {
  const number = alertByName(match[1] ?? '')
  return number === undefined ? undefined : received(number)
}

/** The alert whose number is the first group of the pattern. */
export function receivedByNumber(match: RegExpExecArray): Saying | undefined {
  return received(Number(match[1]))
}

/** A close_notify ends every connection that ends well (RFC 8446 §6.1). */
function received(number: number): Saying | undefined {
  return number === 0 ? undefined : alertReceived(number)
}

export function sentByName(sender?: AlertSender): (match: RegExpExecArray) => Saying | undefined {
  return (match) => {
    const number = alertByName(match[1] ?? '')
    return number === undefined || number === 0 ? undefined : alertSent(number, sender)
  }
}

/** What the Event Viewer and exports of it write beside the number of an event, in the languages of Windows. */
const eventWords =
  "event(?: ?id)?|eventid|protocol stack|ls server|lync server|schannel|ereignis-?(?:id|kennung)?|id de l'événement|" +
  'id\\. de evento|id(?: do)? evento|identificador de evento|код события|イベント id|事件 id'

/**
 * `event([36874], /no cipher suites/)`: the number of an event where the text calls it one, or the words of the event.
 * The same digits elsewhere are a port or an extension: `m=audio 36874 RTP/AVP 0`.
 */
export function event(numbers: readonly number[], words: RegExp): RegExp {
  const any = numbers.join('|')
  return new RegExp(
    `(?<![a-z])(?:${eventWords})[^0-9a-z]{0,4}(?:${any})(?!\\d)|` +
      `\\b(?:${any}), ?(?:ls|lync|ocs|schannel|office|live)\\b|${words.source}`,
  )
}

/** Sets of causes that several stacks share. */
export const sets = {
  expired: {
    leaf: ['cert.expired', 'clock.wrong'],
    above: ['chain.expired', 'chain.root-expired', 'clock.wrong'],
    unknown: ['cert.expired', 'chain.expired', 'chain.root-expired', 'clock.wrong'],
  },
  notYetValid: {
    leaf: ['cert.not-yet-valid', 'clock.wrong'],
    above: ['chain.not-yet-valid', 'clock.wrong'],
    unknown: ['cert.not-yet-valid', 'clock.wrong', 'chain.not-yet-valid'],
  },
  /** Stacks that say "expired" for both ends of the validity period. */
  anyDate: ['cert.expired', 'cert.not-yet-valid', 'clock.wrong'],
  purpose: {
    leaf: ['cert.eku-missing', 'cert.ku-wrong'],
    above: ['chain.eku-narrow'],
    unknown: ['cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong'],
  },
  /** No path to a trusted root. */
  noPath: ['chain.untrusted-root', 'chain.incomplete', 'cert.self-signed', 'chain.issuer-mismatch'],
  notPem: ['file.not-pem', 'file.empty', 'file.der', 'file.wrong-kind'],
  badKeyFile: ['key.malformed', 'file.not-pem'],
  emptyTrust: ['trust.empty', 'trust.malformed'],
  missingFile: { certificate: ['file.missing'], key: ['key.missing'], trust: ['trust.missing'] },
} as const satisfies Readonly<Record<string, Codes | Readonly<Record<string, Codes>>>>
