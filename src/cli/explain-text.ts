/** The answer of `siplab explain` as people read it. */
import { adviceFor } from '../explain/advice.ts'
import type { Advice } from '../explain/advice.ts'
import type { Answer } from '../explain/answer.ts'
import type { CaptureAnswer } from '../explain/capture/index.ts'
import type { Failure, TextAnswer } from '../explain/text/index.ts'
import type { Acting } from '../explain/remedy.ts'
import type { Explained } from './explain-evidence.ts'
import { paint } from './io.ts'
import type { Io } from './io.ts'

const maxCandidates = 12
const maxFailures = 20
const maxConnections = 20
const maxSip = 40

/** One piece of evidence, explained. */
export async function explainedText(io: Io, explained: Explained): Promise<string> {
  switch (explained.kind) {
    case 'text':
      return logText(io, explained.answer)
    case 'capture':
      return captureText(io, explained.answer)
    case 'certificates': {
      const { fileText } = await import('../explain/file/index.ts')
      return fileText(explained.answer, explained.name, (colour, text) => paint(io.colours.out, colour, text))
    }
    default:
      return explained satisfies never
  }
}

function logText(io: Io, answer: TextAnswer): string {
  const { failures, notes, identifier, candidates, topic } = answer
  if (identifier !== undefined && candidates.length === 0) return identifierText(answer)
  if (candidates.length === 0 && topic === undefined && notes.length === 0)
    return 'siplab recognises no failure in this text. Give the whole error line, or more lines around it.\n'
  return [
    headline(io, answer),
    answerText(io, answer, answer.product),
    notes.length === 0 ? '' : `\nNumbers in the text\n${notes.map((note) => `  ${note}\n`).join('')}`,
    failures.length > 1 || (failures[0]?.count ?? 0) > 1 ? `\n${failuresText(failures)}` : '',
    surveyedText(answer.surveyed),
  ].join('')
}

/** Silence of such a stack proves nothing about these. */
function surveyedText(surveyed: TextAnswer['surveyed']): string {
  if (surveyed === undefined) return ''
  const { version, day, acceptor, dialler } = surveyed
  const ends = [
    ['accepting', acceptor],
    ['dialling', dialler],
  ] as const
  const lines = ends.flatMap(([end, codes]) => (codes.length === 0 ? [] : [`  ${end}: ${codes.join(', ')}\n`]))
  return lines.length === 0 ? '' : `\nWhat ${version} does not notice (survey of ${day})\n${lines.join('')}`
}

function identifierText({ identifier, notes }: TextAnswer): string {
  if (identifier?.kind === 'thumbprint')
    return (
      `${identifier.digest} thumbprint ${identifier.value}: it names a certificate, and says nothing about a ` +
      `failure.\n`
    )
  if (identifier?.kind === 'uuid') return `UUID ${identifier.value}: it says nothing about a failure.\n`
  return `${notes.map((note) => `${note}\n`).join('')}`
}

/** Who refused what: the sentence that decides at which end to look. */
function headline(io: Io, { whoRefused, whoseCertificate, topic, candidates }: TextAnswer): string {
  if (topic !== undefined) return paint(io.colours.out, 'bold', `${topics[topic]}\n`)
  const ours = whoseCertificate === 'ours'
  const refusals: readonly (readonly [boolean, string])[] = [
    [whoRefused === 'them' && ours, 'The other end refused our certificate.'],
    [whoRefused === 'us' && whoseCertificate === 'theirs', 'This end refused the certificate of the other end.'],
    [whoRefused === 'us' && ours, 'This end cannot use its own certificate, key or trust list.'],
    [whoRefused === 'them', 'The other end ended the connection.'],
    [whoRefused === 'us', 'This end ended the handshake.'],
    [candidates.length === 1, 'One cause fits.'],
    [candidates.length > 1, 'The text does not say which end refused.'],
  ]
  const said = refusals.find(([fits]) => fits)?.[1]
  return said === undefined ? '' : paint(io.colours.out, 'bold', `${said}\n`)
}

const topics = {
  dns: 'A name was not found: this is not a TLS problem.',
  tcp: 'The TCP connection failed: this is not a TLS problem.',
  sip: 'SIP refused the request: this is not a TLS problem.',
  disk: 'The disk is full: this is not a TLS problem.',
  ice: 'ICE found no path for the media: this is not a TLS problem.',
  media: 'The media certificate is not that of the SDP (DTLS-SRTP): no chain and no trust list is at fault.',
  database: 'A database failed: this is not a TLS problem.',
  service: 'The service itself failed: this is not a TLS problem.',
} as const

