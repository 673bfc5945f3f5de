import { execFileSync } from 'node:child_process'
import { createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc } from '../../support/property.ts'
import t from 'tap'
import { toPem } from '../../../src/certificates/der.ts'
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltName } from '../../../src/certificates/extensions.ts'
import { keyToPem } from '../../../src/certificates/keys.ts'
import { findingOf } from '../../../src/explain/file/finding.ts'
import { explainFile, fileText, looksLikeCertificateFile, type FileOptions } from '../../../src/explain/file/index.ts'
import { kindOf } from '../../../src/explain/recognise.ts'
import { verdictCodes } from '../../../src/verdicts/codes.ts'
import { hour, issuing, keys, leaf, now, root } from '../../certificates/examine/chains.ts'

const pem = (der: Buffer): string => toPem('CERTIFICATE', der)
const ended = { content: { notBefore: new Date(now.getTime() - 9 * hour), notAfter: new Date(now.getTime() - hour) } }
const L = leaf()
const I = issuing()
const R = root()
const chain = pem(L) + pem(I)
const key = keyToPem(keys.leaf)
const otherKey = keyToPem(keys.other)
const publicKey = createPublicKey(keys.leaf).export({ type: 'spki', format: 'pem' }).toString()
const lockedKey = keys.leaf
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' })
  .toString()
const selfSigned = leaf({ signer: { name: [['CN', 'fe1.lab.test']], key: keys.leaf } })
const ca = Buffer.from(pem(R))

const san = (value: string) => ({ '2.5.29.17': subjectAltName([{ kind: 'dns', value }]) })

const codes = (text: string | Buffer, options: FileOptions = {}): readonly string[] =>
  explainFile(Buffer.from(text), { at: now, ...options }).findings.map(({ code }) => code)

