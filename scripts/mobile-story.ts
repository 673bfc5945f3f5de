/**
 * `node scripts/mobile-story.ts [--pictures=FOLDER]`: the story of docs/mobile-story.md, told by the phones of the
 * console in a real browser on a lab of its own: alice outside with the phone in her hand, bob at his desk inside. Ten
 * tests, each a picture; then they call each other. The browser trusts no root of the lab at first and refuses the
 * certificate of the edge; then it is given the roots as its user would give them. Exit status 1 when a test fails, 75
 * without what it needs.
 */
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { skippedStatus } from '../test/support/foreign-death.ts'
import {
  type Browse,
  findChromium,
  hasCertutil,
  launch,
  listen,
  openView,
  patienceMs,
  removeFolder,
  type ShownConsole,
  sidewaysOf,
  startConsole,
  trustRoots,
  violationsOf,
} from './console-browser.ts'
import { bringUpQuietly } from './script-lab.ts'

const pictures = process.argv.find((each) => each.startsWith('--pictures='))?.slice('--pictures='.length)

interface Scene {
  readonly page: Page
  readonly mobile: Locator
  readonly desktop: Locator
}

interface StoryTest {
  readonly name: string
  /** Does it, and waits for what must be seen. */
  play(scene: Scene): Promise<void>
  readonly shows?: 'desktop'
}

/** Before the browser trusts the roots. */
const untrusted: StoryTest = {
  name: '01-add-root-certificate',
  async play({ page, mobile }) {
    await press(mobile, 'Next')
    await press(mobile, 'Next')
    await press(mobile, 'Sign in')
    const why = page.getByRole('status', { name: 'Why the phone did not sign in' })
    await why.getByText('The connection reached edge').waitFor()
    await why.getByText('CN=sip.lab.test', { exact: true }).first().waitFor()
    await why.getByText('what refused it is the trust list of this browser').waitFor()
    await press(mobile, 'Root')
    await mobile.getByText('CN=lab.test public Root CA').waitFor()
  },
}

const trusted: readonly StoryTest[] = [
  {
    name: '02-sign-in',
    async play({ mobile }) {
      await press(mobile, 'Next')
      await mobile.getByRole('textbox', { name: 'Sign-in address' }).fill('sip:alice@lab.test')
    },
  },
  {
    name: '03-sign-in',
    async play({ mobile }) {
      await press(mobile, 'Next')
      await mobile.getByRole('textbox', { name: 'Password' }).fill('alice-2005')
      await mobile.getByRole('combobox', { name: 'Server' }).selectOption('wss://sip.lab.test:8443')
    },
  },
  {
    name: '04-today',
    async play({ mobile }) {
      await press(mobile, 'Sign in')
      await mobile.getByText('No new messages').waitFor()
    },
  },
  {
    name: '05-incoming-message',
    async play({ mobile, desktop }) {
      await desktop.getByRole('button', { name: 'Sign in' }).click()
      await desktop.getByRole('searchbox').fill('alice')
      await desktop.getByRole('button', { name: 'Find' }).click()
      await desktop.getByRole('button', { name: 'Write to alice' }).click()
      await write(desktop, 'Are you on the train? The edge has its new certificate.')
      await mobile.getByRole('alert').getByText('Are you on the train?').waitFor()
    },
  },
  {
    name: '06-contact-list',
    async play({ mobile }) {
      await press(mobile, 'Contacts')
      for (const name of ['bob', 'carol']) {
        await press(mobile, 'Find')
        await find(mobile, name)
        await mobile.getByRole('button', { name: `Add ${name}` }).click()
        await mobile.getByRole('button', { name: `Add ${name}` }).waitFor({ state: 'detached' })
        await press(mobile, 'Contacts')
      }
      await mobile.getByRole('button', { name: /bob\s*Online/ }).waitFor()
      await mobile.getByRole('button', { name: /carol\s*Offline/ }).waitFor()
    },
  },
  {
    name: '07-find-contacts',
    async play({ mobile }) {
      await press(mobile, 'Find')
      await find(mobile, 'a')
      await mobile.getByText('sip:dave@lab.test').waitFor()
    },
  },
  {
    name: '08-conversation-menu',
    async play({ mobile }) {
      await press(mobile, 'Contacts')
      await mobile.getByRole('button', { name: /^bob/ }).click()
      await press(mobile, 'Menu')
      await mobile.getByRole('button', { name: 'Remove bob from contacts' }).waitFor()
    },
  },
  {
    name: '09-conversation',
    async play({ mobile, desktop }) {
      await mobile.getByRole('button', { name: 'I am busy' }).click()
      await write(mobile, 'Yes, and I am signed in from outside.')
      await desktop.getByText('Yes, and I am signed in from outside.').waitFor()
      await write(desktop, 'So it goes through the edge. See you at nine.')
      await mobile.getByText('See you at nine.').waitFor()
    },
  },
  {
    name: '10-conversation-on-the-desktop',
    shows: 'desktop',
    async play({ desktop }) {
      await find(desktop, 'alice')
      await desktop.getByRole('button', { name: 'Add alice' }).click()
      await desktop.getByRole('button', { name: /alice\s*Busy/ }).waitFor()
      await desktop.getByRole('log').getByText('See you at nine.').waitFor()
    },
  },
]

