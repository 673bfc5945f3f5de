import t from 'tap'
import type { Commands } from '../../src/console/commands.ts'
import { openFeeds } from '../../src/console/feeds.ts'

/** Commands that follow: each of them prints these lines and does not end. */
function printing(lines: readonly string[]): Commands {
  return {
    run: () => t.fail('no state is asked') as never,
    follow(_args, onLine) {
      for (const line of lines) onLine(line)
      return { ended: new Promise(() => undefined), stop: () => undefined }
    },
  }
}

const lab = { choose: [], plan: ['edge'], roots: {}, sipNodes: ['fe1'], dnsNodes: [], lookEveryMs: 1000 }
const error = '{"error":{"code":"lab.down","message":"the lab edge is down"}}'

for (const name of ['events', 'trace'] as const)
  t.test(`an error of a command is no line of the ${name} that it follows`, async (t) => {
    const entry = '{"seq":1,"message":"{\\"error\\":1}"}'
    const seen: string[] = []
    openFeeds(printing([error, entry]), lab)[name].join((line) => seen.push(line))
    t.strictSame(seen, [entry])
  })
