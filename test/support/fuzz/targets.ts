/** What is fuzzed, and what each reader promises. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CertificateError, readCertificate } from '../../../src/certificates/examine/index.ts'
import { explainCapture } from '../../../src/explain/capture/index.ts'
import { CaptureError } from '../../../src/explain/capture/capture-file.ts'
import { nodeControl } from '../../../src/node/control/node-control.ts'
import { openControlServer } from '../../../src/node/control/control-server.ts'
import { nodeFolder } from '../../../src/node/control/node-folder.ts'
import type { ControlledNode } from '../../../src/node/controlled-node.ts'
import { withoutCredentials } from '../../../src/node/wire/credentials.ts'
import { WireLog } from '../../../src/node/wire/wire-log.ts'
import { readAuthenticate } from '../../../src/services/authentication/ntlm/tokens.ts'
import { parseXml, XmlError } from '../../../src/services/presence/xml.ts'
import { StreamFramer } from '../../../src/sip/message/framer.ts'
import { MessageError } from '../../../src/sip/message/message-error.ts'
import { defaultLimits, parseDatagram } from '../../../src/sip/message/index.ts'
import { ConfigError } from '../../../src/topology/config-error.ts'
import { loadProfile, parseTopology } from '../../../src/topology/load.ts'
import type { FuzzTarget, Random } from './fuzz.ts'

const corpora = join(import.meta.dirname, '..', '..', 'fixtures', 'fuzz')

export const targetNames = ['messages', 'framer', 'der', 'yaml', 'control', 'ntlm', 'xml', 'pcap'] as const
export type TargetName = (typeof targetNames)[number]

/** Opens what a target needs; `close` ends it. */
export async function openTarget(name: TargetName): Promise<FuzzTarget> {
  const corpus = corpusOf(name)
  return name === 'control' ? { name, corpus, ...(await controlReader()) } : { name, corpus, ...readers[name] }
}

/** Files in Base64 end in `.b64`; others are taken as they stand, a line end of an editor included. */
function corpusOf(name: TargetName): readonly Buffer[] {
  const folder = join(corpora, name)
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const octets = readFileSync(join(folder, file))
      return file.endsWith('.b64') ? Buffer.from(octets.toString('latin1'), 'base64') : withCrlf(name, octets)
    })
}

function withCrlf(name: TargetName, octets: Buffer): Buffer {
  if (name === 'yaml' || name === 'xml') return octets
  return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}

type Reader = Pick<FuzzTarget, 'words' | 'read' | 'close'>

const sipWords = [
  ...[
    '\r\n\r\n',
    '\r\n ',
    ';tag=',
    ';branch=z9hG4bK',
    'Content-Length: ',
    '-1',
    '99999999999',
    'sip:',
    '<',
    '"',
    '%00',
  ],
  ...['Via: SIP/2.0/TLS [::1]:0', 'Route: <sip:a;lr>', 'l: 3', 'Authorization: Digest response="x"', 'SIP/2.0 200 OK'],
]

const readers: Readonly<Record<Exclude<TargetName, 'control'>, Reader>> = {
  messages: { words: sipWords, read: readMessage },
  framer: { words: sipWords, read: readStream },
  der: {
    words: ['\x30\x80', '\x30\x84\xff\xff\xff\xff', '\x06\x03\x55\x1d\x11', '\x1f\xff', '\x18\x0f99991231235959Z'],
    read: (octets) => only(CertificateError, () => void readCertificate(octets)),
  },
  yaml: {
    words: ['&a', '*a', '<<: *a', '!!js', '{', '[', '- ', ': ', '__proto__:', '\t', '%YAML 9', '---\n', '"', '|\n'],
    read: (octets) => only(ConfigError, () => void parseTopology(octets.toString('utf8'), 'fuzz.yaml', loadProfile)),
  },
  ntlm: { words: ['NTLMSSP\0', '\x03\0\0\0', '\xff\xff', '\0\0\0\0', '\x01\x01'], read: readToken },
  xml: {
    words: ['<a>', '</a>', '<!DOCTYPE', '<![CDATA[', '&#x0;', '&lt;', 'xmlns:a="', '<!--', '<?xml', '\xc3', '"', '/>'],
    read: (octets) => only(XmlError, () => void parseXml(octets.toString('latin1'))),
  },
  pcap: {
    words: ['\x0a\x0d\x0d\x0a', '\xd4\xc3\xb2\xa1', '\xff\xff\xff\xff', '\0\0\0\0', '\x16\x03\x01', '\x01\0\0\0'],
    read: readCapture,
  },
}

