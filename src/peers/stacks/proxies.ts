/** Proxies: Kamailio, OpenSIPS, HAProxy, nginx, stunnel. */
import type { Stack } from './stack.ts'

export const kamailio: Stack = {
  name: 'kamailio',
  title: 'Kamailio',
  says: /kamailio/i,
  logs: /kamailio|tls server\.c|tls util\.h|tls domain\.c|tls h read f/,
  keeps: {
    trust: 'ca_list {= FILE} in tls.cfg',
    certificate: 'certificate {= FILE} in tls.cfg',
    key: 'private_key {= FILE} in tls.cfg',
    crl: 'crl {= FILE} in tls.cfg',
    versions: 'method {= TLSv1.2+} in tls.cfg',
  },
  reload: 'kamcmd tls.reload',
  documented: 'Kamailio, TLS module, Parameters',
  read: 'https://www.kamailio.org/docs/modules/5.6.x/modules/tls.html',
  closes: {
    chain: { set: 'verify_certificate = yes and {trust}' },
    demand: { set: 'require_certificate = yes in [server:default] of tls.cfg' },
    'client-name': {
      set: 'in request_route: if ($tls_peer_san_hostname != "NAME") { sl_send_reply("403", "Forbidden"); exit; }',
      at: 'no',
    },
    revocation: {},
    strength: { set: 'cipher_list = DEFAULT@SECLEVEL=2 in tls.cfg' },
    version: {},
  },
}

export const opensips: Stack = {
  name: 'opensips',
  title: 'OpenSIPS',
  says: /opensips/i,
  logs: /opensips|tls errstack|tls wolfssl|tls openssl:|tls mgm/,
  keeps: {
    trust: 'ca_list {FILE} of tls_mgm',
    certificate: 'certificate {FILE} of tls_mgm',
    key: 'private_key {FILE} of tls_mgm',
    crl: 'crl_dir {FOLDER, crl_check_all 1} of tls_mgm',
    versions: 'tls_method {TLSv1_2} of tls_mgm',
  },
  reload: 'opensips-cli -x mi tls_reload',
  documented: 'OpenSIPS, module tls_mgm, Exported Parameters',
  read: 'https://opensips.org/docs/modules/3.4.x/tls_mgm.html',
  closes: {
    chain: { set: 'verify_cert 1 and {trust}' },
    demand: { set: 'require_cert 1 of tls_mgm, with verify_cert 1' },
    'client-name': { set: 'is_peer_verified() and a comparison of $tls_peer_subject_cn in the script' },
    revocation: {},
    version: {},
  },
}

export const haproxy: Stack = {
  name: 'haproxy',
  title: 'HAProxy',
  says: /haproxy/i,
  logs: /haproxy|ssl c err=|layer6|server [\w.-]+\/[\w.-]+ is down/,
  keeps: {
    trust: 'ca-file {FILE} on the bind or server line',
    certificate: 'crt {FILE} on the bind or server line',
    key: 'the file of crt',
    crl: 'crl-file {FILE} on the bind or server line',
    versions: 'ssl-min-ver {TLSv1.2} and ssl-max-ver {TLSv1.3}',
  },
  reload: 'systemctl reload haproxy',
  documented: 'HAProxy Configuration Manual, 5.1 Bind options and 5.2 Server options',
  read: 'https://docs.haproxy.org/2.6/configuration.html',
  closes: {
    chain: { set: 'verify required, no ca-ignore-err or crt-ignore-err, and {trust}' },
    demand: { set: 'verify required on the bind line (not verify optional)' },
    'server-name': { set: 'verifyhost NAME on the server line' },
    'client-name': { set: 'tcp-request content reject unless { ssl_c_s_dn(cn) -m str NAME }, after the inspect delay' },
    revocation: {},
    strength: { set: 'ssl-default-bind-ciphers ...:@SECLEVEL=2' },
    version: {},
  },
}

export const nginx: Stack = {
  name: 'nginx',
  title: 'nginx',
  says: /nginx/i,
  logs: /nginx|\d+#\d+: ?\*?\d*|while ssl handshaking/,
  keeps: {
    trust: 'ssl_client_certificate {FILE}, or proxy_ssl_trusted_certificate {FILE}',
    certificate: 'ssl_certificate {FILE}, or proxy_ssl_certificate {FILE}',
    key: 'ssl_certificate_key {FILE}, or proxy_ssl_certificate_key {FILE}',
    crl: 'ssl_crl {FILE}, or proxy_ssl_crl {FILE}',
    versions: 'ssl_protocols {TLSv1.2 TLSv1.3}',
  },
  reload: 'systemctl reload nginx',
  documented: 'nginx, ngx_stream_ssl_module and ngx_stream_proxy_module',
  read: 'https://nginx.org/en/docs/stream/ngx_stream_ssl_module.html',
  closes: {
    chain: { set: 'ssl_verify_client on, or dialling proxy_ssl_verify on, and {trust}' },
    demand: { set: 'ssl_verify_client on (not optional or optional_no_ca)' },
    'server-name': {
      set: 'proxy_ssl_verify on with proxy_ssl_name NAME',
      at: 'https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html',
    },
    'client-name': { set: 'a map of $ssl_client_s_dn to the server that it may reach', at: 'no' },
    revocation: {},
    strength: { set: 'ssl_ciphers HIGH:@SECLEVEL=2' },
    version: {},
  },
}

export const stunnel: Stack = {
  name: 'stunnel',
  title: 'stunnel',
  says: /stunnel/i,
  logs: /stunnel|log\d\[/,
  keeps: {
    trust: 'CAfile {= FILE} in stunnel.conf',
    certificate: 'cert {= FILE} in stunnel.conf',
    key: 'key {= FILE} in stunnel.conf',
    crl: 'CRLfile {= FILE} in stunnel.conf',
    versions: 'sslVersionMin {= TLSv1.2} and sslVersionMax {= TLSv1.3} in stunnel.conf',
  },
  reload: 'systemctl reload stunnel4',
  documented: 'stunnel(8), service-level options',
  read: 'https://www.stunnel.org/static/stunnel.html',
  closes: {
    chain: { set: 'verifyChain = yes and {trust}' },
    demand: { set: 'requireCert = yes and verifyChain = yes' },
    'server-name': { set: 'checkHost = NAME' },
    'client-name': { set: 'checkHost = NAME, or verifyPeer = yes with the certificates of the clients' },
    revocation: {},
    strength: { set: 'securityLevel = 2' },
    version: {},
  },
}
