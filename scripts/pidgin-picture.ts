/**
 * `node scripts/pidgin-picture.ts [--picture=FILE]`: Debian's Pidgin with the Communicator-compatible plug-in, in a
 * real window under Xvfb. It signs in from outside, through the edge of a lab, with the root certificate of the lab
 * among those it trusts; its contacts come from the server, and it talks. The picture is taken from the screen. Exit
 * status 1 when a step falls short, 75 where a program is missing.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type PhoneOutcome, ScenarioPhones } from '../src/lab/scenario/phones.ts'
import type { PhoneStep } from '../src/lab/scenario/format.ts'
import { packageFolder } from '../src/topology/package-folder.ts'
import { skippedStatus } from '../test/support/foreign-death.ts'
import { bringUpQuietly, type ScriptLab } from './script-lab.ts'

const picture = process.argv.find((each) => each.startsWith('--picture='))?.slice('--picture='.length)
const programs = ['pidgin', 'Xvfb', 'openbox', 'import', 'xdotool', 'unshare', 'make', 'gcc', 'pkg-config']
const packages = 'pidgin pidgin-sipe xvfb openbox imagemagick xdotool util-linux make gcc libpurple-dev libxml2-dev'
const patienceMs = 20_000
const reply = 'hello from a real window'

const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
if (missing.length > 0) {
  console.log(`pidgin-picture: ${missing.join(', ')} not installed: apt-get install ${packages}`)
  process.exit(skippedStatus)
}

const folder = mkdtempSync(join(tmpdir(), 'siplab-pidgin-'))
const children: ChildProcess[] = []
try {
  build()
  const lab = await bringUpQuietly(
    join(packageFolder, 'scenarios/labs/communicator.yaml'),
    join(folder, 'lab'),
    undefined,
  )
  const environment = { ...process.env, SIPLAB_COMMUNICATOR: join(folder, 'build/siplab-communicator') }
  const others = new ScenarioPhones({ plan: lab.access.plan, ready: lab.ready }, environment)
  try {
    await signIn(others)
    await inWindow(lab, others)
  } finally {
    await others.close()
    await lab.stop()
  }
} finally {
  for (const child of children.toReversed()) child.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}

/** The headless client for the others, and the library that Pidgin needs (clients/communicator/README.md). */
function build(): void {
  for (const target of ['build/siplab-communicator', 'preload']) {
    const options = { cwd: join(packageFolder, 'clients/communicator'), encoding: 'utf8' } as const
    const file = target === 'preload' ? target : join(folder, target)
    const { status, stderr } = spawnSync('make', ['-s', file, `BUILD=${join(folder, 'build')}`], options)
    if (status !== 0) throw new Error(`make ${target} ended with ${status}: ${stderr}`)
  }
}

async function signIn(others: ScenarioPhones): Promise<void> {
  for (const who of [
    { user: 'alice', at: 'edge' },
    { user: 'bob', at: 'director' },
  ])
    await done(others, { ...who, does: 'sign-in', over: 'tls', client: 'communicator' })
  await done(others, { user: 'carol', does: 'sign-in', at: 'fe1', over: 'tls' })
  // The contact list of alice is at the server when Pidgin signs in.
  for (const to of ['bob', 'carol']) await done(others, { user: 'alice', does: 'buddy', to, over: 'tls' })
  await done(others, { user: 'alice', does: 'sign-out', over: 'tls' })
  await done(others, { user: 'bob', does: 'presence', status: 'busy', note: 'in the lab', over: 'tls' })
}

