/** TLS libraries and what brings its own: OpenSSL, GnuTLS, Go, Node.js, Python, Erlang, Java, Windows. */
import type { Stack } from './stack.ts'

export const openssl: Stack = {
  name: 'openssl',
  title: 'OpenSSL',
  says: /openssl/i,
  documented: 'OpenSSL, SSL_CTX_set_verify(3), SSL_set1_host(3), X509_VERIFY_PARAM_set_flags(3)',
  read: 'https://docs.openssl.org/3.0/man3/SSL_CTX_set_verify/',
  closes: {
    chain: {
      set: 'SSL_VERIFY_PEER, and no callback that returns 1 for what failed (s_server: -verify_return_error)',
      tested: 'OpenSSL 3.0.22',
    },
    demand: {
      set: 'SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT (s_server: -Verify, not -verify)',
      tested: 'OpenSSL 3.0.22',
    },
    'server-name': {
      set: 'SSL_set1_host(ssl, NAME) (s_client: -verify_hostname NAME)',
      at: 'https://docs.openssl.org/3.0/man3/SSL_set1_host/',
      tested: 'OpenSSL 3.0.22',
    },
    'client-name': {
      set: 'X509_check_host on the certificate of the client',
      at: 'https://docs.openssl.org/3.0/man3/X509_check_host/',
    },
    revocation: {
      set: 'X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL and the CRLs in the store (s_server: -crl_check_all)',
      at: 'https://docs.openssl.org/3.0/man3/X509_VERIFY_PARAM_set_flags/',
      tested: 'OpenSSL 3.0.22',
    },
    purpose: {
      set: 'X509_VERIFY_PARAM_set_purpose with X509_PURPOSE_SSL_CLIENT or _SERVER (s_server: -purpose sslclient)',
      at: 'https://docs.openssl.org/3.0/man3/X509_VERIFY_PARAM_set_flags/',
      tested: 'OpenSSL 3.0.22',
    },
    strength: {
      set: 'SSL_CTX_set_security_level(ctx, 2) (s_server: -cipher DEFAULT@SECLEVEL=2)',
      at: 'https://docs.openssl.org/3.0/man3/SSL_CTX_set_security_level/',
      tested: 'OpenSSL 3.0.22',
    },
    version: {
      set: 'SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)',
      at: 'https://docs.openssl.org/3.0/man3/SSL_CTX_set_min_proto_version/',
    },
  },
}

export const gnutls: Stack = {
  name: 'gnutls',
  title: 'GnuTLS',
  says: /gnutls/i,
  documented: 'GnuTLS manual, Core TLS API and Priority Strings',
  read: 'https://www.gnutls.org/manual/gnutls.html#Core-TLS-API',
  closes: {
    chain: {
      set: 'gnutls_session_set_verify_cert(session, NAME, 0) (gnutls-serv: --verify-client-cert)',
      tested: 'GnuTLS 3.7.9',
    },
    demand: {
      set: 'gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE) (gnutls-serv: --require-client-cert)',
      tested: 'GnuTLS 3.7.9',
    },
    'server-name': { set: 'gnutls_session_set_verify_cert with the name (not NULL)' },
    'client-name': { set: 'gnutls_x509_crt_check_hostname on the certificate of the client' },
    revocation: {
      set: 'gnutls_certificate_set_x509_crl_file (gnutls-serv: --x509crlfile FILE)',
      tested: 'GnuTLS 3.7.9',
    },
    purpose: { set: 'gnutls_session_set_verify_cert2 with GNUTLS_DT_KEY_PURPOSE_OID' },
    strength: {
      set: 'priority string NORMAL:%PROFILE_MEDIUM (gnutls-serv: --priority)',
      at: 'https://gnutls.org/manual/html_node/Overriding-the-parameter-verification-profile.html',
      tested: 'GnuTLS 3.7.9',
    },
    version: {
      set: 'priority string NORMAL:-VERS-TLS1.0:-VERS-TLS1.1',
      at: 'https://gnutls.org/manual/html_node/Overriding-the-default-priority-string.html',
    },
  },
}

export const node: Stack = {
  name: 'node',
  title: 'Node.js',
  says: /node|drachtio/i,
  documented: 'Node.js, tls.createServer, tls.connect and tls.createSecureContext',
  read: 'https://nodejs.org/api/tls.html',
  closes: {
    chain: { set: 'rejectUnauthorized: true', tested: 'Node.js 24.21.0' },
    demand: { set: 'requestCert: true and rejectUnauthorized: true', tested: 'Node.js 24.21.0' },
    'server-name': { set: 'servername: NAME, and the usual checkServerIdentity', tested: 'Node.js 24.21.0' },
    'client-name': {
      set: 'socket.getPeerX509Certificate().checkHost(NAME), and a close where it is undefined',
      at: 'https://nodejs.org/api/crypto.html#x509checkhostname-options',
      tested: 'Node.js 24.21.0',
    },
    revocation: { set: 'crl: [PEM of each CA], one text each', tested: 'Node.js 24.21.0' },
    strength: {
      set: "ciphers: 'DEFAULT@SECLEVEL=2'",
      at: 'https://docs.openssl.org/3.0/man1/openssl-ciphers/',
      tested: 'Node.js 24.21.0',
    },
    version: { set: "minVersion: 'TLSv1.2'" },
  },
}