const bundles: Readonly<Record<string, readonly [string | Buffer, readonly string[], FileOptions?]>> = {
  'leaf and issuer': [chain, []],
  'leaf, issuer, and the root given': [chain, [], { ca }],
  'leaf, issuer, and another root given': [
    chain,
    ['chain.untrusted-root'],
    {
      ca: Buffer.from(
        pem(root({ content: { subject: [['CN', 'Other Root']] }, signer: { name: [['CN', 'Other Root']] } })),
      ),
    },
  ],
  'the leaf alone': [pem(L), ['chain.incomplete']],
  'the leaf alone, the issuer among the trusted': [pem(L), ['chain.incomplete'], { ca: Buffer.from(pem(R) + pem(I)) }],
  'the root too': [chain + pem(R), ['file.root-included']],
  'the issuer first': [pem(I) + pem(L), ['chain.out-of-order']],
  'root, issuer, leaf': [pem(R) + pem(I) + pem(L), ['chain.out-of-order', 'file.root-included']],
  'the key inside': [chain + key, ['file.key-inside']],
  'the key inside, first': [key + chain, ['file.key-inside']],
  'the key of another inside': [chain + otherKey, ['key.mismatch', 'file.key-inside']],
  'the right key beside': [chain, [], { key: Buffer.from(key) }],
  'another key beside': [chain, ['key.mismatch'], { key: Buffer.from(otherKey) }],
  'a key file without key': [chain, ['key.malformed'], { key: Buffer.from('nothing') }],
  'two leafs, the second ended': [chain + pem(leaf(ended)), ['file.two-leafs', 'cert.expired']],
  'two leafs, the first ended': [pem(leaf(ended)) + chain, ['cert.expired', 'file.two-leafs']],
  'an ended issuer': [pem(L) + pem(issuing(ended)), ['chain.expired']],
  'a byte order mark': [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(chain)]), ['file.bom']],
  'lines of Windows': [chain.replaceAll('\n', '\r\n'), []],
  'lines of the old Macintosh': [chain.replaceAll('\n', '\r'), ['file.corrupt']],
  'UTF-16 with mark': [Buffer.from(`\ufeff${chain}`, 'utf16le'), ['file.utf16']],
  'UTF-16 without mark': [Buffer.from(chain, 'utf16le'), ['file.utf16']],
  'UTF-16, big end first': [Buffer.from(`\ufeff${chain}`, 'utf16le').swap16(), ['file.utf16']],
  'comments around': [
    `# the SBC\nBag Attributes\n    friendlyName: sbc\nsubject=CN = fe1\n${pem(L)}\n# CA\n${pem(I)}`,
    [],
  ],
  'no line end at the end': [chain.trimEnd(), []],
  'octets of old editors at the end': [`${chain.trimEnd()}\u001a\u0000`, []],
  'garbage behind': [`${chain}\nthe end\n`, []],
  'blocks that run together': [chain.replace('-----\n-----', '----------'), ['file.corrupt']],
  indented: [chain.replace(/^/gm, '    '), ['file.indented']],
  'quoted by a mail': [chain.replace(/^/gm, '> '), ['file.corrupt']],
  'line ends written as two characters': [chain.replaceAll('\n', '\\n'), ['file.corrupt']],
  'an END line of another label': [chain.replace('END CERTIFICATE', 'END X509 CERTIFICATE'), ['file.corrupt']],
  'an END line with four dashes': [chain.replace('END CERTIFICATE-----', 'END CERTIFICATE----'), ['file.corrupt']],
  'a blank line within': [chain.replace(/(MII.*\n)/, '$1\n'), ['file.corrupt']],
  'a blank line after BEGIN': [chain.replace('MII', '\nMII'), []],
  'spaces where lines ended': [chain.replaceAll('\n', ' '), ['file.corrupt']],
  'a word before BEGIN': [`cert=${chain}`, ['file.corrupt']],
  'six dashes before BEGIN': [`-${chain}`, ['file.corrupt']],
  'four dashes before the first BEGIN': [chain.slice(1), ['file.corrupt']],
  'four dashes before the second BEGIN': [pem(L) + pem(I).slice(1), ['chain.incomplete', 'file.partial']],
  'small letters at the first BEGIN': [chain.replace('BEGIN CERTIFICATE', 'begin certificate'), ['file.corrupt']],
  'a byte order mark before the second block': [
    Buffer.concat([Buffer.from(pem(L)), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(pem(I))]),
    ['file.bom'],
  ],
  'the Base64 of PEM': [Buffer.from(chain).toString('base64'), ['file.not-pem']],
  'no END line': [chain.replace('-----END CERTIFICATE-----', ''), ['file.corrupt']],
  'a damaged second block': [pem(L) + pem(I).replace('MII', '!!!'), ['chain.incomplete', 'file.partial']],
  'a damaged first block': [pem(L).replace('MII', '!!!') + pem(I), ['file.corrupt']],
  'a truncated second block': [pem(L) + pem(I.subarray(0, I.length - 9)), ['chain.incomplete', 'file.partial']],
  'a misspelt second label': [pem(L) + pem(I).replaceAll('CERTIFICATE', 'CERTIFICAT'), ['file.partial']],
  'the label TRUSTED CERTIFICATE': [chain.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'), ['file.trusted-label']],
  DER: [L, ['chain.incomplete', 'file.der']],
  'DER, two objects': [Buffer.concat([L, I]), ['file.der']],
  'Base64 without labels': [L.toString('base64'), ['chain.incomplete', 'file.not-pem']],
  'dashes of a word processor': [pem(L).replaceAll('-----', '\u2013\u2013\u2014'), ['file.corrupt']],
  'an empty file': ['', ['file.empty']],
  'blank lines': [' \n\n', ['file.empty']],
  'a key alone': [key, ['file.wrong-kind']],
  'a page of a web server': ['<!DOCTYPE html><html></html>', ['file.wrong-kind']],
  'a keystore of Java': [Buffer.from('feedfeed00000002', 'hex'), ['file.wrong-kind']],
  'a keystore of Java with other keys': [Buffer.from('cececece00000002', 'hex'), ['file.wrong-kind']],
  'other text': ['hello', ['file.not-pem']],
  'the same certificate twice': [pem(L) + pem(L) + pem(I), []],
  'a certificate signed by itself': [pem(selfSigned), ['cert.self-signed']],
  'a certificate signed by itself that is trusted': [pem(selfSigned), [], { ca: Buffer.from(pem(selfSigned)) }],
  'a trust list': [pem(R), []],
  'a trust list with an ended root': [pem(root(ended)), ['chain.root-expired']],
  'an issuer of the same name with another key': [
    pem(L) + pem(issuing({ content: { key: keys.other } })),
    ['cert.signature-invalid'],
  ],
  'an issuer that is no CA': [
    pem(L) + pem(issuing({ extensions: { '2.5.29.19': basicConstraints({ ca: false }) } })),
    ['chain.not-a-ca'],
  ],
  'no clientAuth': [
    pem(leaf({ extensions: { '2.5.29.37': extendedKeyUsage('serverAuth') } })) + pem(I),
    ['cert.eku-missing'],
  ],
  'no clientAuth, as server': [
    pem(leaf({ extensions: { '2.5.29.37': extendedKeyUsage('serverAuth') } })) + pem(I),
    [],
    { role: 'server' },
  ],
  'no serverAuth, as client': [
    pem(leaf({ extensions: { '2.5.29.37': extendedKeyUsage('clientAuth') } })) + pem(I),
    [],
    { role: 'client' },
  ],
  'an ended CA beside the chain': [
    chain + pem(root({ content: { ...ended.content, subject: [['CN', 'Old']] }, signer: { name: [['CN', 'Old']] } })),
    ['chain.expired'],
  ],
  'a wildcard': [pem(leaf({ extensions: san('*.lab.test') })) + pem(I), ['cert.wildcard']],
  'an elliptic key that may not sign': [
    pem(leaf({ extensions: { '2.5.29.15': keyUsage('keyAgreement') } })) + pem(I),
    ['cert.ku-wrong'],
  ],
  'a wildcard inside a name': [pem(leaf({ extensions: san('fe1.*.test') })) + pem(I), ['cert.wildcard']],
  'a server that is a CA by mistake': [
    pem(leaf({ extensions: { '2.5.29.19': basicConstraints({ ca: true }) } })) + pem(I),
    ['cert.name-mismatch'],
    { names: ['other.lab.test'] },
  ],
  'a public key alone': [publicKey, ['file.wrong-kind']],
  'an encrypted key beside': [chain, ['key.encrypted'], { key: Buffer.from(lockedKey) }],
  'an encrypted key inside': [chain + lockedKey, ['file.key-inside', 'key.encrypted']],
  'no SAN': [pem(leaf({ extensions: { '2.5.29.17': undefined } })) + pem(I), ['cert.san-missing']],
  'another name': [chain, ['cert.name-mismatch'], { names: ['other.lab.test'] }],
  'the name with port, in capitals, with its last dot': [chain, [], { names: ['FE1.lab.test.:5061'] }],
  'a name of another script': [
    pem(leaf({ extensions: san('xn--bcher-kva.test') })) + pem(I),
    [],
    { names: ['b\u00fccher.test'] },
  ],
  'an address in brackets': [
    pem(leaf({ extensions: { '2.5.29.17': subjectAltName([{ kind: 'ip', value: '2001:db8::7' }]) } })) + pem(I),
    [],
    { names: ['[2001:db8::7]:5061'] },
  ],
  'the name': [chain, [], { names: ['fe1.lab.test'] }],
  'an address that is not in it': [chain, ['cert.name-mismatch'], { names: ['192.0.2.1'] }],
  'a year later': [chain, ['cert.expired'], { at: new Date(now.getTime() + 20 * 365 * 24 * hour), role: 'server' }],
}

