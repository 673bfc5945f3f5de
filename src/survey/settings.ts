/** The settings of real stacks that close what a survey found open, from the documentation of each. */
import type { VerdictCode } from '../verdicts/codes.ts'

/** What a setting is about. */
type Topic = 'chain' | 'demand' | 'server-name' | 'client-name' | 'revocation' | 'purpose' | 'strength' | 'version'

interface Stack {
  readonly name: string
  /** In the Server or User-Agent of its SIP answers. */
  readonly says: RegExp
  /** Where its settings are documented. */
  readonly documented: string
  /** The documentation that was read: its address, and the topics whose settings stand there. Absent: not looked up. */
  readonly read?: { readonly at: string; readonly topics: readonly Topic[] }
  /** A topic that is left out: no setting is documented. */
  readonly closes: Partial<Readonly<Record<Topic, string>>>
}

const stacks: readonly Stack[] = [
  {
    name: 'kamailio',
    says: /kamailio/i,
    documented: 'Kamailio, TLS module, Parameters',
    read: {
      at: 'https://www.kamailio.org/docs/modules/5.6.x/modules/tls.html',
      topics: ['chain', 'demand', 'revocation', 'strength', 'version'],
    },
    closes: {
      chain: 'verify_certificate = yes and ca_list = FILE in tls.cfg',
      demand: 'require_certificate = yes in [server:default] of tls.cfg',
      'client-name':
        'in request_route: if ($tls_peer_san_hostname != "NAME") { sl_send_reply("403", "Forbidden"); exit; }',
      revocation: 'crl = FILE in tls.cfg',
      strength: 'cipher_list = DEFAULT@SECLEVEL=2 in tls.cfg',
      version: 'method = TLSv1.2+ in tls.cfg',
    },
  },
  {
    name: 'haproxy',
    says: /haproxy/i,
    documented: 'HAProxy Configuration Manual, 5.1 Bind options and 5.2 Server options',
    read: {
      at: 'https://docs.haproxy.org/2.6/configuration.html',
      topics: ['chain', 'demand', 'server-name', 'client-name', 'revocation', 'strength', 'version'],
    },
    closes: {
      chain: 'verify required ca-file FILE, and no ca-ignore-err or crt-ignore-err',
      demand: 'verify required on the bind line (not verify optional)',
      'server-name': 'verifyhost NAME on the server line',
      'client-name': 'tcp-request content reject unless { ssl_c_s_dn(cn) -m str NAME }, after the inspect delay',
      revocation: 'crl-file FILE on the bind or server line',
      strength: 'ssl-default-bind-ciphers ...:@SECLEVEL=2',
      version: 'ssl-min-ver TLSv1.2',
    },
  },
  {
    name: 'nginx',
    says: /nginx/i,
    documented: 'nginx, ngx_stream_ssl_module and ngx_stream_proxy_module',
    read: {
      at: 'https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html',
      topics: ['chain', 'demand', 'revocation', 'strength', 'version'],
    },
    closes: {
      chain: 'ssl_client_certificate FILE, ssl_verify_client on; dialling: proxy_ssl_verify on',
      demand: 'ssl_verify_client on (not optional or optional_no_ca)',
      'server-name': 'proxy_ssl_verify on with proxy_ssl_name NAME',
      'client-name': 'a map of $ssl_client_s_dn to the server that it may reach',
      revocation: 'ssl_crl FILE; dialling: proxy_ssl_crl FILE',
      strength: 'ssl_ciphers HIGH:@SECLEVEL=2',
      version: 'ssl_protocols TLSv1.2 TLSv1.3',
    },
  },
  {
    name: 'stunnel',
    says: /stunnel/i,
    documented: 'stunnel(8), service-level options',
    read: {
      at: 'https://www.stunnel.org/static/stunnel.html',
      topics: ['chain', 'demand', 'server-name', 'client-name', 'revocation', 'strength', 'version'],
    },
    closes: {
      chain: 'verifyChain = yes and CAfile = FILE',
      demand: 'requireCert = yes and verifyChain = yes',
      'server-name': 'checkHost = NAME',
      'client-name': 'checkHost = NAME, or verifyPeer = yes with the certificates of the clients',
      revocation: 'CRLfile = FILE',
      strength: 'securityLevel = 2',
      version: 'sslVersionMin = TLSv1.2',
    },
  },
  {
    name: 'openssl',
    says: /openssl/i,
    documented: 'OpenSSL, SSL_CTX_set_verify(3), SSL_set1_host(3), X509_VERIFY_PARAM_set_flags(3)',
    closes: {
      chain: 'SSL_VERIFY_PEER, and a callback that hands preverify_ok on',
      demand: 'SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT',
      'server-name': 'SSL_set1_host(ssl, NAME)',
      'client-name': 'X509_check_host on the certificate of the client',
      revocation: 'X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL and the CRLs in the store',
      purpose: 'X509_VERIFY_PARAM_set_purpose',
      strength: 'SSL_CTX_set_security_level(ctx, 2)',
      version: 'SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)',
    },
  },
  {
    name: 'gnutls',
    says: /gnutls/i,
    documented: 'GnuTLS manual, Verifying a certificate',
    closes: {
      chain: 'gnutls_session_set_verify_cert(session, NAME, 0)',
      demand: 'gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE)',
      'server-name': 'gnutls_session_set_verify_cert with the name (not NULL)',
      'client-name': 'gnutls_x509_crt_check_hostname on the certificate of the client',
      revocation: 'gnutls_certificate_set_x509_crl_file',
      purpose: 'gnutls_session_set_verify_cert2 with GNUTLS_DT_KEY_PURPOSE_OID',
      strength: 'priority string with %PROFILE_MEDIUM',
      version: 'priority string NORMAL:-VERS-TLS1.0:-VERS-TLS1.1',
    },
  },
  {
    name: 'go',
    says: /\bgo\b|livekit/i,
    documented: 'Go, package crypto/tls, type Config',
    read: {
      at: 'https://pkg.go.dev/crypto/tls#Config',
      topics: ['chain', 'demand', 'server-name', 'client-name', 'revocation', 'version'],
    },
    closes: {
      chain: 'ClientAuth: tls.RequireAndVerifyClientCert; never InsecureSkipVerify',
      demand: 'ClientAuth: tls.RequireAndVerifyClientCert',
      'server-name': 'ServerName: NAME, and no InsecureSkipVerify',
      'client-name': 'VerifyConnection: state.PeerCertificates[0].VerifyHostname(NAME)',
      revocation: 'VerifyConnection with x509.RevocationList: crypto/tls reads no CRL by itself',
      strength: 'VerifyConnection: crypto/tls has no limit of its own for some keys',
      version: 'MinVersion: tls.VersionTLS12',
    },
  },
  {
    name: 'java',
    says: /java|jain/i,
    documented: 'Java, JSSE Reference Guide, and jdk.certpath.disabledAlgorithms in java.security',
    read: {
      at: 'https://github.com/openjdk/jdk17u/blob/master/src/java.base/share/conf/security/java.security',
      topics: ['strength', 'version'],
    },
    closes: {
      demand: 'SSLServerSocket.setNeedClientAuth(true)',
      'server-name': 'SSLParameters.setEndpointIdentificationAlgorithm("HTTPS")',
      'client-name': 'SSLSession.getPeerPrincipal, compared with a list',
      revocation: 'PKIXBuilderParameters.setRevocationEnabled(true) with a CertStore of CRLs',
      strength: 'jdk.certpath.disabledAlgorithms in java.security',
      version: 'jdk.tls.disabledAlgorithms in java.security',
    },
  },
  {
    name: 'node',
    says: /node|drachtio/i,
    documented: 'Node.js, tls.createServer and tls.connect',
    closes: {
      chain: 'rejectUnauthorized: true',
      demand: 'requestCert: true and rejectUnauthorized: true',
      'server-name': 'servername: NAME, and the usual checkServerIdentity',
      'client-name': 'socket.getPeerX509Certificate().checkHost(NAME)',
      revocation: 'crl: [PEM of each CA], one text each',
      strength: "ciphers: 'DEFAULT@SECLEVEL=2'",
      version: "minVersion: 'TLSv1.2'",
    },
  },
  {
    name: 'python',
    says: /python/i,
    documented: 'Python, module ssl, SSLContext',
    closes: {
      chain: 'verify_mode = ssl.CERT_REQUIRED',
      demand: 'verify_mode = ssl.CERT_REQUIRED',
      'server-name': 'check_hostname = True',
      'client-name': 'SSLSocket.getpeercert(), compared with a list',
      revocation: 'verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN and load_verify_locations with the CRLs',
      strength: "set_ciphers('DEFAULT@SECLEVEL=2')",
      version: 'minimum_version = ssl.TLSVersion.TLSv1_2',
    },
  },
  {
    name: 'erlang',
    says: /erlang|yxa|ejabberd/i,
    documented: 'Erlang/OTP, application ssl',
    read: {
      at: 'https://erlang.org/documentation/doc-8.0/lib/ssl-8.0/doc/html/ssl.html',
      topics: ['chain', 'demand', 'server-name', 'client-name'],
    },
    closes: {
      chain: '{verify, verify_peer} and {cacertfile, FILE}',
      demand: '{fail_if_no_peer_cert, true}',
      'server-name': '{server_name_indication, NAME} with {verify, verify_peer}',
      'client-name': '{verify_fun, ...} on valid_peer',
      revocation: '{crl_check, true} and {crl_cache, ...}',
      version: "{versions, ['tlsv1.2', 'tlsv1.3']}",
    },
  },
  {
    name: 'asterisk',
    says: /asterisk|freepbx/i,
    documented: 'Asterisk, res_pjsip, transport',
    closes: {
      chain: 'verify_server=yes, verify_client=yes and ca_list_file in the transport section of pjsip.conf',
      demand: 'require_client_cert=yes in the transport section of pjsip.conf',
      'server-name': 'verify_server=yes in the transport section of pjsip.conf',
      version: 'method=tlsv1_2 in the transport section of pjsip.conf',
    },
  },
  {
    name: 'freeswitch',
    says: /freeswitch/i,
    documented: 'FreeSWITCH, Sofia profile, tls-verify-policy',
    closes: {
      chain: 'tls-verify-policy = all in the Sofia profile',
      demand: 'tls-verify-policy = in in the Sofia profile',
      'server-name': 'tls-verify-policy = subjects_out in the Sofia profile',
      'client-name': 'tls-verify-policy = subjects_in with tls-verify-in-subjects = NAME',
      version: 'tls-version = tlsv1.2 in the Sofia profile',
    },
  },
  {
    name: 'opensips',
    says: /opensips/i,
    documented: 'OpenSIPS, module tls_mgm, Exported Parameters',
    closes: {
      chain: 'verify_cert and ca_list of the TLS domain',
      demand: 'require_cert of the TLS domain',
      'client-name': 'is_peer_verified() and $tls_peer_subject_cn in the script',
      revocation: 'crl_dir and crl_check_all of the TLS domain',
      version: 'tls_method = TLSv1_2 of the TLS domain',
    },
  },
  {
    name: 'linphone',
    says: /linphone|belle-sip/i,
    documented: 'linphonerc, section sip',
    read: {
      at: 'https://gitlab.linphone.org/BC/public/liblinphone/-/blob/master/coreapi/linphonecore.c',
      topics: ['chain', 'server-name'],
    },
    closes: { chain: 'verify_server_certs=1 in [sip] of linphonerc', 'server-name': 'verify_server_cn=1 in [sip]' },
  },
  {
    name: 'baresip',
    says: /baresip/i,
    documented: 'baresip, template of its configuration file',
    closes: {
      chain: 'sip_cafile FILE and, in versions that know it, sip_verify_server yes; 1.0.0 verifies no server',
      'server-name': 'sip_verify_server yes, in versions that know it; 1.0.0 verifies no server',
    },
  },
]

