/** Kamailio as a whole partner organisation: edge, registrar and home of `partner.test`, over mutual TLS on 5061. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { accepts } from './accepts.ts'
import { freePort } from './free-port.ts'
import { modulesFolder, spawnKamailio, tlsConfig } from './kamailio.ts'
import type { TestLab } from './lab.ts'
import { until } from './until.ts'

/**
 * Takes the place of the node `partner-edge`, which must be stopped: its address, its name, its certificate.
 *
 * @returns where its users sign in over TCP, without a password: `127.0.0.1:41234`
 */
export async function kamailioPartner(t: Test, lab: TestLab, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const outside = (node: string): string =>
    lab.node(node).listeners.find(({ face, port }) => face === 'external' && port === 5061)?.address ?? ''
  const certificates = join(lab.data, 'nodes', 'partner-edge', 'certificates')
  const identity = {
    certificate: join(certificates, 'partner-edge-external.pem'),
    key: join(certificates, 'partner-edge-external.key'),
  }
  const port = await freePort()
  writeFileSync(join(folder, 'tls.cfg'), tlsConfig({ identity, ca: lab.ready.trust.public ?? '' }))
  writeFileSync(join(folder, 'kamailio.cfg'), configuration(folder, port, outside('partner-edge')))
  const hosts = `127.0.0.1 localhost\n${outside('partner-edge')} sip.partner.test\n${outside('edge')} sip.lab.test\n`
  const said = spawnKamailio(t, folder, hosts)
  await until(() => accepts(port)).catch((error: unknown) => {
    throw new Error(`Kamailio does not listen:\n${said()}`, { cause: error })
  })
  return `127.0.0.1:${port}`
}

const modules = ['tm', 'sl', 'pv', 'rr', 'maxfwd', 'textops', 'siputils', 'usrloc', 'registrar', 'tls']

/** Names come from /etc/hosts, which Kamailio reads where it keeps no cache of its own. */
function configuration(folder: string, port: number, own: string): string {
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=2
auto_aliases=no
use_dns_cache=off
enable_tls=yes
alias="partner.test"
listen=tcp:127.0.0.1:${port}
listen=tls:${own}:5061 advertise sip.partner.test:5061
mpath="${modulesFolder()}"
${modules.map((name) => `loadmodule "${name}.so"\n`).join('')}modparam("tls", "config", "${join(folder, 'tls.cfg')}")
modparam("tm", "fr_timer", 5000)
modparam("registrar", "gruu_enabled", 0)
request_route {
  if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("481", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("REGISTER")) { save("location"); exit; }
  remove_hf("Route");
  if (!is_method("MESSAGE")) record_route();
  if ($rd == "partner.test") {
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
    exit;
  }
  $du = "sip:sip.lab.test:5061;transport=tls";
  t_relay();
}
`
}
