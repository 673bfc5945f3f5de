/** Written by `node scripts/survey-matrix.ts` from docs/survey.json; do not edit. */
export const surveyedStacks = [
  {
    name: 'OpenSSL',
    version: 'OpenSSL 3.0.22',
    day: '2026-11-29',
    acceptor: ['cert.name-not-allowed', 'crl.missing'],
    dialler: ['crl.missing'],
  },
  {
    name: 'GnuTLS',
    version: 'GnuTLS 3.7.9',
    day: '2026-11-29',
    acceptor: [
      'cert.name-not-allowed',
      'cert.eku-missing',
      'chain.eku-narrow',
      'crl.signature-invalid',
      'crl.missing',
      'crl.expired',
      'chain.key-weak',
      'cert.key-weak',
    ],
    dialler: ['chain.key-weak', 'cert.key-weak', 'tls.dh-too-small'],
  },
  {
    name: 'Node',
    version: 'Node.js 24.21.0',
    day: '2026-11-29',
    acceptor: ['cert.name-not-allowed', 'crl.missing'],
    dialler: ['crl.missing'],
  },
  {
    name: 'Go',
    version: 'Go 1.19.8',
    day: '2026-11-29',
    acceptor: ['cert.name-not-allowed', 'cert.revoked', 'chain.revoked', 'chain.key-weak', 'cert.key-weak'],
    dialler: ['cert.revoked', 'chain.revoked', 'chain.key-weak', 'cert.key-weak'],
  },
  {
    name: 'Python',
    version: 'Python 3.11.7, OpenSSL 3.0.22',
    day: '2026-11-29',
    acceptor: ['cert.name-not-allowed', 'crl.missing'],
    dialler: ['crl.missing'],
  },
] as const