export const python: Stack = {
  name: 'python',
  title: 'Python',
  says: /python/i,
  documented: 'Python, module ssl, SSLContext',
  read: 'https://docs.python.org/3.11/library/ssl.html',
  closes: {
    chain: { set: 'verify_mode = ssl.CERT_REQUIRED', tested: 'Python 3.11.7' },
    demand: { set: 'verify_mode = ssl.CERT_REQUIRED', tested: 'Python 3.11.7' },
    'server-name': { set: 'check_hostname = True', tested: 'Python 3.11.7' },
    'client-name': { set: 'SSLSocket.getpeercert(), compared with a list', tested: 'Python 3.11.7' },
    revocation: {
      set: 'verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN and load_verify_locations with the CRLs',
      tested: 'Python 3.11.7',
    },
    strength: {
      set: "set_ciphers('DEFAULT@SECLEVEL=2')",
      at: 'https://docs.openssl.org/3.0/man1/openssl-ciphers/',
      tested: 'Python 3.11.7',
    },
    version: { set: 'minimum_version = ssl.TLSVersion.TLSv1_2' },
  },
}

export const go: Stack = {
  name: 'go',
  title: 'Go',
  says: /\bgo\b|livekit/i,
  documented: 'Go, package crypto/tls, type Config',
  read: 'https://pkg.go.dev/crypto/tls#Config',
  closes: {
    chain: { set: 'ClientAuth: tls.RequireAndVerifyClientCert; never InsecureSkipVerify' },
    demand: { set: 'ClientAuth: tls.RequireAndVerifyClientCert' },
    'server-name': { set: 'ServerName: NAME, and no InsecureSkipVerify' },
    'client-name': { set: 'VerifyConnection: state.PeerCertificates[0].VerifyHostname(NAME)' },
    revocation: { set: 'VerifyConnection with x509.RevocationList: crypto/tls reads no CRL by itself' },
    strength: { set: 'VerifyConnection: crypto/tls has no limit of its own for some keys', at: 'no' },
    version: { set: 'MinVersion: tls.VersionTLS12' },
  },
}

export const erlang: Stack = {
  name: 'erlang',
  title: 'Erlang',
  says: /erlang|yxa|ejabberd/i,
  documented: 'Erlang/OTP, application ssl',
  read: 'https://www.erlang.org/doc/man/ssl.html',
  closes: {
    chain: { set: '{verify, verify_peer} and {cacertfile, FILE}' },
    demand: { set: '{fail_if_no_peer_cert, true}' },
    'server-name': { set: '{server_name_indication, NAME} with {verify, verify_peer}' },
    'client-name': { set: '{verify_fun, ...} on valid_peer' },
    revocation: { set: '{crl_check, true} and {crl_cache, ...}' },
    version: { set: "{versions, ['tlsv1.2', 'tlsv1.3']}" },
  },
}

export const java: Stack = {
  name: 'java',
  title: 'Java',
  says: /java|jain/i,
  logs: /\bjavax?\.|sun\.security|(?:sslhandshake|certpath\w*|sslpeerunverified|keystore)exception/,
  keeps: {
    trust: 'javax.net.ssl.trustStore',
    certificate: 'javax.net.ssl.keyStore',
    key: 'javax.net.ssl.keyStore',
    crl: 'com.sun.net.ssl.checkRevocation and ocsp.enable',
    versions: 'jdk.tls.disabledAlgorithms in java.security',
  },
  reload: 'restart the application',
  documented: 'Java, JSSE Reference Guide, and jdk.certpath.disabledAlgorithms in java.security',
  read: 'https://github.com/openjdk/jdk17u/blob/master/src/java.base/share/conf/security/java.security',
  closes: {
    demand: {
      set: 'SSLParameters.setNeedClientAuth(true)',
      at: 'https://docs.oracle.com/javase/7/docs/api/javax/net/ssl/SSLParameters.html',
    },
    'server-name': {
      set: 'SSLParameters.setEndpointIdentificationAlgorithm("HTTPS")',
      at: 'https://docs.oracle.com/javase/7/docs/api/javax/net/ssl/SSLParameters.html',
    },
    'client-name': { set: 'SSLSession.getPeerPrincipal, compared with a list', at: 'no' },
    revocation: {
      set: 'PKIXBuilderParameters.setRevocationEnabled(true) with a CertStore of CRLs',
      at: 'https://docs.oracle.com/javase/8/docs/api/java/security/cert/PKIXParameters.html',
    },
    strength: { set: 'jdk.certpath.disabledAlgorithms in java.security' },
    version: {},
  },
}

export const windows: Stack = {
  name: 'windows',
  title: 'Windows',
  logs: /schannel|ls protocol stack|lync|event id|sec e |cert e |0x8009|0x800b|ms-diagnostics/,
  keeps: {
    trust: 'Trusted Root Certification Authorities of the computer account (certlm.msc)',
    certificate: 'Personal of the computer account (certlm.msc), then assigned to the server',
    key: 'Manage Private Keys of the certificate in certlm.msc',
    crl: 'the CRL distribution point in the certificate (certutil -urlfetch -verify FILE)',
    versions: 'SCHANNEL\\Protocols in the registry',
  },
  reload: 'restart the service',
  documented: 'Windows, Schannel',
  closes: {},
}
