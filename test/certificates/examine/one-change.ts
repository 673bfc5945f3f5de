/**
 * Chains with one change each, and the fault that must come first; the examiner and real handshakes are asked about the
 * same ones.
 */
import type { Purpose } from '../../../src/certificates/certificate-request.ts'
import { octets, sequence, taggedOctets } from '../../../src/certificates/der.ts'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  extension,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
} from '../../../src/certificates/extensions.ts'
import { generateKey } from '../../../src/certificates/keys.ts'
import type { ExamineRequest } from '../../../src/certificates/examine/index.ts'
import { hour, issuing, keys, leaf, leafName, now, root, type Variant } from './chains.ts'

const eku = (...purposes: readonly Purpose[]) => ({ '2.5.29.37': extendedKeyUsage(...purposes) })

const san = (...names: readonly string[]) => ({
  '2.5.29.17': subjectAltName(names.map((value) => ({ kind: 'dns', value }))),
})

const sipDomain = subjectAltName([
  { kind: 'dns', value: 'fe1.lab.test' },
  { kind: 'uri', value: 'sip:lab.test' },
])

export const weakKey = generateKey('rsa1024')

export interface OneChange {
  readonly first: string
  /** Where in the path it sits. */
  readonly index: number
  readonly request: Partial<ExamineRequest>
}

export const oneChange: Readonly<Record<string, OneChange>> = {
  'an expired leaf': changed('cert.expired', 0, { content: { notAfter: new Date(now.getTime() - hour) } }),
  'a leaf of tomorrow': changed('cert.not-yet-valid', 0, { content: { notBefore: new Date(now.getTime() + hour) } }),
  'an expired issuer': changed('chain.expired', 1, { content: { notAfter: new Date(now.getTime() - hour) } }),
  'an issuer of tomorrow': changed('chain.not-yet-valid', 1, {
    content: { notBefore: new Date(now.getTime() + hour) },
  }),
  'an expired root': changed('chain.root-expired', 2, { content: { notAfter: new Date(now.getTime() - hour) } }),
  'no serverAuth': changed('cert.eku-missing', 0, { extensions: eku('clientAuth') }),
  'no clientAuth in a client': {
    ...changed('cert.eku-missing', 0, { extensions: eku('serverAuth') }),
    request: { chain: [leaf({ extensions: eku('serverAuth') }), issuing()], purpose: 'clientAuth' },
  },
  'anyExtendedKeyUsage alone': changed('cert.eku-missing', 0, { extensions: eku('any') }),
  'an issuer for clients only': changed('chain.eku-narrow', 1, { extensions: eku('clientAuth') }),
  'an issuer that is no CA': changed('chain.not-a-ca', 1, {
    extensions: { '2.5.29.19': basicConstraints({ ca: false }) },
  }),
  'an issuer without basicConstraints': changed('chain.not-a-ca', 1, { extensions: { '2.5.29.19': undefined } }),
  'an issuer without keyCertSign': changed('chain.no-cert-sign', 1, {
    extensions: { '2.5.29.15': keyUsage('cRLSign') },
  }),
  'a path length of zero in the root': changed('chain.path-too-long', 2, {
    extensions: { '2.5.29.19': basicConstraints({ ca: true, pathLength: 0 }) },
  }),
  'a permitted subtree elsewhere': changed(
    'chain.name-constraint',
    0,
    {},
    { extensions: { '2.5.29.30': nameConstraints({ permitted: ['other.test'] }) } },
  ),
  'an excluded subtree': changed(
    'chain.name-constraint',
    0,
    {},
    { extensions: { '2.5.29.30': nameConstraints({ excluded: ['lab.test'] }) } },
  ),
  'a SIP domain below a constraint of URIs': changed(
    'chain.name-constraint',
    0,
    { extensions: { '2.5.29.17': sipDomain } },
    { extensions: { '2.5.29.30': nameConstraints({ kind: 'uri', permitted: ['lab.test'] }) } },
  ),
  'a SIP domain below an exclusion of another URI': changed(
    'chain.name-constraint',
    0,
    { extensions: { '2.5.29.17': sipDomain } },
    { extensions: { '2.5.29.30': nameConstraints({ kind: 'uri', excluded: ['other.test'] }) } },
  ),
  'a dot at the end of a name below a permitted subtree': changed(
    'chain.name-constraint',
    0,
    { extensions: san('fe1.lab.test', 'pool.lab.test.') },
    { extensions: { '2.5.29.30': nameConstraints({ permitted: ['lab.test'] }) } },
  ),
  'an unknown critical extension': changed('cert.critical-extension', 0, {
    extensions: { x: extension('1.3.6.1.4.1.55738.666.1', true, octets(Buffer.of(1))) },
  }),
  'a wrong signature': changed('cert.signature-invalid', 0, { signer: { wrongSignature: true } }),
  'a CA of the same name with another key': {
    first: 'chain.issuer-mismatch',
    index: 0,
    request: {
      chain: [leaf(), issuing({ content: { key: keys.other }, extensions: { '2.5.29.14': subjectKeyId(keys.other) } })],
    },
  },
  'the key identifier of another CA': changed('chain.issuer-mismatch', 0, {
    extensions: { '2.5.29.35': authorityKeyId(keys.other) },
  }),
  'the serial of the CA before its renewal': changed('chain.issuer-mismatch', 0, {
    extensions: { '2.5.29.35': extension('2.5.29.35', false, sequence(taggedOctets(2, Buffer.of(9)))) },
  }),
  'another name': {
    first: 'cert.name-mismatch',
    index: 0,
    request: { names: [{ kind: 'dns', value: 'director.lab.test' }] },
  },
  'a client nobody knows': {
    first: 'cert.name-not-allowed',
    index: 0,
    request: { names: [{ kind: 'dns', value: 'director.lab.test' }], purpose: 'clientAuth' },
  },
  'a wildcard under RFC 5922': changed('cert.wildcard', 0, {
    content: { subject: [] },
    extensions: { '2.5.29.17': subjectAltName([{ kind: 'dns', value: '*.lab.test' }], true) },
  }),
  'SHA-1': changed('cert.signature-weak', 0, { signer: { digest: 'sha1' } }),
  'an issuer signed with SHA-1': changed('chain.signature-weak', 1, { signer: { digest: 'sha1' } }),
  'RSA 1024': changed('cert.key-weak', 0, { content: { key: weakKey } }),
  'a leaf for signing certificates only': changed('cert.ku-wrong', 0, {
    extensions: { '2.5.29.15': keyUsage('keyCertSign') },
  }),
  'a SAN that is no DER': changed('cert.san-malformed', 0, {
    extensions: { '2.5.29.17': { id: '2.5.29.17', critical: false, value: Buffer.from('fe1.lab.test') } },
  }),
  'two SANs': changed('cert.san-malformed', 0, {
    content: {
      extensions: [
        subjectAltName([{ kind: 'dns', value: 'fe1.lab.test' }]),
        subjectAltName([{ kind: 'dns', value: 'fe1.lab.test' }]),
      ],
    },
  }),
  'a missing intermediate': { first: 'chain.incomplete', index: 0, request: { chain: [leaf()] } },
  'a root that is not trusted': { first: 'chain.untrusted-root', index: 1, request: { anchors: [leaf()] } },
  'a root that is sent and not trusted': {
    first: 'chain.untrusted-root',
    index: 2,
    request: { chain: [leaf(), issuing(), root()], anchors: [leaf({ content: { key: keys.other } })] },
  },
  'a certificate signed by itself': {
    first: 'cert.self-signed',
    index: 0,
    request: { chain: [leaf({ signer: { name: leafName, key: keys.leaf } })] },
  },
  'a trust list with the intermediate alone': {
    first: 'chain.partial-anchor',
    index: 1,
    request: { anchors: [issuing()] },
  },
  'a chain deeper than allowed': { first: 'chain.too-deep', index: 0, request: { maxChainDepth: 0 } },
  'nothing at all': { first: 'cert.malformed', index: 0, request: { chain: [] } },
}

