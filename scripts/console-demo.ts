/**
 * `node scripts/console-demo.ts [--output=docs/console-demo.png]`: the demo of the README, 90 seconds as an animated
 * PNG: a lab of its own in the console, a certificate that runs out, both ends' views, the way back, and two phones.
 * Each picture is the page as it was at that moment. Exit status 75 without Chromium and certutil.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { skippedStatus } from '../test/support/foreign-death.ts'
import { animated, type Frame } from './apng.ts'
import { findChromium, hasCertutil, launch, openView, startConsole, trustRoots } from './console-browser.ts'
import { bringUpQuietly } from './script-lab.ts'

const output =
  process.argv.find((each) => each.startsWith('--output='))?.slice('--output='.length) ??
  join(import.meta.dirname, '..', 'docs', 'console-demo.png')
const wholeSeconds = 90

interface Shot {
  /** Of the 90 seconds, in proportion. */
  readonly weight: number
  /** The part to show is further down; else the view is shown from its top. */
  readonly below?: true
  act(page: Page): Promise<unknown>
}

const shots: readonly Shot[] = [
  { weight: 7, act: (page) => page.getByRole('button', { name: /^director director/ }).waitFor() },
  {
    weight: 6,
    below: true,
    async act(page) {
      await openView(page, '#/map?at=director')
      await page.getByRole('searchbox', { name: 'Search the catalogue' }).fill('certificate that expired yesterday')
      await page.getByRole('button', { name: /^expired time/ }).click()
      await page.getByRole('combobox', { name: 'The node is' }).selectOption('server')
    },
  },
  {
    weight: 10,
    async act(page) {
      await page.getByRole('button', { name: 'Break director' }).click()
      await page.getByRole('button', { name: 'Heal director' }).waitFor()
      await page.getByRole('button', { name: /^Link fe1 to director: down, cert.expired/ }).waitFor()
    },
  },
  {
    weight: 8,
    below: true,
    async act(page) {
      await openView(page, '#/map?at=fe1->director')
      await page.getByRole('heading', { name: 'fe1 → director' }).scrollIntoViewIfNeeded()
      await page.getByRole('button', { name: /^Link fe1 to director: down, cert.expired/ }).waitFor()
    },
  },
  {
    weight: 8,
    async act(page) {
      await openView(page, '#/events?node=fe1')
      await page.getByRole('searchbox', { name: 'Search' }).fill('cert.expired')
      await page.getByRole('row').filter({ hasText: 'cert.expired' }).first().click()
    },
  },
  {
    weight: 8,
    async act(page) {
      await openView(page, '#/check')
      await page.getByRole('combobox', { name: /a node of this lab/ }).fill('director')
      await page.getByRole('button', { name: 'Check', exact: true }).click()
      await page.getByText('cert.expired').first().waitFor()
    },
  },
  {
    weight: 7,
    async act(page) {
      await openView(page, '#/map?at=director')
      await page.getByRole('button', { name: 'Heal director' }).click()
      await page.getByRole('button', { name: 'Heal director' }).waitFor({ state: 'detached' })
      await page.getByRole('button', { name: /^Link fe1 to director: up/ }).waitFor()
    },
  },
  {
    weight: 7,
    async act(page) {
      await openView(page, '#/time')
      await page.getByRole('button', { name: /^fe1-listener: ends/ }).click()
    },
  },
  { weight: 5, act: signInBoth },
  { weight: 8, act: talk },
  {
    weight: 8,
    async act(page) {
      await openView(page, '#/ladder')
      const message = page.locator('.rung').filter({ hasText: 'MESSAGE' }).first()
      await message.waitFor()
      await page.getByRole('button', { name: /❚❚ Pause/ }).click()
      await message.click()
    },
  },
  {
    weight: 8,
    async act(page) {
      await openView(page, '#/explain')
      await page.getByRole('textbox').fill('error:0A000418:SSL routines::tlsv1 alert unknown ca')
      await page.getByRole('button', { name: 'Explain', exact: true }).click()
      await page.getByText('The other end refused').waitFor()
    },
  },
]

const program = findChromium()
if (program === undefined || !hasCertutil()) {
  console.error('wanted chromium and certutil: apt-get install chromium libnss3-tools')
  process.exitCode = skippedStatus
} else await run(program)

async function run(executablePath: string): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'siplab-demo-'))
  const home = mkdtempSync(join(tmpdir(), 'siplab-browser-'))
  const lab = await bringUpQuietly('edge', data, undefined)
  trustRoots(home, data)
  const shown = startConsole(data)
  const context = await launch({ executablePath, home, data, lab }, { width: 1280, height: 760 })
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(await shown.address)
    const frames: Frame[] = []
    const sum = shots.reduce((all, { weight }) => all + weight, 0)
    for (const { weight, act, below } of shots) {
      await act(page)
      if (below !== true) await page.evaluate("document.querySelector('main').scrollTop = 0")
      await page.waitForTimeout(600)
      frames.push({ png: await page.screenshot(), seconds: (wholeSeconds * weight) / sum })
    }
    const octets = animated(frames)
    writeFileSync(output, octets)
    console.log(`${frames.length} pictures, ${wholeSeconds} seconds, ${octets.length} octets: ${output}`)
  } finally {
    await context.close()
    shown.process.kill('SIGINT')
    await lab.stop()
    for (const folder of [data, home]) rmSync(folder, { recursive: true, force: true })
  }
}

async function signInBoth(page: Page): Promise<void> {
  await openView(page, '#/phone')
  const mobile = page.getByRole('region', { name: 'Mobile phone' })
  const keys = mobile.locator('.soft-keys')
  for (const key of ['Next', 'Next', 'Sign in']) await keys.getByRole('button', { name: key, exact: true }).click()
  await mobile.getByText('No new messages').waitFor()
  const desktop = page.getByRole('region', { name: 'Desktop client' })
  await desktop.getByRole('button', { name: 'Sign in' }).click()
  await desktop.getByRole('searchbox').fill('alice')
  await desktop.getByRole('button', { name: 'Find', exact: true }).click()
  await desktop.getByRole('button', { name: 'Write to alice' }).waitFor()
}

async function talk(page: Page): Promise<void> {
  const desktop = page.getByRole('region', { name: 'Desktop client' })
  await desktop.getByRole('button', { name: 'Write to alice' }).click()
  await desktop.getByRole('textbox', { name: 'Message' }).fill('The director has its certificate back.')
  await desktop.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('alert').getByText('The director has its certificate back.').waitFor()
}
