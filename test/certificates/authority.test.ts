import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { initAuthority, openAuthority, renewCa } from '../../src/certificates/authority.ts'
import type { CertificateRequest, KeyType } from '../../src/certificates/certificate-request.ts'
import { reverseOctets, summarise } from '../../src/certificates/summary.ts'
import { hasOpenssl } from './openssl.ts'
import { x509 } from './peculiar.ts'

const now = Date.now()
const request: CertificateRequest = {
  name: 'fe1-listener',
  commonName: 'pool.lab.test',
  dnsNames: ['pool.lab.test', 'fe1.lab.test'],
  uriNames: ['sip:lab.test'],
  ipAddresses: ['127.0.0.1', '2001:db8::1'],
  purposes: ['serverAuth', 'clientAuth'],
  authority: 'internal',
  keyType: 'p256',
  validSeconds: 3600,
}

t.test('the authority', async (t) => {
  const directory = t.testdir()
  const authority = initAuthority(directory, { domain: 'lab.test', now, crlUrl: 'http://pki.lab.test/' })

  t.test('keeps its keys for the owner alone', async (t) => {
    t.equal(statSync(join(directory, 'private')).mode & 0o777, 0o700)
    t.equal(statSync(join(directory, 'private', 'internal-root.key')).mode & 0o777, 0o600)
  })

  t.test('issues what was requested', async (t) => {
    const { certificatePem, serial } = authority.issue(request, now)
    t.match(summarise(certificatePem), {
      subject: 'CN=pool.lab.test',
      serial,
      serialReversed: reverseOctets(serial),
      subjectAltNames: [
        'DNS:pool.lab.test',
        'DNS:fe1.lab.test',
        'URI:sip:lab.test',
        'IP:127.0.0.1',
        'IP:2001:DB8:0:0:0:0:0:1',
      ],
    })
  })

  t.test('starts validity one minute in the past', async (t) => {
    const issued = authority.issue({ ...request, validSeconds: 3600 }, 1_800_000_000_500)
    t.equal(issued.notBefore, new Date(1_800_000_000_000 - 60_000).toISOString())
  })

  t.test('starts a short validity a tenth of it in the past, and never cuts it short', async (t) => {
    const issued = authority.issue({ ...request, validSeconds: 20 }, 1_800_000_000_500)
    t.match(issued, {
      notBefore: new Date(1_800_000_000_000 - 2000).toISOString(),
      notAfter: new Date(1_800_000_021_000).toISOString(),
    })
  })

  t.test('writes times after 2049 as openssl reads them', async (t) => {
    const issued = authority.issue({ ...request, validSeconds: 40 * 365 * 86_400 }, now)
    t.equal(new X509Certificate(issued.certificatePem).validToDate.toISOString(), issued.notAfter)
  })

  t.test('is read back by another process as it was made', async (t) => {
    const issued = openAuthority(directory).issue(request, now)
    t.ok(
      new X509Certificate(issued.certificatePem).verify(
        new X509Certificate(authority.caCertificate('internal-issuing').pem).publicKey,
      ),
    )
  })

  t.test('is made once when two start at the same time', async (t) => {
    const folder = t.testdir()
    const source = new URL('../../src/certificates/authority.ts', import.meta.url).href
    const script = `import {initAuthority} from ${JSON.stringify(source)};
      console.log(initAuthority(${JSON.stringify(folder)},{domain:'lab.test',now:Date.now()}).trust('internal').pem)`
    const start = () =>
      new Promise<string>((resolve, reject) => {
        import('node:child_process').then(
          ({ execFile }) =>
            execFile(process.execPath, ['--input-type=module', '-e', script], (error, stdout) =>
              error ? reject(error) : resolve(stdout),
            ),
          reject,
        )
      })
    const [one, two, three] = await Promise.all([start(), start(), start()])
    t.same([two, three], [one, one])
  })

  t.test('says how to begin when nothing is there', async (t) => {
    t.throws(() => openAuthority(t.testdir()), { code: 'authority-missing', message: /siplab certs init/ })
  })

  t.test('refuses a folder that holds another domain', async (t) => {
    t.throws(() => initAuthority(directory, { domain: 'partner.test', now }), { code: 'authority-exists' })
  })

  t.test('refuses a key that others may read', async (t) => {
    const folder = t.testdir()
    initAuthority(folder, { domain: 'lab.test', now })
    chmodSync(join(folder, 'private', 'public-root.key'), 0o644)
    t.throws(() => openAuthority(folder), { code: 'key.permissions', message: /chmod 600/ })
  })

  t.test('notes everything issued and revoked in its index', async (t) => {
    const { serial } = authority.issue({ ...request, name: 'noted' }, now)
    authority.revoke(serial.toUpperCase(), now, 'keyCompromise')
    t.match(authority.index().slice(-2), [
      { kind: 'issued', name: 'noted', serial },
      { kind: 'revoked', serial, reason: 'keyCompromise' },
    ])
  })

  t.test('does not revoke what it never issued', async (t) => {
    t.throws(() => authority.revoke('01', now), { code: 'serial-unknown' })
  })

  t.test('lets the number of its CRLs grow', async (t) => {
    const numberOf = (der: Buffer): string =>
      hexOf(new x509.X509Crl(der).extensions.find(({ type }) => type === '2.5.29.20')?.value)
    t.same(
      [1, 2].map(() => numberOf(authority.crl('public-root', now).der)),
      ['020101', '020102'],
    )
  })
})

