/** How the root of a survey gets into the trust list of a server, and how it gets out again. */
import { parameterName, type Stack, stacks } from '../peers/stacks/index.ts'

export interface Steps {
  readonly name: string
  readonly title: string
  readonly install: readonly string[]
  readonly remove: readonly string[]
}

/** @param root path of the PEM file @param fingerprint SHA-1 of the root, as Windows names it, without colons */
export function installSteps(root: string, fingerprint: string): readonly Steps[] {
  return [...servers(root), ...machines(root, fingerprint)]
}

/** A trust list that is a PEM file: append, load again; put the copy back, load again. */
function listSteps(root: string, { name, title, keeps, reload }: Stack, list: string): Steps {
  const where = keeps === undefined ? '' : `    # the file of ${parameterName(keeps.trust)}`
  const again = reload ?? `restart ${title}`
  return {
    name,
    title,
    install: [`cp ${list} ${list}.before`, `cat ${root} >> ${list}${where}`, again],
    remove: [`mv ${list}.before ${list}`, again],
  }
}

/** Where their packages have it. */
const listFiles: readonly (readonly [string, string])[] = [
  ['kamailio', '/etc/kamailio/ca_list.pem'],
  ['haproxy', '/etc/haproxy/ca.pem'],
  ['nginx', '/etc/nginx/ca.pem'],
  ['stunnel', '/etc/stunnel/ca.pem'],
  ['asterisk', '/etc/asterisk/keys/ca.pem'],
]

function servers(root: string): readonly Steps[] {
  const lists = listFiles.flatMap(([name, list]) =>
    stacks.filter((stack) => stack.name === name).map((stack) => listSteps(root, stack, list)),
  )
  const lab = {
    name: 'siplab',
    title: 'a node of a siplab lab',
    install: [`siplab certs trust NODE --add ${root}`],
    remove: ['siplab certs trust NODE --reset'],
  }
  return [...lists, lab]
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