/** The reader's own error is a refusal; any other is a finding. */
function only(own: new (...args: never[]) => Error, read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof own)) throw error
  }
}

/** What is shown of a message has no credentials, also when it is shown twice. */
function readMessage(octets: Buffer): void {
  only(MessageError, () => {
    const { text } = parseDatagram(octets)
    const shown = withoutCredentials(text)
    if (withoutCredentials(shown) !== shown) throw new TypeError('credentials were left in a message that was shown')
  })
}

/** Cut anywhere, a stream holds the same. */
function readStream(octets: Buffer, next: Random): void {
  const whole = framed([octets])
  const cuts = Array.from({ length: next(6) }, () => next(octets.length + 1)).sort((a, b) => a - b)
  const pieces = [0, ...cuts].map((at, nth) => octets.subarray(at, cuts[nth] ?? octets.length))
  const inPieces = framed(pieces)
  if (whole !== inPieces) throw new TypeError(`a stream reads otherwise in pieces: ${whole} / ${inPieces}`)
}

function framed(pieces: readonly Buffer[]): string {
  const seen: string[] = []
  const framer = new StreamFramer(defaultLimits, {
    message: ({ text }) => seen.push(text),
    malformed: ({ code }) => seen.push(`malformed ${code}`),
    ping: () => undefined,
    pong: () => undefined,
    lost: ({ code }) => seen.push(`lost ${code}`),
  })
  for (const piece of pieces) framer.push(Buffer.from(piece))
  return JSON.stringify(seen)
}

function readToken(octets: Buffer): void {
  const token = readAuthenticate(octets)
  if (token !== undefined && token.sessionKey.length !== 16) throw new TypeError('half a token was read')
}

async function readCapture(octets: Buffer): Promise<void> {
  try {
    await explainCapture(octets)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
  }
}

/** Raw octets on a control socket: no answer of status 500, and the socket goes on answering. */
async function controlReader(): Promise<Reader> {
  const root = mkdtempSync(join(tmpdir(), 'siplab-fuzz-'))
  const folder = nodeFolder(root, 'fe1')
  mkdirSync(folder.root, { recursive: true })
  const wire = new WireLog({ node: 'fe1', clock: { wall: Date.now } })
  const node = { wire, links: { setFault: () => undefined }, recorder: { record: () => undefined } }
  // Of the routes, those that read much of what they are sent; the others need a whole server.
  const { 'GET /trace': trace, 'POST /link-fault': linkFault } = nodeControl(node as unknown as ControlledNode)
  if (trace === undefined || linkFault === undefined) throw new Error('the control API lacks a route that is fuzzed')
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  process.on('unhandledRejection', failed)
  const server = await openControlServer(folder, { 'GET /trace': trace, 'POST /link-fault': linkFault })
  return {
    words: [
      '\r\n\r\n',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      '?since=',
      '-1',
      '{"peer":',
      'null',
      '%',
      '//',
    ],
    async read(octets) {
      const answer = await exchange(folder.controlSocket, octets)
      if (failures.length > 0) throw failures.splice(0)[0]
      if (/^HTTP\/1\.1 500 /.test(answer)) throw new TypeError(answer.slice(0, 500))
    },
    async close() {
      process.off('unhandledRejection', failed)
      await server.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** The first octets of the answer; empty when none came soon. */
function exchange(path: string, octets: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.end(octets))
    const settle = (answer: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => settle(''), 200)
    socket.once('data', (chunk) => settle(chunk.toString('latin1')))
    socket.once('end', () => settle(''))
    // A request that is broken may be closed while it is written.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? reject(error) : settle(''),
    )
  })
}
