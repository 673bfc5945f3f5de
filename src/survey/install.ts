/** How the root of a survey gets into the trust list of a server, and how it gets out again. */

export interface Steps {
  readonly name: string
  readonly title: string
  readonly install: readonly string[]
  readonly remove: readonly string[]
}

/** @param root path of the PEM file @param fingerprint SHA-1 of the root, as Windows names it, without colons */
export function installSteps(root: string, fingerprint: string): readonly Steps[] {
  return [...proxies(root), ...telephony(root), ...machines(root, fingerprint)]
}

/** A trust list that is a PEM file: append, load again; put the copy back, load again. */
function listSteps(
  root: string,
  {
    name,
    title,
    list,
    where,
    reload,
  }: {
    readonly name: string
    readonly title: string
    readonly list: string
    readonly where: string
    readonly reload: string
  },
): Steps {
  return {
    name,
    title,
    install: [`cp ${list} ${list}.before`, `cat ${root} >> ${list}    # ${where}`, reload],
    remove: [`mv ${list}.before ${list}`, reload],
  }
}

function proxies(root: string): readonly Steps[] {
  return [
    listSteps(root, {
      name: 'kamailio',
      title: 'Kamailio',
      list: '/etc/kamailio/ca_list.pem',
      where: 'the file of ca_list in [server:default] of tls.cfg',
      reload: 'kamcmd tls.reload',
    }),
    listSteps(root, {
      name: 'haproxy',
      title: 'HAProxy',
      list: '/etc/haproxy/ca.pem',
      where: 'the file of ca-file on the bind line',
      reload: 'systemctl reload haproxy',
    }),
    listSteps(root, {
      name: 'nginx',
      title: 'nginx',
      list: '/etc/nginx/ca.pem',
      where: 'the file of ssl_client_certificate',
      reload: 'nginx -t && systemctl reload nginx',
    }),
    listSteps(root, {
      name: 'stunnel',
      title: 'stunnel',
      list: '/etc/stunnel/ca.pem',
      where: 'the file of CAfile',
      reload: 'systemctl reload stunnel4',
    }),
  ]
}

function telephony(root: string): readonly Steps[] {
  return [
    listSteps(root, {
      name: 'asterisk',
      title: 'Asterisk (chan_pjsip)',
      list: '/etc/asterisk/keys/ca.pem',
      where: 'the file of ca_list_file in the transport section of pjsip.conf',
      reload: 'systemctl restart asterisk    # transports are read at start',
    }),
    {
      name: 'siplab',
      title: 'a node of a siplab lab',
      install: [`siplab certs trust NODE --add ${root}`],
      remove: ['siplab certs trust NODE --reset'],
    },
  ]
}

function machines(root: string, fingerprint: string): readonly Steps[] {
  return [
    {
      name: 'openssl',
      title: 'OpenSSL and what reads the system list (Debian)',
      install: [`cp ${root} /usr/local/share/ca-certificates/siplab-survey.crt`, 'update-ca-certificates'],
      remove: ['rm /usr/local/share/ca-certificates/siplab-survey.crt', 'update-ca-certificates --fresh'],
    },
    {
      name: 'java',
      title: 'Java',
      install: [`keytool -importcert -cacerts -storepass changeit -alias siplab-survey -noprompt -file ${root}`],
      remove: ['keytool -delete -cacerts -storepass changeit -alias siplab-survey'],
    },
    {
      name: 'windows',
      title: 'Windows, Lync, Skype for Business (PowerShell as administrator)',
      install: [`Import-Certificate -FilePath ${root} -CertStoreLocation Cert:\\LocalMachine\\Root`],
      remove: [`Remove-Item Cert:\\LocalMachine\\Root\\${fingerprint}`],
    },
    {
      name: 'phone',
      title: 'phones',
      install: [
        'Desk phones: upload the PEM file as a trusted CA certificate in the web page of the phone (security or',
        'certificates), or set it in the provisioning file; restart the phone.',
        'baresip: sip_cafile in ~/.baresip/config. Linphone: root_ca in [sip] of linphonerc.',
        'Android: Settings, Security, Install a certificate, CA certificate. iOS: open the file, install the profile,',
        'then Settings, General, About, Certificate Trust Settings.',
      ],
      remove: [
        'Delete the certificate in the same place, or put the old file back; restart the phone.',
        'Android: Trusted credentials, User, siplab survey. iOS: General, VPN & Device Management, remove the profile.',
      ],
    },
  ]
}
