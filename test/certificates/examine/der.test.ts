import { fc } from '../../support/property.ts'
import t from 'tap'
import { CertificateError, readCertificate, readCrl } from '../../../src/certificates/examine/index.ts'
import {
  DerReader,
  maxDepth,
  oidText,
  readBoolean,
  readIntegerOctets,
  readOid,
  readTime,
  Tag,
} from '../../../src/certificates/examine/der.ts'
import { maxCertificateOctets } from '../../../src/certificates/examine/certificate.ts'
import { writeCrl } from '../../../src/certificates/write-certificate.ts'
import { issuing, issuingName, judge, keys, leaf, now, root } from './chains.ts'

const reader = (hex: string): DerReader => new DerReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

t.test('refuses what is no DER, with the octet', async (t) => {
  const bad: Readonly<Record<string, string>> = {
    nothing: '',
    'no length': '30',
    'an indefinite length': '30 80 00 00',
    'a length that is not the shortest': '30 81 01 00',
    'a length with a zero in front': '30 82 00 80',
    'more than is there': '30 05 02 01',
    'a length of five octets': '30 85 01 00 00 00 00',
    'a long tag': '1f 81 01 00',
  }
  for (const [name, hex] of Object.entries(bad))
    t.throws(() => reader(hex).any('value'), { name: 'CertificateError', code: 'cert.malformed' }, name)
  t.throws(
    () => reader('30 03 01 01 02').sequence('fields').any('flag') && readBoolean(reader('01 01 02'), 'flag'),
    CertificateError,
    'a boolean that is neither 00 nor ff',
  )
  t.throws(
    () => readIntegerOctets(reader('02 02 00 01'), 'number'),
    CertificateError,
    'an integer with a zero in front',
  )
  t.throws(() => readOid(reader('06 02 80 01'), 'id'), CertificateError, 'an arc with a zero in front')
  t.throws(() => readOid(reader('06 01 86'), 'id'), CertificateError, 'an arc that does not end')
})

t.test('names the offset inside nested values', async (t) => {
  const outer = reader('30 04 30 02 05 01')
  t.throws(() => outer.sequence('outer').sequence('inner').any('null'), /octet 4\)/)
})

t.test('stops at its depth', async (t) => {
  let nested = Buffer.alloc(0)
  for (let level = 0; level <= maxDepth + 1; level += 1)
    nested = Buffer.concat([Buffer.of(0x30, nested.length), nested])
  const dive = (from: DerReader): void => {
    if (!from.done) dive(from.sequence('level'))
  }
  t.throws(() => dive(new DerReader(nested)), /nested deeper/)
})

t.test('reads object identifiers of both roots', async (t) => {
  const never = (): Error => new Error('bad')
  t.equal(oidText(Buffer.from('2a864886f70d01010b', 'hex'), never), '1.2.840.113549.1.1.11')
  t.equal(oidText(Buffer.from('551d11', 'hex'), never), '2.5.29.17')
  t.equal(oidText(Buffer.from('883703', 'hex'), never), '2.999.3')
})

t.test('reads times in the two forms of RFC 5280 and no other', async (t) => {
  const at = (tag: number, text: string): number =>
    readTime(new DerReader(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)])), 'time').at
  t.equal(at(Tag.utcTime, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59))
  t.equal(at(Tag.utcTime, '500101000000Z'), Date.UTC(1950, 0, 1))
  t.equal(at(Tag.generalizedTime, '29690503000001Z'), Date.UTC(2969, 4, 3, 0, 0, 1))
  for (const [tag, text] of [
    [Tag.utcTime, '2601010000Z'],
    [Tag.utcTime, '260101000000+0100'],
    [Tag.generalizedTime, '20260101000000.5Z'],
    [Tag.utcTime, '260230000000Z'],
    [Tag.utcTime, '260101240000Z'],
  ] as const) {
    t.throws(() => at(tag, text), CertificateError, text)
  }
})

t.test('refuses a certificate of more than a megabyte unread', async (t) => {
  t.throws(() => readCertificate(Buffer.alloc(maxCertificateOctets + 1)), /longer than/)
})

const whole = leaf()
const crl = writeCrl(
  { number: 1, thisUpdate: now, nextUpdate: now, revoked: [{ serial: '01', at: now }] },
  { name: issuingName, key: keys.issuing },
)

/** Reads; anything but success or CertificateError is our bug and fails the property. */
function readOrRefuse(read: (der: Buffer) => unknown, der: Buffer): void {
  try {
    read(der)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
  }
}

t.test('any damage gives a certificate or a CertificateError', async (t) => {
  const damaged = (original: Buffer) =>
    fc
      .record({
        edits: fc.array(fc.record({ at: fc.nat(original.length - 1), octet: fc.integer({ min: 0, max: 255 }) }), {
          maxLength: 6,
        }),
        length: fc.integer({ min: 0, max: original.length }),
        cut: fc.boolean(),
      })
      .map(({ edits, length, cut }) => {
        const copy = Buffer.from(original)
        for (const { at, octet } of edits) copy[at] = octet
        return cut ? copy.subarray(0, length) : copy
      })
  fc.assert(
    fc.property(damaged(whole), (der) => readOrRefuse(readCertificate, der)),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(damaged(crl), (der) => readOrRefuse(readCrl, der)),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => readOrRefuse(readCertificate, Buffer.from(octets))),
    { numRuns: 500 },
  )
  const others = [issuing()]
  const anchors = [root()]
  fc.assert(
    fc.property(damaged(whole), damaged(crl), (der, list) => {
      const { accepted, faults } = judge({ chain: [der, ...others], anchors, crls: [list], profile: 'webpki' })
      return accepted || faults.length > 0
    }),
    { numRuns: 150 },
  )
  t.pass('no other error, no hang')
})

t.test('a changed octet anywhere in what is signed is noticed', async (t) => {
  const { signed } = readCertificate(whole)
  const start = whole.indexOf(signed)
  const chain = [issuing()]
  const anchors = [root()]
  fc.assert(
    fc.property(
      fc.integer({ min: start, max: start + signed.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, flip) => {
        const copy = Buffer.from(whole)
        copy[at] = (copy[at] ?? 0) ^ flip
        return !judge({ chain: [copy, ...chain], anchors }).accepted
      },
    ),
    { numRuns: 150 },
  )
  t.pass()
})
