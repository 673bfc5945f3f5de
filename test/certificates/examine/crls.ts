/** CRLs of the two CAs of chains.ts, good and odd; the examiner and real handshakes are asked about the same ones. */
import { sign } from 'node:crypto'
import {
  bits,
  boolean,
  integer,
  integerHex,
  octets,
  oid,
  sequence,
  set,
  tagged,
  taggedOctets,
  time,
  toDer,
  utf8,
  type Der,
} from '../../../src/certificates/der.ts'
import { writeCrl } from '../../../src/certificates/write-certificate.ts'
import { readCertificate } from '../../../src/certificates/examine/index.ts'
import { hour, issuing, issuingName, keys, leaf, now, rootName } from './chains.ts'

const later = new Date(now.getTime() + hour)
export const earlier = new Date(now.getTime() - hour)
export const revokedLeaf = leaf()
const serial = readCertificate(revokedLeaf).serial.hex
export const chain = [revokedLeaf, issuing()]

interface Dates {
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date
}

export function rootCrl(dates: Dates = {}, revoked: readonly string[] = []): Buffer {
  return writeCrl(
    {
      number: 1,
      thisUpdate: earlier,
      nextUpdate: later,
      ...dates,
      revoked: revoked.map((hex) => ({ serial: hex, at: earlier })),
    },
    { name: rootName, key: keys.root },
  )
}

export function issuingCrl(dates: Dates = {}, revoked: readonly string[] = [], key = keys.issuing): Buffer {
  return writeCrl(
    {
      number: 1,
      thisUpdate: earlier,
      nextUpdate: later,
      ...dates,
      revoked: revoked.map((hex) => ({ serial: hex, at: earlier })),
    },
    { name: issuingName, key },
  )
}

/** A CRL of the issuing CA with free extensions and version, which the writer of the lab does not make. */
export function oddCrl(options: {
  readonly version?: number
  readonly extensions?: readonly Der[]
  readonly thisUpdate?: Der
}): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const name = sequence(
    ...issuingName.map(([kind, value]) => set(sequence(oid(kind === 'O' ? '2.5.4.10' : '2.5.4.3'), utf8(value)))),
  )
  const number = sequence(oid('2.5.29.20'), octets(toDer(integer(1))))
  const body = sequence(
    integer(options.version ?? 1),
    algorithm,
    name,
    options.thisUpdate ?? time(earlier),
    time(later),
    sequence(sequence(integerHex('01'), time(earlier))),
    tagged(0, sequence(number, ...(options.extensions ?? []))),
  )
  return toDer(sequence(body, algorithm, bits(sign('sha256', toDer(body), keys.issuing))))
}

export const scope = (...fields: readonly Der[]): Der =>
  sequence(oid('2.5.29.28'), boolean(true), octets(toDer(sequence(...fields))))
export const partition = (url: string): Der => tagged(0, tagged(0, taggedOctets(6, Buffer.from(url))))

/** What was given and the first fault, if any. */
export const revocationCases: Readonly<
  Record<string, { readonly crls: readonly Buffer[]; readonly code: string | undefined }>
> = {
  'nothing is revoked': { crls: [rootCrl(), issuingCrl()], code: undefined },
  'the leaf is revoked': { crls: [rootCrl(), issuingCrl({}, [serial])], code: 'cert.revoked' },
  'the issuer is revoked': {
    crls: [rootCrl({}, [readCertificate(chain[1] ?? Buffer.alloc(0)).serial.hex]), issuingCrl()],
    code: 'chain.revoked',
  },
  'a level has none': { crls: [issuingCrl()], code: 'crl.missing' },
  'one is stale': { crls: [rootCrl(), issuingCrl({ nextUpdate: earlier })], code: 'crl.expired' },
  'one is stale and names the leaf': {
    crls: [rootCrl(), issuingCrl({ nextUpdate: earlier }, [serial])],
    code: 'cert.revoked',
  },
  'one is of tomorrow': { crls: [rootCrl(), issuingCrl({ thisUpdate: later })], code: 'crl.not-yet-valid' },
  'one is signed by somebody else': {
    crls: [rootCrl(), issuingCrl({}, [], keys.other)],
    code: 'crl.signature-invalid',
  },
  'a newer one lifts the revocation': {
    crls: [rootCrl(), issuingCrl({}, [serial]), issuingCrl({ thisUpdate: now })],
    code: undefined,
  },
  'a newer one, given first, lifts it too': {
    crls: [issuingCrl({ thisUpdate: now }), rootCrl(), issuingCrl({}, [serial])],
    code: undefined,
  },
  'the serial of the leaf stands on the CRL of another CA': {
    crls: [rootCrl({}, [serial]), issuingCrl()],
    code: undefined,
  },
  'one cannot be read': { crls: [rootCrl(), issuingCrl(), Buffer.from('garbage')], code: 'crl.malformed' },
  'one has an unknown critical extension': {
    crls: [
      rootCrl(),
      oddCrl({ extensions: [sequence(oid('1.3.6.1.4.1.55738.666.1'), boolean(true), octets(Buffer.alloc(1)))] }),
    ],
    code: 'crl.malformed',
  },
  'one is for CA certificates only': {
    crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(2, Buffer.of(0xff)))] })],
    code: 'crl.missing',
  },
  'one is for end certificates only': {
    crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(1, Buffer.of(0xff)))] })],
    code: undefined,
  },
  'one is for some reasons only': {
    crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(3, Buffer.of(6, 0x40)))] })],
    code: 'crl.missing',
  },
  'one is indirect': {
    crls: [rootCrl(), oddCrl({ extensions: [scope(taggedOctets(4, Buffer.of(0xff)))] })],
    code: 'crl.missing',
  },
  'one is for a partition the leaf does not name': {
    crls: [rootCrl(), oddCrl({ extensions: [scope(partition('http://pki.lab.test/1.crl'))] })],
    code: 'crl.missing',
  },
}
