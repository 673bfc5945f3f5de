import { fc } from '../../support/property.ts'
import { ownFolder } from '../../support/own-folder.ts'
import t from 'tap'
import { explainCapture } from '../../../src/explain/capture/index.ts'
import { CaptureError } from '../../../src/explain/capture/capture-file.ts'
import { PendingBudget, TcpStream } from '../../../src/explain/capture/tcp-stream.ts'
import { captureOf, Conversation, type CaptureFormat } from '../../support/captures.ts'
import { testCa } from '../../support/openssl-certificates.ts'
import { recordTls } from '../../support/recorded-tls.ts'

const ca = testCa(ownFolder(t))
const { certificate: cert, key } = ca.leaf('sbc.lab.test')
const talk = { request: 'OPTIONS sip:a SIP/2.0\r\n\r\n', answer: 'SIP/2.0 200 OK\r\n\r\n' }
const identity = { cert, key, ca: ca.root, servername: 'sbc.lab.test' }
const acceptor = { cert, key, ca: ca.root, requestCert: true }

const valid: Buffer[] = []
for (const limits of [{}, { maxVersion: 'TLSv1.2' } as const]) {
  const { flights, keylog } = await recordTls({ ...identity, ...limits }, { ...acceptor, ...limits }, talk)
  const conversation = new Conversation().open()
  for (const { from, octets } of flights)
    octets.length === 0 ? conversation.close(from) : conversation.say(from, octets)
  const formats: readonly CaptureFormat[] = [{ link: 'ethernet' }, { format: 'pcapng', secrets: keylog }]
  valid.push(...formats.map((format) => captureOf(conversation.packets, format)))
}

function cut(capture: Buffer, at: number): Buffer {
  return capture.subarray(0, at % capture.length)
}

/** Only what is no capture is an error. */
async function survives(octets: Buffer): Promise<boolean> {
  try {
    const { packets, connections } = (await explainCapture(octets)).counts
    return packets >= 0 && connections >= 0
  } catch (error) {
    if (error instanceof CaptureError) return true
    throw error
  }
}

t.test('a capture with changed octets is read to its end', async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.nat(valid.length - 1), changes, async (which, list) => {
      const damaged = Buffer.from(valid[which] ?? [])
      for (const [at, value] of list) damaged[at % damaged.length] = value
      return survives(damaged)
    }),
    { numRuns: 150 },
  )
})

t.test('a capture that is cut anywhere is read up to there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(valid.length - 1), fc.nat(), (which, at) =>
      survives(cut(valid[which] ?? Buffer.alloc(0), at)),
    ),
    { numRuns: 100 },
  )
})

t.test('any octets in a connection are read', async () => {
  const flights = fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 600 })), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(flights, async (list) => {
      const conversation = new Conversation().open()
      for (const [dials, octets] of list) conversation.say(dials ? 'dialler' : 'acceptor', Buffer.from(octets))
      return survives(captureOf(conversation.packets))
    }),
    { numRuns: 100 },
  )
})

t.test('segments in any order and any overlap give the same octets', async (t) => {
  const whole = Buffer.from(Array.from({ length: 400 }, (_, index) => index % 251))
  const pieces = fc.array(fc.tuple(fc.nat(399), fc.integer({ min: 1, max: 120 })), { maxLength: 40 })
  fc.assert(
    fc.property(pieces, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (list, begin) => {
      const found: Buffer[] = []
      const events = {
        data: (octets: Buffer) => found.push(Buffer.from(octets)),
        gap: () => t.fail('no octet is missing'),
      }
      const stream = new TcpStream(events, new PendingBudget())
      stream.start(begin)
      const all = [...list, ...Array.from({ length: 10 }, (_, index): [number, number] => [index * 40, 40])]
      for (const [at, length] of all) {
        const payload = whole.subarray(at, Math.min(400, at + length))
        const ends = {
          source: { octets: whole, port: 1 },
          destination: { octets: whole, port: 2 },
          forwards: '',
          backwards: '',
        }
        const numbers = { sequence: (begin + at) % 2 ** 32, acknowledgement: 0, flags: 16 }
        stream.push({ kind: 'tcp', frame: 1, at: 0, ...ends, ...numbers, length: payload.length, payload })
      }
      return Buffer.concat(found).equals(whole)
    }),
  )
})

t.test('what waits for an earlier segment is bounded', async (t) => {
  const budget = new PendingBudget()
  const gaps: number[] = []
  const stream = new TcpStream({ data: () => undefined, gap: (missing) => gaps.push(missing) }, budget)
  stream.start(0)
  const payload = Buffer.alloc(1000)
  const ends = {
    source: { octets: payload, port: 1 },
    destination: { octets: payload, port: 2 },
    forwards: '',
    backwards: '',
  }
  for (let index = 0; index < 2000; index += 1)
    stream.push({
      kind: 'tcp',
      frame: 1,
      at: 0,
      ...ends,
      sequence: 5000 + index * 1000,
      acknowledgement: 0,
      flags: 16,
      length: 1000,
      payload,
    })
  t.same(gaps, [5000])
  t.equal(budget.left, new PendingBudget().left)
})