t.test('openssl', { skip: hasOpenssl ? false : 'needs the command openssl (Debian package openssl)' }, async (t) => {
  const directory = t.testdir()
  const authority = initAuthority(directory, { domain: 'lab.test', now, crlUrl: 'http://pki.lab.test' })
  const verify = (leafPem: string, kind: 'internal' | 'public', ...more: readonly string[]): string => {
    const leaf = join(directory, 'leaf.pem')
    writeFileSync(leaf, leafPem)
    const files = [
      '-CAfile',
      authority.trust(kind).path,
      '-untrusted',
      authority.caCertificate(`${kind}-issuing`).path,
      ...more,
      leaf,
    ]
    try {
      return execFileSync('openssl', ['verify', '-x509_strict', ...files], { encoding: 'utf8', stdio: 'pipe' })
    } catch (failure) {
      return String((failure as { stderr: string }).stderr)
    }
  }

  for (const keyType of ['p256', 'p384', 'ed25519', 'rsa2048'] as const satisfies readonly KeyType[]) {
    t.test(`accepts a ${keyType} certificate of either authority strictly`, async (t) => {
      t.match(verify(authority.issue({ ...request, keyType }, now).certificatePem, 'internal'), /: OK/)
      t.match(
        verify(authority.issue({ ...request, keyType, authority: 'public' }, now).certificatePem, 'public'),
        /: OK/,
      )
    })
  }

  t.test('accepts a certificate without a subject', async (t) => {
    t.match(verify(authority.issue({ ...request, commonName: '' }, now).certificatePem, 'internal'), /: OK/)
  })

  t.test('accepts what no CRL names, and refuses what one does', async (t) => {
    const good = authority.issue(request, now)
    const bad = authority.issue(request, now)
    authority.revoke(bad.serial, now, 'superseded')
    const crlFile = join(directory, 'crls.pem')
    writeFileSync(
      crlFile,
      authority
        .crls('internal', now)
        .map(({ pem }) => pem)
        .join(''),
    )
    t.match(verify(good.certificatePem, 'internal', '-crl_check_all', '-CRLfile', crlFile), /: OK/)
    t.match(verify(bad.certificatePem, 'internal', '-crl_check_all', '-CRLfile', crlFile), /certificate revoked/)
  })

  for (const keyType of ['rsa2048', 'ed25519', 'p384'] as const) {
    t.test(`accepts an authority with ${keyType} keys`, async (t) => {
      const folder = join(directory, keyType)
      const other = initAuthority(folder, { domain: 'lab.test', now, keyType })
      const leaf = join(folder, 'leaf.pem')
      writeFileSync(leaf, other.issue(request, now).certificatePem)
      t.match(
        execFileSync(
          'openssl',
          [
            'verify',
            '-x509_strict',
            '-CAfile',
            other.trust('internal').path,
            '-untrusted',
            other.caCertificate('internal-issuing').path,
            leaf,
          ],
          { encoding: 'utf8' },
        ),
        /: OK/,
      )
    })
  }
})

