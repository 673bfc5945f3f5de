import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import t from 'tap'
import { initAuthority } from '../../src/certificates/authority.ts'
import type { CertificateRequest } from '../../src/certificates/certificate-request.ts'
import { toPem } from '../../src/certificates/der.ts'
import { generateKey } from '../../src/certificates/keys.ts'
import { checkOwnCertificate, type OwnCertificateWanted } from '../../src/certificates/startup-check.ts'
import type { VerdictCode } from '../../src/verdicts/codes.ts'
import { subjectOf, writeCertificate, writeCrl } from '../../src/certificates/write-certificate.ts'
import { ownFolder } from '../support/own-folder.ts'

const now = Date.now()
const folder = ownFolder(t)
const authority = initAuthority(join(folder, 'pki'), { domain: 'lab.test', now })
const request: CertificateRequest = {
  name: 'fe1',
  commonName: 'fe1.lab.test',
  dnsNames: ['fe1.lab.test'],
  uriNames: [],
  ipAddresses: [],
  purposes: ['serverAuth', 'clientAuth'],
  authority: 'internal',
  keyType: 'p256',
  validSeconds: 90 * 86_400,
}
const good = authority.issue(request, now)
const [rootCrl, issuingCrl] = authority.crls('internal', now)

const key = generateKey()
let files = 0
function put(content: string | Uint8Array, mode = 0o600): string {
  files += 1
  const path = join(folder, `file-${files}`)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const rules: OwnCertificateWanted['rules'] = {
  names: { commonName: 'allowed', sanRepeatsSubject: true, wildcards: 'refused', uriNames: 'read' },
  crl: { distributionPoint: 'advised' },
  warnAtFraction: 0.33,
}
const valid: OwnCertificateWanted = {
  certificateFile: put(good.chainPem),
  keyFile: put(good.keyPem),
  trustFile: authority.trust('internal').path,
  crlFiles: [put(rootCrl.pem), put(issuingCrl.pem)],
  names: ['fe1.lab.test'],
  purposes: ['serverAuth', 'clientAuth'],
  rules,
  now,
}

/** A certificate that differs from the good one in one field of its request. */
function issued(change: Partial<CertificateRequest>, at = now): Partial<OwnCertificateWanted> {
  const other = authority.issue({ ...request, ...change }, at)
  return { certificateFile: put(other.chainPem), keyFile: put(other.keyPem) }
}

function codes(change: Partial<OwnCertificateWanted>): readonly string[] {
  const result = checkOwnCertificate({ ...valid, ...change })
  return result.ok ? ['ok'] : result.verdicts.map(({ code }) => code)
}

function warnings(change: Partial<OwnCertificateWanted>): readonly string[] {
  const result = checkOwnCertificate({ ...valid, ...change })
  return result.ok ? result.warnings.map(({ code }) => code) : ['refused']
}

t.test('a good certificate passes with nothing to say', async (t) => {
  t.same(warnings({}), [])
})

t.test('what passes is taken by Node as it stands', async (t) => {
  const result = checkOwnCertificate(valid)
  if (!result.ok) return t.fail('refused')
  t.ok(
    createSecureContext({
      cert: result.material.cert,
      key: result.material.key,
      ca: [...result.material.ca],
      crl: [...(result.material.crl ?? [])],
    }),
  )
})

const der = Buffer.from(good.certificatePem.replace(/-----[^-]+-----/g, ''), 'base64')
const keyDer = createPrivateKey(good.keyPem).export({ type: 'pkcs8', format: 'der' })
const encrypted = createPrivateKey(good.keyPem).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'right',
})
const publicPem = createPublicKey(good.keyPem).export({ type: 'spki', format: 'pem' })
const [leafPem = '', issuingPem = ''] = good.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)
const brokenBlock = issuingPem.replace(/\n[A-Za-z0-9+/]{8}/, '\n!!!!!!!!')
const other = authority.issue(request, now)
const rsa = authority.issue({ ...request, keyType: 'rsa2048' }, now)
const issuingCa = new X509Certificate(authority.caCertificate('internal-issuing').pem)
const crlContent = { number: 9, thisUpdate: new Date(now - 1000), nextUpdate: new Date(now + 86_400_000), revoked: [] }
/** Half a day beyond a whole number of days after the end: the same number of days whatever the millisecond of now. */
const later = now + 99.5 * 86_400_000

