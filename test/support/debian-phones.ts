/** Debian's own phones, run as a user would: baresip by its control port, Linphone by its daemon. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { missing } from './debian-program.ts'
import { freePort } from './free-port.ts'
import { guardMs } from './guard.ts'
import { until } from './until.ts'

export interface PhoneAccount {
  readonly login: string
  /** `lab.test` unless given. */
  readonly domain?: string
  readonly password: string
  /** Where it signs in: `sip.lab.test:10443`. */
  readonly proxy: string
  /** `tls` unless given. */
  readonly transport?: 'tls' | 'tcp'
  /** PEM file of the root it trusts; needed for TLS. */
  readonly root?: string
  /** The DNS of the lab that it asks: `127.0.41.3:10053`. */
  readonly dns: string
  /** Its working folder. */
  readonly folder: string
  /** Whom it writes to: `sip:bob@lab.test`. */
  readonly peer: string
  /** baresip: signs in again as soon as its connection is lost (RFC 5626 §4.4 and §4.5), as a phone outside must. */
  readonly flow?: 'watched'
}

/** What a test asks of any phone; every promise rejects with what the phone said when its time is up. */
export interface DebianPhone {
  readonly name: string
  /** Whether it calls whom it is referred to while the call of the REFER has no media. */
  readonly followsSilent: boolean
  signedIn(): Promise<void>
  /** Resolves when the call is up. */
  call(uri: string): Promise<void>
  /** A call that came was answered. */
  connected(): Promise<void>
  hangUp(): Promise<void>
  ended(): Promise<void>
  /** REFER in the call that this phone began (RFC 3515); whom the other end then calls is seen there. */
  transfer(to: string): Promise<void>
  /** To its peer. */
  write(text: string): Promise<void>
  heard(text: string): Promise<void>
}

/** Waits for a text in what a phone says, behind what was found before. */
class Ear {
  readonly #name: string
  readonly #said: () => string
  #from = 0

  constructor(name: string, said: () => string) {
    this.#name = name
    this.#said = said
  }