export const stackNames: readonly string[] = stacks.map(({ name }) => name)

/** A stack by its name, or by what it calls itself. Absent: not on file. */
export function stackOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return stacks.find(({ name, says }) => name === text || says.test(text))?.name
}

export interface Setting {
  readonly setting: string
  readonly documented: string
  /** Address of the documentation in which it was found. Absent: it was not looked up. */
  readonly source?: string
}

/** What closes an accepted fault. Absent: the stack is not known, or documents no setting. */
export function settingFor(
  stack: string | undefined,
  verdict: VerdictCode,
  side: 'server' | 'client',
): Setting | undefined {
  const known = stacks.find(({ name }) => name === stack)
  const topic = topicOf(verdict, side)
  const setting = topic === undefined ? undefined : known?.closes[topic]
  if (known === undefined || topic === undefined || setting === undefined) return undefined
  const { documented, read } = known
  return { setting, documented, ...(read?.topics.includes(topic) === true ? { source: read.at } : {}) }
}

const topics: readonly (readonly [RegExp, Topic])[] = [
  [/^tls\.client-cert-missing$/, 'demand'],
  [/^cert\.name-not-allowed$/, 'client-name'],
  [/^cert\.(?:name-mismatch|san-missing|wildcard|subject-missing)$/, 'server-name'],
  [/^(?:cert\.revoked|chain\.revoked|crl\..*)$/, 'revocation'],
  [/eku|cert\.ku-wrong/, 'purpose'],
  [/weak|dh-too-small/, 'strength'],
  [/^tls\.no-common-version$/, 'version'],
  [/^(?:cert|chain|trust)\./, 'chain'],
]

/** What hardly any stack can be told to refuse. */
const withoutSetting = /^cert\.(?:is-ca|eku-absent|must-staple)$/

function topicOf(verdict: VerdictCode, side: 'server' | 'client'): Topic | undefined {
  if (withoutSetting.test(verdict)) return undefined
  const topic = topics.find(([pattern]) => pattern.test(verdict))?.[1]
  return topic === 'server-name' && side === 'client' ? 'client-name' : topic
}