/** One change from the good case, and what must be said first. */
const faults: readonly (readonly [name: string, code: VerdictCode, change: Partial<OwnCertificateWanted>])[] = [
  ['a missing certificate file', 'file.missing', { certificateFile: join(folder, 'nowhere') }],
  ['a folder in place of a certificate', 'file.unreadable', { certificateFile: folder }],
  ['an empty certificate file', 'file.empty', { certificateFile: put('\n') }],
  ['a DER certificate', 'file.der', { certificateFile: put(der) }],
  ['a UTF-16 certificate', 'file.utf16', { certificateFile: put(Buffer.from(`\ufeff${good.chainPem}`, 'utf16le')) }],
  ['a PKCS #7 bundle', 'file.pkcs7', { certificateFile: put(good.chainPem.replaceAll('CERTIFICATE', 'PKCS7')) }],
  ['text that is no PEM', 'file.not-pem', { certificateFile: put('hello') }],
  ['a key in place of a certificate', 'file.wrong-kind', { certificateFile: put(good.keyPem) }],
  [
    'a certificate with bad Base64',
    'file.corrupt',
    { certificateFile: put(leafPem.replace(/\n[A-Za-z0-9+/]{8}/, '\n!!!!!!!!')) },
  ],
  ['a second block that is broken', 'file.partial', { certificateFile: put(leafPem + brokenBlock) }],
  [
    'a block without its END line',
    'file.corrupt',
    { certificateFile: put(leafPem.replace(/-----END CERTIFICATE-----\n/, '') + issuingPem) },
  ],
  ['issuer before leaf', 'chain.out-of-order', { certificateFile: put(issuingPem + leafPem) }],
  ['a missing key file', 'key.missing', { keyFile: join(folder, 'nowhere') }],
  ['an empty key file', 'key.missing', { keyFile: put('') }],
  ['a key of mode 0644', 'key.permissions', { keyFile: put(good.keyPem, 0o644) }],
  ['a key in DER', 'key.malformed', { keyFile: put(keyDer) }],
  ['a truncated key', 'key.malformed', { keyFile: put(good.keyPem.slice(0, 100)) }],
  ['a public key in place of the key', 'key.malformed', { keyFile: put(publicPem) }],
  ['a certificate in place of the key', 'key.malformed', { keyFile: put(good.certificatePem) }],
  [
    'an OpenSSH key',
    'key.malformed',
    { keyFile: put('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n') },
  ],
  ['an encrypted key without passphrase', 'key.encrypted', { keyFile: put(encrypted) }],
  [
    'an encrypted key with a wrong passphrase',
    'key.passphrase-wrong',
    { keyFile: put(encrypted), passphrase: 'wrong' },
  ],
  ['a key of the same type of another certificate', 'key.mismatch', { keyFile: put(other.keyPem) }],
  ['a key of another type', 'key.mismatch', { keyFile: put(rsa.keyPem) }],
  ['an expired certificate', 'cert.expired', { now: later, crlFiles: [] }],
  ['a certificate of the future', 'cert.not-yet-valid', issued({}, later)],
  ['no clientAuth where the node dials', 'cert.eku-missing', issued({ purposes: ['serverAuth'] })],
  ['no serverAuth where the node listens', 'cert.eku-missing', issued({ purposes: ['clientAuth'] })],
  ['another name', 'cert.name-mismatch', { names: ['pool.lab.test'] }],
  ['one of two names missing', 'cert.name-mismatch', { names: ['fe1.lab.test', 'pool.lab.test'] }],
  [
    'a URI of a user',
    'cert.name-mismatch',
    {
      ...issued({ dnsNames: ['x.lab.test'], commonName: 'x.lab.test', uriNames: ['sip:fe1@lab.test'] }),
      names: ['lab.test'],
    },
  ],
  [
    'a sips URI',
    'cert.name-mismatch',
    {
      ...issued({ dnsNames: ['x.lab.test'], commonName: 'x.lab.test', uriNames: ['sips:lab.test'] }),
      names: ['lab.test'],
    },
  ],
  [
    'a CN with a comma before the name',
    'cert.name-mismatch',
    issued({ commonName: 'x,CN=fe1.lab.test', dnsNames: [] }),
  ],
  [
    'a CN where none counts',
    'cert.name-mismatch',
    { ...issued({ dnsNames: [] }), rules: { ...rules, names: { ...rules.names, commonName: 'ignored' } } },
  ],
  ['a CN beside a DNS name', 'cert.name-mismatch', issued({ commonName: 'fe1.lab.test', dnsNames: ['x.lab.test'] })],
  ['a wildcard', 'cert.name-mismatch', issued({ commonName: '*.lab.test', dnsNames: ['*.lab.test'] })],
  ['a SAN list that leaves out the subject', 'cert.cn-not-in-san', issued({ commonName: 'edge.lab.test' })],
  ['an RSA key of 1024 bits', 'key.too-weak', issued({ keyType: 'rsa1024' })],
  [
    'no CRL distribution point where one is required',
    'cert.crl-point-missing',
    { rules: { ...rules, crl: { distributionPoint: 'required' } } },
  ],
  ['a missing trust list', 'trust.missing', { trustFile: join(folder, 'nowhere') }],
  ['an empty trust list', 'trust.empty', { trustFile: put('') }],
  ['garbage as trust list', 'trust.malformed', { trustFile: put('hello') }],
  [
    'a trust list with a broken second block',
    'trust.partial',
    { trustFile: put(authority.trust('internal').pem + brokenBlock) },
  ],
  ['a missing CRL file', 'crl.missing', { crlFiles: [join(folder, 'nowhere')] }],
  ['no CRL of the root', 'crl.missing', { crlFiles: [put(issuingCrl.pem)] }],
  [
    'a stale CRL',
    'crl.expired',
    { crlFiles: [put(rootCrl.pem), put(authority.crl('internal-issuing', now - 3_600_000, 60).pem)] },
  ],
  [
    'a CRL of the future',
    'crl.not-yet-valid',
    { crlFiles: [put(rootCrl.pem), put(authority.crl('internal-issuing', now + 3_600_000).pem)] },
  ],
  [
    'a CRL that another key signed',
    'crl.signature-invalid',
    { crlFiles: [put(rootCrl.pem), put(toPem('X509 CRL', writeCrl(crlContent, { name: subjectOf(issuingCa), key })))] },
  ],
  ['a CRL with the wrong label', 'crl.malformed', { crlFiles: [put(rootCrl.pem.replaceAll('X509 CRL', 'CRL'))] }],
  ['garbage as CRL', 'crl.malformed', { crlFiles: [put(toPem('X509 CRL', Buffer.from('3003020101', 'hex')))] }],
]

