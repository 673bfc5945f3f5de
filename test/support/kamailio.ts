/** Kamailio as a foreign server: takes requests over UDP on loopback and passes all of them on over mutual TLS. */
import { spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { CertificateFiles } from './foreign-certificates.ts'
import { freePort } from './free-port.ts'
import { guardMs } from './guard.ts'

export interface KamailioSettings {
  readonly folder: string
  readonly identity: CertificateFiles
  /** PEM file of the roots it trusts. */
  readonly ca: string
  readonly nextHop: { readonly address: string; readonly port: number }
}

export interface Kamailio {
  /** Sends a request to it by UDP; the final response. */
  ask(request: (via: string) => string): Promise<string>
}

/** Runs until the test ends. */
export async function startKamailio(t: Test, settings: KamailioSettings): Promise<Kamailio> {
  mkdirSync(settings.folder, { recursive: true })
  const port = await freePort()
  const file = (name: string): string => join(settings.folder, name)
  writeFileSync(file('tls.cfg'), tlsConfig(settings))
  writeFileSync(file('kamailio.cfg'), mainConfig(settings, port, await freePort(), file('tls.cfg')))
  const log = spawnKamailio(t, settings.folder)
  const ask: Kamailio['ask'] = (request) => exchange(port, request, log)
  await ready(ask, log)
  return { ask }
}

/**
 * Runs `kamailio.cfg` of that folder until the test ends; gives what it has said so far.
 *
 * @param hosts an /etc/hosts of its own: a mount namespace, for which a user namespace is enough
 */
export function spawnKamailio(t: Test, folder: string, hosts?: string): () => string {
  const file = (name: string): string => join(folder, name)
  let log = ''
  const command = ['/usr/sbin/kamailio', '-f', file('kamailio.cfg'), '-DD', '-E', '-m', '64', '-M', '8', '-w', folder]
  command.push('-P', file('pid'), '-Y', folder)
  if (hosts !== undefined) {
    writeFileSync(file('hosts'), hosts)
    const own = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c']
    command.unshift(...own, 'mount --bind "$0" /etc/hosts && exec "$@"', file('hosts'))
  }
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = new Promise((done) => child.once('exit', done))
  t.teardown(async () => {
    child.kill()
    await ended
  })
  return () => log
}

/** Its OPTIONS to itself is answered as soon as it runs. */
async function ready(ask: Kamailio['ask'], log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const answer = await ask(
      (via) =>
        `OPTIONS sip:ping@127.0.0.1 SIP/2.0\r\n${via}From: <sip:t@t.test>;tag=1\r\nTo: <sip:ping@127.0.0.1>\r\n` +
        `Call-ID: ${Math.random()}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
    ).catch(() => undefined)
    if (answer !== undefined) return
  }
  throw new Error(`Kamailio does not answer:\n${log()}`)
}

/** UDP: sent again every 300 ms, until it comes; a lone OPTIONS gives up at once. */
function exchange(port: number, request: (via: string) => string, log: () => string): Promise<string> {
  return new Promise((done, reject) => {
    const socket: Socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1', () => {
      const text = request(
        `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${Math.random().toString(36).slice(2)}\r\n`,
      )
      const send = (): void => socket.send(text, port, '127.0.0.1')
      const repeat = setInterval(send, 300)
      const end = (): void => {
        clearInterval(repeat)
        clearTimeout(late)
        socket.close()
      }
      const late = setTimeout(
        () => {
          end()
          reject(new Error(`no final answer from Kamailio:\n${log()}`))
        },
        text.startsWith('OPTIONS') ? 250 : guardMs,
      )
      socket.on('message', (answer) => {
        if (/^SIP\/2\.0 1/.test(answer.toString('latin1'))) return
        end()
        done(answer.toString('latin1'))
      })
      send()
    })
  })
}

export function tlsConfig({ identity, ca }: Pick<KamailioSettings, 'identity' | 'ca'>): string {
  const side =
    `method = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\nprivate_key = ${identity.key}\n` +
    `certificate = ${identity.certificate}\nca_list = ${ca}\n`
  return `[server:default]\n${side}\n[client:default]\n${side}`
}

function mainConfig({ nextHop }: KamailioSettings, udpPort: number, tlsPort: number, tls: string): string {
  const modules = ['tm', 'sl', 'pv', 'maxfwd', 'textops', 'siputils', 'tls']
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
listen=udp:127.0.0.1:${udpPort}
listen=tls:127.0.0.1:${tlsPort}
mpath="${modulesFolder()}"
${modules}modparam("tls", "config", "${tls}")
modparam("tm", "fr_timer", 3000)
request_route {
  if (is_method("OPTIONS") && $rU == "ping") { sl_send_reply("200", "OK"); exit; }
  $du = "sip:${nextHop.address}:${nextHop.port};transport=tls";
  t_relay();
}
`
}

export function modulesFolder(): string {
  const [folder] = globSync('/usr/lib/*/kamailio/modules')
  if (folder === undefined || !existsSync(folder)) throw new Error('the modules of Kamailio are not below /usr/lib')
  return folder
}
