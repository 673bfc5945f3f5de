import { fc } from '../../support/property.ts'
import t from 'tap'
import { normaliseSerial, reverseSerial, serialNumber } from '../../../src/certificates/examine/index.ts'

t.test('a serial stands in both byte orders', async (t) => {
  t.match(serialNumber(Buffer.from('610a3b5c', 'hex')), {
    hex: '610a3b5c',
    reversed: '5c3b0a61',
    octets: 4,
    sign: 'positive',
  })
})

t.test('a sign octet is counted and not shown', async (t) => {
  t.match(serialNumber(Buffer.from('00ff01', 'hex')), { hex: 'ff01', reversed: '01ff', octets: 3, sign: 'positive' })
})

t.test('zero and negative serials are told', async (t) => {
  t.equal(serialNumber(Buffer.of(0)).sign, 'zero')
  t.equal(serialNumber(Buffer.of(0xff, 1)).sign, 'negative')
})

t.test('text is read as people write it', async (t) => {
  t.equal(reverseSerial('61:0A:3b 5c'), '5c3b0a61')
  t.equal(normaliseSerial('0x61A'), '061a')
  t.equal(normaliseSerial('not hex'), '')
})

t.test('twice reversed is the same', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (octets) => {
      const hex = Buffer.from(octets).toString('hex')
      return reverseSerial(reverseSerial(hex)) === hex
    }),
  )
  t.pass()
})
