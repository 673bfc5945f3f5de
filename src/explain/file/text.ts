/** The answer about a file as people read it. */
import type { Chain, ChainLink } from './chain.ts'
import type { FileAnswer } from './explain-file.ts'
import type { FileFinding } from './finding.ts'

/** How the terminal paints a word; the identity where there are no colours. */
export type Paint = (colour: 'red' | 'yellow' | 'green' | 'bold', text: string) => string

const plain: Paint = (_colour, text) => text

/** @param name the file as the user gave it */
export function fileText(answer: FileAnswer, name: string, paint: Paint = plain): string {
  const head = `${paint('bold', name)}: ${answer.format}, ${count(answer.contents.length, 'object')}\n`
  const list = answer.contents.slice(0, 20).map((line) => `  ${line}\n`)
  const more = answer.contents.length > 20 ? `  and ${answer.contents.length - 20} more\n` : ''
  return [
    head,
    ...list,
    more,
    answer.chain === undefined ? '' : chainText(answer.chain),
    ...answer.findings.slice(0, 30).map((finding) => findingText(finding, paint)),
    verdictLine(answer, paint),
    ...answer.notes.slice(0, 20).map((note) => `note: ${note}\n`),
  ].join('')
}

function chainText({ links, others }: Chain): string {
  const sent = links.filter(({ place }) => place !== 'trust')
  const roots = links.filter(({ place }) => place === 'trust')
  const lines = sent.map((link, index) => stepText(link, index))
  const send = lines.length === 0 ? '' : `The server sends, in this order:\n${lines.join('')}`
  const trust = roots.map((link) => `  peers trust ${link.subject}${place(link)}; it is not sent\n`).join('')
  const rest = others.slice(0, 10).map((link) => `  ${link.subject}${place(link)}${until(link)}\n`)
  const omitted = others.length > 10 ? `  and ${others.length - 10} more\n` : ''
  return `${send}${trust}${rest.length === 0 ? '' : `Not in that chain:\n${rest.join('')}${omitted}`}`
}

function stepText(link: ChainLink, index: number): string {
  const indent = '  '.repeat(Math.min(index, 8))
  if (link.place === 'missing')
    return `  ${indent}└ ? ${link.subject}: not in the file; send it unless it is the root\n`
  const title = link.subject === '' ? '(no subject)' : link.subject
  return `  ${indent}${index === 0 ? '' : '└ '}${index + 1} ${title}${place(link)}${until(link)}\n`
}

function place({ where }: ChainLink): string {
  return where === undefined ? '' : ` [${where}]`
}

function until({ certificate, key }: ChainLink): string {
  if (certificate === undefined) return ''
  const names = certificate.subjectAltNames.slice(0, 4).join(', ')
  return `, ${key ?? ''}, ends ${certificate.notAfter.slice(0, 10)}${names === '' ? '' : `, ${names}`}`
}

function findingText(finding: FileFinding, paint: Paint): string {
  const colour = finding.weight === 'error' ? 'red' : 'yellow'
  const word = finding.unsure === true ? 'maybe' : finding.weight === 'error' ? 'wrong' : 'better'
  const mark = paint(colour, word)
  const { code, where, why, rule, remedy } = finding
  return `${mark} ${code} (${where}): ${why}\n      wanted: ${rule}\n      do: ${remedy}\n`
}

function verdictLine(answer: FileAnswer, paint: Paint): string {
  const { role, rules, at } = answer
  const judged = `as ${role === 'both' ? 'server and client' : role}, rules ${rules}, at ${at}`
  const errors = answer.findings.filter(({ weight }) => weight === 'error')
  const noun = errors.every(({ unsure }) => unsure === true) ? 'possible fault' : 'fault'
  if (errors.length > 0) return `${paint('red', count(errors.length, noun))} (${judged})\n`
  return `${paint('green', 'no fault found')} (${judged})\n`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
