/**
 * The named baseline: Kamailio as Debian packages it, production allocator (`-x fm`), the same work as our front end.
 * One worker is its cheapest form: two share tables and locks, and over TLS the OpenSSL state of 5.6.3, which breaks
 * off then: when one closes a connection the other takes over its error, or ends with SIGSEGV.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { owned } from './children.ts'
import type { Transport } from './socket.ts'

export interface KamailioSettings {
  readonly transport: Transport
  readonly address: string
  readonly port: number
  readonly domain: string
  readonly tls: { readonly certificateFile: string; readonly keyFile: string; readonly caFile: string }
  readonly folder: string
  /**
   * Send everything here instead of looking it up: `sip:127.0.0.1:5072;transport=tls`. undefined: it is the registrar.
   */
  readonly nextHop: string | undefined
}

export function startKamailio(settings: KamailioSettings): ChildProcess {
  mkdirSync(settings.folder, { recursive: true })
  const config = join(settings.folder, 'kamailio.cfg')
  writeFileSync(join(settings.folder, 'tls.cfg'), tlsConfig(settings))
  writeFileSync(config, mainConfig(settings))
  const log = openSync(kamailioLog(settings.folder), 'w')
  const child = owned(
    spawn(
      '/usr/sbin/kamailio',
      [
        '-x',
        'fm',
        '-f',
        config,
        '-DD',
        '-E',
        '-m',
        '2048',
        '-M',
        '16',
        '-w',
        settings.folder,
        '-P',
        join(settings.folder, 'pid'),
        '-Y',
        settings.folder,
      ],
      {
        stdio: ['ignore', 'ignore', log],
      },
    ),
  )
  closeSync(log)
  return child
}

/** The output of Kamailio, for a failure. */
export function kamailioLog(folder: string): string {
  return join(folder, 'kamailio.log')
}

function tlsConfig({ tls }: KamailioSettings): string {
  const side =
    `method = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\nprivate_key = ` +
    `${tls.keyFile}\ncertificate = ${tls.certificateFile}\nca_list = ${tls.caFile}\n`
  return `[server:default]\n${side}\n[client:default]\n${side}`
}

function mainConfig({ transport, address, port, domain, folder, nextHop }: KamailioSettings): string {
  const find =
    nextHop === undefined
      ? 'if (!lookup("location")) { t_newtran(); t_reply("404", "Not Found"); exit; }'
      : `$du = "${nextHop}";`
  const register = nextHop === undefined ? 'if (is_method("REGISTER")) { save("location"); exit; }' : ''
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
tcp_children=1
tcp_connection_lifetime=3605
tcp_max_connections=8192
tls_max_connections=8192
auto_aliases=no
alias="${domain}"
enable_tls=${transport === 'tls' ? 'yes' : 'no'}
disable_tcp=${transport === 'udp' ? 'yes' : 'no'}
listen=${transport}:${address}:${port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
${
  transport === 'tls'
    ? `loadmodule "tls.so"
modparam("tls", "config", "${join(folder, 'tls.cfg')}")
modparam("tls", "con_ct_wq_max", 4194304)
modparam("tls", "ct_wq_max", 67108864)`
    : ''
}
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 14)
modparam("registrar", "max_expires", 7200)
request_route {
  if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("404", "Not here");
    exit;
  }
  t_check_trans();
  if (is_method("INVITE")) record_route();
  ${register}
  ${find}
  t_relay();
}
`
}
