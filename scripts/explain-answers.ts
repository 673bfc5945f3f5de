/**
 * Answers every case of the field corpus in one process: `SIPLAB_CONFORMANCE=… node scripts/explain-answers.ts
 * [--kinds text,pcap,pem]`. Prints JSON lines `{"id", "answer"}` for its scorer (`score.mjs --answers`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { explainCapture } from '../src/explain/capture/index.ts'
import { answerDocument } from '../src/explain/document.ts'
import { explainFile } from '../src/explain/file/index.ts'
import { explainText } from '../src/explain/text/index.ts'
import { together } from '../src/explain/together.ts'
import type { Answer } from '../src/explain/answer.ts'

interface Case {
  readonly id: string
  readonly kind: 'text' | 'pcap' | 'pem'
  readonly text?: string | null
  readonly pcap?: string | null
  readonly keylog?: string | null
  readonly file?: string | null
  /** A second piece of evidence. */
  readonly also?: string | null
}

const { values } = parseArgs({ options: { kinds: { type: 'string', default: 'text,pcap,pem' } } })
const kinds = values.kinds.split(',')
const home = process.env['SIPLAB_CONFORMANCE']
if (home === undefined) throw new Error('SIPLAB_CONFORMANCE: wanted the folder that holds field/cases.json')
const folder = join(home, 'field')
const read = (name: string): Buffer => readFileSync(join(folder, name))

async function answerTo({ kind, text, pcap, keylog, file, also }: Case): Promise<Answer> {
  if (kind === 'text') return explainText(text ?? '')
  if (kind === 'pem') return explainFile(read(file ?? ''))
  const secrets = keylog === null || keylog === undefined ? {} : { keylog: read(keylog).toString('utf8') }
  const capture = await explainCapture(join(folder, pcap ?? ''), secrets)
  if (also === null || also === undefined) return capture
  return together([capture, explainFile(read(also))]) ?? capture
}

for (const each of (JSON.parse(read('cases.json').toString('utf8')) as readonly Case[]).filter(({ kind }) =>
  kinds.includes(kind),
))
  process.stdout.write(`${JSON.stringify({ id: each.id, answer: answerDocument(await answerTo(each)) })}\n`)
