/**
 * What reading and forwarding a message costs, against named baselines: `node bench/parse.ts [--json] [--tolerance
 * 0.15]`. With a tolerance the exit status is 1 when a row misses its bar by more than that part.
 *
 * The bound is "decode the octets as latin1 and find every CRLF": no parser of text can do less. Shares are
 * time of the bound ÷ time of ours, so 1.00 would be free of cost. All messages of the mix count equally.
 */
import { createRequire } from 'node:module'
import {
  parseDatagram,
  type RequestEdits,
  type ResponseEdits,
  type SipMessage,
  writeRequest,
  writeResponse,
} from '../src/sip/message/index.ts'
import { samples } from './support/messages.ts'
import { alternate, type Contestant, machine, median, ratio, type RoundSettings } from './support/rounds.ts'

const require = createRequire(import.meta.url)
const npmSip: { parse(text: string): unknown } = require('sip')
const npmSipVersion: { version: string } = require('sip/package.json')

const settings: RoundSettings = { rounds: 9, warmUp: 40_000, count: 10_000 }
const output = Buffer.alloc(64 * 1024)

/** Finds every CRLF of the message, body included. */
function bound(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  let found = 0
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) found++
  return found
}

/** The same, but only up to the empty line, as our parser does: the stricter bound. */
function headBound(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  let start = 0
  for (let at = text.indexOf('\r\n'); at !== start; at = text.indexOf('\r\n', start)) start = at + 2
  return start
}

/** Reads what a router reads; a property that is never read would cost nothing. */
function read(message: SipMessage): number {
  const { method, callId, cseq, fromTag, toTag } = message
  const common =
    method.length +
    callId.length +
    cseq +
    (fromTag?.length ?? 0) +
    (toTag?.length ?? 0) +
    (message.branch?.length ?? 0) +
    message.bodyStart
  if (message.kind === 'response') return common + message.status
  return common + message.requestUri.length + (message.maxForwards ?? 0) + (message.topRoute?.length ?? 0)
}

const requestEdits: RequestEdits = {
  requestUri: 'sip:bob@192.0.2.77:50331;transport=tls',
  maxForwards: 67,
  via: 'SIP/2.0/TLS pool.lab.test:5061;branch=z9hG4bK77b1c2a7be40d001',
  dropRoutes: 1,
  pushRoutes: [],
  appendRoute: undefined,
  recordRoutes: ['<sip:pool.lab.test:5061;transport=tls;lr>'],
  remove: [],
  add: [],
}
const responseEdits: ResponseEdits = { dropTopVia: true, remove: [], add: [] }

/** Parse, decide, stamp, edit, and write the octets where a socket would take them. */
function forward(bytes: Buffer): number {
  const message = parseDatagram(bytes)
  const decision = read(message)
  if (message.kind === 'response') return decision + output.write(writeResponse(message, responseEdits), 'latin1')
  message.stampTopVia('10.20.0.3', 40112)
  return decision + output.write(writeRequest(message, requestEdits), 'latin1')
}

function contestant(name: string, once: (bytes: Buffer) => number): Contestant {
  return {
    name,
    run(count) {
      let sink = 0
      for (let turn = 0; turn < count; turn++) for (const { bytes } of samples) sink += once(bytes)
      return sink
    },
  }
}

const times = alternate(
  [
    contestant('bound', bound),
    contestant('bound, head only', headBound),
    contestant('parse', (bytes) => read(parseDatagram(bytes))),
    contestant('forward', forward),
    contestant('npm sip', (bytes) => (npmSip.parse(bytes.toString('latin1')) === undefined ? NaN : 1)),
  ],
  settings,
)

const rows = [
  { row: 'parse, share of the bound (every CRLF)', value: ratio(times, 'bound', 'parse'), must: 0.35, aim: 0.6 },
  {
    row: 'parse, share of the stricter bound (CRLFs of the head)',
    value: ratio(times, 'bound, head only', 'parse'),
    must: undefined,
    aim: undefined,
  },
  {
    row: `parse, times the rate of npm sip ${npmSipVersion.version}`,
    value: ratio(times, 'npm sip', 'parse'),
    must: 9,
    aim: 15,
  },
  {
    row: 'parse + decide + serialise, share of the bound',
    value: ratio(times, 'bound', 'forward'),
    must: 0.22,
    aim: 0.4,
  },
]
const perMessage = Object.fromEntries(
  [...times].map(([name, values]) => [name, Math.round(median(values) / samples.length)]),
)

if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify(
      {
        machine: machine(),
        rounds: settings.rounds,
        messages: samples.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
        rows,
        nanosecondsPerMessage: perMessage,
      },
      undefined,
      2,
    ),
  )
} else {
  console.log(Object.values(machine()).join(', '))
  console.log(`${settings.rounds} rounds; ${samples.map(({ name, bytes }) => `${name} ${bytes.length} B`).join(', ')}`)
  console.table(rows.map(({ row, value, must, aim }) => ({ row, value: Number(value.toFixed(2)), must, aim })))
  console.table(perMessage)
}

const given = process.argv.indexOf('--tolerance')
if (given !== -1) {
  const tolerance = Number(process.argv[given + 1])
  const missed = rows.filter(({ value, must }) => must !== undefined && value < must * (1 - tolerance))
  for (const { row, value, must } of missed) console.error(`MISSED: ${row} is ${value.toFixed(2)}, must be ${must}`)
  if (missed.length > 0) process.exitCode = 1
}
