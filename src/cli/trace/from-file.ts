/** Reads a trace that was kept: the JSON lines of `siplab trace --json`, from a file or standard input. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { requireNamed } from '../named-file.ts'
import type { TraceEntry } from '../../node/control/control-api.ts'
import type { Io } from '../io.ts'
import { UsageError } from '../usage-error.ts'

/** A line that is longer was never written. */
const mostCharacters = 1024 * 1024

/**
 * @param file `-`: standard input
 * @throws UsageError for a line that siplab trace --json never wrote, with its place
 */
export async function* traceOfFile(io: Io, file: string): AsyncGenerator<TraceEntry> {
  const input = file === '-' ? Readable.from(io.input()) : createReadStream(requireNamed(io, '--from', file))
  let at = 0
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    at += 1
    if (text !== '') yield entryOf(text, `${file === '-' ? 'standard input' : file}, line ${at}`)
  }
}

function entryOf(text: string, where: string): TraceEntry {
  const found = JSON.stringify(text.slice(0, 60))
  const wrong = new UsageError(`${where}: wanted a line of siplab trace --json, found ${found}`)
  if (text.length > mostCharacters) throw wrong
  try {
    const entry = JSON.parse(text) as Partial<TraceEntry> | undefined
    const fields = [entry?.time, entry?.node, entry?.kind, entry?.text ?? '', entry?.local ?? '', entry?.remote ?? '']
    if (fields.every((field) => typeof field === 'string')) return entry as TraceEntry
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw wrong
}