  async hears(wanted: RegExp): Promise<RegExpExecArray> {
    const end = performance.now() + guardMs / 4
    for (;;) {
      const said = this.#said()
      const found = wanted.exec(said.slice(this.#from))
      if (found !== null) {
        this.#from += found.index + found[0].length
        return found
      }
      if (performance.now() > end)
        throw new Error(`${this.#name}: wanted ${String(wanted)}, it said ${wordsOf(said.slice(this.#from))}`)
      await delay(50)
    }
  }
}

/** Without what Linphone says of its sound. */
function wordsOf(said: string): string {
  const lines = said.split('\n').filter((line) => !line.includes('mediastreamer'))
  return lines.join('\n').slice(-6000)
}

/** baresip, which answers every call, writes to `peer` only, and publishes its status. */
export async function baresip(
  t: Test,
  account: PhoneAccount,
): Promise<DebianPhone & { readonly shows: (status: 'online' | 'offline') => void }> {
  const port = await freePort()
  baresipFiles(account, port)
  const child = spawn('baresip', ['-f', account.folder], { stdio: ['pipe', 'pipe', 'pipe'] })
  endWith(t, child)
  const name = `baresip of ${account.login}`
  const said = collected()
  const ear = new Ear(name, said.text)
  said.add(child.stdout).add(child.stderr)
  await ear.hears(/baresip is ready/)
  const socket = await control(t, { host: '127.0.0.1', port })
  said.add(socket)
  const ask = (command: string, params = ''): void => {
    const text = JSON.stringify({ command, params, token: 'siplab' })
    socket.write(`${Buffer.byteLength(text)}:${text},`)
  }
  const connected = async (): Promise<void> => void (await ear.hears(/"type":"CALL_ESTABLISHED"/))
  return {
    name,
    followsSilent: true,
    signedIn: async () => void (await ear.hears(/200 OK \(\) \[\d+ binding/)),
    async call(uri) {
      ask('dial', uri)
      await connected()
    },
    connected,
    hangUp: () => Promise.resolve(ask('hangup')),
    ended: async () => void (await ear.hears(/"type":"CALL_CLOSED"/)),
    async transfer(to) {
      ask('transfer', to)
      await ear.hears(/"response":true,"ok":true/)
    },
    async write(text) {
      ask('contact_next')
      await ear.hears(/Current contact:/)
      ask('message', text)
    },
    heard: async (text) => void (await ear.hears(new RegExp(`"${text}"`))),
    shows: (status) => ask(`presence_${status}`),
  }
}

/** Writes what baresip reads; `port` is that of its control. */
export function baresipFiles(account: PhoneAccount, port: number): void {
  const { login, domain = 'lab.test', password, proxy, transport = 'tls', root, dns, folder, peer, flow } = account
  mkdirSync(folder, { recursive: true })
  const modules = ['stdio', 'g711', 'aubridge'].map((name) => `module ${name}.so`)
  const applications = ['contact', 'menu', 'ctrl_tcp', 'presence'].map((name) => `module_app ${name}.so`)
  const config = [
    ...(root === undefined ? [] : [`sip_cafile ${root}`]),
    `dns_server ${dns}`,
    'audio_player aubridge,loop',
    'audio_source aubridge,loop',
    'audio_alert aubridge,loop',
    'module_path /usr/lib/baresip/modules',
    ...modules,
    'module_tmp uuid.so',
    'module_tmp account.so',
    ...applications,
    `ctrl_tcp_listen 127.0.0.1:${port}`,
  ]
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`)
  writeFileSync(
    join(folder, 'accounts'),
    `<sip:${login}@${domain};transport=${transport}>;auth_pass=${password};answermode=auto;pubint=600;` +
      `outbound="sip:${proxy};transport=${transport}"${flow === 'watched' ? ';sipnat=outbound' : ''}\n`,
  )
  writeFileSync(join(folder, 'contacts'), `<${peer}>\n`)
}

/**
 * Linphone asks the system's DNS, on any port that `resolv.conf` names: it gets one of its own in a mount namespace,
 * for which a user namespace is enough. `t.test('…', { skip: noLinphone() }, …)`
 */
export function noLinphone(): false | string {
  const absent = missing('linphone-daemon')
  if (absent !== false) return absent
  const { status } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'])
  return status === 0 ? false : 'no user namespace with mounts here, in which Linphone could ask the DNS of the lab'
}

/** Linphone, which answers every call and watches `peer`. */
export async function linphone(
  t: Test,
  account: PhoneAccount,
): Promise<DebianPhone & { readonly sees: (status: 'open' | 'closed') => Promise<void> }> {
  const { login, folder, peer } = account
  const name = `Linphone of ${login}`
  const pipe = `siplab-linphone-${process.pid}-${login}`
  const child = spawnLinphone(account, pipe)
  endWith(t, child)
  t.teardown(() => rmSync(join('/tmp', pipe), { force: true }))
  const log = join(folder, 'log')
  const ear = new Ear(name, () => (existsSync(log) ? readFileSync(log, 'latin1') : ''))
  await until(() => existsSync(join('/tmp', pipe)))
  const socket = await control(t, { path: join('/tmp', pipe) })
  const answers = collected()
  answers.add(socket)
  const news = new Ear(name, answers.text)
  const ask = async (command: string, answer = /Status: Ok/): Promise<RegExpExecArray> => {
    socket.write(`${command}\n`)
    return news.hears(answer)
  }
  const hears = async (wanted: RegExp): Promise<void> => void (await ear.hears(wanted))
  // sip.js here has no media, which Linphone takes for a pause.
  const connected = (): Promise<void> => hears(/to \[?LinphoneCall(?:StreamsRunning|PausedByRemote)/)
  const inbox = new LinphoneInbox(name, () => ask('pop-event', poppedEvent))
  let id = ''
  return {
    name,
    followsSilent: false,
    signedIn: () => hears(/to \[LinphoneRegistrationOk\]/),
    async call(uri) {
      id = (await ask(`call ${uri}`, /Status: Ok\s+Id: (\d+)/))[1] ?? ''
      await connected()
    },
    connected,
    hangUp: async () => void (await ask('terminate')),
    ended: () => hears(/to LinphoneCallReleased|to \[LinphoneCallReleased/),
    async transfer(to) {
      await ask(`call-transfer ${id} ${to}`)
    },
    write: async (text) => void (await ask(`message ${peer} ${text}`)),
    heard: (text) => inbox.hears(text),
    sees: (status) => hears(new RegExp(`entity="${peer}"[^]{0,200}<basic>${status}<`)),
  }
}

/** What `pop-event` gives: nothing, the text of a message, or another event. */
const poppedEvent =
  /Ok\s+Size: \d+\n(?:\n|Event-type: (?:message-received\n[^]*?Content: "([^]*?)"|(?!message-received)[^]*?)\n\n)/

/**
 * The texts that Linphone took for its user. Its log is no witness: it stops at the first octet that is no text, and a
 * delivery notification (compressed) that comes in the same read hides the message behind it.
 */
class LinphoneInbox {
  readonly #name: string
  readonly #pop: () => Promise<RegExpExecArray>
  readonly #texts: string[] = []

  constructor(name: string, pop: () => Promise<RegExpExecArray>) {
    this.#name = name
    this.#pop = pop
  }

  async hears(wanted: string): Promise<void> {
    const end = performance.now() + guardMs / 4
    for (;;) {
      const at = this.#texts.indexOf(wanted)
      if (at >= 0) return void this.#texts.splice(at, 1)
      if (performance.now() > end)
        throw new Error(`${this.#name}: wanted the message "${wanted}", it has ${JSON.stringify(this.#texts)}`)
      const [popped = '', text] = await this.#pop()
      if (text !== undefined) this.#texts.push(text)
      else if (!popped.includes('Event-type')) await delay(50)
    }
  }
}

function spawnLinphone(account: PhoneAccount, pipe: string): ChildProcess {
  const { command, args, env } = linphoneCommand(account, pipe, '$HOME/log')
  return spawn(command, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
}

/** Writes what Linphone reads, and gives the command that runs it. @param log a file; `/dev/stdout` */
export function linphoneCommand(
  account: PhoneAccount,
  pipe: string,
  log: string,
): { readonly command: string; readonly args: string[]; readonly env: NodeJS.ProcessEnv } {
  const { dns, folder } = account
  for (const inner of ['', '.local/share/linphone', '.config/linphone'])
    mkdirSync(join(folder, inner), { recursive: true })
  const [address, port] = dns.split(':')
  writeFileSync(join(folder, 'resolv.conf'), `nameserver [${address}]:${port}\n`)
  writeFileSync(join(folder, 'rc'), linphoneConfig(account))
  const run =
    'mount --bind "$HOME/resolv.conf" /etc/resolv.conf && ' +
    `exec linphone-daemon --auto-answer --config "$HOME/rc" --log "${log}" --pipe "$0"`
  return {
    command: 'unshare',
    args: ['--user', '--map-root-user', '--mount', 'sh', '-c', run, pipe],
    env: { ...process.env, HOME: folder },
  }
}

/** With a route, as "outbound proxy" in its settings: without one it would ask DNS for the domain of every callee. */
function linphoneConfig(account: PhoneAccount): string {
  const { login, domain = 'lab.test', password, proxy, transport = 'tls', root, peer } = account
  const server = `<sip:${proxy};transport=${transport}>`
  return [
    '[sip]',
    ...(root === undefined ? [] : [`root_ca=${root}`]),
    ...['sip_port=-1', 'sip_tcp_port=-1', 'sip_tls_port=-1', 'default_proxy=0'],
    '[net]',
    'dns_srv_enabled=0',
    // By default it ends a call that carries no sound for 30 s; here no sound flows, and a server may take longer.
    ...['[rtp]', 'nortp_timeout=600'],
    '[auth_info_0]',
    ...[`username=${login}`, `passwd=${password}`, `domain=${domain}`],
    '[proxy_0]',
    `reg_identity=sip:${login}@${domain}`,
    `reg_proxy=${server}`,
    `reg_route=${server}`,
    ...['reg_sendregister=1', 'reg_expires=600', 'publish=0'],
    '[friend_0]',
    ...[`url=<${peer}>`, 'pol=accept', 'subscribe=1', ''],
  ].join('\n')
}

/** A program binds its socket a moment before it listens: a refused connection is tried again. */
async function control(t: Test, to: NetConnectOpts): Promise<Socket> {
  for (const end = performance.now() + guardMs; ; await delay(25)) {
    const socket = await connected(to)
    if (socket === undefined && performance.now() < end) continue
    if (socket === undefined) throw new Error(`nothing listens at ${JSON.stringify(to)}`)
    t.teardown(() => socket.destroy())
    return socket
  }
}

/** Undefined: it was refused. */
async function connected(to: NetConnectOpts): Promise<Socket | undefined> {
  const socket = connect(to)
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return undefined
    throw error
  }
}

interface Collected {
  readonly text: () => string
  add(stream: Readable): Collected
}

/** What several streams say, in the order in which it comes. */
function collected(): Collected {
  let text = ''
  const all: Collected = {
    text: () => text,
    add(stream) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      return all
    },
  }
  return all
}

function endWith(t: Test, child: ChildProcess): void {
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
}
