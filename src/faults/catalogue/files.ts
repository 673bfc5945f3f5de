/** Files: certificate, key and trust list as they lie on disk. */
import { X509Certificate } from 'node:crypto'
import { generateKey, keyToPem, publicHalf } from '../../certificates/keys.ts'
import { show } from './fault-pki.ts'
import { accepted, broken, type Fault, inFamily, refused, stopsStart } from './fault.ts'
import {
  afterFirst,
  encryptedKey,
  mislabelled,
  renewedOnDisk,
  sameFile,
  spoilt,
  withCertificate,
  withKey,
  withoutCertificate,
  withoutKey,
} from './parts.ts'

export const files: readonly Fault[] = inFamily('files', [
  /** RFC 7468: BEGIN starts a line. */
  {
    slug: 'cert-blocks-joined',
    sides: ['server'],
    story: 'Two blocks of the certificate file have no line break between them',
    make: (pki) =>
      withCertificate(pki, (pem) =>
        pem.replace('-----END CERTIFICATE-----\n-----BEGIN', '-----END CERTIFICATE----------BEGIN'),
      ),
    expect: stopsStart('file.corrupt', 'ERR_OSSL_PEM_BAD_END_LINE'),
  },
  /** Control. */
  {
    slug: 'cert-bom',
    sides: ['server', 'client'],
    story: 'The certificate file starts with a byte order mark',
    make: (pki) => withCertificate(pki, (pem) => `\ufeff${pem}`),
    expect: accepted,
  },
  /** RFC 7468. */
  {
    slug: 'cert-corrupt',
    sides: ['server'],
    story: 'The certificate file is damaged',
    make: (pki) => withCertificate(pki, spoilt),
    expect: stopsStart('file.corrupt', 'ERR_OSSL_PEM_BAD_BASE64_DECODE'),
  },
  /** Control. */
  {
    slug: 'cert-crlf',
    sides: ['server', 'client'],
    story: 'The certificate file has the line endings of Windows',
    make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('\n', '\r\n')),
    expect: accepted,
  },
  /** The first octets tell: 30 82. */
  {
    slug: 'cert-der',
    sides: ['server'],
    story: 'The certificate file is DER, not PEM',
    make: (pki) => withCertificate(pki, (pem) => new X509Certificate(pem).raw),
    expect: stopsStart('file.der', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** Node starts, and every handshake fails. */
  {
    slug: 'cert-empty',
    sides: ['server'],
    story: 'The certificate file is empty',
    make: (pki) => withCertificate(pki, () => ''),
    expect: stopsStart('file.empty'),
  },
  /** RFC 7468: every block has its END line. Node starts all the same. */
  {
    slug: 'cert-end-missing',
    sides: ['server'],
    story: 'The first block of the certificate file has no END line',
    make: (pki) => withCertificate(pki, (pem) => pem.replace('-----END CERTIFICATE-----\n', '')),
    expect: stopsStart('file.corrupt'),
  },
  /** Not PEM at all. */
  {
    slug: 'cert-garbage',
    sides: ['server'],
    story: 'The certificate file holds other text',
    make: (pki) => withCertificate(pki, () => 'hello'),
    expect: stopsStart('file.not-pem', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** A paste from a mail or a YAML file. */
  {
    slug: 'cert-indented',
    sides: ['server'],
    story: 'The lines of the certificate file are indented',
    make: (pki) => withCertificate(pki, (pem) => pem.replaceAll(/^/gm, '  ')),
    expect: stopsStart('file.indented', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** A certificate where a certificate is wanted. */
  {
    slug: 'cert-is-key',
    sides: ['server'],
    story: 'The certificate file holds the key',
    make: (pki) => withCertificate(pki, () => keyToPem(pki.leaf().key)),
    expect: stopsStart('file.wrong-kind', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** Node starts, and every handshake fails. */
  {
    slug: 'cert-missing',
    sides: ['server'],
    story: 'There is no certificate file',
    make: (pki) => withoutCertificate(pki),
    expect: stopsStart('file.missing'),
  },
  /** Control. */
  {
    slug: 'cert-no-final-newline',
    sides: ['server', 'client'],
    story: 'The last line of the certificate file has no line ending',
    make: (pki) => withCertificate(pki, (pem) => pem.trimEnd()),
    expect: accepted,
  },
  /** The label tells. */
  {
    slug: 'cert-p7b',
    sides: ['server'],
    story: 'The certificate file is a PKCS #7 bundle',
    make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('CERTIFICATE', 'PKCS7')),
    expect: stopsStart('file.pkcs7', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** As many certificates are loaded as the file has blocks, or none. */
  {
    slug: 'cert-second-corrupt',
    sides: ['server'],
    story: 'The second block of the certificate file is damaged',
    make: (pki) => withCertificate(pki, afterFirst(spoilt)),
    expect: stopsStart('file.partial', 'ERR_OSSL_PEM_BAD_BASE64_DECODE'),
  },
  /** Node starts and sends half a chain. */
  {
    slug: 'cert-second-mislabelled',
    sides: ['server'],
    story: 'The label of the second block in the certificate file is misspelt',
    make: (pki) => withCertificate(pki, afterFirst(mislabelled)),
    expect: stopsStart('file.partial'),
  },
  /** Control. */
  {
    slug: 'cert-text-around',
    sides: ['server', 'client'],
    story: 'There is text around the blocks of the certificate file',
    make: (pki) => withCertificate(pki, (pem) => `subject=somebody\n${pem}the end\n`),
    expect: accepted,
  },
  /** The first octets tell: FF FE. */
  {
    slug: 'cert-utf16',
    sides: ['server'],
    story: 'The certificate file was saved as UTF-16',
    make: (pki) => withCertificate(pki, (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le')),
    expect: stopsStart('file.utf16', 'ERR_OSSL_PEM_NO_START_LINE'),
  },
  /** OpenSSL has one error for every key it cannot read. */
  {
    slug: 'key-der',
    sides: ['server'],
    story: 'The key file is DER, not PEM',
    make: (pki) => withKey(pki, pki.leaf().key.export({ type: 'pkcs8', format: 'der' })),
    expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
  },
  /** Node starts, and every handshake fails. */
  {
    slug: 'key-empty',
    sides: ['server'],
    story: 'The key file is empty',
    make: (pki) => withKey(pki, ''),
    expect: stopsStart('key.missing'),
  },
  /** Told apart from a wrong passphrase by whether one was configured; OpenSSL has one error for both. */
  {
    slug: 'key-encrypted',
    sides: ['server'],
    story: 'The key file is encrypted, and no passphrase is configured',
    make: (pki) => encryptedKey(pki, undefined),
    twin: (pki) => encryptedKey(pki, 'right'),
    expect: stopsStart('key.encrypted', 'ERR_OSSL_BAD_DECRYPT'),
  },
  /** Control. */
  {
    slug: 'key-in-same-file',
    sides: ['server', 'client'],
    story: 'The certificate and the key are in one file',
    make: (pki) => sameFile(pki),
    expect: accepted,
  },
  /** OpenSSL has one error for every key it cannot read. */
  {
    slug: 'key-is-certificate',
    sides: ['server'],
    story: 'The key file holds the certificate',
    make: (pki) => withKey(pki, pki.leaf().pem),
    expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
  },
  /** OpenSSL has one error for every key it cannot read. */
  {
    slug: 'key-is-openssh',
    sides: ['server'],
    story: 'The key file is in the format of OpenSSH',
    make: (pki) =>
      withKey(
        pki,
        '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      ),
    expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
  },
  /** OpenSSL has one error for every key it cannot read. */
  {
    slug: 'key-is-public',
    sides: ['server'],
    story: 'The key file holds the public key',
    make: (pki) => withKey(pki, publicHalf(pki.leaf().key).export({ type: 'spki', format: 'pem' })),
    expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
  },
  /** What the wire shows of `key-mismatch-type` when the server does not check its files. */
  {
    slug: 'key-mismatch-type-live',
    sides: ['server'],
    story: 'The certificate of the server is P-256, its key file holds an RSA key',
    make: (pki) => ({
      ...pki.good(),
      presenter: { ...show(pki.leaf({ keyType: 'p256' }), pki.issuing), key: keyToPem(generateKey('rsa2048')) },
    }),
    expect: broken(
      'key.mismatch',
      { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' },
      { presenter: 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', judge: 'alert 40' },
    ),
    nodeSuggests: 'tls.alert',
  },
  /** Node starts, and every handshake fails with a cipher error that names no key. */
  {
    slug: 'key-mismatch-type',
    sides: ['server'],
    story: 'The certificate is P-256, the key file holds an RSA key',
    make: (pki) => ({
      ...pki.good(),
      presenter: { ...show(pki.leaf({ keyType: 'p256' }), pki.issuing), key: keyToPem(generateKey('rsa2048')) },
    }),
    expect: stopsStart('key.mismatch'),
  },
  /** The pair is checked before any listener opens. */
  {
    slug: 'key-mismatch',
    sides: ['server'],
    story: 'The key file holds the key of another certificate',
    make: (pki) => withKey(pki, keyToPem(pki.leaf().key)),
    expect: stopsStart('key.mismatch', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'),
  },
  /** Node starts, and every handshake fails. */
  {
    slug: 'key-missing',
    sides: ['server'],
    story: 'There is no key file',
    make: (pki) => withoutKey(pki),
    expect: stopsStart('key.missing'),
  },
  /** Keys are for their owner alone. */
  {
    slug: 'key-open-to-others',
    sides: ['server'],
    story: 'Every account may read the key file',
    make: (pki) => ({ ...pki.good(), presenter: { ...pki.good().presenter, keyMode: 0o644 } }),
    expect: stopsStart('key.permissions'),
  },
  /** OpenSSL has one error for every key it cannot read. */
  {
    slug: 'key-truncated',
    sides: ['server'],
    story: 'The key file is truncated',
    make: (pki) => withKey(pki, keyToPem(pki.leaf().key).slice(0, 100)),
    expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
  },
  /** KB 836410: a renewal lost the access rights of the key; links bled away one by one, and the next start failed. */
  {
    slug: 'key-unreadable',
    sides: ['server'],
    story: 'The account of the service may not read the key file',
    make: (pki) => ({ ...pki.good(), presenter: { ...pki.good().presenter, keyMode: 0o000 } }),
    expect: stopsStart('key.unreadable'),
  },
  /** See `key-encrypted`. */
  {
    slug: 'key-wrong-passphrase',
    sides: ['server'],
    story: 'The key file is encrypted with another passphrase',
    make: (pki) => encryptedKey(pki, 'wrong'),
    twin: (pki) => encryptedKey(pki, 'right'),
    expect: stopsStart('key.passphrase-wrong', 'ERR_OSSL_BAD_DECRYPT'),
  },
  /** The commonest fault after expiry itself: no reload hook, or a server whose reload leaves TLS out. */
  {
    slug: 'renewed-not-reloaded',
    sides: ['server', 'client'],
    story: 'The certificate was renewed on disk, and the process still shows the old one, which has expired',
    make: (pki) => renewedOnDisk(pki),
    expect: refused('cert.not-reloaded', 'CERT_HAS_EXPIRED'),
    nodeSuggests: 'cert.expired',
  },
  /** OpenSSL writes this label for its own trust settings; the leaf is read, the rest of the chain is not. */
  {
    slug: 'trusted-certificate-label',
    sides: ['server', 'client'],
    story: 'The certificate file of the peer has the label TRUSTED CERTIFICATE',
    make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')),
    expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  },
])