for (const [name, [text, wanted, options]] of Object.entries(bundles))
  t.test(`a file with ${name}`, async (t) => {
    const found = codes(text, options)
    // Twenty years on the issuer has ended as well; it is enough that the leaf is named.
    if (name === 'a year later') t.ok(found.includes('cert.expired'))
    else t.strictSame([...found].sort(), [...wanted].sort())
    t.match(fileText(explainFile(Buffer.from(text), options), 'x.pem'), /fault/)
  })

t.test('containers made by OpenSSL', async (t) => {
  const folder = t.testdir({ 'all.pem': key + chain, 'key.pem': key })
  const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { cwd: folder })
  const kinds = {
    modern: [],
    '3DES': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    open: ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac'],
  }
  for (const [name, more] of Object.entries(kinds)) {
    const pfx = openssl('pkcs12', '-export', '-in', 'all.pem', '-passout', 'pass:geheim', ...more)
    t.strictSame(codes(pfx, { password: 'geheim' }), ['file.pfx'], `${name}: opened, and its key fits`)
    const answer = explainFile(pfx, { password: 'geheim', at: now })
    t.equal(answer.contents.length, 3, `${name}: two certificates and a key`)
    t.notMatch(
      JSON.stringify(answer),
      keys.leaf.export({ type: 'pkcs8', format: 'der' }).toString('base64').slice(40, 80),
    )
    if (name !== 'open') t.ok(codes(pfx).includes('file.pfx-password'), `${name}: closed without the password`)
    t.ok(looksLikeCertificateFile(pfx))
  }
  const p7 = openssl('crl2pkcs7', '-nocrl', '-certfile', 'all.pem')
  t.strictSame(codes(p7), ['file.pkcs7'])
  t.strictSame(codes(p7.toString().replaceAll('PKCS7', 'CERTIFICATE')), ['file.pkcs7'], 'under the label CERTIFICATE')
  t.strictSame(codes(openssl('crl2pkcs7', '-nocrl', '-certfile', 'all.pem', '-outform', 'DER')), ['file.pkcs7'])
  const request = openssl(
    'req',
    '-new',
    '-key',
    'key.pem',
    '-subj',
    '/CN=x.test',
    '-addext',
    'subjectAltName=DNS:x.test',
  )
  t.match(explainFile(request).contents[0], /request for CN=x.test \(EC P-256\)/)
  const locked = openssl('pkey', '-in', 'key.pem', '-aes256', '-passout', 'pass:geheim')
  t.strictSame(codes(chain, { key: locked, password: 'geheim' }), [], 'an encrypted key that fits')
  t.match(explainFile(locked).contents[0], /encrypted/)
})

