/**
 * Lines of stacks, clients and servers that the samples beside the rules do not have, each with the cause that was made
 * or that the source of the stack gives; and lines that use the words of TLS for other trouble.
 */
import t from 'tap'
import type { VerdictCode } from '../../src/verdicts/codes.ts'
import { explainText } from '../../src/explain/text/index.ts'
import { canonical, mayMatter, sayingsOf, unwrap } from '../../src/explain/text/statement.ts'

type Line = readonly [text: string, first: VerdictCode, whose?: 'ours' | 'theirs' | undefined, who?: 'us' | 'them']

/** Whose certificate and who refused: left out where the line does not say so. */
const told: readonly Line[] = [
  ['error:0A00045C:SSL routines::tlsv13 alert certificate required', 'tls.client-cert-missing', 'ours', 'them'],
  [
    'curl: (56) OpenSSL SSL_read: OpenSSL/3.0.13: error:0A00045C:SSL routines::tlsv13 alert certificate ' +
      'required, errno 0',
    'tls.client-cert-missing',
    'ours',
    'them',
  ],
  ['error:0A000460:SSL routines::reason(1120)', 'tls.alpn-mismatch', undefined, 'them'],
  ['error:0A000417:SSL routines::sslv3 alert illegal parameter', 'tls.handshake-failed', undefined, 'them'],
  [
    '140185:error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate ' +
      'expired:../ssl/record/rec_layer_s3.c:1543:SSL alert number 45',
    'cert.expired',
    'ours',
    'them',
  ],
  ['error:0A0000BE:SSL routines::no private key assigned', 'key.missing', 'ours', 'us'],
  [
    'error:0308010C:digital envelope routines:inner_evp_generic_fetch:unsupported:crypto/evp/evp_fetch.c:3' +
      '73:Global default library context, Algorithm (RC2-40-CBC : 0), Properties ()',
    'file.pfx-legacy',
    'ours',
    'us',
  ],
  [
    'error:11800071:PKCS12 routines:PKCS12_parse:mac verify failure:crypto/pkcs12/p12_kiss.c:67:',
    'file.pfx-password',
    'ours',
    'us',
  ],
  ['Mac verify error: invalid password?', 'file.pfx-password', 'ours', 'us'],
  ['error:0A00006C:SSL routines::bad key share', 'tls.no-common-group', undefined, 'us'],
  [
    'SSL_connect returned=1 errno=0 peeraddr=192.0.2.10:5061 state=error: certificate verify failed ' +
      '(self-signed certificate in certificate chain)',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'SSL_connect returned=1 errno=0 peeraddr=192.0.2.10:5061 state=error: certificate verify failed ' +
      '(Hostname mismatch)',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    "PHP Warning:  stream_socket_client(): Peer certificate CN=`pbx.example.com' did not match expected " +
      "CN=`sip.example.com' in /srv/x.php on line 12",
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'stream_socket_enable_crypto(): SSL operation failed with code 1. OpenSSL Error messages: ' +
      'error:0A000086:SSL routines::certificate verify failed',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'SSL connect attempt failed error:0A000086:SSL routines::certificate verify failed at ' +
      '/usr/share/perl5/Net/SIP/SocketPool.pm line 641.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['SSL connect attempt failed: hostname verification failed', 'cert.name-mismatch', 'theirs', 'us'],
  [
    "curl: (60) SSL: no alternative certificate subject name matches target host name 'sip.example.com'",
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  ["curl: (58) unable to set private key file: 'client.key' type PEM", 'key.mismatch', 'ours', 'us'],
  [
    'curl: (58) could not load PEM client certificate from client.pem, OpenSSL error ' +
      'error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong ' +
      'file format?)',
    'file.missing',
    'ours',
    'us',
  ],
  [
    'curl: (77) error setting certificate verify locations:  CAfile: /etc/ssl/ca.pem CApath: none',
    'trust.missing',
    'ours',
    'us',
  ],
  [
    'curl: (35) schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - The ' +
      'certificate chain was issued by an authority that is not trusted.',
    'chain.untrusted-root',
  ],
  [
    'curl: (35) schannel: next InitializeSecurityContext failed: Unknown error (0x80092012) - The ' +
      'revocation function was unable to check revocation for the certificate.',
    'crl.unreachable',
  ],
  [
    'schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal ' +
      'name is incorrect.',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    '* SSL certificate verify result: self-signed certificate in certificate chain (19), continuing ' + 'anyway.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    "ERROR: The certificate of 'sip.example.com' is not trusted.\nERROR: The certificate of " +
      "'sip.example.com' doesn't have a known issuer.",
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ["ERROR: The certificate of 'sip.example.com' has expired.", 'cert.expired', 'theirs', 'us'],
  ["The certificate's owner does not match hostname 'sip.example.com'", 'cert.name-mismatch', 'theirs', 'us'],
  [
    "ERROR: cannot verify sip.example.com's certificate, issued by 'CN=Example Issuing':\n  Unable to " +
      "locally verify the issuer's authority.",
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED', 'chain.untrusted-root', 'theirs', 'us'],
  ['error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA', 'chain.untrusted-root', 'ours', 'them'],
  ['error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER', 'tls.not-tls', undefined, 'us'],
  ['error:100000b8:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER', 'tls.no-common-cipher', undefined, 'us'],
  ['error:100000f0:SSL routines:OPENSSL_internal:UNSUPPORTED_PROTOCOL', 'tls.no-common-version', undefined, 'us'],
  [
    'error:100000c0:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE',
    'tls.client-cert-missing',
    'theirs',
    'us',
  ],
  [
    'error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED',
    'tls.client-cert-missing',
    'ours',
    'them',
  ],
  [
    'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, ' +
      'transport failure reason: TLS_error:|268435581:SSL ' +
      'routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: verify SAN ' +
      'list:TLS_error_end',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ' +
      'X509_verify_cert: certificate verification error at depth 0: unable to get local issuer ' +
      'certificate:TLS_error_end',
    'chain.incomplete',
    'theirs',
    'us',
  ],
  [
    'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
    'tls.not-tls',
    undefined,
    'us',
  ],
  [
    'TLS_error:|268436502:SSL routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_UNKNOWN:TLS_error_end',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  ['TLS error: Secret is not supplied by SDS', 'tls.own-cert-missing', 'ours', 'us'],
  [
    "WebSocket connection to 'wss://sip.example.com:7443/' failed: Error in connection establishment: " +
      'net::ERR_CERT_AUTHORITY_INVALID',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['net::ERR_CERT_DATE_INVALID', 'cert.expired', 'theirs', 'us'],
  ['net::ERR_CERT_COMMON_NAME_INVALID', 'cert.name-mismatch', 'theirs', 'us'],
  ['ERR_SSL_VERSION_OR_CIPHER_MISMATCH', 'tls.no-common-version'],
  ['ERR_BAD_SSL_CLIENT_AUTH_CERT', 'tls.client-cert-missing', 'ours', 'them'],
  ['net::ERR_CERT_REVOKED', 'cert.revoked', 'theirs', 'us'],
  ['net::ERR_CERT_WEAK_SIGNATURE_ALGORITHM', 'cert.signature-weak', 'theirs', 'us'],
  ['CFNetwork SSLHandshake failed (-9813)', 'chain.untrusted-root', 'theirs', 'us'],
  ['kCFStreamErrorDomainSSL error -9814', 'cert.expired', 'theirs', 'us'],
  ['SSLHandshake failed: errSSLHostNameMismatch (-9843)', 'cert.name-mismatch', 'theirs', 'us'],
  [
    'NSURLErrorDomain Code=-1202 "The certificate for this server is invalid. You might be connecting to ' +
      'a server that is pretending to be “sip.example.com” which could put your confidential information at ' +
      'risk."',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'A fatal error occurred while creating a TLS client credential. The internal error state is 10013.',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  [
    'A fatal alert was generated and sent to the remote endpoint. This may result in termination of the ' +
      'connection. The TLS protocol defined fatal error code is 70. The Windows SChannel error state is ' +
      '105.',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  [
    'A fatal alert was generated and sent to the remote endpoint. This may result in termination of the ' +
      'connection. The TLS protocol defined fatal error code is 10. The Windows SChannel error state is ' +
      '1203.',
    'tls.not-tls',
    undefined,
    'us',
  ],
  [
    'Event ID 36887\nA fatal alert was received from the remote endpoint. The TLS protocol defined fatal ' +
      'alert code is 46.',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is ' + '70.',
    'tls.no-common-version',
  ],
  [
    'A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is ' + '49.',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'The certificate received from the remote server does not contain the expected name. It is therefore ' +
      'not possible to determine whether we are connecting to the correct server. The server name we were ' +
      'expecting is sip.contoso.com. The TLS connection request has failed.',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'When asking for client authentication, this server sends a list of trusted certificate authorities ' +
      'to the client. The client uses this list to choose a client certificate that is trusted by the ' +
      'server. Currently, this server trusts so many certificate authorities that the list has grown too ' +
      'long. This list has thus been truncated.',
    'trust.too-long',
    'ours',
    'us',
  ],
  [
    'Es wurde eine schwerwiegende Warnung vom Remoteendpunkt empfangen. Die schwerwiegende Warnung hat ' +
      'folgenden für das TLS-Protokoll definierten Code: 46.',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'Quelle: Schannel  Ereignis-ID: 36887  Ebene: Fehler\nEs wurde eine schwerwiegende Warnung vom ' +
      'Remoteendpunkt empfangen. Die schwerwiegende Warnung hat folgenden für das TLS-Protokoll definierten ' +
      'Code: 48.',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'Id. de evento: 36888  Se generó una alerta irrecuperable y se envió al extremo remoto. El código de ' +
      'error irrecuperable definido por el protocolo TLS es 48. El estado de error de SChannel de Windows ' +
      'es 552.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['System.ComponentModel.Win32Exception (0x80090308): The token supplied to the function is invalid', 'tls.not-tls'],
  [
    'System.ComponentModel.Win32Exception (0x80004005): The certificate chain was issued by an authority ' +
      'that is not trusted',
    'chain.untrusted-root',
  ],
  [
    'System.ComponentModel.Win32Exception: Die Zertifikatkette wurde von einer nicht vertrauenswürdigen ' +
      'Zertifizierungsstelle ausgestellt (0x80090325)',
    'chain.untrusted-root',
  ],
  [
    'System.ComponentModel.Win32Exception (0x8009030D): The credentials supplied to the package were not ' +
      'recognized',
    'key.unreadable',
    'ours',
    'us',
  ],
  [
    'System.NotSupportedException: The server mode SSL must use a certificate with the associated private ' + 'key.',
    'key.missing',
    'ours',
    'us',
  ],
  ['System.Security.Cryptography.CryptographicException: Keyset does not exist', 'key.missing', 'ours', 'us'],
  [
    'System.Security.Cryptography.CryptographicException: The specified network password is not correct.',
    'file.pfx-password',
    'ours',
    'us',
  ],
  [
    'System.Security.Authentication.AuthenticationException: The remote certificate was rejected by the ' +
      'provided RemoteCertificateValidationCallback.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'System.Security.Authentication.AuthenticationException: The remote certificate is invalid because of ' +
      'errors in the certificate chain: NotTimeValid',
    'cert.expired',
    'theirs',
    'us',
  ],
  ['0x80072F0D', 'chain.untrusted-root', 'theirs', 'us'],
  ['0x80072F06', 'cert.name-mismatch', 'theirs', 'us'],
  ['0x80072F05', 'cert.expired', 'theirs', 'us'],
  [
    'javax.net.ssl.SSLPeerUnverifiedException: Hostname sip.example.com not verified:\n    certificate: ' +
      'sha256/AAAA\n    DN: CN=pbx.example.com\n    subjectAltNames: [pbx.example.com]',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    "javax.net.ssl.SSLPeerUnverifiedException: Certificate for <sip.example.com> doesn't match any of the " +
      'subject alternative names: [*.example.org]',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'java.security.cert.CertPathValidatorException: Trust anchor for certification path not found.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['java.security.cert.CertPathValidatorException: timestamp check failed', 'cert.expired', 'theirs', 'us'],
  ['org.bouncycastle.tls.TlsFatalAlertReceived: unknown_ca(48)', 'chain.untrusted-root', 'ours', 'them'],
  ['org.bouncycastle.tls.TlsFatalAlert: certificate_unknown(46)', 'chain.untrusted-root', 'theirs', 'us'],
  ['org.bouncycastle.tls.TlsFatalAlert: protocol_version(70)', 'tls.no-common-version', undefined, 'us'],
  [
    'org.bouncycastle.tls.TlsFatalAlert: handshake_failure(40); No selectable cipher suite',
    'tls.no-common-cipher',
    undefined,
    'us',
  ],
  [
    'javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites ' +
      'are inappropriate)',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  ['java.security.UnrecoverableKeyException: Password must not be null', 'key.encrypted', 'ours', 'us'],
  ['remote error: tls: error decrypting message', 'cert.signature-invalid', 'ours', 'them'],
  ['remote error: tls: unrecognized name', 'tls.name-unknown', undefined, 'them'],
  ['remote error: tls: protocol version not supported', 'tls.no-common-version'],
  ['remote error: tls: no application protocol', 'tls.alpn-mismatch', undefined, 'them'],
  [
    'http: TLS handshake error from 192.0.2.9:40112: tls: client requested unsupported application ' +
      'protocols ([h2])',
    'tls.alpn-mismatch',
    undefined,
    'us',
  ],
  [
    'http: TLS handshake error from 192.0.2.9:40112: tls: unsupported SSLv2 handshake received',
    'tls.not-tls',
    undefined,
    'us',
  ],
  [
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM ' +
      'blocks of the following types: [CERTIFICATE]',
    'file.wrong-kind',
    'ours',
    'us',
  ],
  ['x509: certificate is valid for pbx.example.com, not sip.example.com', 'cert.name-mismatch', 'theirs', 'us'],
  ['Error code: MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING', 'tls.staple-missing', 'theirs', 'us'],
  ['SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT', 'tls.client-cert-missing', 'ours', 'them'],
  ['SEC_ERROR_OCSP_OLD_RESPONSE', 'tls.staple-invalid', 'theirs', 'us'],
  ['MOZILLA_PKIX_ERROR_V1_CERT_USED_AS_CA', 'chain.not-a-ca', 'theirs', 'us'],
  ['*** Fatal error: Key usage violation in certificate has been detected.', 'cert.ku-wrong', 'theirs', 'us'],
  ['Could not negotiate a supported cipher suite.', 'tls.no-common-cipher', undefined, 'us'],
  [
    'gnutls_handshake: A packet with illegal or unsupported version was received.',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  ["wolfSSL_connect error: -345, peer didn't send cert", 'tls.client-cert-missing', 'theirs', 'us'],
  ['wolfSSL_connect err = -381, Unrecognized host name Error', 'tls.name-unknown', undefined, 'us'],
  ['wolfSSL_connect error: -401, DH key too small Error', 'tls.dh-too-small', undefined, 'us'],
  ['wolfSSL_connect error: -409, RSA key too small', 'cert.key-weak', 'theirs', 'us'],
  ['wolfSSL_CTX_load_verify error: -198, Name Constraint error', 'chain.name-constraint', 'theirs', 'us'],
  ['SSL_connect failed: wolfSSL error: -360', 'cert.revoked', 'theirs', 'us'],
  ['belle-sip-message-Found certificate depth=[0], flags=[cn-mismatch ]:', 'cert.name-mismatch', 'theirs', 'us'],
  ['belle-sip-message-Found certificate depth=[0], flags=[not-trusted ]:', 'chain.untrusted-root', 'theirs', 'us'],
  ['belle-sip-message-Found certificate depth=[0], flags=[expired ]:', 'cert.expired', 'theirs', 'us'],
  [
    'Channel [0x7f3c]: SSL handshake failed : X509 - Certificate verification failed, e.g. CRL, CA or ' +
      'signature check failed',
    'cert.signature-invalid',
    'theirs',
    'us',
  ],
  ['failed\n  ! mbedtls_pk_parse_keyfile returned -0x3C00', 'key.encrypted', 'ours', 'us'],
  ['mbedtls_ssl_handshake returned -0x7800', 'tls.name-unknown', undefined, 'them'],
  [
    'invalid peer certificate: certificate not valid for name "sip.example.com"; certificate is only ' +
      'valid for DnsName("pbx.example.com")',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'invalid peer certificate: certificate expired: verification time 1795886042 (UNIX), but certificate ' +
      'is not valid after 1795000000 (886042 seconds ago)',
    'cert.expired',
    'theirs',
    'us',
  ],
  ['no server certificate chain resolved', 'tls.own-cert-missing', undefined, 'us'],
  ['peer sent no certificates', 'tls.client-cert-missing', 'theirs', 'us'],
  ['Error: Unsupported PKCS12 PFX data', 'file.pfx-legacy', 'ours', 'us'],
  [
    'Error: not enough data\n    at configSecureContext (node:internal/tls/secure-context:277:15)',
    'file.pfx-malformed',
    'ours',
    'us',
  ],
  [
    "Error: error:1E08010C:DECODER routines::unsupported {\n  library: 'DECODER routines',\n  reason: " +
      "'unsupported',\n  code: 'ERR_OSSL_UNSUPPORTED'\n}",
    'key.malformed',
    'ours',
    'us',
  ],
  ["code: 'HOSTNAME_MISMATCH'", 'cert.name-mismatch', 'theirs', 'us'],
  ["Error: unable to get certificate CRL\n  code: 'UNABLE_TO_GET_CRL'", 'crl.missing', 'theirs', 'us'],
  [
    "requests.exceptions.SSLError: HTTPSConnectionPool(host='x.example.com', port=443): Max retries " +
      "exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: " +
      'CERTIFICATE_VERIFY_FAILED] certificate verify failed: Missing Authority Key Identifier ' +
      "(_ssl.c:1032)')))",
    'chain.malformed',
    'theirs',
    'us',
  ],
  ['ssl.SSLError: [X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4067)', 'key.mismatch', 'ours', 'us'],
  [
    'WARNING[2211]: pjproject: <?>: \t                SSL SSL_ERROR_SSL (Handshake): Level: 0 err: ' +
      '<167772294> <SSL routines-tls_process_server_certificate-certificate verify failed> len: 0 peer: ' +
      '192.0.2.10:5061',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'WARNING[2211]: pjproject: <?>: SSL SSL_ERROR_SSL (Handshake): Level: 0 err: <167773208> <SSL ' +
      'routines--tlsv1 alert unknown ca> len: 0 peer: 192.0.2.10:5061',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'ERROR[2211]: tcptls.c:712 handle_tcptls_connection: Certificate common name did not match ' + '(sip.example.com)',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'ERROR[81]: config_transport.c:678 transport_apply: Transport: transport-tls: cert_file ' +
      '/etc/asterisk/keys/x.crt is either missing or not readable',
    'file.missing',
    'ours',
    'us',
  ],
  [
    'ERROR[81]: config_transport.c:678 transport_apply: Transport: transport-tls: priv_key_file ' +
      '/etc/asterisk/keys/x.key is either missing or not readable',
    'key.missing',
    'ours',
    'us',
  ],
  [
    'pjsua: TLS cert verification result of [192.0.2.10:5061] : The certificate has expired or not yet ' + 'valid',
    'cert.expired',
    'theirs',
    'us',
  ],
  [
    'The server identity does not match to any identities specified in the certificate',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  ['The issuer certificate cannot be found', 'chain.untrusted-root', 'theirs', 'us'],
  ['The certificate cannot be used for the specified purpose', 'cert.eku-missing', 'theirs', 'us'],
  [
    'tvcs: Event="Outbound TLS Negotiation Error" Service="SIP" Src-ip="192.0.2.9" Dst-ip="192.0.2.5" ' +
      'Dst-port="5061" Detail="self signed certificate in certificate chain" Protocol="TLS" ' +
      'Common-name="sip.example.com" Level="1"',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'tvcs: Event="Outbound TLS Negotiation Error" Service="SIP" Dst-ip="192.0.2.5" Dst-port="5061" ' +
      `Detail="Peer's TLS certificate identity was unacceptable" Protocol="TLS" ` +
      'Common-name="sip.example.com" Level="1"',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    '%PKI-3-CERTIFICATE_INVALID_EXPIRED: Certificate chain validation has failed.  The certificate (SN: ' +
      '0A) has expired.    Validity period ended on 2026-01-01T00:00:00Z',
    'cert.expired',
    'theirs',
    'us',
  ],
  [
    '%PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID: Certificate chain validation has failed.  The certificate ' +
      '(SN: 01) is not yet valid   Validity period starts on 2026-12-31T00:00:00Z',
    'cert.not-yet-valid',
    'theirs',
    'us',
  ],
  [
    '%PKI-3-CERTIFICATE_REVOKED: Certificate chain validation has failed.  The certificate (SN: 01) is ' + 'revoked',
    'cert.revoked',
    'theirs',
    'us',
  ],
  [
    'Certificate Expiry Notification: The certificate of the device is about to expire. TLSContext 0 - ' +
      "'default' will expire in 29 days",
    'cert.expires-soon',
  ],
  ['TLS certificate sbc.example.com expires in 21 days (2026-12-21)', 'cert.expires-soon'],
  [
    'LS Protocol Stack 14428: Over the past 15 minutes, Lync Server has experienced TLS outgoing ' +
      'connection failures 3 time(s). The error code of the last failure is 0x80090322 (The target ' +
      'principal name is incorrect.) while trying to connect to the server "lyncfe.contoso.com" at address ' +
      '[192.0.2.5:5061], and the display name in the peer certificate is "Unavailable".',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'LS Protocol Stack 14497: One or more configuration errors were detected at startup that cannot be ' +
      'mitigated.\nCause: There are serious problems with the server configuration that prevented it from ' +
      'starting up.',
    'config.duplicate-partner',
    undefined,
    'us',
  ],
  [
    'LS Protocol Stack 14501: A significant number of invalid certificates have been provided by remote ' +
      'IP address 192.0.2.77 when attempting to establish an MTLS peer. There have been 51 such failures in ' +
      'the last 1104 minutes.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'LS Protocol Stack 14502: A significant number of connection failures have occurred with remote ' +
      'server sip.fabrikam.com IP 192.0.2.77. There have been 6 failures in the last 20 minutes. Instance ' +
      'count - Failure Type 6 0x8007274C(WSAETIMEDOUT)',
    'link.timeout',
  ],
  [
    'TL_ERROR(TF_CONNECTION) [0]0EA4.0B0C::11/28/2026-09:14:02.471.00012f1c ' +
      '(SIPStack,SIPAdminLog::WriteConnectionEvent:SIPAdminLog.cpp(389))$$begin_record\nLogType: ' +
      'connection\nSeverity: error\nText: Failed to complete outbound connection\nPeer-IP: ' +
      '192.0.2.5:5061\nTransport: TLS\nResult-Code: 0x8007274c\n$$end_record',
    'link.timeout',
  ],
  ['Error - 11237 Certificate Invalid - Could not find path to certificate', 'chain.incomplete', 'ours', 'them'],
  ['Error - 11236 Certificate Invalid - Certificate Expired', 'cert.expired', 'ours', 'them'],
  ['Error - 11235 Certificate Invalid - Domain Mismatch', 'cert.name-mismatch', 'ours', 'them'],
  [
    'nginx: [emerg] no "ssl_certificate" is defined for the "listen ... ssl" directive in ' +
      '/etc/nginx/nginx.conf:20',
    'tls.own-cert-missing',
    'ours',
    'us',
  ],
  [
    'nginx: [warn] "ssl_stapling" ignored, issuer certificate not found for certificate ' + '"/etc/sip/sbc.pem"',
    'chain.incomplete',
    'ours',
    'us',
  ],
  [
    "[ALERT] (1) : config : parsing [/etc/haproxy/haproxy.cfg:20] : 'bind *:5061' in section 'frontend' : " +
      "inconsistencies between private key and certificate loaded '/etc/sip/sbc.pem'.",
    'key.mismatch',
    'ours',
    'us',
  ],
  [
    "[ALERT] : parsing [haproxy.cfg:20] : 'bind *:5061' : No Private Key found in '/etc/sip/sbc.pem.key' " +
      "or '/etc/sip/sbc.pem'.",
    'key.missing',
    'ours',
    'us',
  ],
  ['LOG4[ui]: Insecure file permissions on /etc/stunnel/stunnel.pem', 'key.permissions', 'ours'],
  [
    'CN = sbc.example.test\nerror 20 at 0 depth lookup: unable to get local issuer certificate\nerror ' +
      'leaf.pem: verification failed',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'O = F, CN = Issuing\nerror 2 at 1 depth lookup: unable to get issuer certificate\nerror leaf.pem: ' +
      'verification failed',
    'chain.partial-anchor',
    'theirs',
    'us',
  ],
  [
    'O = F, CN = Issuing\nerror 10 at 1 depth lookup: certificate has expired\nCN = sbc.example.test\nerror ' +
      '10 at 0 depth lookup: certificate has expired',
    'cert.expired',
    'theirs',
    'us',
  ],
  [
    'Could not read private key from enc.key\n4057D9EC697F0000:error:1608010C:STORE ' +
      'routines:ossl_store_handle_load_result:unsupported:../crypto/store/store_result.c:149:\n4057D9EC697F00' +
      '00:error:1C800064:Provider routines:ossl_cipher_unpadblock:bad ' +
      'decrypt:../providers/implementations/ciphers/ciphercommon_block.c:129:\n4057D9EC697F0000:error:1180007' +
      '4:PKCS12 routines:PKCS12_pbe_crypt_ex:pkcs12 cipherfinal error:../crypto/pkcs12/p12_decr.c:89:maybe ' +
      'wrong password',
    'key.encrypted',
    'ours',
    'us',
  ],
  [
    'Error outputting keys and certificates\n40E708B2D27F0000:error:0308010C:digital envelope ' +
      'routines:inner_evp_generic_fetch:unsupported:../crypto/evp/evp_fetch.c:386:Global default library ' +
      'context, Algorithm (RC2-40-CBC : 0), Properties ()',
    'file.pfx-legacy',
    'ours',
    'us',
  ],
  ['Could not read certificate from leaf.der\nUnable to load certificate', 'file.wrong-kind', 'ours', 'us'],
  [
    'Using default temp DH parameters\nPrivate key does not match the certificate public key',
    'key.mismatch',
    'ours',
    'us',
  ],
  [
    '\tOutput: Not verified. The certificate is NOT trusted. The certificate issuer is unknown. ',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['keytool error: java.lang.Exception: Input not an X.509 certificate', 'file.wrong-kind', 'ours', 'us'],
  ['keytool error: java.io.IOException: keystore password was incorrect', 'file.pfx-password', 'ours', 'us'],
  [
    '[emerg] 29061#29061: cannot load certificate "/etc/sip/leaf.der": PEM_read_bio_X509_AUX() failed ' +
      '(SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)',
    'file.not-pem',
    'ours',
    'us',
  ],
  [
    '[emerg] 29073#29073: cannot load certificate key "/etc/sip/leaf.pem": PEM_read_bio_PrivateKey() ' +
      'failed (SSL: error:1E08010C:DECODER routines::unsupported:No supported data to decode. Input type: ' +
      'PEM)',
    'key.malformed',
    'ours',
    'us',
  ],
  [
    '[emerg] 29070#29070: SSL_CTX_use_PrivateKey("/etc/sip/leaf.key") failed (SSL: error:05800074:x509 ' +
      'certificate routines::key values mismatch)',
    'key.mismatch',
    'ours',
    'us',
  ],
  [
    '[emerg] 29079#29079: cannot load certificate key "/etc/sip/enc.key": PEM_read_bio_PrivateKey() ' +
      'failed (SSL: error:1400006B:UI routines::processing error:while reading strings error:0480006D:PEM ' +
      'routines::problems getting password error:07880109:common libcrypto routines::interrupted or ' +
      'cancelled)',
    'key.encrypted',
    'ours',
    'us',
  ],
  [
    "[ALERT]    (28276) : config : parsing [h.cfg:7] : 'bind 127.0.0.1:45062' in section 'frontend' : " +
      "unable to stat SSL certificate from file 'none.pem' : No such file or directory.",
    'file.missing',
    'ours',
    'us',
  ],
  [
    "[ALERT]    (28279) : config : parsing [h.cfg:7] : 'bind 127.0.0.1:45062' in section 'frontend' : " +
      "unable to load certificate from file 'leaf.p12'.",
    'file.missing',
    'ours',
    'us',
  ],
  [
    "[ALERT]    (28291) : config : Couldn't open the ca-file 'empty.pem' (no certificate or crl " +
      "found).\n[ALERT]    (28291) : config : parsing [h.cfg:7] : 'bind 127.0.0.1:45062' in section " +
      "'frontend' : 'ca-file' : unable to load empty.pem",
    'trust.empty',
    'ours',
    'us',
  ],
  [
    "[ALERT]    (28309) : config : Couldn't open the ca-file 'none' (No such file or directory).",
    'trust.missing',
    'ours',
    'us',
  ],
  [
    "ERROR: The certificate of ‘127.0.0.1’ is not trusted.\nERROR: The certificate of ‘127.0.0.1’ doesn't " +
      "have a known issuer.\nThe certificate's owner does not match hostname ‘127.0.0.1’",
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  ['ssl.SSLError: [SSL: NO_CERTIFICATE_ASSIGNED] no certificate assigned (_ssl.c:3934)', 'key.mismatch', 'ours', 'us'],
  [
    'ssl.SSLError: [X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found (_ssl.c:4154)',
    'trust.empty',
    'ours',
    'us',
  ],
  [
    'Error: wrong tag\n    at configSecureContext (node:internal/tls/secure-context:328:15)',
    'file.pfx-malformed',
    'ours',
    'us',
  ],
  [
    'Error: mac verify failure\n    at configSecureContext (node:internal/tls/secure-context:326:15)',
    'file.pfx-password',
    'ours',
    'us',
  ],
  [
    'Error: error:0A0000B9:SSL routines::no cipher match\n    at configSecureContext ' +
      '(node:internal/tls/secure-context:171:11)',
    'config.invalid',
    undefined,
    'us',
  ],
  [
    'Error: error:1C800064:Provider routines::bad decrypt\n    at setKey ' + '(node:internal/tls/secure-context:94:11)',
    'key.encrypted',
    'ours',
    'us',
  ],
  [
    'TLSv1.3 (OUT), TLS alert, unknown CA (560):\n* SSL certificate problem: unable to get local issuer ' +
      'certificate',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'CRITICAL: tls [tls_domain.c:541]: load_cert(): TLSs<192.0.2.10:5061>: Unable to load certificate ' +
      "file '/etc/kamailio/sbc.pem'",
    'file.missing',
    'ours',
    'us',
  ],
  [
    'ERROR: tls [tls_domain.c:590]: check_cert_permissions...: TLSs<192.0.2.10:5061>: Key ' +
      "'/etc/kamailio/sbc.key' does not match the public key of the certificate",
    'key.mismatch',
    'ours',
    'us',
  ],
  [
    'ERROR:tls_openssl:openssl_tls_accept: New TLS connection from 192.0.2.20:40112 failed to accept: ' +
      'rejected by client',
    'chain.untrusted-root',
    undefined,
    'them',
  ],
  [
    'ERROR:tls_mgm:tls_verify_callback: certificate has expired; subject CN=peer.example.test depth 0',
    'cert.expired',
    'theirs',
    'us',
  ],
  [
    "NOTICE[1]: Transport 'verify' to remote 'sip.example.com' - 192.0.2.10:5061 - The certificate is " + 'untrusted',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'tls_sip_trans.c: remote peer name mismatch: expected sip.example.com, certificate has CN ' + 'pbx.example.com',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'May 12 09:14:02.113: //-1/xxxxxxxxxxxx/SIP/Error/HandleTLSError: SSL_connect failed: ' +
      'error:14090086:SSL routines:SSL3_GET_SERVER_CERTIFICATE:certificate verify failed',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    '(N 4521) TLSSocket SSL_Accept Error: error:140890C7:SSL routines:SSL3_GET_CLIENT_CERTIFICATE:peer ' +
      'did not return a certificate [Code:0x17] [File:TLSSocketAPI.c]',
    'tls.client-cert-missing',
    'theirs',
    'us',
  ],
  [
    'TLS handshake with 192.0.2.10 failed: peer certificate rejected, reason: CERT_CHAIN_TOO_LONG',
    'chain.too-deep',
    'theirs',
    'us',
  ],
  [
    'SIP/2.0 503 Service Unavailable\nWarning: 399 edge.contoso.com "TLS connection to next hop failed: ' +
      'certificate name mismatch"',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'SIP/2.0 504 Server time-out\nms-diagnostics: 1047;reason="Failed to complete TLS negotiation with a ' +
      'remote server. The connection was reset by the ' +
      'peer";WinsockFailureCode="10054(WSAECONNRESET)";Peer="sip.fabrikam.com"',
    'sip.refused',
  ],
  [
    'ms-diagnostics: 1010;reason="Certificate trust with another server could not be ' +
      'established";ErrorType="The peer certificate does not contain a matching ' +
      'FQDN";tls-target="sip.fabrikam.com";HRESULT="0x80090322(SEC_E_WRONG_PRINCIPAL)"',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'ms-diagnostics: 1010;reason="Certificate trust with another server could not be ' +
      'established";ErrorType="The certificate chain is not ' +
      'trusted";HRESULT="0x80090325(SEC_E_UNTRUSTED_ROOT)"',
    'chain.untrusted-root',
  ],
  ['Der Zielprinzipalname ist falsch. (0x80090322)', 'cert.name-mismatch', 'theirs', 'us'],
  [
    'La fonction de révocation n’a pas pu vérifier la révocation car le serveur de révocation était ' +
      'déconnecté. 0x80092013',
    'crl.unreachable',
  ],
  [
    'Ereignis-ID: 36870, Quelle: Schannel, Schwerwiegender Fehler beim Versuch, auf den privaten ' +
      'Schlüssel der TLS-Anmeldeinformationen für den Server zuzugreifen.',
    'key.unreadable',
    'ours',
    'us',
  ],
  [
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider " +
      "Name='Schannel'/><EventID>36887</EventID></System><EventData><Data " +
      "Name='AlertDesc'>48</Data></EventData></Event>",
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  ['Provider: Schannel Id: 36888 Properties: {40, 1205}', 'tls.handshake-failed', undefined, 'us'],
  [
    'System.Net.Http.HttpRequestException: The SSL connection could not be established, see inner ' +
      'exception. ---> System.Security.Authentication.AuthenticationException: The remote certificate is ' +
      'invalid because of errors in the certificate chain: RevocationStatusUnknown, OfflineRevocation',
    'crl.missing',
    'theirs',
    'us',
  ],
  [
    'Interop+Crypto+OpenSslCryptographicException: error:0480006C:PEM routines::no start line',
    'file.not-pem',
    'ours',
    'us',
  ],
  ['System.Security.Cryptography.CryptographicException: ASN1 corrupted data.', 'file.corrupt', 'ours', 'us'],
  [
    'io.netty.handler.ssl.NotSslRecordException: not an SSL/TLS record: 4f5054494f4e5320',
    'tls.not-tls',
    undefined,
    'us',
  ],
  [
    'javax.net.ssl.SSLHandshakeException: General OpenSslEngine problem\nCaused by: ' +
      'java.security.cert.CertificateException: No subject alternative names matching IP address 192.0.2.10 ' +
      'found',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'io.netty.handler.ssl.ReferenceCountedOpenSslEngine$OpenSslHandshakeException: error:10000412:SSL ' +
      'routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    "2026/11/28 09:14:02 http: TLS handshake error from 192.0.2.20:40112: tls: client didn't provide a " +
      'certificate',
    'tls.client-cert-missing',
    'theirs',
    'us',
  ],
  ['tls: failed to parse certificate from server: x509: negative serial number', 'cert.malformed', 'theirs', 'us'],
  [
    'x509: certificate has expired or is not yet valid: current time 2026-11-28T09:14:02Z is before ' +
      '2027-01-01T00:00:00Z',
    'cert.not-yet-valid',
    'theirs',
    'us',
  ],
  ['Error { kind: Other, message: "invalid peer certificate: UnknownIssuer" }', 'chain.untrusted-root', 'theirs', 'us'],
  [
    'tungstenite::Error: TLS error: native-tls error: error:0A000086:SSL ' +
      'routines:tls_post_process_server_certificate:certificate verify ' +
      'failed:ssl/statem/statem_clnt.c:1889: (self-signed certificate)',
    'cert.self-signed',
    'theirs',
    'us',
  ],
  ['tlsv1 unrecognized name', 'tls.name-unknown', undefined, 'them'],
  [
    'Jan 12 09:14:02 sbc sems[812]: [#7f] [sip/tls_transport.cpp:421] ERROR: Botan TLS: Certificate ' +
      'validation failure: Certificate does not match provided name',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  [
    'Botan TLS exception: Certificate validation failure: Cannot establish trust',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    "ERROR: res_rtp_asterisk.c: DTLS failure occurred on RTP instance '0x7f2a' due to reason 'certificate " +
      "verify failed', terminating",
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['http error 400: The plain HTTP request was sent to HTTPS port', 'tls.not-tls', undefined, 'us'],
  ['SSLV3_ALERT_BAD_RECORD_MAC', 'tls.handshake-failed', undefined, 'them'],
  ['sslv3 alert unexpected message', 'tls.handshake-failed', undefined, 'them'],
  ['tlsv1 alert internal error:SSL alert number 80', 'cert.name-mismatch'],
  ['tlsv13 alert missing extension', 'tls.no-common-signature', undefined, 'them'],
  ['tlsv1 alert insufficient security', 'tls.no-common-cipher', undefined, 'them'],
  ['tlsv1 alert inappropriate fallback', 'tls.no-common-version'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'tls.handshake-timeout'],
  ["ssl.SSLError: ('The handshake operation timed out',)", 'tls.handshake-timeout'],
  ['SSL_ERROR_BAD_CERT_DOMAIN', 'cert.name-mismatch', 'theirs', 'us'],
  ['gnutls_certificate_set_x509_key_file: Error in parsing.', 'key.malformed', 'ours', 'us'],
  [
    '*** Fatal error: Error in the certificate. *** Verifying server certificate failed...',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['error:0A00010B:SSL routines:ssl3_get_record:wrong version number', 'tls.not-tls', undefined, 'us'],
  ['x509: certificate relies on legacy Common Name field, use SANs instead', 'cert.san-missing', 'theirs', 'us'],
  ['java.security.InvalidKeyException: IOException : algid parse error, not a sequence', 'key.malformed', 'ours', 'us'],
  ['java.io.IOException: Invalid keystore format', 'file.wrong-kind', 'ours', 'us'],
  ['javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version', 'tls.no-common-version'],
  [
    'javax.net.ssl.SSLHandshakeException: PKIX path validation failed: ' +
      'java.security.cert.CertPathValidatorException: validity check failed',
    'cert.expired',
    'theirs',
    'us',
  ],
  [
    'sun.security.validator.ValidatorException: Extended key usage does not permit use for TLS server ' +
      'authentication',
    'cert.eku-missing',
    'theirs',
    'us',
  ],
  [
    'java.security.cert.CertificateExpiredException: NotAfter: Sat Nov 28 09:14:02 UTC 2026',
    'cert.expired',
    'theirs',
    'us',
  ],
  ['CertificateNotYetValidException: NotBefore: Sat Nov 28 09:14:02 UTC 2026', 'cert.not-yet-valid', 'theirs', 'us'],
  [
    'The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure ' + 'channel.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['The request was aborted: Could not create SSL/TLS secure channel.', 'tls.no-common-version'],
  ['0x80090326', 'tls.handshake-failed'],
  ['0x80092010', 'cert.revoked'],
  ['0x8009030e', 'tls.own-cert-missing', 'ours', 'us'],
  ['0x800b010a', 'chain.incomplete'],
  ['0x800B0112', 'chain.untrusted-root'],
  ['-2146885616', 'cert.revoked'],
  ['0x80090349', 'cert.eku-missing'],
  ['CERT_TRUST_IS_NOT_TIME_VALID', 'cert.expired', 'theirs', 'us'],
  ['CERT_TRUST_IS_UNTRUSTED_ROOT', 'chain.untrusted-root', 'theirs', 'us'],
  ['CERT_TRUST_IS_PARTIAL_CHAIN', 'chain.untrusted-root', 'theirs', 'us'],
  ['CERT_TRUST_REVOCATION_STATUS_UNKNOWN | CERT_TRUST_IS_OFFLINE_REVOCATION', 'crl.missing', 'theirs', 'us'],
  [
    'certutil: 2.5.29.37 ... ERROR: Verifying leaf certificate revocation status returned The revocation ' +
      'function was unable to check revocation because the revocation server was offline. 0x80092013 ' +
      '(-2146885613 CRYPT_E_REVOCATION_OFFLINE)',
    'crl.unreachable',
  ],
  ['error:1408A10B:SSL routines:SSL3_GET_CLIENT_HELLO:wrong version number', 'tls.no-common-version', undefined, 'us'],
  [
    'ERROR[10177]: tcptls.c:753 handle_tcptls_connection: Problem setting up ssl connection with ' +
      "peer '192.0.2.131:46496': error:00000001:lib(0):func(0):reason(1), Internal SSL error",
    'chain.untrusted-root',
  ],
  [
    "tcptls.c:269 handle_tcptls_connection: Certificate common name from peer '192.0.2.4:443' did " + 'not match ()',
    'cert.name-mismatch',
    'theirs',
    'us',
  ],
  ['TLS/SSL error loading private key file. </etc/asterisk/keys/asterisk.key>', 'key.missing', 'ours', 'us'],
  [
    'TLS/SSL error loading public RSA key (certificate) from </etc/asterisk/keys/asterisk_rsa.pem>.',
    'file.missing',
    'ours',
    'us',
  ],
  [
    "ERROR[2]: res_rtp_asterisk.c: Specified certificate file '/etc/asterisk/keys/a.pem' for RTP " +
      "instance '0x7f' could not be used",
    'file.missing',
    'ours',
    'us',
  ],
  [
    "ERROR[2]: res_rtp_asterisk.c: Specified private key file '/etc/asterisk/keys/a.key' for RTP " +
      "instance '0x7f' could not be used",
    'key.missing',
    'ours',
    'us',
  ],
  [
    'ERROR: tls [tls_domain.c:601]: load_ca_list(): TLSc<default>: Unable to load CA list file ' +
      "'/etc/sip/ca-list.pem' dir '/etc/sip/ca'\nERROR: tls [tls_util.h:42]: tls_err_ret(): " +
      'load_ca_list:error:0D082041:asn1 encoding routines:ASN1_STRING_type_new:malloc failure',
    'machine.memory',
  ],
  ['ERROR:proto_tls:proto_tls_conn_init: no TLS server domain found', 'config.invalid', undefined, 'us'],
  ['ERROR:proto_tls:tls_read_req: failed to do pre-tls handshake!', 'chain.untrusted-root'],
  ['tport_tls.c:157 tls_log_errors() TLS setup failed: 00000001:(null):(null):(null)', 'chain.untrusted-root'],
  ['tls_init_context: invalid local certificate: /etc/freeswitch/tls/agent.pem', 'file.missing', 'ours', 'us'],
  ['tls_init_context: invalid private key: /etc/freeswitch/tls/agent.pem', 'key.missing', 'ours', 'us'],
  ['tls_init_context: error loading CA list: /etc/freeswitch/tls/cafile.pem', 'trust.missing', 'ours', 'us'],
  ['Error in SSL_accept: SSL protocol error. SSL I/O function returned SSL_ERROR_SSL', 'chain.untrusted-root'],
  [
    'SSL_CTX_use_certificate_file failed [0,error:20074002:BIO routines:FILE_CTRL:system lib]',
    'file.missing',
    'ours',
    'us',
  ],
  [
    'nginx: [emerg] SSL_CTX_load_verify_locations("/etc/ssl/ca.pem") failed (SSL: ' +
      'error:05880009:x509 certificate routines::PEM lib)',
    'trust.empty',
    'ours',
    'us',
  ],
  [
    'ERROR Channel [0x7296ac328160]: SSL handshake failed : SSL - No CA Chain is set, but required ' + 'to operate',
    'trust.missing',
    'ours',
    'us',
  ],
  [
    'ERROR Could not load root ca from ../share/linphone/rootca.pem: No such file or directory',
    'trust.missing',
    'ours',
    'us',
  ],
  [
    'Channel [0x1]: SSL handshake failed : SSL - The server has no ciphersuites in common with the ' + 'client',
    'tls.no-common-cipher',
    undefined,
    'us',
  ],
  [
    'Channel [0x1]: SSL handshake failed : SSL - None of the common ciphersuites is usable (eg, no ' +
      'suitable certificate, see debug messages)',
    'tls.own-cert-missing',
    undefined,
    'us',
  ],
  [
    'Channel [0x1]: SSL handshake failed : SSL - Handshake protocol not within min/max boundaries',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  ['PK - Given private key password does not allow for correct decryption', 'key.passphrase-wrong', 'ours', 'us'],
  ['ERROR: failed to connect to wolfSSL, return value = -188', 'chain.untrusted-root', 'theirs', 'us'],
  ['ERROR -308: failed to connect to wolfSSL -1', 'chain.untrusted-root'],
  ['I (2833) wolfssl: Date BEFORE check failed', 'clock.wrong'],
  [
    'The remote server has requested TLS client authentication, but no suitable client certificate ' +
      'could be found. An anonymous connection will be attempted.',
    'tls.client-cert-missing',
    'ours',
  ],
  [
    'Invalid incoming HTTPS certificate. Subject Name: sfb.example.com Issuer: CN=Example CA Cause: ' +
      'This could happen if the HTTPS certificate has expired, or is untrusted.',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  ['LS Protocol Stack 14366: Multiple invalid incoming certificates.', 'chain.untrusted-root', 'theirs', 'us'],
  ['ErrorType="The peer certificate does not contain a matching FQDN"', 'cert.name-mismatch', 'theirs', 'us'],
  [
    'System.ComponentModel.Win32Exception: The message received was unexpected or badly formatted',
    'tls.handshake-failed',
  ],
  [
    'A required certificate is not within its validity period when verifying against the current ' +
      'system clock or the timestamp in the signed file.',
    'cert.expired',
  ],
  [
    'A certificate chain processed, but terminated in a root certificate which is not trusted by ' +
      'the trust provider.',
    'chain.untrusted-root',
  ],
  ['A certificate chain could not be built to a trusted root authority.', 'chain.incomplete'],
  ["The certificate's CN name does not match the passed value.", 'cert.name-mismatch'],
  ['The certificate of TLS Context 0 (CN=sbc.example.com) has expired 3 days ago', 'cert.expired', 'ours'],
  ['The certificate of TLS Context 1 (CN=sbc.example.com) will expire in less than 1 day', 'cert.expires-soon'],
  ['The certificate of TLS Context 1 (CN=sbc.example.com) will expire in less than a week', 'cert.expires-soon'],
  ['ERROR: 32222 TLS version not allowed', 'tls.no-common-version'],
  ['11220: SSL/TLS Handshake Error', 'chain.untrusted-root'],
  ['curl: (91) No OCSP response received', 'tls.staple-missing', 'theirs', 'us'],
  [
    "'bind *:443' in section 'frontend' : error processing line 0 in file '/xxx' : unable to load " +
      "SSL certificate into SSL Context '/xxx/xx.crt'.",
    'key.too-weak',
    'ours',
    'us',
  ],
  [
    'java.security.cert.CertificateException: The peer provided certificate with Subject ' +
      '<CN=video.example.com> is not trusted',
    'chain.untrusted-root',
    'theirs',
    'us',
  ],
  [
    'WebSocketConnectReadThread-33, RECV TLSv1.2 ALERT:  fatal, description = unknown_ca',
    'chain.untrusted-root',
    'ours',
    'them',
  ],
  [
    'WebSocketConnectReadThread-33, SEND TLSv1.2 ALERT:  fatal, description = handshake_failure',
    'tls.no-common-cipher',
    undefined,
    'us',
  ],
  [
    'InvalidCertificate(UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id: ' +
      '[6, 8], public_key_algorithm_id: [6, 7] })',
    'tls.no-common-signature',
    'theirs',
    'us',
  ],
  ['TLS error: no overlapping sigschemes', 'tls.no-common-signature', undefined, 'us'],
  ['x509: “sip.example.com” certificate is not trusted', 'chain.untrusted-root', 'theirs', 'us'],
  ['x509: “sip.example.com” certificate is expired', 'cert.expired', 'theirs', 'us'],
  ['x509: “sip.example.com” certificate name does not match input', 'cert.name-mismatch', 'theirs', 'us'],
  ['error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported', 'tls.no-common-signature', undefined, 'us'],
  [
    'http: TLS handshake error from [::1]:62917: tls: client using inappropriate protocol fallback',
    'tls.no-common-version',
    undefined,
    'us',
  ],
  ['curl: (58) schannel: Failed to import cert file cert.p12, password is bad', 'file.pfx-password', 'ours', 'us'],
  ['Failed to connect: Unacceptable TLS certificate', 'chain.untrusted-root', 'theirs', 'us'],
  ['WARNING TLS connect error: failed to load certificate file', 'file.missing', 'ours', 'us'],
  ['No credentials are available in the security package', 'tls.own-cert-missing', 'ours', 'us'],
  [
    "tcptls.c:179 handle_tcptls_connection: Unable to set up ssl connection with peer '192.0.2.105:7544'",
    'chain.untrusted-root',
  ],
  ['0: WARNING: cannot find private key file: /etc/turnserver/privkey.pem (1)', 'key.missing', 'ours', 'us'],
]

t.test('a line of any of these stacks names its cause first, and the right end', async (t) => {
  for (const [text, first, whose, who] of told) {
    const answer = explainText(text)
    t.equal(answer.candidates[0]?.code, first, text)
    t.match({ whose: answer.whoseCertificate, who: answer.whoRefused }, { whose, who }, text)
  }
})

t.test('each of these lines is read in a log of any length', async (t) => {
  for (const line of told.flatMap(([text]) => text.split('\n')))
    if (sayingsOf(canonical(unwrap(line))).length > 0) t.ok(mayMatter(line), line)
})

/** Ports, extensions, files and signatures of other trades, notices, and connections that end well. */
const elsewhere: readonly string[] = [
  '*  SSL certificate verify ok.',
  "WebSocket connection to 'wss://10.0.0.5:8089/ws' failed: Error in connection establishment: " +
    'net::ERR_CONNECTION_REFUSED',
  'Event ID: 36880\nAn TLS server handshake completed successfully. The negotiated cryptographic ' +
    'parameters are as follows.',
  'Schannel 36867: Creating a TLS client credential.',
  '0x80072EE7',
  'Get "https://x/": dial tcp: lookup sip.example.com on 192.0.2.53:53: read udp ' +
    '192.0.2.4:41000->192.0.2.53:53: i/o timeout',
  'tlsc0x55d0 TLS connect() error: Connection refused [code=120111]',
  'Nov 28 09:14:02 sbc kamailio[2211]: ERROR: <core> [core/tcp_main.c:3085]: tcp_blocking_connect_su(): ' +
    'timeout 10 s elapsed from 10 s',
  'ERROR:core:tcp_connect_blocking_timeout: connect timed out, 100000 us elapsed out of 100000 us',
  'certificate expiration date: Dec 21 09:14:02 2027 GMT',
  '[emerg] bind() to 0.0.0.0:5061 failed (98: Address already in use)',
  'LOG5[0]: Connection closed: 18734 byte(s) sent to TLS, 55210 byte(s) sent to socket',
  'm=audio 36874 RTP/AVP 0 8 101',
  'm=audio 14336 RTP/AVP 8 0 101',
  'rtpengine: allocated local port 36882 for call 7a1c',
  'INVITE sip:12290@pbx.example.com SIP/2.0',
  'processed 7024 messages in 12 s',
  'WARNING[81][C-1]: file.c:1310 ast_openstream_full: File /var/lib/asterisk/moh/intro does not exist ' +
    'in any format: No such file or directory',
  'open("/dev/dahdi/transcode"): No such file or directory',
  'JsonWebTokenError: invalid signature',
  '438 Invalid Identity Header: STIR/SHAKEN PASSporT has an invalid signature',
  'SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided',
  'ERROR: hangup callback failed for channel sofia/internal/1001',
  'WARNING: Unsupported protocol: RTP/SAVPF in m= line',
  "ZRTP: peer's key hash does not match the cached secret",
  'SRTP unprotect failed because of a key mismatch with ssrc 0x1c2d3e4f',
  'NOTICE[81]: chan_sip.c: no password for user alice, registration ignored',
  'Error while reading file moh/opus.wav: short read',
  'Received unexpected message 183 Session Progress in state CONFIRMED',
  'usrloc: Expired contact removed for AoR alice@example.com',
  'registration of alice has expired',
  'The subscription certificate service is healthy; 0 handshake failures',
  "Redis: max key size reached for hash table 'sipusers'",
  'database schema version error: found 7, wanted 8',
  'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  'psql: error: connection to server at "192.0.2.3", port 5432 failed: FATAL:  password authentication ' +
    'failed for user "kamailio"',
  'Verification: OK\nVerify return code: 0 (ok)',
  '* TLSv1.2 (IN), TLS alert, close notify (256):',
  'SSL alert number 0',
  'verify depth is 3, must return a certificate\nACCEPT',
  'tls: using certificate /etc/sip/sbc.pem, CA list /etc/sip/ca.pem, verify_certificate=yes, ' +
    'require_certificate=yes',
  'INFO: TLS handshake completed with 192.0.2.10:5061, cipher TLS_AES_256_GCM_SHA384, peer certificate ' +
    'CN=sbc.example.com expires 2027-03-01',
  'User alice not found: No such user',
  "Contact's subject mismatch in dialog 12",
  "curl: (7) Failed to connect to sbc.example.test port 45064 after 0 ms: Couldn't connect to server",
  `Q.850;cause=63;text="Provided Trunk FQDN 'sbc1.example.com' is not allowed"`,
  `SIP/2.0 403 Forbidden\nReason: Q.850;cause=63;text="7f3a;Provided Trunk FQDN 'sbc1.example.com' is ` +
    'not allowed for tenant"',
  'SIP/2.0 494 Security Agreement Required',
  'ms-diagnostics: 1034;reason="Previous hop federated peer did not report diagnostic ' +
    'information";Domain="fabrikam.com"',
  "Nov 28 09:14:02 pbx asterisk[81]: Registered SIP 'alice' at 192.0.2.30:5061, expires 3600",
  "-- Unregistered SIP 'alice' (binding expired)",
  'WARNING: 12 calls dropped, link reset by operator',
  'TLS: loaded 131 certificates from /etc/ssl/certs/ca-certificates.crt',
  'Renewed certificate for sip.example.com; new certificate expires 2027-02-28',
  'Certbot: Your existing certificate has not expired yet; keeping the existing certificate',
  'a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:63:2B:0E:31:4D:5F:3' +
    '1:62:3C:FF:8D:9A',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:Zz5hbGljZQ1234567890abcdefghijklmnopqrstuv',
  'Session-Expires: 1800;refresher=uac',
  'BYE sip:36888@192.0.2.10 SIP/2.0\nReason: SIP;cause=200;text="Call completed elsewhere"',
  "error: module 'tls.so' loaded twice, ignoring",
  '[debug] verify callback returned 1, peer certificate accepted',
  'New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\nVerification: OK',
  "Unknown protocol 'zrtp' in SDP",
  'host mismatch in Contact header field',
  'signature verification failed for package asterisk-22.deb',
  'ssh: Host key verification failed.',
  'Permission denied (publickey).',
  'gpg: key 12AB34CD: public key signature verification has failed',
  'dnssec: validation failure <sip.example.com. A IN>: signature expired',
  'sshd[991]: error: kex_exchange_identification: Connection closed by remote host',
  'Timeout waiting for response to INVITE (Timer B)',
  'No such domain in domain table',
  'Event ID 12290, VSS: Volume Shadow Copy Service warning: unexpected error',
  'Event 7024: The Print Spooler service terminated with the following service-specific error: %%2',
  'mysqld: shutting down due to an internal error in the storage engine',
  'object 7a1c could not be loaded from store',
  "Let's Encrypt: the certificate of sip.example.test expires in 89 days",
  'INFO: peer certificate will expire on 2027-03-01, subject CN=sbc.example.test',
  'TLS connection from 192.0.2.20 closed normally after 300 s idle',
  'Error: connect ECONNREFUSED 127.0.0.1:3306 (mysql)',
  'WARNING: call 7a1c: no route to destination sip:bob@example.test, 404 Not Found',
  'Registrar: binding refused, 403 Forbidden, alert sent to NOC',
  'alert: queue length 48 exceeds threshold',
  'ALERT number 48 raised by monitoring: cpu high',
  '[ALERT] 331/091402 (1) : Starting frontend sip: cannot bind socket [0.0.0.0:5061]',
  'SSL: 1200 handshakes, 0 errors, 3 alerts close_notify',
  'depth=2 O = Digital Signature Trust Co., CN = DST Root CA X3\nverify return:1\ndepth=1 C = US, O = ' +
    "Let's Encrypt, CN = R3\nverify return:1\ndepth=0 CN = sip.example.test\nverify return:1",
  'verify error:num=0:ok',
  'No client certificate CA names sent\nPeer signing digest: SHA256\nVerify return code: 0 (ok)',
  'NOTICE: tls_verify: peer certificate trusted, issuer Example CA, revoked=0',
  'certificate revocation list updated, next update 2026-12-10',
  'unable to find peer alice in table subscribers',
  'mismatch between Content-Length 128 and body 130',
  'codec mismatch: offered PCMU, answered G729',
  'Trusted peer 192.0.2.9 is now unreachable, marking DISABLED',
  'ssl_ca: using 3 trusted CAs from /etc/ssl/ca.pem',
  'auth: wrong password for alice@example.test',
  "pkcs11: token 'HSM1' PIN verified",
  'DTLS-SRTP: fingerprint mismatch for call 7a1c',
  'STUN binding timeout',
  'Kernel: TCP: out of memory -- consider tuning tcp_mem; connection reset',
  'systemd[1]: kamailio.service: Main process exited, code=killed, status=9/KILL',
  'nginx: [emerg] open() "/etc/nginx/sites-enabled/sip" failed (2: No such file or directory)',
  "Access denied for user 'kamailio'@'localhost' (using password: YES)",
  'Failed to verify Digest response for alice: invalid nonce',
  'certbot.errors.AuthorizationError: Some challenges have failed.',
  'urn:ietf:params:acme:error:rateLimited :: too many certificates already issued for: example.com',
  'OCSP responder http://ocsp.example.test: 200 OK, certificate status good',
  'kex_exchange: no matching host key type found',
  'snmp trap 14428 received from 192.0.2.8',
  'pid 36888 exited',
  'port 12290 opened for media',
  'Invite from +498914336 to +4989230012290',
  'Content-ID 36887',
  'event 100 at 36882',
  'kamailio[1]: INFO: tls [tls_domain.c:697]: set_verification(): TLSc<default>: Server MUST ' +
    'present valid certificate',
  '[crit] 7#7: *4505 SSL_read() failed (SSL: error:0A000126:SSL routines::unexpected eof while ' +
    'reading) while keepalive, client: 192.0.2.126, server: 0.0.0.0:443',
  'WARNING: [port 30366]: DTLS: Peer certificate rejected - fingerprint mismatch',
  'WARNING rustls failed to parse DER certificate UnsupportedCriticalExtension Certificate(b"0")',
  'Cause: This could happen if the HTTPS certificate has expired, or is untrusted.',
  'WARNING[1]: res_srtp.c: SRTP unprotect failed on SSRC 1234567890 because of authentication ' + 'failure',
  'Failed to set remote answer sdp: Called with SDP without DTLS fingerprint',
  'SSL_connect failed with error: SSL I/O function returned SSL_ERROR_WANT_READ. Attempt 3. ' + 'Retrying...',
]

t.test('words of TLS in other trouble, and lines in which all is well, blame no certificate', async (t) => {
  for (const text of elsewhere) {
    const { candidates, topic } = explainText(text)
    const blamed = candidates.filter(({ code }) => /^(?:cert|chain|trust|key|crl|file|tls)\./.test(code))
    t.ok(topic !== undefined || blamed.length === 0, `${text} -> ${blamed.map(({ code }) => code).join(' ')}`)
  }
})
