/**
 * `node scripts/console-endurance.ts [--minutes=60]`: a page on the ladder beside a lab under load. Is the memory of
 * the console flat, and does a closed page cost the lab nothing? Two phones write to each other the whole time; the
 * page looks for the given time and is closed. Prints one line a minute and a last line of JSON. Exit status 1 when the
 * console has grown by more than a quarter after the first fifth, or holds more sockets or works more than 5 % of a
 * processor after the page was closed; 75 without Debian's Chromium.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import { labPhone } from '../src/lab/phones.ts'
import { openPhone, type Phone } from '../src/phone/index.ts'
import { skippedStatus } from '../test/support/foreign-death.ts'
import { findChromium, openView, startConsole } from './console-browser.ts'
import { bringUpQuietly, type ScriptLab } from './script-lab.ts'

const minutes = Number(process.argv.find((each) => each.startsWith('--minutes='))?.slice('--minutes='.length) ?? 60)
const everyMs = 60_000
const pauseMs = 100
const mostGrowth = 1.25
const closedMs = 15_000

interface Sample {
  readonly minute: number
  /** Resident octets of the console's process. */
  readonly console: number
  /** JavaScript heap of the page, in octets. */
  readonly page: number
  readonly messages: number
}

const program = findChromium()
if (program === undefined) {
  console.error('chromium is not installed: apt-get install chromium')
  process.exitCode = skippedStatus
} else process.exitCode = await run(program)

async function run(executablePath: string): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'siplab-endurance-'))
  const lab = await bringUpQuietly('edge', data, undefined)
  const shown = startConsole(data)
  const pid = shown.process.pid ?? 0
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const load = await startLoad(lab, data)
  try {
    const page = await browser.newPage()
    const address = await shown.address
    const socketsBefore = socketsOf(pid)
    await page.goto(address)
    await openView(page, '#/ladder')
    const samples = await watch(page, pid, () => load.sent)
    await page.close()
    await delay(closedMs)
    const [before, after] = [cpuSeconds(pid), await delay(closedMs).then(() => cpuSeconds(pid))]
    return judge(samples, { idleCpu: (after - before) / (closedMs / 1000), socketsBefore, sockets: socketsOf(pid) })
  } finally {
    await load.stop()
    await browser.close()
    shown.process.kill('SIGINT')
    await lab.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function watch(page: Page, pid: number, sent: () => number): Promise<readonly Sample[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const samples: Sample[] = []
  for (let minute = 0; minute <= minutes; minute += 1) {
    const { metrics } = await session.send('Performance.getMetrics')
    const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0
    const sample = { minute, console: residentOctets(pid), page: heap, messages: sent() }
    samples.push(sample)
    console.log(`${minute} min: console ${mebi(sample.console)}, page ${mebi(heap)}, ${sample.messages} messages`)
    if (minute < minutes) await delay(everyMs)
  }
  return samples
}

interface Closed {
  /** Part of one processor that the console uses once its last page is closed. */
  readonly idleCpu: number
  /** Sockets it held before a page looked, and holds now: its streams to the nodes are gone. */
  readonly socketsBefore: number
  readonly sockets: number
}

/** The first fifth fills what is kept of events and messages. */
function judge(samples: readonly Sample[], closed: Closed): number {
  const warm = samples[Math.ceil(samples.length / 5)]?.console ?? 0
  const highest = Math.max(...samples.map((each) => each.console))
  const last = samples.at(-1)
  const growth = (last?.console ?? 0) / warm
  const good = growth <= mostGrowth && closed.idleCpu < 0.05 && closed.sockets <= closed.socketsBefore
  console.log(
    JSON.stringify({ minutes, messages: last?.messages, warm, highest, end: last?.console, growth, ...closed, good }),
  )
  return good ? 0 : 1
}

interface Load {
  readonly sent: number
  stop(): Promise<void>
}

async function startLoad(lab: ScriptLab, data: string): Promise<Load> {
  const pki = (name: string): string => join(data, 'pki', `${name}.pem`)
  const trust = { internal: pki('internal-root'), public: pki('public-root') }
  const open = (user: string, from: 'inside' | 'outside'): Phone =>
    openPhone(labPhone(lab.access.plan, trust, { user, from }))
  const [alice, bob] = [open('alice', 'outside'), open('bob', 'inside')]
  bob.onMessage = () => undefined
  await Promise.all([alice.signIn(), bob.signIn()])
  const stop = new AbortController()
  let sent = 0
  const done = (async () => {
    while (!stop.signal.aborted) {
      await alice.message(bob.uri, `message ${sent}`)
      sent += 1
      await delay(pauseMs)
    }
  })()
  return {
    get sent() {
      return sent
    },
    async stop() {
      stop.abort()
      await done
      await Promise.all([alice.close(), bob.close()])
    },
  }
}

function residentOctets(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

/** Of user and system, since the process began (proc(5): fields 14 and 15, in ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function socketsOf(pid: number): number {
  return execFileSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' }).split('socket:').length - 1
}

function mebi(octets: number): string {
  return `${(octets / 1048576).toFixed(0)} MiB`
}
