/** Reads what was given to `siplab explain`, and asks the part of siplab that understands it. */
import { z } from 'zod'
import { createReadStream, openSync, readFileSync, readSync, closeSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { requireNamed } from './named-file.ts'
import type { Answer } from '../explain/answer.ts'
import type { CaptureAnswer } from '../explain/capture/index.ts'
import type { FileAnswer } from '../explain/file/index.ts'
import type { TextAnswer } from '../explain/text/index.ts'
import { kindOf, recogniseOctets } from '../explain/recognise.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export interface ExplainOptions {
  readonly keylog?: string
  readonly role?: 'server' | 'client' | 'both'
  readonly name?: readonly string[]
  readonly ca?: string
  readonly key?: string
  /** Certificate files that belong to a capture. */
  readonly onDisk?: readonly string[]
  readonly at?: string
  readonly rules?: 'lcs2005' | 'ocs2007' | 'modern' | 'node' | 'rfc5280' | 'webpki'
}

export type Explained =
  | { readonly kind: 'text'; readonly name: string; readonly answer: TextAnswer }
  | { readonly kind: 'capture'; readonly name: string; readonly answer: CaptureAnswer }
  | { readonly kind: 'certificates'; readonly name: string; readonly answer: FileAnswer }

const standardInput = 'standard input'

/** Standard input and files of certificates are read whole, up to here. */
const maxWhole = 64 * 1024 * 1024

/** A file by its content. The key log and other files of certificates are read beside it. */
export async function explainPath(io: Io, name: string, options: ExplainOptions): Promise<Explained> {
  const path = requireNamed(io, name, name)
  const head = headOf(path)
  if (isGzip(head)) return explainChunks(io, name, unpacked(name, createReadStream(path)), options)
  const kind = kindOf(head)
  if (kind === 'capture') return explainCaptureOf(io, name, path, options)
  if (kind === 'certificates') return explainCertificates(io, name, whole(io, name), options)
  return explainLog(name, createReadStream(path, { highWaterMark: 262_144 }))
}

/** Standard input, whatever it is. */
export async function explainInput(io: Io, options: ExplainOptions): Promise<Explained> {
  const { head, rest } = await beginning(io.input())
  if (isGzip(head)) return explainChunks(io, standardInput, unpacked(standardInput, rest), options)
  return explainChunks(io, standardInput, rest, options)
}

async function explainChunks(
  io: Io,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  options: ExplainOptions,
): Promise<Explained> {
  const { head, rest } = await beginning(chunks)
  const kind = kindOf(head)
  if (kind === 'capture') return explainCaptureOf(io, name, await collected(name, rest), options)
  if (kind === 'certificates') return explainCertificates(io, name, await collected(name, rest), options)
  return explainLog(name, rest)
}

interface Beginning {
  readonly head: Buffer
  /** Everything, the head included. */
  readonly rest: AsyncIterable<Uint8Array>
}

async function beginning(chunks: AsyncIterable<Uint8Array>): Promise<Beginning> {
  const reading = chunks[Symbol.asyncIterator]()
  const first = await reading.next()
  const head = first.done === true ? Buffer.alloc(0) : Buffer.from(first.value)
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield head
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) yield next.value
  }
  return { head, rest: rest() }
}