t.test('@peculiar/x509', async (t) => {
  const authority = initAuthority(t.testdir(), { domain: 'lab.test', now, crlUrl: 'http://pki.lab.test' })
  const issued = authority.issue(request, now)
  const leaf = new x509.X509Certificate(issued.certificatePem)
  const issuer = new x509.X509Certificate(authority.caCertificate('internal-issuing').pem)

  t.test('verifies the signature of a certificate', async (t) => {
    t.ok(await leaf.verify({ publicKey: issuer, date: new Date(now) }))
  })

  t.test('reads every extension', async (t) => {
    t.same(leaf.getExtension(x509.ExtendedKeyUsageExtension)?.usages, [
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ])
    t.equal(leaf.getExtension(x509.KeyUsagesExtension)?.usages, x509.KeyUsageFlags.digitalSignature)
    t.equal(
      leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId,
      issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    )
    t.match(issuer.getExtension(x509.BasicConstraintsExtension), { ca: true, pathLength: 0 })
  })

  t.test('verifies a CRL and finds the revoked serial', async (t) => {
    authority.revoke(issued.serial, now, 'keyCompromise')
    const crl = new x509.X509Crl(authority.crl('internal-issuing', now).der)
    t.ok(await crl.verify({ publicKey: issuer }))
    t.equal(crl.findRevoked(issued.serial)?.reason, x509.X509CrlReason.keyCompromise)
  })
})

const hexOf = (value: ArrayBuffer | undefined): string => Buffer.from(value ?? new ArrayBuffer(0)).toString('hex')

t.test('a renewed CA', async (t) => {
  const leafOf = (folder: string): X509Certificate =>
    new X509Certificate(openAuthority(folder).issue(request, now).certificatePem)

  t.test('with the same key still stands above what was issued before', async (t) => {
    const folder = t.testdir()
    initAuthority(folder, { domain: 'lab.test', now: now - 86_400_000 })
    const leaf = leafOf(folder)
    const renewed = new X509Certificate(renewCa(folder, 'internal-issuing', now, { newKey: false }).pem)
    t.ok(leaf.checkIssued(renewed) && leaf.verify(renewed.publicKey))
  })

  t.test('with a new key no longer does, and what is issued afterwards does', async (t) => {
    const folder = t.testdir()
    initAuthority(folder, { domain: 'lab.test', now })
    const before = leafOf(folder)
    const { publicKey } = new X509Certificate(renewCa(folder, 'internal-issuing', now, { newKey: true }).pem)
    t.same([before.verify(publicKey), leafOf(folder).verify(publicKey)], [false, true])
  })

  t.test('keeps the old certificate for trust lists that need both', async (t) => {
    const folder = t.testdir()
    initAuthority(folder, { domain: 'lab.test', now })
    const { previousPem } = renewCa(folder, 'internal-root', now, { newKey: true })
    t.equal(readFileSync(join(folder, 'internal-root.previous.pem'), 'utf8'), previousPem)
  })
})

t.test('a CRL', async (t) => {
  const authority = initAuthority(t.testdir(), { domain: 'lab.test', now })
  t.test('lies beside its CA as DER and PEM', async (t) => {
    const { der, pem } = authority.crl('internal-root', now)
    t.same(readFileSync(join(authority.directory, 'internal-root.crl')), der)
    t.match(pem, /^-----BEGIN X509 CRL-----\n/)
  })
})
