/** HAProxy, nginx, Kamailio and stunnel: stacks that read a configuration file. */
import { createSocket } from 'node:dgram'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { respond } from '../../test/support/sip-answers.ts'
import { listeningAt, run, start, type Running } from './program.ts'
import { dialledName, optionsText, type EndFiles, type Stack, type Stance, type TlsVersion } from './stack.ts'

function written(files: EndFiles, name: string, content: string): string {
  const path = join(files.folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

let responder: Promise<number> | undefined

/** Port of a plain SIP server in this process that answers 200, behind a proxy. */
function answering(): Promise<number> {
  responder ??= new Promise((resolve) => {
    const server = createServer(respond).unref()
    server.listen(0, '127.0.0.1', () => {
      const at = server.address()
      resolve(typeof at === 'object' && at !== null ? at.port : 0)
    })
  })
  return responder
}

/** A request to the plain side of a proxy, on the first connection that it takes: each makes it dial. */
async function asking(port: number, program: Running): Promise<Running> {
  const end = performance.now() + 15_000
  while (!(await ask(port))) {
    if (performance.now() > end || program.hasEnded()) {
      await program.stop()
      throw new Error(`nothing listens at 127.0.0.1:${port}; it said: ${program.said()}`)
    }
    await delay(30)
  }
  return program
}

function ask(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.resume().write(optionsText)
      resolve(true)
    })
    socket.on('error', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

/** HAProxy wants chain and key in one file. */
function bundle(files: EndFiles): string {
  const { own } = files
  return own === undefined
    ? ''
    : written(files, 'all.pem', readFileSync(own.chain, 'utf8') + readFileSync(own.key, 'utf8'))
}

/** Its usual line about a broken handshake names no reason; this one is that of its manual, 8.2.5, with the numbers. */
const haproxyErrors =
  '  error-log-format "%ci:%cp [%t] %ft %[fc_err_str] (%[ssl_fc_err_str]) ssl_c_err=%[ssl_c_err] ' +
  'ssl_c_ca_err=%[ssl_c_ca_err]"\n'

function haproxyConfig(lines: string): string {
  return (
    'global\n  log stderr format raw local0\ndefaults\n  mode tcp\n  log global\n  option tcplog\n' +
    `${haproxyErrors}  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n${lines}`
  )
}

export const haproxy: Stack = {
  name: 'HAProxy',
  needs: ['haproxy'],
  set: {
    accept: 'bind … ssl verify required ca-file FILE crl-file FILE',
    dial: 'server … ssl verify required verifyhost NAME ca-file FILE crl-file FILE, as a health check',
  },
  version: () => `HAProxy ${/version ([\d.]+)/.exec(run('haproxy', '-v'))?.[1] ?? ''}`,
  accept: async (files, version, stance = 'strict') => {
    const port = await freePort()
    const crl = files.crl === undefined ? '' : ` crl-file ${files.crl}`
    const verify = stance === 'strict' ? 'required' : 'optional crt-ignore-err all ca-ignore-err all'
    const config = haproxyConfig(
      `frontend f\n  bind 127.0.0.1:${port} ssl crt ${bundle(files)} ca-file ${files.trust} verify ${verify}${crl}` +
        ` ssl-min-ver TLSv${version} ssl-max-ver TLSv${version}\n  default_backend b\n` +
        `backend b\n  server s 127.0.0.1:${await answering()}\n`,
    )
    return listeningAt(port, files, 'haproxy', () => ['-db', '-f', written(files, 'haproxy.cfg', config)])
  },
  dial: async (files, port, version, stance = 'strict') => {
    const crl = files.crl === undefined ? '' : ` crl-file ${files.crl}`
    const own = files.own === undefined ? '' : ` crt ${bundle(files)}`
    // Where it verifies at all it checks the name in the SNI, without verifyhost too.
    const verify = stance === 'strict' ? `required verifyhost ${dialledName}` : 'none'
    const config = haproxyConfig(
      `frontend f\n  bind 127.0.0.1:${await freePort()}\n  default_backend b\nbackend b\n` +
        `  option tcp-check\n  tcp-check connect ssl sni ${dialledName}\n` +
        `  tcp-check send-binary ${Buffer.from(optionsText).toString('hex')}\n  tcp-check expect string SIP\n` +
        `  server s 127.0.0.1:${port} ssl verify ${verify} sni str(${dialledName}) ca-file ` +
        `${files.trust}${crl}${own} ssl-min-ver TLSv${version} ssl-max-ver TLSv${version} check inter 300s\n`,
    )
    const args = ['-db', '-f', written(files, 'haproxy.cfg', config)]
    return start({ command: 'haproxy', args, clock: files.clock, folder: files.folder })
  },
}

function nginxConfig(files: EndFiles, server: string): string {
  const [stream = ''] = globSync('/usr/lib/nginx/modules/ngx_stream_module.so')
  return (
    `${stream === '' ? '' : `load_module ${stream};\n`}daemon off;\nmaster_process off;\n` +
    `pid ${join(files.folder, 'nginx.pid')};\nerror_log stderr info;\nevents { }\nstream {\n${server}\n}\n`
  )
}

export const nginx: Stack = {
  name: 'nginx',
  refusesAfterwards: true,
  needs: ['nginx'],
  set: {
    accept: 'stream: ssl_verify_client on, ssl_verify_depth 5, ssl_client_certificate FILE, ssl_crl FILE',
    dial: 'stream: proxy_ssl_verify on, proxy_ssl_verify_depth 5, proxy_ssl_name NAME, proxy_ssl_crl FILE',
  },
  version: () => run('sh', '-c', 'nginx -v 2>&1').replace('nginx version: nginx/', 'nginx ').trim(),
  accept: async (files, version) => {
    const port = await freePort()
    const config = nginxConfig(
      files,
      `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${files.own?.chain}; ` +
        `ssl_certificate_key ${files.own?.key}; ` +
        `ssl_client_certificate ${files.trust}; ssl_verify_client on; ssl_verify_depth 5; ` +
        `ssl_protocols TLSv${version}; ${files.crl === undefined ? '' : `ssl_crl ${files.crl}; `}` +
        `proxy_pass 127.0.0.1:${await answering()}; }`,
    )
    return listeningAt(port, files, 'nginx', () => nginxArguments(files, config))
  },
  dial: async (files, port, version) => {
    const plain = await freePort()
    const own =
      files.own === undefined
        ? ''
        : `proxy_ssl_certificate ${files.own.chain}; proxy_ssl_certificate_key ${files.own.key}; `
    const config = nginxConfig(
      files,
      `server { listen 127.0.0.1:${plain}; proxy_pass 127.0.0.1:${port}; proxy_ssl on; proxy_ssl_verify on; ` +
        `proxy_ssl_verify_depth 5; proxy_ssl_trusted_certificate ${files.trust}; proxy_ssl_name ${dialledName}; ` +
        `proxy_ssl_server_name on; proxy_ssl_protocols TLSv${version}; ${own}` +
        `${files.crl === undefined ? '' : `proxy_ssl_crl ${files.crl}; `}}`,
    )
    const args = nginxArguments(files, config)
    return asking(plain, start({ command: 'nginx', args, clock: files.clock, folder: files.folder }))
  },
}

function nginxArguments(files: EndFiles, config: string): readonly string[] {
  return ['-p', files.folder, '-e', 'stderr', '-c', written(files, 'nginx.conf', config)]
}

function stunnelConfig(files: EndFiles, version: TlsVersion, service: string): string {
  const { own, trust, crl } = files
  return (
    `foreground = yes\npid =\nsyslog = no\ndebug = info\n[sip]\nCAfile = ${trust}\nverifyChain = yes\n` +
    (own === undefined ? '' : `cert = ${own.chain}\nkey = ${own.key}\n`) +
    (crl === undefined ? '' : `CRLfile = ${crl}\n`) +
    `sslVersion = TLSv${version}\n${service}\n`
  )
}

export const stunnel: Stack = {
  name: 'stunnel',
  needs: ['stunnel'],
  set: {
    accept: 'verifyChain = yes, requireCert = yes, CAfile = FILE, CRLfile = FILE',
    dial: 'verifyChain = yes, checkHost = NAME, sni = NAME, CAfile = FILE, CRLfile = FILE',
  },
  version: () => /stunnel [\d.]+/.exec(run('sh', '-c', 'stunnel -version 2>&1'))?.[0] ?? '',
  accept: async (files, version) => {
    const port = await freePort()
    const service = `accept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${await answering()}\nrequireCert = yes`
    const config = written(files, 'stunnel.conf', stunnelConfig(files, version, service))
    return listeningAt(port, files, 'stunnel', () => [config])
  },
  dial: async (files, port, version) => {
    const plain = await freePort()
    const service =
      `client = yes\naccept = 127.0.0.1:${plain}\nconnect = 127.0.0.1:${port}\nsni = ${dialledName}\n` +
      `checkHost = ${dialledName}`
    const config = written(files, 'stunnel.conf', stunnelConfig(files, version, service))
    return asking(plain, start({ command: 'stunnel', args: [config], clock: files.clock, folder: files.folder }))
  },
}

function kamailioConfig(port: number, udpPort: number, tls: string, nextHop: number | undefined): string {
  const [folder] = globSync('/usr/lib/*/kamailio/modules')
  const modules = ['tm', 'sl', 'pv', 'maxfwd', 'textops', 'siputils', 'tls'].map((name) => `loadmodule "${name}.so"\n`)
  const route =
    nextHop === undefined ? 'sl_send_reply("200", "OK");' : `$du = "sip:127.0.0.1:${nextHop};transport=tls"; t_relay();`
  return (
    '#!KAMAILIO\ndebug=1\nlog_stderror=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\nenable_tls=yes\n' +
    `listen=udp:127.0.0.1:${udpPort}\nlisten=tls:127.0.0.1:${port}\nmpath="${folder}"\n${modules.join('')}` +
    `modparam("tls", "config", "${tls}")\nmodparam("tm", "fr_timer", 2000)\nrequest_route {\n  ${route}\n}\n`
  )
}

function kamailioTls({ own, trust, crl }: EndFiles, version: TlsVersion, stance: Stance): string {
  const verify = stance === 'strict' ? 'yes' : 'no'
  const method = version === '1.2' ? 'TLSv1.2' : 'TLSv1.2+'
  const files = own === undefined ? '' : `private_key = ${own.key}\ncertificate = ${own.chain}\n`
  const side =
    `method = ${method}\nverify_certificate = ${verify}\nrequire_certificate = ${verify}\n` +
    `verify_depth = 5\nca_list = ${trust}\n` +
    (crl === undefined ? '' : `crl = ${crl}\n`)
  return `[server:default]\n${side}${files}\n[client:default]\n${side}${files}`
}

function kamailioArguments(files: EndFiles, config: string): readonly string[] {
  const { folder } = files
  return ['-f', config, '-DD', '-E', '-m', '64', '-M', '8', '-w', folder, '-P', join(folder, 'pid'), '-Y', folder]
}

export const kamailio: Stack = {
  name: 'Kamailio',
  needs: ['kamailio'],
  set: {
    accept: 'tls.cfg: verify_certificate = yes, require_certificate = yes, verify_depth = 5, ca_list, crl',
    dial: 'tls.cfg: verify_certificate = yes, require_certificate = yes, verify_depth = 5, ca_list, crl',
  },
  overlooks: ['wrong-name'],
  alwaysShows: true,
  version: () => `Kamailio ${/kamailio ([\d.]+)/.exec(run('kamailio', '-v'))?.[1] ?? ''}`,
  accept: async (files, version, stance = 'strict') => {
    const port = await freePort()
    const tls = written(files, 'tls.cfg', kamailioTls(files, version, stance))
    const config = written(files, 'kamailio.cfg', kamailioConfig(port, await freePort(), tls, undefined))
    return listeningAt(port, files, 'kamailio', () => kamailioArguments(files, config))
  },
  dial: async (files, port, version, stance = 'strict') => {
    const [tlsPort, udpPort] = [await freePort(), await freePort()]
    const tls = written(files, 'tls.cfg', kamailioTls(files, version, stance))
    const config = written(files, 'kamailio.cfg', kamailioConfig(tlsPort, udpPort, tls, port))
    const { program } = await listeningAt(tlsPort, files, 'kamailio', () => kamailioArguments(files, config))
    const asking = createSocket('udp4')
    asking.send(optionsText.replace('SIP/2.0/TLS', 'SIP/2.0/UDP'), udpPort, '127.0.0.1', () => asking.close())
    return program
  },
}