function answerText(io: Io, answer: Answer, product?: string): string {
  const { candidates, evidence } = answer
  const shown = candidates.slice(0, maxCandidates)
  const more = candidates.length - shown.length
  const causes = candidates.length === 1 ? 'Cause' : `${candidates.length} causes fit, the most common first`
  return [
    candidates.length === 0 ? '' : `\n${causes}\n`,
    ...shown.map(({ code, why }) => `  ${paint(io.colours.out, 'yellow', code.padEnd(26))} ${why}\n`),
    more > 0 ? `  and ${more} more\n` : '',
    answer.needsKeylog ? '\nTLS 1.3 hides the cause: capture again with a key log (--keylog FILE).\n' : '',
    evidence.length === 0 ? '' : `\nEvidence\n${evidence.map(({ where, found }) => `  ${where}: ${found}\n`).join('')}`,
    adviceText(adviceFor(answer, product)),
  ].join('')
}

const acting: Readonly<Record<Acting, string>> = {
  us: 'this end acts',
  them: 'the other end acts',
  dialler: 'the dialling end acts',
  acceptor: 'the accepting end acts',
  either: 'the evidence does not say which end acts',
  both: 'both ends act',
}

function adviceText(advices: readonly Advice[]): string {
  if (advices.length === 0) return ''
  const remedies = advices.flatMap(({ code, acts, rule, remedy }) =>
    remedy === undefined ? [] : [`  ${code} (${acting[acts]}): ${remedy}.\n    rule: ${rule}\n`],
  )
  const lab = advices.find(({ reproduce }) => reproduce.length > 0)?.reproduce ?? []
  return [
    remedies.length === 0 ? '' : `\nWhat to do\n${remedies.join('')}`,
    lab.length === 0 ? '' : `\nTo see the same failure in a lab\n${lab.map((command) => `  ${command}\n`).join('')}`,
  ].join('')
}

function failuresText(failures: readonly Failure[]): string {
  const rows = failures.slice(0, maxFailures).map((failure) => {
    const { link = 'link not named', causes, count, topic, firstLine, lastLine, firstTime, lastTime } = failure
    const times = firstTime === undefined ? '' : ` from ${firstTime} to ${lastTime ?? firstTime}`
    const shown = causes.slice(0, 3).join(', ') + (causes.length > 3 ? ', …' : '')
    const cause = shown === '' ? (topic ?? 'unknown') : shown
    return `  ${count} × ${link}: ${cause}, lines ${firstLine} to ${lastLine}${times}\n`
  })
  const more = failures.length - rows.length
  return `Failures by link\n${rows.join('')}${more > 0 ? `  and ${more} more kinds\n` : ''}`
}

function captureText(io: Io, answer: CaptureAnswer): string {
  const { counts, connections, sip, problems } = answer
  const list = connections
    .slice(0, maxConnections)
    .map(({ dialler, acceptor, firstFrame, state, tls, answer: own }) => {
      const version = tls?.chosen === undefined ? '' : `, ${tls.chosen.version} ${tls.chosen.cipher}`
      const name = tls?.serverName === undefined ? '' : ` (SNI ${tls.serverName})`
      const causes = own.candidates.slice(0, 3).map(({ code }) => code)
      const cause = causes.length === 0 ? '' : `: ${causes.join(', ')}${own.candidates.length > 3 ? ', …' : ''}`
      return `  frame ${firstFrame}: ${dialler} dials ${acceptor}${name}${version}, ${state}${cause}\n`
    })
  const ladder = sip
    .slice(0, maxSip)
    .map(({ frame, source, destination, firstLine }) => `  frame ${frame}: ${source} -> ${destination}  ${firstLine}\n`)
  const refusal =
    answer.whoRefused === undefined
      ? ''
      : `The ${answer.whoRefused} refused` +
        `${answer.whoseCertificate === undefined ? '' : ` the certificate of the ${answer.whoseCertificate}`}.\n`
  return [
    paint(io.colours.out, 'bold', `${countOf(counts.connections, 'connection')}, ${counts.broken} broken.\n`),
    refusal,
    answerText(io, answer),
    list.length === 0 ? '' : `\nConnections\n${list.join('')}`,
    ladder.length === 0 ? '' : `\nSIP\n${ladder.join('')}`,
    ...problems.map((problem) => `note: ${problem}\n`),
  ].join('')
}

/** `countOf(1, 'connection')` -> `1 connection`. */
function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
