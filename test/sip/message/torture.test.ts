/** RFC 4475 at the parser: every message accepted or refused as `expectations.json` asks, with the values it names. */
import t from 'tap'
import {
  answerMalformed,
  decodeText,
  defaultLimits,
  MessageError,
  type NameAddress,
  parseDatagram,
  type SipMessage,
  StreamFramer,
  unescape,
  writeRequest,
} from '../../../src/sip/message/index.ts'
import {
  type AddressExpectation,
  type Case,
  type Expectation,
  readBytes,
  readCases,
  skipReason,
} from './conformance.ts'

function outcome(bytes: Buffer): SipMessage | MessageError {
  try {
    return parseDatagram(bytes)
  } catch (error) {
    if (error instanceof MessageError) return error
    throw error
  }
}

function fromMap(map: ReadonlyMap<string, string | undefined>): Record<string, string | null> {
  return Object.fromEntries([...map].map(([name, value]) => [name, value === undefined ? null : value]))
}

/** The parts of an address that the expectation names, as the parser saw them. */
function seenAddress(address: NameAddress, wanted: AddressExpectation): AddressExpectation {
  const tag = address.parameters.get('tag')
  const seen = {
    displayName: address.displayName,
    uri: address.uri.text,
    user: unescape(address.uri.user ?? ''),
    userBytes: unescape(address.uri.user ?? '').length,
    tag: tag ?? null,
    params: fromMap(address.parameters),
    uriParams: Object.fromEntries(
      [...address.uri.parameters].map(([name, value]) => [name, value === undefined ? null : unescape(value)]),
    ),
  }
  return Object.fromEntries(Object.entries(seen).filter(([key]) => key in wanted))
}

/** The values the expectation names, as the parser saw them. */
function seenMessage(message: SipMessage, wanted: Expectation): unknown {
  const request = message.kind === 'request' ? message : undefined
  const contacts = 'contacts' in wanted || 'contactCount' in wanted ? message.addresses('Contact') : []
  const seen = {
    method: message.method,
    status: message.kind === 'response' ? message.status : undefined,
    reason: message.kind === 'response' ? decodeText(message.reason) : undefined,
    requestUri: request?.requestUri,
    requestUriUser: request?.uri.user === undefined ? undefined : unescape(request.uri.user),
    requestUriHost: request?.uri.host,
    requestUriParams: request === undefined ? undefined : fromMap(request.uri.parameters),
    to: wanted.to === undefined ? undefined : seenAddress(message.to, wanted.to),
    from: wanted.from === undefined ? undefined : seenAddress(message.from, wanted.from),
    maxForwards: request?.maxForwards ?? null,
    callId: message.callId,
    contentLength: Number(message.header('Content-Length')),
    cseq: { seq: message.cseq, method: message.method },
    viaCount: message.vias().length,
    vias: message.vias().map((via) => ({ transport: via.transport, sentBy: via.host, branch: via.branch })),
    subject: message.header('Subject'),
    routeCount: message.addresses('Route').length,
    routes: message.addresses('Route').map((route) => route.uri.text),
    contactCount: contacts.length,
    contacts: contacts.map((contact, at) => seenAddress(contact, wanted.contacts?.[at] ?? {})),
    unknownHeaders: Object.fromEntries(
      Object.keys(wanted.unknownHeaders ?? {}).map((name) => [name, message.header(name)]),
    ),
    bodyBytes: message.body.length,
    acceptCount: message.list('Accept').length,
  }
  return Object.fromEntries(Object.entries(seen).filter(([key]) => key in wanted))
}

/** What a stream reader made of the octets, in a comparable form. */
function throughStream(chunks: readonly Buffer[]): readonly string[] {
  const events: string[] = []
  const framer = new StreamFramer(defaultLimits, {
    message: (message) => events.push(`message ${message.text}`),
    malformed: (error) => events.push(`malformed ${error.code}`),
    ping: () => events.push('ping'),
    pong: () => events.push('pong'),
    lost: (error) => events.push(`lost ${error.code} ${error.status}`),
  })
  for (const chunk of chunks) framer.push(chunk)
  return events
}

const codesOf = (entry: Case): readonly number[] => entry.outcomes.flatMap(({ codes = [] }) => codes)
const refusedBelow: Readonly<Record<string, true>> = { reject: true, 'reject-or-repair': true }
const acceptedBelow: Readonly<Record<string, true>> = { 'must-accept': true, 'accept-if-compatible': true }
/** Faults of fields that only who reads the field has to notice. */
const onAccess: Readonly<Record<string, true>> = { regbadct: true }

