/** HAProxy, nginx and Kamailio: stacks that are told by a configuration file. */
import { createSocket } from 'node:dgram'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { dialledName, type EndFiles } from './cases.ts'
import { run, start, untilItListens } from './program.ts'
import { optionsText, type Accepting, type Stack, type TlsVersion } from './stack.ts'

function written(files: EndFiles, name: string, content: string): string {
  const path = join(files.folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

async function configured(files: EndFiles, port: number, command: string, args: readonly string[]): Promise<Accepting> {
  const program = start({ command, args, clock: files.clock, folder: files.folder })
  await untilItListens(port, program).catch(async (error: unknown) => {
    await program.stop()
    throw error
  })
  return { port, program }
}

/** HAProxy wants chain and key in one file. */
function bundle(files: EndFiles): string {
  const { own } = files
  return own === undefined
    ? ''
    : written(files, 'all.pem', readFileSync(own.chain, 'utf8') + readFileSync(own.key, 'utf8'))
}

function haproxyConfig(lines: string): string {
  return (
    'global\n  log stderr format raw local0\ndefaults\n  mode tcp\n  log global\n' +
    `  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n${lines}`
  )
}

export const haproxy: Stack = {
  name: 'HAProxy',
  needs: ['haproxy'],
  version: () =>
    run('haproxy', '-v')
      .split('\n')[0]
      ?.replace(/ \d{4}.*/, '') ?? '',
  accept: async (files, version) => {
    const port = await freePort()
    const crl = files.crl === undefined ? '' : ` crl-file ${files.crl}`
    const config = haproxyConfig(
      `frontend f\n  bind 127.0.0.1:${port} ssl crt ${bundle(files)} ca-file ${files.trust} verify required${crl}` +
        ` ssl-min-ver TLSv${version} ssl-max-ver TLSv${version}\n  default_backend b\n` +
        'backend b\n  server s 127.0.0.1:9\n',
    )
    return configured(files, port, 'haproxy', ['-db', '-f', written(files, 'haproxy.cfg', config)])
  },
  dial: async (files, port, version) => {
    const crl = files.crl === undefined ? '' : ` crl-file ${files.crl}`
    const own = files.own === undefined ? '' : ` crt ${bundle(files)}`
    const config = haproxyConfig(
      `frontend f\n  bind 127.0.0.1:${await freePort()}\n  default_backend b\nbackend b\n` +
        `  option tcp-check\n  tcp-check connect ssl sni ${dialledName}\n` +
        '  tcp-check send OPTIONS\n  tcp-check expect string SIP\n' +
        `  server s 127.0.0.1:${port} ssl verify required verifyhost ${dialledName} sni str(${dialledName}) ca-file ` +
        `${files.trust}${crl}${own} ssl-min-ver TLSv${version} ssl-max-ver TLSv${version} check inter 300s\n`,
    )
    const args = ['-db', '-f', written(files, 'haproxy.cfg', config)]
    return start({ command: 'haproxy', args, clock: files.clock, folder: files.folder })
  },
}

function nginxConfig(files: EndFiles, server: string): string {
  return (
    `daemon off;\nmaster_process off;\npid ${join(files.folder, 'nginx.pid')};\nerror_log stderr info;\nevents { }\n` +
    `http { access_log off; client_body_temp_path ${files.folder}/a; proxy_temp_path ${files.folder}/b; ` +
    `fastcgi_temp_path ${files.folder}/c; uwsgi_temp_path ${files.folder}/d; scgi_temp_path ${files.folder}/e;\n` +
    `server { ${server} } }\n`
  )
}

export const nginx: Stack = {
  name: 'nginx',
  answersInHttp: true,
  needs: ['nginx'],
  version: () => run('sh', '-c', 'nginx -v 2>&1').replace('nginx version: ', '').trim(),
  accept: async (files, version) => {
    const port = await freePort()
    const config = nginxConfig(
      files,
      `listen 127.0.0.1:${port} ssl; ssl_certificate ${files.own?.chain}; ssl_certificate_key ${files.own?.key}; ` +
        `ssl_client_certificate ${files.trust}; ssl_verify_client on; ssl_verify_depth 5; ` +
        `ssl_protocols TLSv${version}; ` +
        (files.crl === undefined ? '' : `ssl_crl ${files.crl};`),
    )
    return configured(files, port, 'nginx', ['-p', files.folder, '-c', written(files, 'nginx.conf', config)])
  },
  dial: async (files, port, version) => {
    const plain = await freePort()
    const own =
      files.own === undefined
        ? ''
        : `proxy_ssl_certificate ${files.own.chain}; proxy_ssl_certificate_key ${files.own.key}; `
    const config = nginxConfig(
      files,
      `listen 127.0.0.1:${plain}; location / { proxy_pass https://127.0.0.1:${port}; proxy_ssl_verify on; ` +
        `proxy_ssl_verify_depth 5; proxy_ssl_trusted_certificate ${files.trust}; proxy_ssl_name ${dialledName}; ` +
        `proxy_ssl_server_name on; proxy_ssl_protocols TLSv${version}; ${own}` +
        `${files.crl === undefined ? '' : `proxy_ssl_crl ${files.crl}; `}}`,
    )
    const args = ['-p', files.folder, '-c', written(files, 'nginx.conf', config)]
    const { program } = await configured(files, plain, 'nginx', args)
    const asking = connect({ host: '127.0.0.1', port: plain })
    asking.on('error', () => asking.destroy())
    asking.resume().write('GET / HTTP/1.0\r\n\r\n')
    return program
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

function kamailioTls({ own, trust, crl }: EndFiles, version: TlsVersion): string {
  const method = version === '1.2' ? 'TLSv1.2' : 'TLSv1.2+'
  const files = own === undefined ? '' : `private_key = ${own.key}\ncertificate = ${own.chain}\n`
  const side =
    `method = ${method}\nverify_certificate = yes\nrequire_certificate = yes\nverify_depth = 5\nca_list = ${trust}\n` +
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
  overlooks: ['wrong-name'],
  alwaysShows: true,
  version: () => /kamailio [\d.]+/.exec(run('kamailio', '-v'))?.[0] ?? '',
  accept: async (files, version) => {
    const port = await freePort()
    const tls = written(files, 'tls.cfg', kamailioTls(files, version))
    const config = written(files, 'kamailio.cfg', kamailioConfig(port, await freePort(), tls, undefined))
    return configured(files, port, 'kamailio', kamailioArguments(files, config))
  },
  dial: async (files, port, version) => {
    const [tlsPort, udpPort] = [await freePort(), await freePort()]
    const tls = written(files, 'tls.cfg', kamailioTls(files, version))
    const config = written(files, 'kamailio.cfg', kamailioConfig(tlsPort, udpPort, tls, port))
    const { program } = await configured(files, tlsPort, 'kamailio', kamailioArguments(files, config))
    const asking = createSocket('udp4')
    asking.send(optionsText.replace('SIP/2.0/TLS', 'SIP/2.0/UDP'), udpPort, '127.0.0.1', () => asking.close())
    return program
  },
}