t.test('what is no certificate file is not taken for one', async (t) => {
  for (const text of ['error:0A000418:SSL routines::tlsv1 alert unknown ca', 'MIAMI calling', '', '0'])
    t.notOk(looksLikeCertificateFile(Buffer.from(text)), text)
  t.notOk(
    looksLikeCertificateFile(Buffer.from(`verify error:num=20\n${chain}Verify return code: 21`)),
    'a report of OpenSSL',
  )
  t.notOk(looksLikeCertificateFile(Buffer.from('d4c3b2a1020004000000000000000000', 'hex')), 'a capture')
  for (const one of [chain, L, L.toString('base64'), Buffer.from(chain, 'utf16le'), key])
    t.ok(looksLikeCertificateFile(Buffer.from(one)))
})

t.test('a remedy for a file is done with the file, and needs no lab', async (t) => {
  for (const { code } of verdictCodes.filter((each) => /^(?:file|cert|chain|crl|key)\./.test(each.code))) {
    const { remedy } = findingOf(code, { where: 'block 1', why: '' })
    t.ok(remedy !== '' && !/siplab|\bNODE\b|REFUSER/.test(remedy), `${code}: ${remedy}`)
    if (code.startsWith('file.')) t.notMatch(remedy, /issue/, `${code}: no new certificate for a file that is odd`)
  }
  const { findings } = explainFile(L, { at: now, fileName: 'my chain.cer' })
  t.match(
    findings.find(({ code }) => code === 'file.der')?.remedy,
    /-inform der -in 'my chain.cer' -out 'my chain.new.pem'/,
  )
})

t.test('commands of remedies write what the file ought to be', async (t) => {
  const label = chain.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')
  const files = { 'a.pem': L, 'b.pem': label, 'c.pem': chain.replaceAll('\n', '\r') }
  const folder = t.testdir(files)
  for (const [fileName, octets] of Object.entries(files)) {
    const [finding] = explainFile(Buffer.from(octets), { at: now, fileName }).findings.filter(({ code }) =>
      code.startsWith('file.'),
    )
    const [, command = 'false'] = /: (.*)$/.exec(finding?.remedy ?? '') ?? []
    execFileSync('sh', ['-c', command], { cwd: folder })
    const written = readFileSync(join(folder, fileName.replace('.pem', '.new.pem')))
    t.notOk(
      codes(written).some((code) => code.startsWith('file.')),
      command,
    )
  }
})

t.test('an issuer of a lone certificate may be its root: that is no certain fault', async (t) => {
  const direct = leaf({
    signer: {
      name: [
        ['CN', 'Lab Root'],
        ['O', 'Lab'],
      ],
      key: keys.root,
    },
  })
  for (const options of [{}, { ca: Buffer.from(pem(selfSigned)) }]) {
    const answer = explainFile(Buffer.from(pem(direct)), { at: now, ...options })
    t.match(answer, {
      cause: undefined,
      findings: [{ code: 'chain.incomplete', unsure: true, why: /is (?:the|a) root/ }],
    })
    t.match(fileText(answer, 'x.pem'), /maybe chain\.incomplete[^]*1 possible fault/)
  }
})

