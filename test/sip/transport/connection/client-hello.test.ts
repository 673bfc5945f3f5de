import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { fc } from '../../../support/property.ts'
import t from 'tap'
import { openingOf } from '../../../../src/sip/transport/connection/client-hello.ts'

/** The ClientHello of this Node and its OpenSSL, as a socket sees it. */
async function realHello(): Promise<Buffer> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername: 'lab.test' })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [octets] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return octets
}

const hello = await realHello()

function inRecords(message: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece)
  }
  return Buffer.concat(records)
}

t.test('a whole ClientHello is whole, in one record or in many', async (t) => {
  t.equal(openingOf(hello).kind, 'whole')
  for (const size of [4, 5, 64, 500]) t.equal(openingOf(inRecords(hello.subarray(5), size)).kind, 'whole', `${size}`)
})

t.test(
  'a ClientHello in thousands of records is for TLS to judge, and is not read again at each of them',
  async (t) => {
    const long = Buffer.concat([Buffer.from([1, 0, 0x40, 0]), Buffer.alloc(0x4000 - 1)])
    t.equal(openingOf(inRecords(long.subarray(0, 4 * 1024), 4)).kind, 'part')
    t.equal(openingOf(inRecords(long, 4)).kind, 'other')
  },
)

t.test('any part of it is a part, and more is needed than there is', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: hello.length - 1 }), fc.integer({ min: 4, max: 2000 }), (cut, size) => {
      const records = inRecords(hello.subarray(5), size)
      const opening = openingOf(records.subarray(0, Math.min(cut, records.length - 1)))
      return opening.kind === 'part' && opening.needed > Math.min(cut, records.length - 1)
    }),
  )
})

t.test('everything else is for TLS to judge', async (t) => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    'OPTIONS sip:x SIP/2.0\r\n',
    '\x15\x03\x01\x00\x02\x01\x00',
    '\x80\x2e\x01',
  ])
    t.equal(openingOf(Buffer.from(text, 'latin1')).kind, 'other', JSON.stringify(text))
  t.equal(openingOf(Buffer.from('160301ffff0100', 'hex')).kind, 'other', 'a record that is too long')
  t.equal(openingOf(Buffer.from('160301400001ffffff', 'hex')).kind, 'other', 'a message that is too long')
  t.equal(openingOf(Buffer.from('1603010000', 'hex')).kind, 'other', 'an empty record')
})

t.test('no octets end in an exception', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, asRecord) => {
      const given = Buffer.from(octets)
      openingOf(asRecord ? Buffer.concat([Buffer.from([22, 3, 1, 0]), given]) : given)
    }),
  )
})