/** Logs that were rotated are packed (RFC 1952 §2.3.1). */
function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/** @throws UsageError where the octets are damaged or end early */
async function* unpacked(name: string, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of Readable.from(packed).pipe(createGunzip())) yield chunk as Buffer
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${name}: wanted a whole gzip file, found one that cannot be unpacked (${found})`, { cause })
  }
}

/** Words of the command line. */
export async function explainWords(text: string): Promise<Explained> {
  const { explainText } = await import('../explain/text/index.ts')
  return { kind: 'text', name: 'the text', answer: explainText(text) }
}

async function explainLog(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Explained> {
  const { explainStream } = await import('../explain/text/stream.ts')
  return { kind: 'text', name, answer: await explainStream(chunks) }
}

async function explainCaptureOf(
  io: Io,
  name: string,
  source: string | Buffer,
  { keylog, ca, onDisk = [] }: ExplainOptions,
): Promise<Explained> {
  const { explainCapture } = await import('../explain/capture/index.ts')
  const answer = await explainCapture(source, {
    ...(keylog === undefined ? {} : { keylog: whole(io, keylog).toString('utf8') }),
    ...(ca === undefined ? {} : { anchors: dersOf(whole(io, ca)) }),
    onDisk: onDisk.flatMap((file) => dersOf(whole(io, file))),
  })
  return { kind: 'capture', name, answer }
}

/** The certificates of a PEM file; a file without PEM blocks is one DER certificate. */
function dersOf(octets: Buffer): readonly Buffer[] {
  const blocks = [
    ...octets.toString('latin1').matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]+)-----END/g),
  ]
  if (blocks.length === 0) return octets[0] === 0x30 ? [octets] : []
  return blocks.map(([, text = '']) => Buffer.from(text, 'base64'))
}

/** Which files hold certificates: a capture beside them shows whether a server has loaded them. */
export function certificateFiles(io: Io, names: readonly string[]): readonly string[] {
  return names.filter((name) => kindOf(headOf(resolve(io.workingFolder, name))) === 'certificates')
}

async function explainCertificates(io: Io, name: string, octets: Buffer, options: ExplainOptions): Promise<Explained> {
  const { explainFile } = await import('../explain/file/index.ts')
  const { role, name: names, ca, key, at, rules } = options
  const time = at === undefined ? undefined : timeOf(at)
  const answer = explainFile(octets, {
    ...(role === undefined ? {} : { role }),
    ...(names === undefined ? {} : { names }),
    ...(ca === undefined ? {} : { ca: whole(io, ca) }),
    ...(key === undefined ? {} : { key: whole(io, key) }),
    ...(time === undefined ? {} : { at: time }),
    ...(rules === undefined ? {} : { rules }),
    ...(name === standardInput ? {} : { fileName: name }),
  })
  return { kind: 'certificates', name, answer }
}

const minutes = z.iso.datetime({ offset: true, precision: -1 })
const moment = z.union([z.iso.date(), minutes, z.iso.datetime({ offset: true })])

/**
 * `--at 2026-12-01` is its first moment in UTC; a time names its zone, or the answer would depend on the machine.
 *
 * @throws UsageError also for a day that is not in the calendar
 */
export function timeOf(text: string): Date {
  const { success, data } = moment.safeParse(text)
  if (success) return new Date(data)
  throw new UsageError(`--at: wanted a date such as 2026-12-01 or 2026-12-01T08:00:00Z, found ${JSON.stringify(text)}`)
}

/** The file is there, and is no folder. */
export function isFile(io: Io, name: string): boolean {
  return statSync(resolve(io.workingFolder, name), { throwIfNoEntry: false })?.isFile() === true
}

/** A folder that is named by its path: `./logs`. A bare word is text. */
export function isFolder(io: Io, name: string): boolean {
  const isThere = statSync(resolve(io.workingFolder, name), { throwIfNoEntry: false })?.isDirectory() === true
  return isThere && name.includes('/')
}

function headOf(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(recogniseOctets)
    return head.subarray(0, readSync(file, head))
  } finally {
    closeSync(file)
  }
}

function whole(io: Io, name: string): Buffer {
  const path = requireNamed(io, name, name)
  const { size } = statSync(path)
  if (size > maxWhole) throw new UsageError(`${name}: wanted at most ${maxWhole} octets, found ${size}`)
  return readFileSync(path)
}

async function collected(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > maxWhole)
      throw new UsageError(`${name}: wanted at most ${maxWhole} octets of a capture; name the unpacked file instead`)
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}

/** Whether the evidence said anything at all. */
export function isKnown({ kind, answer }: Explained): boolean {
  if (kind === 'certificates') return answer.contents.length > 0 || answer.findings.length > 0
  if (kind === 'capture') return isRead(answer) && (answer.candidates.length > 0 || answer.counts.broken === 0)
  return isAnswered(answer)
}

/** A capture of which no packet was understood proves nothing. */
function isRead({ counts }: CaptureAnswer): boolean {
  return counts.connections > 0 || counts.sipMessages > 0
}

function isAnswered(answer: TextAnswer): boolean {
  const { candidates, topic, identifier, notes }: TextAnswer & Answer = answer
  return candidates.length > 0 || topic !== undefined || identifier !== undefined || notes.length > 0
}
