import { sign } from 'node:crypto'
import t from 'tap'
import { bits, boolean, integer, integerHex, octets, oid, sequence, set, tagged, taggedOctets, time, toDer, utf8, type Der } from '../../../src/certificates/der.ts'
import { crlDistributionPoint, keyUsage } from '../../../src/certificates/extensions.ts'
import { writeCrl } from '../../../src/certificates/write-certificate.ts'
import { readCertificate } from '../../../src/certificates/examine/index.ts'
import { codes, hour, issuing, issuingName, judge, keys, leaf, now, root, rootName } from './chains.ts'

const later = new Date(now.getTime() + hour)
const earlier = new Date(now.getTime() - hour)
const revokedLeaf = leaf()
const serial = readCertificate(revokedLeaf).serial.hex
const chain = [revokedLeaf, issuing()]

interface Dates { readonly thisUpdate?: Date, readonly nextUpdate?: Date }

function rootCrl(dates: Dates = {}, revoked: readonly string[] = []): Buffer {
  return writeCrl({ number: 1, thisUpdate: earlier, nextUpdate: later, ...dates, revoked: revoked.map((hex) => ({ serial: hex, at: earlier })) }, { name: rootName, key: keys.root })
}

function issuingCrl(dates: Dates = {}, revoked: readonly string[] = [], key = keys.issuing): Buffer {
  return writeCrl({ number: 1, thisUpdate: earlier, nextUpdate: later, ...dates, revoked: revoked.map((hex) => ({ serial: hex, at: earlier })) }, { name: issuingName, key })
}

/** A CRL of the issuing CA with free extensions and version, which the writer of the lab does not make. */
function oddCrl(options: { readonly version?: number, readonly extensions?: readonly Der[], readonly thisUpdate?: Der }): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const name = sequence(...issuingName.map(([kind, value]) => set(sequence(oid(kind === 'O' ? '2.5.4.10' : '2.5.4.3'), utf8(value)))))
  const number = sequence(oid('2.5.29.20'), octets(toDer(integer(1))))
  const body = sequence(
    integer(options.version ?? 1), algorithm, name, options.thisUpdate ?? time(earlier), time(later),
    sequence(sequence(integerHex('01'), time(earlier))), tagged(0, sequence(number, ...options.extensions ?? [])),
  )
  return toDer(sequence(body, algorithm, bits(sign('sha256', toDer(body), keys.issuing))))
}

const scope = (...fields: readonly Der[]): Der => sequence(oid('2.5.29.28'), boolean(true), octets(toDer(sequence(...fields))))
const partition = (url: string): Der => tagged(0, tagged(0, taggedOctets(6, Buffer.from(url))))

t.test('without CRLs nothing is checked, and that is said', async (t) => {
  t.match(judge({ chain }), { accepted: true, revocation: 'not-checked' })
})

