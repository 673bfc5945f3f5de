/** A console without a lab: commands that a test speaks for, and a browser that has its session. */
import type { Test } from 'tap'
import type { CommandAnswer, Commands } from '../../src/console/commands.ts'
import { openFeeds } from '../../src/console/feeds.ts'
import { type Console, type ConsoleOptions, openConsole } from '../../src/console/server.ts'

export interface TestConsole {
  readonly console: Console
  /** `http://127.0.0.1:4711`. */
  readonly origin: string
  /** Command lines that were run, in order. */
  readonly ran: readonly (readonly string[])[]
  /** What the commands read on their standard input. */
  readonly inputs: readonly string[]
  /** How many `follow` are open. */
  following(): number
  /** As the page asks: with cookie and Origin. */
  ask(path: string, init?: RequestInit): Promise<Response>
}

interface TestConsoleOptions extends Partial<ConsoleOptions> {
  readonly answer?: (args: readonly string[]) => Partial<CommandAnswer>
}

export async function testConsole(t: Test, options: TestConsoleOptions = {}): Promise<TestConsole> {
  const ran: (readonly string[])[] = []
  const inputs: string[] = []
  let open = 0
  const commands: Commands = {
    async run(args, { input } = {}) {
      ran.push(args)
      if (input !== undefined) inputs.push(Buffer.from(input).toString('utf8'))
      return { status: 0, out: Buffer.from('{}\n'), complaint: '', ...options.answer?.(args) }
    },
    follow() {
      open += 1
      const ended = Promise.withResolvers<void>()
      const stop = (): void => {
        open -= 1
        ended.resolve()
      }
      return { ended: ended.promise, stop }
    },
  }
  const lab = { choose: ['--data', '/lab'], plan: ['edge', '--network', '41'], roots: {} }
  const opened = await openConsole({
    commands,
    lab,
    feeds: openFeeds(commands, { ...lab, dnsNodes: [], sipNodes: ['fe1', 'edge'], lookEveryMs: 1000 }),
    page: new Map([['/index.html', { content: Buffer.from('<!doctype html>'), type: 'text/html', forEver: false }]]),
    readOnly: false,
    port: 0,
    version: '0.0.0',
    sockets: ['wss://127.0.41.11:8443'],
    ...options,
  })
  t.teardown(() => opened.close())
  const origin = `http://127.0.0.1:${opened.port}`
  const door = await fetch(opened.newAddress(), { redirect: 'manual' })
  const cookie = door.headers.get('set-cookie')?.split(';')[0] ?? ''
  return {
    console: opened,
    origin,
    ran,
    inputs,
    following: () => open,
    ask: (path, init = {}) =>
      fetch(`${origin}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { cookie, origin, ...(init.headers as Record<string, string>) },
      }),
  }
}

export function posting(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}
