/**
 * The bound of the end-to-end rows: a proxy of its own on the sockets, TLS and streams of Node, which does only what
 * the calls and registrations of the load generator need. What it costs, every proxy on Node costs.
 *
 * It checks nothing, repeats nothing and has no timers. It is wrong for any message that calls.ts and registrations.ts
 * do not write: it relies on their spelling and on the order of their header fields (Via, Route, Max-Forwards, From,
 * To, Call-ID, CSeq), knows one Contact for each user, and takes the Route of every request for its own.
 *
 * `node bare.ts JSON` (`BareSettings`). Ends on SIGTERM.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { BenchCertificates } from './certificates.ts'
import type { Transport } from './socket.ts'
import { Cutter, field, uriInside } from './wire.ts'

export interface BareSettings {
  readonly transport: Transport
  readonly address: string
  readonly port: number
  readonly tls: BenchCertificates
}

/** A connection, or the source of a datagram. */
interface Peer {
  send(text: string): void
}

const { transport, address, port, tls } = JSON.parse(process.argv[2] ?? '{}') as BareSettings
const ownVia = `Via: SIP/2.0/${transport.toUpperCase()} ${address}:${port};branch=`
const recordRoute = `\r\nRecord-Route: <sip:${address}:${port};transport=${transport};lr>`
/** Contact by address-of-record: `sip:callee1@bench.test`, `sip:callee1@127.0.0.1:40312;transport=tls`. */
const contacts = new Map<string, string>()
/** By the address in their Contact: `127.0.0.1:40312`. */
const phones = new Map<string, Peer>()
/** Where the response to a forwarded request goes, by the branch of our Via. */
const branches = new Map<string, Peer>()
let branchesMade = 0

function receive(message: string, from: Peer): void {
  if (message.startsWith('SIP/2.0 ')) return passResponse(message)
  if (message.startsWith('REGISTER ')) return register(message, from)
  forward(message, from)
}

function register(message: string, from: Peer): void {
  const contact = field(message, 'Contact')
  const uri = uriInside(contact)
  contacts.set(uriInside(field(message, 'To')), uri)
  phones.set(addressIn(uri), from)
  from.send(answer(message, '200 OK', `\r\nContact: ${contact};expires=3600`))
}

/** Between the Via and Max-Forwards of a request is only the Route that leads here. */
function forward(message: string, from: Peer): void {
  const [method = '', requestUri = ''] = message.slice(0, message.indexOf(' SIP/2.0')).split(' ')
  const isInvite = method === 'INVITE'
  if (isInvite) from.send(answer(message, '100 Trying', ''))
  const branch = `z9hG4bK${branchesMade++}`
  if (method !== 'ACK') branches.set(branch, from)
  const uri = isInvite ? (contacts.get(requestUri) ?? '') : requestUri
  const hops = message.indexOf('\r\nMax-Forwards: ')
  phones
    .get(addressIn(uri))
    ?.send(
      `${method} ${uri} SIP/2.0\r\n${ownVia}${branch}${isInvite ? recordRoute : ''}${line(message, 'Via')}` +
        `\r\nMax-Forwards: ${Number(field(message, 'Max-Forwards')) - 1}${message.slice(lineEnd(message, hops))}`,
    )
}

function passResponse(message: string): void {
  const via = message.indexOf('\r\nVia: ')
  const end = lineEnd(message, via)
  const branch = message.slice(message.indexOf('branch=', via) + 7, end)
  const caller = branches.get(branch)
  if (!message.startsWith('SIP/2.0 1')) branches.delete(branch)
  caller?.send(message.slice(0, via) + message.slice(end))
}

function answer(request: string, status: string, added: string): string {
  const fromToCSeq = request.slice(request.indexOf('\r\nFrom: '), lineEnd(request, request.indexOf('\r\nCSeq: ')))
  return `SIP/2.0 ${status}${line(request, 'Via')}${fromToCSeq}${added}\r\nContent-Length: 0\r\n\r\n`
}

/** With the CRLF before it. */
function line(message: string, name: string): string {
  const at = message.indexOf(`\r\n${name}: `)
  return message.slice(at, lineEnd(message, at))
}

/** @param at the CRLF before the line */
function lineEnd(message: string, at: number): number {
  return message.indexOf('\r\n', at + 2)
}

/** `127.0.0.1:40312` of `sip:callee1@127.0.0.1:40312;transport=tls`. */
function addressIn(uri: string): string {
  return uri.slice(uri.indexOf('@') + 1, uri.indexOf(';'))
}

const waiting: (() => void)[] = []

function atEndOfTurn(write: () => void): void {
  if (waiting.push(write) === 1) setImmediate(writeAll)
}

function writeAll(): void {
  for (const write of waiting.splice(0)) write()
}

/** All that a connection has to send in a turn goes out in one write. */
function accept(socket: Socket): void {
  const cutter = new Cutter()
  const place = `${socket.remoteAddress}:${socket.remotePort}`
  let pending = ''
  const write = (): void => {
    socket.write(pending, 'latin1')
    pending = ''
  }
  const peer: Peer = {
    send(text) {
      if (pending === '') atEndOfTurn(write)
      pending += text
    },
  }
  const each = (message: string): void => receive(message, peer)
  socket.setNoDelay(true)
  socket.on('data', (octets) => cutter.push(octets.toString('latin1'), each))
  // `close` follows: a generator that has finished resets its connections.
  socket.on('error', () => undefined)
  socket.on('close', () => phones.delete(place))
}

function listenOnUdp(): void {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4 << 20,
    lookup: (name, _options, found) => found(null, name, 4),
  })
  socket.on('message', (octets, source) =>
    receive(octets.toString('latin1'), {
      send: (text) => atEndOfTurn(() => socket.send(Buffer.from(text, 'latin1'), source.port, source.address)),
    }),
  )
  socket.bind(port, address)
}

function listenOnTls(): void {
  const [cert, key, ca] = [tls.certificateFile, tls.keyFile, tls.caFile].map((file) => readFileSync(file))
  createTlsServer({ cert, key, ca, requestCert: true }, accept).listen(port, address)
}

const listen = { udp: listenOnUdp, tcp: () => createTcpServer(accept).listen(port, address), tls: listenOnTls }
listen[transport]()
process.on('SIGTERM', () => process.exit())