t.test('with a CRL for every CA', async (t) => {
  const cases: Readonly<Record<string, { readonly crls: readonly Buffer[], readonly code: string | undefined }>> = {
    'nothing is revoked': { crls: [rootCrl(), issuingCrl()], code: undefined },
    'the leaf is revoked': { crls: [rootCrl(), issuingCrl({}, [serial])], code: 'cert.revoked' },
    'the issuer is revoked': { crls: [rootCrl({}, [readCertificate(chain[1] ?? Buffer.alloc(0)).serial.hex]), issuingCrl()], code: 'chain.revoked' },
    'a level has none': { crls: [issuingCrl()], code: 'crl.missing' },
    'one is stale': { crls: [rootCrl(), issuingCrl({ nextUpdate: earlier })], code: 'crl.expired' },
    'one is stale and names the leaf': { crls: [rootCrl(), issuingCrl({ nextUpdate: earlier }, [serial])], code: 'cert.revoked' },
    'one is of tomorrow': { crls: [rootCrl(), issuingCrl({ thisUpdate: later })], code: 'crl.not-yet-valid' },
    'one is signed by somebody else': { crls: [rootCrl(), issuingCrl({}, [], keys.other)], code: 'crl.signature-invalid' },
    'a newer one lifts the revocation': { crls: [rootCrl(), issuingCrl({}, [serial]), issuingCrl({ thisUpdate: now })], code: undefined },
    'a newer one, given first, lifts it too': { crls: [issuingCrl({ thisUpdate: now }), rootCrl(), issuingCrl({}, [serial])], code: undefined },
    'the serial of the leaf stands on the CRL of another CA': { crls: [rootCrl({}, [serial]), issuingCrl()], code: undefined },
    'one cannot be read': { crls: [rootCrl(), issuingCrl(), Buffer.from('garbage')], code: 'crl.malformed' },
    'one has an unknown critical extension': { crls: [rootCrl(), oddCrl({ extensions: [sequence(oid('1.3.6.1.4.1.55738.666.1'), boolean(true), octets(Buffer.alloc(1)))] })], code: 'crl.malformed' },
    'one is for CA certificates only': { crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(2, Buffer.of(0xff)))] })], code: 'crl.missing' },
    'one is for end certificates only': { crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(1, Buffer.of(0xff)))] })], code: undefined },
    'one is for some reasons only': { crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(3, Buffer.of(6, 0x40)))] })], code: 'crl.missing' },
    'one is indirect': { crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(4, Buffer.of(0xff)))] })], code: 'crl.missing' },
    'one is for a partition the leaf does not name': { crls: [rootCrl(), oddCrl({ extensions: [scope(partition('http://pki.lab.test/1.crl'))] })], code: 'crl.missing' },
  }
  for (const [name, { crls, code }] of Object.entries(cases)) {
    t.test(name, async (t) => {
      const examination = judge({ chain, crls })
      t.equal(examination.accepted, code === undefined)
      t.equal(codes(examination)[0], code)
    })
  }
})

t.test('a partition counts for the certificate that names it, octet by octet', async (t) => {
  const url = 'http://pki.lab.test/1.crl'
  const named = leaf({ extensions: { cdp: crlDistributionPoint(url) } })
  const crls = [rootCrl(), oddCrl({ extensions: [scope(partition(url))] })]
  t.equal(judge({ chain: [named, issuing()], crls }).accepted, true)
  t.equal(judge({ chain: [named, issuing()], crls: [rootCrl(), oddCrl({ extensions: [scope(partition('http://pki.lab.test/%31.crl'))] })] }).accepted, false)
})

t.test('a CA without cRLSign cannot speak about revocation', async (t) => {
  const silent = issuing({ extensions: { '2.5.29.15': keyUsage('keyCertSign') } })
  t.match(judge({ chain: [revokedLeaf, silent], crls: [rootCrl(), issuingCrl()] }), { accepted: false, faults: [{ code: 'crl.no-crl-sign', index: 0 }] })
})

t.test('a CRL without nextUpdate is used and mentioned', async (t) => {
  const endless = writeCrl({ number: 1, thisUpdate: earlier, revoked: [] }, { name: issuingName, key: keys.issuing })
  t.match(judge({ chain, crls: [rootCrl(), endless] }), { accepted: true, faults: [{ code: 'crl.no-next-update', refuses: false }] })
})

t.test('the rule books lay a CRL aside that is not in their form', async (t) => {
  t.match(judge({ chain, crls: [oddCrl({ version: 2 })], profile: 'webpki' }), { accepted: true, revocation: 'not-checked' })
  t.equal(judge({ chain, crls: [rootCrl(), oddCrl({ version: 2 })], profile: 'modern' }).accepted, false, 'the lab fails closed')
})

t.test('the root of the chain needs no CRL of its own', async (t) => {
  t.equal(judge({ chain, anchors: [root(), root({ content: { subject: [['CN', 'Other']] } })], crls: [rootCrl(), issuingCrl()] }).accepted, true)
})