t.test('a file whose first certificate is a CA starts no server', async (t) => {
  const weight = (text: string): unknown =>
    explainFile(Buffer.from(text), { at: now }).findings.find(({ code }) => code === 'chain.out-of-order')?.weight
  t.equal(weight(pem(I) + pem(L)), 'error')
  t.equal(weight(pem(L) + pem(R) + pem(I)), 'warning')
})

t.test('the order to send is drawn', async (t) => {
  const { chain: drawn } = explainFile(Buffer.from(pem(R) + pem(I) + pem(L)), { at: now })
  t.strictSame(
    drawn?.links.map(({ place, subject }) => [place, subject]),
    [
      ['send', 'CN=fe1.lab.test'],
      ['send', 'CN=Lab Issuing,O=Lab'],
      ['trust', 'CN=Lab Root,O=Lab'],
    ],
  )
})

t.test('no octets end the command', async (t) => {
  const seeds = [Buffer.from(chain + key), L, Buffer.from(L.toString('base64')), Buffer.from(chain, 'utf16le')]
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      (seed, edits) => {
        const octets = Buffer.from(seed)
        for (const [at, value] of edits) octets[at % octets.length] = value
        fileText(explainFile(octets, { at: now, key: octets, ca: octets, password: '' }), 'x')
        looksLikeCertificateFile(octets)
      },
    ),
    { numRuns: 150 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
      fileText(explainFile(Buffer.from(octets)), 'x')
      fileText(explainFile(Buffer.concat([Buffer.from([0x30, 0x82]), Buffer.from(octets)])), 'x')
    }),
    { numRuns: 150 },
  )
  t.pass('every input has an answer')
})

t.test('hostile sizes cost little', async (t) => {
  const begin = '-----BEGIN CERTIFICATE-----'
  const files: Readonly<Record<string, Buffer>> = {
    'a block of 60 MB': Buffer.from(`${begin}\n${'QUFB'.repeat(15e6)}\n-----END CERTIFICATE-----\n`),
    '20,000 certificates': Buffer.from(pem(L).repeat(20_000)),
    'half a million BEGIN lines': Buffer.from(begin.repeat(500_000)),
    'BEGIN lines and no end': Buffer.from(`${`${begin}\n`.repeat(2000)}${'A'.repeat(2e7)}`),
    'DER nested 100,000 deep': Buffer.alloc(200_000, Buffer.from([0x30, 0x80])),
    'random octets behind 30 82': Buffer.concat([Buffer.from([0x30, 0x82]), randomBytes(1e6)]),
  }
  for (const [name, octets] of Object.entries(files)) {
    const start = process.cpuUsage()
    explainFile(octets, { at: now })
    const { user, system } = process.cpuUsage(start)
    t.ok((user + system) / 1e6 < 20, `${name}: ${Math.round((user + system) / 1000)} ms of CPU`)
  }
})

t.test('a certificate file is recognised behind long comments, and where it is damaged', async (t) => {
  const comments = '# a line of the bundle, written by the tool that renews it\n'.repeat(200)
  for (const [name, octets] of Object.entries({
    'behind 12,000 octets of comments': Buffer.from(comments + chain),
    'Base64 alone': Buffer.from(L.toString('base64')),
    'a keystore of Java': Buffer.from('feedfeed0000000200000001', 'hex'),
    'a keystore of Java with other keys': Buffer.from('cececece0000000200000001', 'hex'),
    'Base64 in UTF-16': Buffer.from(`\ufeff${L.toString('base64')}`, 'utf16le'),
    'the Base64 of PEM': Buffer.from(Buffer.from(chain).toString('base64')),
    'DER that is cut': L.subarray(0, 300),
    'four dashes': Buffer.from(pem(L).replaceAll('-----', '----')),
  }))
    t.equal(kindOf(octets), 'certificates', name)
  const lines = `Nov 28 09:14:02 sbc kamailio[1]: certificate of the peer:\n${pem(L)}`
  t.equal(kindOf(Buffer.from(lines)), 'text', 'a log that prints a certificate is a log')
  t.strictSame(codes(L.subarray(0, 300)), ['file.corrupt'])
})

t.test('a container whose password was not given has no fault of its own', async (t) => {
  const folder = t.testdir({ 'all.pem': key + chain })
  const pfx = execFileSync('openssl', ['pkcs12', '-export', '-in', 'all.pem', '-passout', 'pass:geheim'], {
    cwd: folder,
  })
  const [finding] = explainFile(pfx).findings
  t.match(finding, { code: 'file.pfx-password', weight: 'warning', why: /cannot judge/ })
})
