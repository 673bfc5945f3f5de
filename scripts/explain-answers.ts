/**
 * Answers every case of the field corpus in one process: `SIPLAB_CONFORMANCE=… node scripts/explain-answers.ts
 * [--kinds text,pcap,pem]`. Prints JSON lines `{"id", "answer"}` for its scorer (`score.mjs --answers`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainText } from '../src/explain/text/index.ts'
import { answerDocument } from '../src/explain/document.ts'

interface Case {
  readonly id: string
  readonly kind: 'text' | 'pcap' | 'pem'
  readonly text?: string
  readonly pcap?: string
  readonly keylog?: string
  readonly file?: string
}

const kinds = (process.argv[process.argv.indexOf('--kinds') + 1] ?? 'text').split(',')
const folder = join(process.env['SIPLAB_CONFORMANCE'] ?? '', 'field')
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as readonly Case[]

for (const each of cases.filter(({ kind }) => kinds.includes(kind)))
  if (each.text !== undefined && each.kind === 'text')
    process.stdout.write(`${JSON.stringify({ id: each.id, answer: answerDocument(explainText(each.text)) })}\n`)
