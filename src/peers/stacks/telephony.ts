/** Telephone systems and phones: Asterisk, FreeSWITCH, Linphone, baresip. */
import type { Stack } from './stack.ts'

export const asterisk: Stack = {
  name: 'asterisk',
  title: 'Asterisk',
  says: /asterisk|freepbx/i,
  logs: /asterisk|pjsip|iostream\.c|chan sip|transport-/,
  keeps: {
    trust: 'ca_list_file {= FILE} of the transport in pjsip.conf',
    certificate: 'cert_file {= FILE} of the transport in pjsip.conf',
    key: 'priv_key_file {= FILE} of the transport in pjsip.conf',
    crl: 'no parameter: PJSIP checks no CRL',
    versions: 'method {= tlsv1_2} of the transport in pjsip.conf',
  },
  // A transport is not reloaded unless it has allow_reload = yes.
  reload: 'systemctl restart asterisk',
  documented: 'Asterisk, pjsip.conf, section transport',
  read: 'https://github.com/asterisk/asterisk/blob/master/configs/samples/pjsip.conf.sample',
  closes: {
    chain: { set: 'verify_client = yes, verify_server = yes and {trust}' },
    demand: { set: 'require_client_cert = yes with verify_client = yes, of the transport in pjsip.conf' },
    // That PJSIP then compares the name is in the source of its transport, not in the sample.
    'server-name': {
      set: 'verify_server = yes of the transport in pjsip.conf, and allow_wildcard_certs = no',
      at: 'https://github.com/pjsip/pjproject/pull/3114',
    },
    version: {},
  },
}

export const freeswitch: Stack = {
  name: 'freeswitch',
  title: 'FreeSWITCH',
  says: /freeswitch/i,
  logs: /freeswitch|sofia|tport tls|sip ua for profile/,
  keeps: {
    trust: 'cafile.pem in tls-cert-dir of the profile',
    certificate: 'agent.pem in tls-cert-dir of the profile',
    key: 'agent.pem in tls-cert-dir of the profile',
    crl: 'no parameter: sofia-sip checks no CRL',
    versions: 'tls-version {= tlsv1.2} of the profile',
  },
  reload: 'sofia profile NAME restart',
  documented: 'FreeSWITCH, Sofia profile, tls-verify-policy',
  read: 'https://github.com/signalwire/freeswitch/blob/master/conf/vanilla/sip_profiles/internal.xml',
  closes: {
    chain: { set: 'tls-verify-policy = all, tls-verify-date = true, and {trust}' },
    demand: { set: 'tls-verify-policy = in of the profile' },
    'server-name': { set: 'tls-verify-policy = subjects_out of the profile' },
    'client-name': { set: 'tls-verify-policy = subjects_in of the profile, with tls-verify-in-subjects = NAME' },
    version: {},
  },
}

export const linphone: Stack = {
  name: 'linphone',
  title: 'Linphone',
  says: /linphone|belle-sip/i,
  documented: 'linphonerc, section sip',
  read: 'https://gitlab.linphone.org/BC/public/liblinphone/-/blob/master/coreapi/linphonecore.c',
  closes: {
    chain: { set: 'verify_server_certs=1 and root_ca=FILE in [sip] of linphonerc' },
    'server-name': { set: 'verify_server_cn=1 in [sip] of linphonerc' },
  },
}

export const baresip: Stack = {
  name: 'baresip',
  title: 'baresip',
  says: /baresip/i,
  documented: 'baresip, example of its configuration file',
  read: 'https://github.com/baresip/baresip/blob/main/docs/examples/config',
  closes: {
    chain: {
      set: 'sip_verify_server yes and sip_cafile FILE (1.0.0 does not know sip_verify_server and verifies no one)',
    },
    'server-name': { set: 'sip_verify_server yes (1.0.0 does not know it and verifies no one)' },
  },
}