/** The variant goes to the certificate at `index`, or to the one named by the second variant: the issuer. */
function changed(first: string, index: number, variant: Variant, ofIssuer?: Variant): OneChange {
  if (ofIssuer !== undefined) return { first, index, request: { chain: [leaf(variant), issuing(ofIssuer)] } }
  if (index === 2) return { first, index, request: { anchors: [root(variant)] } }
  return { first, index, request: { chain: index === 0 ? [leaf(variant), issuing()] : [leaf(), issuing(variant)] } }
}

/** Leaves an issuer must not write; whether a program accepts them is another question. */
export const formOnly: Readonly<Record<string, Variant>> = {
  'a serial of zero': { content: { serial: '00' } },
  'a negative serial': { content: { serial: 'ff01' } },
  'a serial of 22 octets': { content: { serial: '7f'.repeat(22) } },
  'a version 1 certificate': { content: { version: 1 } },
  'no authority key identifier': { extensions: { '2.5.29.35': undefined } },
  'a critical key identifier': { extensions: { '2.5.29.14': extension('2.5.29.14', true, octets(Buffer.of(1))) } },
  'an underscore': { extensions: san('fe_1.lab.test', 'fe1.lab.test') },
  'an address of eight octets': {
    extensions: {
      '2.5.29.17': extension(
        '2.5.29.17',
        false,
        sequence(taggedOctets(2, Buffer.from('fe1.lab.test')), taggedOctets(7, Buffer.alloc(8))),
      ),
    },
  },
  'a wildcard below a public suffix': { extensions: san('*.co.uk', 'fe1.lab.test') },
  'a CN in capitals': { content: { subject: [['CN', 'FE1.lab.test']] } },
  'keyCertSign without cA': { extensions: { '2.5.29.15': keyUsage('digitalSignature', 'keyCertSign') } },
  'name constraints in an end certificate': {
    extensions: { '2.5.29.30': nameConstraints({ permitted: ['lab.test'] }) },
  },
  'an AIA that is no DER': {
    extensions: { '1.3.6.1.5.5.7.1.1': { id: '1.3.6.1.5.5.7.1.1', critical: false, value: Buffer.from('malformed') } },
  },
  'a key usage of nothing': { extensions: { '2.5.29.15': keyUsage() } },
}