/** Beyond the story: one phone calls the other, in both directions, through the servers of the lab. */
const calls: readonly StoryTest[] = [
  {
    name: '11-call-that-is-declined',
    async play({ mobile, desktop }) {
      await desktop.getByRole('button', { name: 'Call alice' }).click()
      await mobile.getByRole('alert').getByText('bob: calls').waitFor()
      await mobile.getByRole('button', { name: 'Decline' }).click()
      await desktop.getByText('Call ended: call to sip:alice@lab.test: 603').waitFor()
    },
  },
  {
    name: '12-call',
    async play({ mobile, desktop }) {
      await press(mobile, 'Menu')
      await mobile.getByRole('button', { name: 'Call bob' }).click()
      await desktop.getByRole('button', { name: 'Answer' }).click()
      for (const skin of [mobile, desktop]) await skin.getByText(/in a call since/).waitFor()
    },
  },
  {
    name: '13-call-ended',
    shows: 'desktop',
    async play({ mobile, desktop }) {
      await mobile.getByRole('button', { name: 'Hang up' }).click()
      await desktop.getByText('Call ended: sip:alice@lab.test hung up').waitFor()
      await desktop.getByRole('button', { name: 'OK' }).click()
      await desktop.getByRole('button', { name: 'Call alice' }).waitFor()
    },
  },
]

const program = findChromium()
if (program === undefined || !hasCertutil()) {
  console.error('wanted chromium and certutil: apt-get install chromium libnss3-tools')
  process.exitCode = skippedStatus
} else process.exitCode = await run(program)

async function run(executablePath: string): Promise<number> {
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
  const data = mkdtempSync(join(tmpdir(), 'siplab-story-'))
  const home = mkdtempSync(join(tmpdir(), 'siplab-browser-'))
  const lab = await bringUpQuietly('edge', data, undefined)
  try {
    const browse = { executablePath, home, data, lab }
    const complaints = await inBrowser(browse, [untrusted])
    trustRoots(home, data)
    complaints.push(...(await inBrowser(browse, [...trusted, ...calls])))
    for (const complaint of complaints) console.error(`not ok: ${complaint}`)
    console.log(`${1 + trusted.length} pictures, ${calls.length} tests of calls: ${complaints.length} complaints`)
    return complaints.length === 0 ? 0 : 1
  } finally {
    await lab.stop()
    for (const folder of [data, home]) removeFolder(folder)
  }
}

async function inBrowser(browse: Browse, tests: readonly StoryTest[]): Promise<string[]> {
  const shown = startConsole(browse.data)
  let context: BrowserContext | undefined
  try {
    context = await launch(browse, { width: 1100, height: 760 })
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    const errors = listen(page)
    await open(page, shown)
    const complaints: string[] = []
    for (const test of tests) {
      complaints.push(...(await play(page, test)))
      // The browser itself writes down that it refused the certificate.
      complaints.push(
        ...errors.splice(0).filter((each) => test !== untrusted || !/ERR_CERT_AUTHORITY_INVALID/.test(each)),
      )
    }
    if (!tests.includes(untrusted)) complaints.push(...(await inEveryWidth(page)))
    return complaints
  } finally {
    await context?.close()
    shown.process.kill('SIGINT')
  }
}

/** Both phones signed in, in three widths and both themes. */
async function inEveryWidth(page: Page): Promise<readonly string[]> {
  const complaints: string[] = []
  for (const width of [360, 1280, 2560])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const found = [...(await violationsOf(page)), ...(await sidewaysOf(page))]
      complaints.push(...found.map((each) => `${width} ${colorScheme}: ${each}`))
    }
  console.log(`${complaints.length === 0 ? 'ok' : 'not ok'} both phones in three widths and both themes`)
  return complaints
}

async function open(page: Page, { address }: ShownConsole): Promise<void> {
  await page.goto(await address)
  await openView(page, '#/phone')
  await page.getByRole('heading', { name: 'Phone', exact: true }).waitFor()
}

async function play(page: Page, test: StoryTest): Promise<readonly string[]> {
  const began = performance.now()
  const mobile = page.getByRole('region', { name: 'Mobile phone' })
  const desktop = page.getByRole('region', { name: 'Desktop client' })
  try {
    await test.play({ page, mobile, desktop })
  } catch (error) {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${test.name}-failed.png`) })
    return [`${test.name}: ${error instanceof Error ? error.message : String(error)}`]
  }
  const complaints = [...(await violationsOf(page)), ...(await sidewaysOf(page))]
  if (pictures !== undefined && !calls.includes(test))
    await (test.shows === 'desktop' ? desktop : mobile).screenshot({ path: join(pictures, `${test.name}.png`) })
  console.log(`${complaints.length === 0 ? 'ok' : 'not ok'} ${test.name} ${Math.round(performance.now() - began)} ms`)
  return complaints.map((complaint) => `${test.name}: ${complaint}`)
}

function press(skin: Locator, key: string): Promise<void> {
  return skin.locator('.soft-keys').getByRole('button', { name: key, exact: true }).click()
}

async function find(skin: Locator, text: string): Promise<void> {
  await skin.getByRole('searchbox').fill(text)
  await skin.getByRole('button', { name: 'Find', exact: true }).first().click()
}

async function write(skin: Locator, text: string): Promise<void> {
  await skin.getByRole('textbox', { name: 'Message' }).fill(text)
  await skin.getByRole('button', { name: 'Send' }).click()
}