async function inWindow(lab: ScriptLab, others: ScenarioPhones): Promise<void> {
  const display = await screen()
  pidgin(lab, display)
  await done(others, { user: 'bob', does: 'buddy', to: 'alice', sees: 'available', over: 'tls' })
  console.log('pidgin-picture: Pidgin is signed in through the edge, and bob sees it')
  await place(display, 'Buddy List', { x: 20, y: 20, width: 300, height: 460 })
  await done(others, { user: 'bob', does: 'message', to: 'sip:alice@lab.test', text: 'hello alice', over: 'tls' })
  const chat = await place(display, 'bob', { x: 340, y: 20, width: 620, height: 460 })
  keys(display, ['windowfocus', '--sync', chat, 'type', '--delay', '20', reply])
  keys(display, ['key', 'Return'])
  await received(others, 'bob', reply)
  console.log(`pidgin-picture: bob got ${JSON.stringify(reply)}`)
  // The window writes what it has sent, and for ten seconds a contact has the icon of one that has just come.
  await delay(11_000)
  const file = join(folder, 'pidgin.png')
  const { status, stderr } = spawnSync('import', ['-window', 'root', file], {
    env: withDisplay(display),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`import ended with ${status}: ${stderr}`)
  if (picture !== undefined) copyFileSync(file, picture)
  console.log(`pidgin-picture: ${picture ?? 'the picture was taken; --picture=FILE keeps it'}`)
}

/** A screen of its own; Xvfb says the number of the display it found free. */
async function screen(): Promise<string> {
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '980x500x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  children.push(xvfb)
  const said = xvfb.stdio[3]
  if (said === null || said === undefined) throw new Error('Xvfb has no pipe for its number')
  const [number] = (await once(said, 'data', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer]
  const display = `:${number.toString().trim()}`
  children.push(spawn('openbox', [], { env: withDisplay(display), stdio: 'ignore' }))
  return display
}

/** In a mount namespace: the name of the edge is in its hosts file, and the root of the lab is all that it trusts. */
function pidgin({ access: { plan }, ready }: ScriptLab, display: string): void {
  const home = join(folder, 'home')
  const roots = join(folder, 'roots')
  mkdirSync(join(home, '.purple'), { recursive: true })
  mkdirSync(roots)
  copyFileSync(ready.trust.public ?? '', join(roots, 'lab.pem'))
  const edge = plan.nodes.find(({ name }) => name === 'edge')?.listeners.find(({ port }) => port === 10_443)
  if (edge === undefined) throw new Error('the edge has no listener 10443')
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${edge.address} sip.lab.test\n`)
  const password = ready.users.find(({ login }) => login === 'alice')?.password ?? ''
  writeFileSync(join(home, '.purple/accounts.xml'), account(`sip.lab.test:${edge.port}`, password))
  const mounts = [
    `mount --bind ${join(folder, 'hosts')} /etc/hosts`,
    `mount --bind ${roots} /etc/ssl/certs`,
    `mount --bind ${roots} /usr/share/purple/ca-certs || true`,
    `exec env LD_PRELOAD=${join(folder, 'build/sax1.so')} pidgin -c ${join(home, '.purple')}`,
  ]
  const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', mounts.join('; ')]
  const env = { ...withDisplay(display), HOME: home, XDG_RUNTIME_DIR: home, LANG: 'C.UTF-8' }
  children.push(spawn('unshare', args, { env, stdio: 'ignore' }))
}

function account(server: string, password: string): string {
  const setting = (name: string, type: string, value: string): string =>
    `<setting name="${name}" type="${type}">${value}</setting>`
  return `<?xml version="1.0" encoding="UTF-8" ?>
<account version="1.0"><account><protocol>prpl-sipe</protocol><name>alice@lab.test,</name>
<password>${password}</password>
<settings>${setting('server', 'string', server)}${setting('transport', 'string', 'tls')}
${setting('authentication', 'string', 'ntlm')}${setting('dont-publish', 'bool', '1')}</settings>
<settings ui="gtk-gaim">${setting('auto-login', 'bool', '1')}</settings></account></account>
`
}

/** Waits for a window by a part of its title, and puts it where the picture wants it. Its id. */
async function place(
  display: string,
  title: string,
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Promise<string> {
  const id = await until(() => keys(display, ['search', '--onlyvisible', '--name', title]).split('\n')[0], title)
  keys(display, ['windowsize', '--sync', id, String(width), String(height), 'windowmove', id, String(x), String(y)])
  return id
}

/** Waits for something that is not empty. */
async function until(look: () => string | undefined, what: string): Promise<string> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await delay(200)) {
    const found = look()
    if (found !== undefined && found !== '') return found
  }
  throw new Error(`no window ${JSON.stringify(what)} within ${patienceMs / 1000} s`)
}

function keys(display: string, args: readonly string[]): string {
  return spawnSync('xdotool', args, { env: withDisplay(display), encoding: 'utf8', timeout: patienceMs }).stdout.trim()
}

function withDisplay(display: string): NodeJS.ProcessEnv {
  return { ...process.env, DISPLAY: display }
}

/** One step, tried again until it holds. */
async function done(others: ScenarioPhones, step: PhoneStep): Promise<void> {
  let last: PhoneOutcome | undefined
  for (const end = performance.now() + patienceMs; performance.now() < end; await delay(200)) {
    last = await others.act(step)
    if (last.code === undefined && last.amiss === undefined) return
  }
  throw new Error(`${step.user} ${step.does}: ${last?.sentence}${last?.amiss === undefined ? '' : `, ${last.amiss}`}`)
}

async function received(others: ScenarioPhones, user: string, text: string): Promise<void> {
  await others.clientOf(user).received(text)
}
