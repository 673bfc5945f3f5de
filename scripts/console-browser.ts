/** A console in Debian's Chromium, for the scripts that look at its views. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import axe from 'axe-core'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { launcher } from '../src/cli/package.ts'
import type { ScriptLab } from './script-lab.ts'

/** For what must come: nothing is measured by it. */
export const patienceMs = 90_000

/** Path of Chromium; undefined: it is not installed. */
export function findChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))
}

export interface ShownConsole {
  readonly process: ChildProcess
  /** Opens the page once. */
  readonly address: Promise<string>
}

/** @param data folder of a running lab */
export function startConsole(data: string): ShownConsole {
  const [program, ...first] = launcher
  const child = spawn(program, [...first, 'console', '--json', '--data', data], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const address = new Promise<string>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`siplab console ended with status ${status}`)))
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { readonly address: string }).address),
    )
  })
  return { process: child, address }
}

/** What the browser says of the page, and what the page threw. */
export function listen(page: Page): string[] {
  const errors: string[] = []
  page.on('console', (message) => {
    // A refusal that the page shows (a locked tab, a check that failed) is also a line of the browser.
    if (message.type() === 'error' && !/status of 409/.test(message.text())) errors.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => errors.push(`page: ${error.message}`))
  return errors
}

/** Opens a view and waits until the page shows it: a field found before may be one of the view before. */
export async function openView(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.locator(`.tabs a[href="${hash.replace(/\?.*/, '')}"][aria-current=page]`).waitFor()
  await shown(page)
}

/** Waits until nothing of the view is being loaded. */
export async function shown(page: Page): Promise<void> {
  await page.locator('main .loading').first().waitFor({ state: 'detached' })
}

/** A complaint when the page is wider than the window. */
export async function sidewaysOf(page: Page): Promise<readonly string[]> {
  const over = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  return over > 0 ? [`the page scrolls sideways by ${over} px at ${page.viewportSize()?.width} px`] : []
}

/** What axe-core finds on the page as it is. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // By the debugger, which the content security policy does not concern.
  await page.evaluate(`if (window.axe === undefined) { ${axe.source} }`)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })')
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target).join(', ')})`)
}

export interface Browse {
  readonly executablePath: string
  /** Home of the browser, with its trust list. */
  readonly home: string
  readonly data: string
  readonly lab: ScriptLab
}

/** The names of the lab are known to its own DNS alone. */
export function launch(
  { executablePath, home, lab }: Browse,
  viewport: { readonly width: number; readonly height: number },
): Promise<BrowserContext> {
  const names = lab.access.plan.phones.map(({ host, address }) => `MAP ${host} ${address}`)
  return chromium.launchPersistentContext(join(home, 'profile'), {
    executablePath,
    args: ['--no-sandbox', `--host-resolver-rules=${[...new Set(names)].join(',')}`],
    env: { ...process.env, HOME: home },
    timeout: patienceMs,
    viewport,
  })
}

/** What a browser or a node that ends now writes into it while it goes: another try. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}

/** What adds a root to the trust list of Chromium. */
export function hasCertutil(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v certutil'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** As the user of the browser would: the page shows this command. */
export function trustRoots(home: string, data: string): void {
  const store = `sql:${join(home, '.pki', 'nssdb')}`
  mkdirSync(join(home, '.pki', 'nssdb'), { recursive: true })
  execFileSync('certutil', ['-d', store, '-N', '--empty-password'])
  for (const name of ['public-root', 'internal-root'])
    execFileSync('certutil', ['-d', store, '-A', '-t', 'C,,', '-n', name, '-i', join(data, 'pki', `${name}.pem`)])
}