t.test('rfc4475', skipReason === undefined ? {} : { skip: skipReason }, async (t) => {
  const cases = readCases()
  t.equal(cases.length, 49, 'all messages are there')

  for (const entry of cases) {
    const bytes = readBytes(entry)

    if (acceptedBelow[entry.parser]) {
      t.test(`${entry.name} is read, with the values the RFC gives`, async (t) => {
        const { version, ...wanted } = entry.expect ?? {}
        const message = parseDatagram(bytes)
        t.strictSame(seenMessage(message, wanted), wanted)
      })
    }

    if (refusedBelow[entry.parser] && !onAccess[entry.name]) {
      t.test(`${entry.name} is refused with a status it allows`, async (t) => {
        const error = outcome(bytes)
        if (!(error instanceof MessageError)) return t.fail('the parser took it')
        if (entry.kind === 'response') return t.equal(error.partial, undefined, 'a response is never answered')
        t.ok(codesOf(entry).includes(error.status), `status ${error.status}`)
        if (error.partial === undefined) return t.fail('nothing to answer with')
        const reply = answerMalformed(error.partial, error.status)
        t.match(reply, new RegExp(`^SIP/2\\.0 ${error.status} [^\r]+\r\nVia: [\\s\\S]*\r\nContent-Length: 0\r\n\r\n$`))
      })
    }

    t.test(`${entry.name} comes out the same wherever the stream is split`, async (t) => {
      const whole = throughStream([bytes])
      for (let at = 1; at < bytes.length; at++) {
        const split = throughStream([bytes.subarray(0, at), bytes.subarray(at)])
        if (JSON.stringify(split) !== JSON.stringify(whole)) return t.strictSame(split, whole, `split at ${at}`)
      }
      t.strictSame(throughStream([...bytes].map((octet) => Buffer.from([octet]))), whole)
    })
  }

  const named = (name: string): Buffer => {
    const entry = cases.find((entry) => entry.name === name)
    if (entry === undefined) throw new Error(`no case ${name}`)
    return readBytes(entry)
  }

  t.test('badvers is refused with 505 and can be answered', async (t) => {
    t.match(outcome(named('badvers')), { status: 505, code: 'version-unsupported', partial: { method: 'OPTIONS' } })
  })
  t.test('mismatch02 is refused with 501, the method being unknown', async (t) => {
    t.match(outcome(named('mismatch02')), { status: 501, code: 'cseq-method-mismatch' })
  })
  t.test('insuf is refused with 400 and answered without the fields it lacks', async (t) => {
    const error = outcome(named('insuf'))
    if (!(error instanceof MessageError) || error.partial === undefined) return t.fail('no partial')
    t.match(
      answerMalformed(error.partial, 400),
      /^SIP\/2\.0 400 Bad Request\r\nVia: SIP\/2\.0\/UDP 192\.0\.2\.95;branch=z9hG4bKkdj\.insuf\r\nCSeq: 193942 INVITE\r\n/,
    )
  })
  t.test('multi01 is refused with 400', async (t) => {
    t.match(outcome(named('multi01')), { status: 400, code: 'header-field-repeated' })
  })
  t.test('mcl01 loses the boundary of a stream', async (t) => {
    t.strictSame(throughStream([named('mcl01')]), ['lost content-length-conflict 400'])
  })
  t.test('ncl loses the boundary of a stream', async (t) => {
    t.strictSame(throughStream([named('ncl')]), ['lost content-length-syntax 400'])
  })
  t.test('clerr waits on a stream', async (t) => {
    t.strictSame(throughStream([named('clerr')]), [])
  })
  t.test('regbadct: the Contact is refused when it is read', async (t) => {
    t.throws(() => parseDatagram(named('regbadct')).addresses('Contact'), { code: 'address-syntax', status: 400 })
  })
  t.test('baddate is read: a proxy has no use for Date', async (t) => {
    t.equal(parseDatagram(named('baddate')).method, 'INVITE')
  })
  t.test('badbranch is read with a branch that is only the cookie', async (t) => {
    t.equal(parseDatagram(named('badbranch')).branch, 'z9hG4bK')
  })
  t.test('baddn with its empty line is refused for the display name', async (t) => {
    t.match(outcome(Buffer.concat([named('baddn'), Buffer.from('\r\n')])), { code: 'from-syntax', status: 400 })
  })
  t.test('dblreq is two messages on a stream and one in a datagram', async (t) => {
    const seen = throughStream([named('dblreq')]).map((event) => event.split(' ').slice(0, 2).join(' '))
    // The body of the second is five octets longer than its Content-Length: what is left is no message.
    t.strictSame(
      [seen, parseDatagram(named('dblreq')).text.includes('INVITE')],
      [['message REGISTER', 'pong', 'message INVITE', 'lost start-line-syntax'], false],
    )
  })
  t.test('mpart01 is forwarded with every octet of its body', async (t) => {
    const request = parseDatagram(named('mpart01'))
    if (request.kind !== 'request') return t.fail('a response')
    const forwarded = writeRequest(request, {
      requestUri: undefined,
      maxForwards: 69,
      via: 'SIP/2.0/UDP p.test;branch=z9hG4bK1',
      dropRoutes: 1,
      pushRoutes: [],
      appendRoute: undefined,
      recordRoutes: [],
      remove: [],
      add: [],
    })
    t.strictSame(Buffer.from(forwarded, 'latin1').subarray(-553), named('mpart01').subarray(-553))
  })
  t.test('wsinv is forwarded with its unusual header field unchanged', async (t) => {
    const request = parseDatagram(named('wsinv'))
    if (request.kind !== 'request') return t.fail('a response')
    const forwarded = writeRequest(request, {
      requestUri: undefined,
      maxForwards: 67,
      via: 'SIP/2.0/UDP p.test;branch=z9hG4bK1',
      dropRoutes: 0,
      pushRoutes: [],
      appendRoute: undefined,
      recordRoutes: [],
      remove: [],
      add: [],
    })
    t.match(forwarded, '\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\n')
  })
})
