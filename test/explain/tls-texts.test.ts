/** What people paste, from public reports: each line with its cause and the end that refused. */
import t from 'tap'
import type { CertificateOf, Refuser } from '../../src/explain/answer.ts'
import { explainText } from '../../src/explain/text/index.ts'

type Row = readonly [
  text: string,
  first: string | undefined,
  whose?: CertificateOf | undefined,
  who?: Refuser | undefined,
]

const rows: readonly Row[] = [
  ['error:14094418:SSL routines:SSL3_READ_BYTES:tlsv1 alert unknown ca', 'chain.untrusted-root', 'ours', 'them'],
  ['error:0A000412:SSL routines::sslv3 alert bad certificate (sni: unknown)', 'chain.untrusted-root', 'ours', 'them'],
  [
    'TLS errstack: error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['verify error: unable to get local issuer certificate [error=20]', 'chain.untrusted-root', 'theirs', 'us'],
  ['error:0A0000C1:SSL routines::no shared cipher (sni: unknown)', 'tls.no-common-cipher', undefined, 'us'],
  [
    'error:140890C7:SSL routines:SSL3_GET_CLIENT_CERTIFICATE:peer did not return a certificate',
    'tls.client-cert-missing',
    'theirs',
    'us',
  ],
  ['error:0A0000BF:SSL routines::no protocols available', 'tls.no-common-version', undefined, 'us'],
  [
    'error:140D9115:SSL routines:ssl_get_prev_session:session id context uninitialized',
    'tls.session-context',
    undefined,
    'us',
  ],
  [
    'TLS setup failed: 14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure',
    'tls.no-common-cipher',
    undefined,
    'them',
  ],
  ['error:0A000102:SSL routines::unsupported protocol', 'tls.no-common-version', undefined, 'us'],
  ['verify error:num=10:certificate has expired', 'cert.expired', 'theirs', 'us'],
  ['verify error:num=19:self-signed certificate in certificate chain', 'chain.untrusted-root', 'theirs', 'us'],
  ['verify error:num=20:unable to get local issuer certificate', 'chain.untrusted-root', 'theirs', 'us'],
  ['num=21:unable to verify the first certificate', 'chain.incomplete', 'theirs', 'us'],
  ['verify error:num=12:CRL has expired', 'crl.expired', 'theirs', 'us'],
  ['verify error:num=62:hostname mismatch', 'cert.name-mismatch', 'theirs', 'us'],
  ['error:0A00018A:SSL routines::dh key too small', 'tls.dh-too-small', undefined, 'us'],
  ['error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch', 'key.mismatch', 'ours', 'us'],
  ['SSL alert number 112', 'tls.name-unknown', undefined, 'them'],
  ['SSL alert number 116', 'tls.client-cert-missing', 'ours', 'them'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'chain.incomplete', 'theirs', 'us'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'cert.name-mismatch', 'theirs', 'us'],
  [
    'Client network socket disconnected before secure TLS connection was established',
    'chain.untrusted-root',
    undefined,
    'them',
  ],
  ['The TLS connection was non-properly terminated.', 'chain.untrusted-root', undefined, 'them'],
  ['The certificate is NOT trusted. The certificate chain uses expired certificate.', 'cert.expired', 'theirs', 'us'],
  ['A TLS fatal alert has been received.: Unknown CA', 'chain.untrusted-root', 'ours', 'them'],
  ['An unexpected TLS packet was received.', 'tls.not-tls', undefined, 'us'],
  ['SEC_ERROR_UNKNOWN_ISSUER', 'chain.untrusted-root', 'theirs', 'us'],
  ['SEC_ERROR_EXPIRED_CERTIFICATE', 'cert.expired', 'theirs', 'us'],
  ['SEC_ERROR_INADEQUATE_CERT_TYPE', 'cert.eku-missing', 'theirs', 'us'],
  [
    'PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid ' +
      'certification path to requested target',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['javax.net.ssl.SSLHandshakeException: Empty client certificate chain', 'tls.client-cert-missing', 'theirs', 'us'],
  ['Extended key usage does not permit use for TLS client authentication', 'cert.eku-missing', 'theirs', 'us'],
  [
    'LS Protocol Stack 14428: TLS outgoing connection failures. 0x80090325(SEC_E_UNTRUSTED_ROOT)',
    'chain.untrusted-root',
  ],
  ['LS Protocol Stack 14428: 0x80090322(SEC_E_WRONG_PRINCIPAL)', 'cert.name-mismatch', 'theirs', 'us'],
  [
    'Event ID 36870: A fatal error occurred when attempting to access the TLS server credential private key … ' +
      '0x8009030D',
    'key.unreadable',
    'ours',
    'us',
  ],
  [
    'Event ID 36882: The certificate received from the remote server was issued by an untrusted certificate ' +
      'authority …',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['-2146893019', 'chain.untrusted-root'],
  [
    'Event 14517: The server configuration validation mechanism detected some serious problems …',
    'config.duplicate-partner',
    undefined,
    'us',
  ],
  [
    'The peer is not a configured server on this network interface Transport: TLS Data: fqdn=…',
    'cert.name-not-allowed',
    'theirs',
    'us',
  ],
  ['x509: certificate signed by unknown authority', 'chain.untrusted-root', 'theirs', 'us'],
  ['x509: certificate specifies an incompatible key usage', 'cert.eku-missing', 'theirs', 'us'],
  ['remote error: tls: certificate required', 'tls.client-cert-missing', 'ours', 'them'],
  ["tls: client didn't provide a certificate", 'tls.client-cert-missing', 'theirs', 'us'],
  [
    "x509: cannot validate certificate for 192.0.2.1 because it doesn't contain any IP SANs",
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  ['tls: first record does not look like a TLS handshake', 'tls.not-tls', undefined, 'us'],
  ['invalid peer certificate: UnknownIssuer', 'chain.untrusted-root', 'theirs', 'us'],
  [
    'TLS connect() error: [code=171173] SSL certificate verification error (PJSIP_TLS_ECERTVERIF)',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['SSL 6 [SSL_ERROR_ZERO_RETURN] (Read) ret: 0 len: 65535', 'chain.untrusted-root', undefined, 'them'],
  [
    'Error Creating SIP UA for profile: webrtc. The likely causes are: 1) Another application …',
    'file.corrupt',
    'ours',
    'us',
  ],
  [
    'tls_wolfssl:_wolfssl_tls_accept: TLS accept error: -399, Bad session ticket message Size …',
    'tls.session-resumed',
    undefined,
    'us',
  ],
  [
    "Transport 'transport-tcp-tls' is not fully reloadable, not reloading: protocol, bind, TLS, …",
    'cert.not-reloaded',
    'ours',
  ],
  [
    'Server MUST present valid certificate; TLS write:error: certificate verify failed',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['TLS connectivity status: Inactive', 'tls.peer-refused'],
]

t.test('each text that people paste gives its cause and its end', async (t) => {
  for (const [text, code, whose, who] of rows) {
    const answer = explainText(text)
    t.equal(answer.candidates[0]?.code, code, text)
    t.equal(answer.whoseCertificate, whose, `whose: ${text}`)
    t.equal(answer.whoRefused, who, `who: ${text}`)
  }
})

t.test('the same text gives the same answer with a thread id, in a log line, and in capitals', async (t) => {
  for (const [text] of rows.filter(([row]) => !/^-|…/.test(row))) {
    const wanted = explainText(text).candidates.map(({ code }) => code)
    for (const other of [
      `7f2a4c001700 ${text}`,
      `Nov 28 17:56:42 sbc server[311]: ${text}`,
      text.toUpperCase(),
      `one line\n${text}\nanother line`,
    ])
      t.strictSame(
        explainText(other).candidates.map(({ code }) => code),
        wanted,
        other,
      )
  }
})
