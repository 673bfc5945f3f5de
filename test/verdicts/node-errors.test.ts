import t from 'tap'
import { alertNumber, nodeErrorToCode } from '../../src/verdicts/node-errors.ts'

t.test('a code of Node leads to its verdict', async (t) => {
  t.equal(nodeErrorToCode('CERT_HAS_EXPIRED'), 'cert.expired')
})

const unspecified: readonly (readonly [message: string, code: string])[] = [
  ['EE certificate key too weak', 'cert.key-weak'],
  ['CA certificate key too weak', 'chain.key-weak'],
  ['CA signature digest algorithm too weak', 'cert.signature-weak'],
  ['permitted subtree violation', 'chain.name-constraint'],
  ['excluded subtree violation', 'chain.name-constraint'],
  ['unsupported or invalid name syntax', 'chain.name-constraint'],
  ['unhandled critical extension', 'cert.critical-extension'],
  ['key usage does not include certificate signing', 'chain.no-cert-sign'],
  ['key usage does not include CRL signing', 'crl.no-crl-sign'],
]

for (const [message, code] of unspecified) {
  t.test(`UNSPECIFIED with "${message}" is ${code}`, async (t) => {
    t.equal(nodeErrorToCode('UNSPECIFIED', message), code)
  })
}

t.test('an alert about a certificate proves that the other end refused, whatever the code is called', async (t) => {
  t.equal(
    nodeErrorToCode(
      'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
      '00A1:error:0A000415:SSL routines:ssl3_read_bytes:ssl/tls alert certificate expired:../x.c:909:SSL alert ' +
        'number 45',
    ),
    'tls.peer-refused',
  )
})

t.test('an alert without a cause stays an alert', async (t) => {
  t.equal(nodeErrorToCode('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'SSL alert number 40'), 'tls.alert')
})

t.test('a PKCS #12 error has no code and is told by its message', async (t) => {
  t.equal(nodeErrorToCode(undefined, 'mac verify failure'), 'file.pfx-password')
})

t.test('what nobody listed is a broken handshake', async (t) => {
  t.equal(nodeErrorToCode('SOMETHING_NEW', 'odd'), 'tls.handshake-failed')
})

t.test('a property of every object is no code', async (t) => {
  t.equal(nodeErrorToCode('constructor'), 'tls.handshake-failed')
})

t.test('a text without an alert has no alert number', async (t) => {
  t.equal(alertNumber('ECONNRESET'), undefined)
})
