/** `siplab explain [WHAT…]`: what broke and at which end, from a log line, a log, a capture, a file or a host. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option } from 'commander'
import { requireNamed, requireWritable } from '../named-file.ts'
import { findVerdictCode } from '../../verdicts/codes.ts'
import { adviceFor } from '../../explain/advice.ts'
import { answerDocument } from '../../explain/document.ts'
import { together } from '../../explain/together.ts'
import { answer } from '../command.ts'
import type { CommandContext, RegisterCommand } from '../command.ts'
import {
  certificateFiles,
  explainInput,
  explainPath,
  explainWords,
  isFile,
  isFolder,
  isKnown,
  timeOf,
} from '../explain-evidence.ts'
import type { Explained, ExplainOptions } from '../explain-evidence.ts'
import type { LinkOptions } from '../explain-link.ts'
import { explainedText } from '../explain-text.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'
import { withPath } from '../../verdicts/machine-limit.ts'

interface ExplainCommandOptions extends ExplainOptions, LinkOptions {
  readonly json?: true
  readonly report?: 'html' | 'junit'
  readonly output?: string
}

const description =
  'Reads evidence of a failure and says what broke, whose certificate it was, which end refused, which end must ' +
  'act, and how to reproduce the failure in a lab. Evidence is text of a log, a log file, a capture (pcap, pcapng), ' +
  'or certificates and keys (PEM, DER, PKCS #7, PFX, CSR). For a host or a SIP URI it runs siplab check. With - ' +
  'or without WHAT it reads standard input. Several pieces of evidence give one answer.'

const examples = `
Example:
  siplab explain 'error:0A000418:SSL routines::tlsv1 alert unknown ca'
  journalctl -u kamailio --since today | siplab explain -
  siplab explain /var/log/haproxy.log
  siplab explain outage.pcap --keylog keys.txt
  siplab explain chain.pem --role server --name sbc.example.com --ca root.pem
  siplab explain sip.example.com:5061
  siplab explain chain.pem --with teams-direct-routing --on 2027-03-15

Exit status: 0 explained, 1 no cause found, 2 wrong usage. With --on: 0 the link works, 1 it breaks, or siplab
cannot tell.`

export const explainCommand: RegisterCommand = (program, context) => register(program, context, 'explain')

/** The old name. */
export const decodeCommand: RegisterCommand = (program, context) => register(program, context, 'decode')

function register(program: Parameters<RegisterCommand>[0], context: CommandContext, name: 'explain' | 'decode'): void {
  program
    .command(name)
    .argument('[WHAT...]', 'error text, files or a host; - reads standard input')
    .summary(name === 'explain' ? 'say what broke and at which end' : 'the same as explain')
    .description(name === 'explain' ? description : `The same as siplab explain. ${description}`)
    .option('--json', 'print one JSON document')
    .option('--keylog <FILE>', 'decrypt a capture with these TLS secrets (SSLKEYLOGFILE)')
    .addOption(
      new Option('--role <END>', 'certificates: judge them for this TLS end').choices(['server', 'client', 'both']),
    )
    .option('--name <NAME...>', 'certificates: expect these names, which peers dial')
    .option('--ca <FILE>', 'certificates: judge with these roots, which peers trust')
    .option('--key <FILE>', 'certificates: check this private key with them')
    .option('--at <TIME>', 'certificates: judge at this time (default: now)')
    .addOption(
      new Option('--rules <PROFILE>', 'certificates: judge by these rules').choices([
        'lcs2005',
        'ocs2007',
        'modern',
        'node',
        'rfc5280',
        'webpki',
      ]),
    )
    .option('--with <PEER>', 'with a chain file: judge the link with this peer (names in docs/policies.md)')
    .option('--on <DAY>', 'with --with: judge on this day (default: every day on which something changes)')
    .option('--our-roots <FILE>', 'with --with: use this trust list for our own end')
    .addOption(
      new Option('--we-check-purpose <ANSWER>', 'with --with: our server requires clientAuth of callers').choices([
        'yes',
        'no',
      ]),
    )
    .addOption(new Option('--report <KIND>', 'write a report instead of the text').choices(['html', 'junit']))
    .option('--output <FILE>', 'write the report to FILE (default: stdout)')
    .addHelpText('after', name === 'explain' ? examples : '\nExample:\n  siplab decode 0x800B0101')
    .action((what: readonly string[], options: ExplainCommandOptions) => explain(context, what, options))
}

async function explain(
  { io, finish, run }: CommandContext,
  what: readonly string[],
  options: ExplainCommandOptions,
): Promise<void> {
  if (options.output !== undefined && options.report === undefined)
    throw new UsageError('--output FILE needs --report html or junit')
  requireWritable(io, '--output', options.output)
  if (options.with !== undefined) return explainLink(io, what, options, finish)
  requireEvidence(io, options)
  const orphan = options.on ?? options.ourRoots ?? options.weCheckPurpose
  if (orphan !== undefined) throw new UsageError('--on, --our-roots and --we-check-purpose need --with PEER')
  const [host] = what
  if (host !== undefined && what.length === 1 && isHost(io, host))
    return finish(await run(['check', host, ...(options.json === true ? ['--json'] : [])], io))
  const pieces = await gather(io, what, options)
  if (!pieces.some(isKnown)) finish(1)
  if (options.report !== undefined) return report(io, options.report, pieces, options.output)
  if (options.json === true) return answer(io, options, documentOf(pieces), () => '')
  for (const piece of pieces) {
    if (pieces.length > 1) io.out(`== ${piece.name}\n`)
    io.out(await explainedText(io, piece))
  }
  if (pieces.length > 1) io.out(togetherText(pieces))
}