for (const [name, code, change] of faults) {
  t.test(`${name} is refused as ${code}`, async (t) => {
    t.equal(codes(change)[0], code)
  })
}

/** What may look odd and is taken: the controls. */
const controls: readonly (readonly [name: string, change: Partial<OwnCertificateWanted>])[] = [
  ['CRLF line ends', { certificateFile: put(good.chainPem.replaceAll('\n', '\r\n')) }],
  ['a byte order mark', { certificateFile: put(`\ufeff${good.chainPem}`) }],
  ['text around the blocks', { certificateFile: put(`Bag Attributes\n${leafPem}subject=CN\n${issuingPem}`) }],
  ['no line end at the end', { certificateFile: put(good.chainPem.trimEnd()) }],
  [
    'key and certificate in one file',
    { certificateFile: put(good.chainPem + good.keyPem), keyFile: put(good.chainPem + good.keyPem) },
  ],
  ['the root in the chain', { certificateFile: put(good.chainPem + authority.trust('internal').pem) }],
  ['another case in the name', { names: ['FE1.lab.test'] }],
  ['an encrypted key with its passphrase', { keyFile: put(encrypted), passphrase: 'right' }],
  [
    'a SIP URI as name',
    { ...issued({ commonName: '', dnsNames: [], uriNames: ['sip:lab.test'] }), names: ['lab.test'] },
  ],
  [
    'a SIP URI with parameters and another case',
    { ...issued({ commonName: '', dnsNames: [], uriNames: ['SIP:LAB.test;transport=tls'] }), names: ['lab.test'] },
  ],
  ['a CN alone where it counts', issued({ dnsNames: [] })],
]

for (const [name, change] of controls) {
  t.test(`${name} does not stop the start`, async (t) => {
    t.same(codes(change), ['ok'])
  })
}

t.test('every fault is listed, not only the first', async (t) => {
  t.same(
    codes({
      ...issued({ purposes: ['clientAuth'], dnsNames: ['x.lab.test'], commonName: 'x.lab.test' }, later),
      keyFile: put(other.keyPem),
    }),
    ['key.mismatch', 'cert.not-yet-valid', 'cert.eku-missing', 'cert.name-mismatch'],
  )
})

t.test('an expired certificate says when it ended, the Windows code and both orders of its serial', async (t) => {
  const result = checkOwnCertificate({ ...valid, now: later, crlFiles: [] })
  t.match(result, {
    ok: false,
    verdicts: [
      {
        code: 'cert.expired',
        found: / 9 d ago/,
        windows: { hresult: '0x800B0101' },
        certificate: { serial: good.serial, serialReversed: /../ },
      },
    ],
  })
})

t.test('a tolerated code goes live with a warning', async (t) => {
  t.ok(
    warnings({ now: later, crlFiles: [], tolerate: new Set<VerdictCode>(['cert.expired']) }).includes('cert.expired'),
  )
})

t.test('a file that cannot be read is never tolerated', async (t) => {
  t.same(codes({ certificateFile: put(''), tolerate: new Set<VerdictCode>(['file.empty']) }), ['file.empty'])
})

t.test('an issuer that is not in the file warns', async (t) => {
  t.same(warnings({ certificateFile: put(leafPem) }), ['chain.incomplete'])
})

t.test('a trust list that old peers cut warns', async (t) => {
  const roots = Array.from({ length: 130 }, (_none, index) => {
    const subject = [['CN', `root ${index} ${'x'.repeat(90)}`]] as const
    return toPem(
      'CERTIFICATE',
      writeCertificate(
        { subject, key, notBefore: new Date(now), notAfter: new Date(now + 1000), extensions: [] },
        { name: subject, key },
      ),
    )
  })
  t.same(warnings({ crlFiles: [], trustFile: put(authority.trust('internal').pem + roots.join('')) }), [
    'crl.not-checked',
    'trust.too-long',
  ])
})

t.test('the last third of a lifetime warns', async (t) => {
  t.same(warnings({ now: now + 70 * 86_400_000, crlFiles: [] }), ['cert.expires-soon', 'crl.not-checked'])
})

t.test('the trust list given to Node is never absent', async (t) => {
  const result = checkOwnCertificate(valid)
  t.same(result.ok && result.material.ca, [readFileSync(valid.trustFile, 'utf8')])
})
