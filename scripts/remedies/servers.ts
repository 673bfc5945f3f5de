/** Real servers with a certificate of ours: OpenSSL's, HAProxy and nginx before a SIP server, and Kamailio. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface ServerFiles {
  readonly folder: string
  /** The certificate of the server, then its issuers; PEM. */
  readonly certificate: string
  readonly key: string
}

interface Stack {
  readonly name: string
  readonly program: string
  /** Files beside certificate and key, and the arguments with which the server stays in the foreground. */
  configure(files: ServerFiles, port: number, sipPort: number): readonly string[]
}

export const stacks: readonly Stack[] = [
  { name: 'OpenSSL', program: '/usr/bin/openssl', configure: opensslServer },
  { name: 'HAProxy', program: '/usr/sbin/haproxy', configure: haproxy },
  { name: 'nginx', program: '/usr/sbin/nginx', configure: nginx },
  { name: 'Kamailio', program: '/usr/sbin/kamailio', configure: kamailio },
]

const startsWithinMs = 30_000

/** A server that runs until it is stopped; started again it reads its files anew. */
export class ForeignServer {
  readonly port: number
  readonly #stack: Stack
  readonly #files: ServerFiles
  readonly #sipPort: number
  #child: ChildProcess | undefined
  #log = ''

  constructor(stack: Stack, files: ServerFiles, port: number, sipPort: number) {
    this.#stack = stack
    this.#files = files
    this.port = port
    this.#sipPort = sipPort
  }

  async start(): Promise<void> {
    const { program, name } = this.#stack
    const child = spawn(program, this.#stack.configure(this.#files, this.port, this.#sipPort), {
      cwd: this.#files.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stderr.on('data', (chunk: Buffer) => void (this.#log = (this.#log + chunk.toString()).slice(-4000)))
    if (name === 'OpenSSL') answerOn(child.stdout, child.stdin)
    else child.stdout.resume()
    for (const until = performance.now() + startsWithinMs; performance.now() < until; await delay(50)) {
      if (child.exitCode !== null) break
      if (await accepts(this.port)) return
    }
    throw new Error(`${name} does not listen on port ${this.port}: ${this.#log.trim()}`)
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await Promise.race([ended, delay(2000).then(() => child.kill('SIGKILL'))])
    await ended
  }
}

/** Why a stack cannot run here; absent: it can. */
export function stackMissing({ name, program }: Pick<Stack, 'name' | 'program'>): string | undefined {
  if (spawnSync(program, ['-v'], { stdio: 'ignore' }).error !== undefined) return `${program} is not installed`
  const hasStreams = name !== 'nginx' || globSync('/usr/lib/nginx/modules/ngx_stream_module.so').length > 0
  return hasStreams ? undefined : 'libnginx-mod-stream is not installed'
}

/** A SIP server in clear text that answers every request with 200. */
export function openSipServer(): Promise<Server> {
  const server = createServer((socket: Socket) => answerOn(socket, socket))
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq']

function answerOn(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): void {
  let text = ''
  output.on('error', () => undefined)
  input.on('error', () => undefined)
  input.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-65_536)
    // A keep-alive of RFC 5626 §4.4.1: two line ends, answered by one.
    if (text === '\r\n\r\n') {
      text = ''
      output.write('\r\n')
      return
    }
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const request = text.slice(0, end)
      text = text.slice(end + 4)
      if (request.includes('SIP/2.0')) output.write(answerTo(request))
    }
  })
}

function answerTo(request: string): string {
  const lines = request.split('\r\n').filter((line) => copied.some((name) => line.startsWith(`${name}:`)))
  const tagged = lines.map((line) => (line.startsWith('To:') && !line.includes(';tag=') ? `${line};tag=1` : line))
  return `SIP/2.0 200 OK\r\n${tagged.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

function opensslServer({ certificate, key }: ServerFiles, port: number): readonly string[] {
  const files = ['-cert', certificate, '-cert_chain', certificate, '-key', key]
  return ['s_server', '-quiet', '-accept', `127.0.0.1:${port}`, ...files]
}

function haproxy({ folder, certificate, key }: ServerFiles, port: number, sipPort: number): readonly string[] {
  const both = join(folder, 'both.pem')
  const config = join(folder, 'haproxy.cfg')
  writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 })
  writeFileSync(
    config,
    `defaults
  mode tcp
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend sips
  bind 127.0.0.1:${port} ssl crt ${both}
  default_backend sip
backend sip
  server one 127.0.0.1:${sipPort}
`,
  )
  return ['-db', '-f', config]
}

function nginx({ folder, certificate, key }: ServerFiles, port: number, sipPort: number): readonly string[] {
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid ${join(folder, 'nginx.pid')};
error_log stderr;
worker_processes 1;
events { worker_connections 64; }
stream {
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    proxy_pass 127.0.0.1:${sipPort};
  }
}
`,
  )
  return ['-c', config, '-p', folder]
}

function kamailio({ folder, certificate, key }: ServerFiles, port: number): readonly string[] {
  const [modules = ''] = globSync('/usr/lib/*/kamailio/modules')
  const tls = join(folder, 'tls.cfg')
  const config = join(folder, 'kamailio.cfg')
  writeFileSync(
    tls,
    `[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = ${key}
certificate = ${certificate}
`,
  )
  writeFileSync(
    config,
    `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
listen=tls:127.0.0.1:${port}
mpath="${modules}"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "tls.so"
modparam("tls", "config", "${tls}")
request_route { sl_send_reply("200", "OK"); }
`,
  )
  const memory = ['-m', '64', '-M', '8']
  return ['-f', config, '-DD', '-E', ...memory, '-w', folder, '-P', join(folder, 'pid'), '-Y', folder]
}