/** Also where the evidence turns out to be text, which needs none of them. */
function requireEvidence(io: Io, { keylog, ca, key, ourRoots, at }: ExplainCommandOptions): void {
  const named = { '--keylog': keylog, '--ca': ca, '--key': key, '--our-roots': ourRoots }
  for (const [option, file] of Object.entries(named)) if (file !== undefined) requireNamed(io, option, file)
  if (at !== undefined) timeOf(at)
}

/** With `--on` the exit status says whether the link comes up. */
async function explainLink(
  io: Io,
  what: readonly string[],
  options: ExplainCommandOptions,
  finish: CommandContext['finish'],
): Promise<void> {
  const { linkReport } = await import('../explain-link.ts')
  const { linkDocument, linkText } = await import('../link-text.ts')
  const [file] = what
  if (file === undefined || what.length > 1)
    throw new UsageError(`--with: wanted one file of a chain, found ${what.length}`)
  const { ca, key, role, at, rules, keylog } = options
  if ([ca, key, role, at, rules, keylog].some((value) => value !== undefined))
    throw new UsageError(
      `--with: wanted no --ca, --key, --role, --at, --rules or --keylog beside it; siplab explain ${file} takes them`,
    )
  const report = linkReport(io, file, options, Date.now())
  if (report.answer !== undefined && !report.answer.verdict.startsWith('stands')) finish(1)
  answer(io, options, linkDocument(report), () => linkText(io, report))
}

/** Files are read; what is no file is text, all such words together. */
async function gather(io: Io, what: readonly string[], options: ExplainOptions): Promise<readonly Explained[]> {
  if (what.length === 0 || (what.length === 1 && what[0] === '-')) return [await explainInput(io, options)]
  const files = what.filter((each) => each !== '-' && isFile(io, each))
  const words = what.filter((each) => each !== '-' && !files.includes(each))
  const [missing] = words.filter((word) =>
    /^[\w./~-]+\.(?:log|txt|pem|crt|cer|key|pcap|pcapng|p7b|pfx|p12|der|csr)$/i.test(word),
  )
  for (const word of words) if (isFolder(io, word) || word === missing) requireNamed(io, word, word)
  const pieces: Explained[] = []
  const onDisk = files.length > 1 ? certificateFiles(io, files) : []
  for (const file of files) pieces.push(await explainPath(io, file, { ...options, onDisk }))
  if (words.length > 0) pieces.push(await explainWords(words.join(' ')))
  if (what.includes('-')) pieces.push(await explainInput(io, options))
  return pieces
}

/** `sip:alice@example.com`, `sip.example.com:5061`, `192.0.2.1:5061`, `sip.example.com`: nothing that is a code. */
function isHost(io: Io, word: string): boolean {
  if (
    isFile(io, word) ||
    findVerdictCode(word) !== undefined ||
    /\.(?:pem|crt|cer|key|pcapng|pcap|log|txt|p7b|pfx|p12|der|csr)$/i.test(word)
  )
    return false
  return (
    /^sips?:[^\s@]*@?[\w.-]+(?::\d{1,5})?$/i.test(word) ||
    /^[a-z\d-]+(?:\.[a-z\d-]+)+(?::\d{1,5})?$/i.test(word) ||
    /^\[[0-9a-f:]+\]:\d{1,5}$/i.test(word)
  )
}

/**
 * What `siplab explain WHAT… --json` prints, of evidence alone: no host is dialled.
 *
 * @throws UsageError
 */
export async function explainDocument(io: Io, what: readonly string[], options: ExplainOptions): Promise<object> {
  return documentOf(await gather(io, what, options))
}

function documentOf(pieces: readonly Explained[]): object {
  const documents = pieces.map(({ name, kind, answer: own }) => ({
    name,
    evidenceKind: kind,
    ...answerDocument(own),
    advice: adviceFor(own, kind === 'text' ? own.product : undefined),
  }))
  const [only] = documents
  if (documents.length === 1 && only !== undefined) return only
  const joint = together(pieces.map(({ answer: own }) => own))
  return joint === undefined
    ? { pieces: documents }
    : { ...answerDocument(joint), advice: adviceFor(joint), pieces: documents }
}

function togetherText(pieces: readonly Explained[]): string {
  const joint = together(pieces.map(({ answer: own }) => own))
  const codes = joint?.candidates.map(({ code }) => code) ?? []
  if (codes.length === 0) return ''
  const many = codes.length === 1 ? 'One cause fits all evidence' : `${codes.length} causes fit all evidence`
  return `== together\n${many}: ${codes.slice(0, 10).join(', ')}${codes.length > 10 ? ', …' : ''}\n`
}

async function report(io: Io, kind: 'html' | 'junit', pieces: readonly Explained[], output?: string): Promise<void> {
  const { explainReport } = await import('../explain-report.ts')
  const text = explainReport(kind, pieces)
  if (output === undefined) io.out(text)
  else withPath(output, () => writeFileSync(resolve(io.workingFolder, output), text))
}
