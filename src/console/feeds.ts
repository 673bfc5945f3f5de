/** What a page follows: the state of the lab, its events, and its messages. All cost nothing while no page is open. */
import type { Commands, Following } from './commands.ts'
import { type Feed, feedOf } from './feed.ts'
import type { ConsoleLab } from './operations.ts'

const againAfterMs = 1500
const keptEvents = { lines: 2000, characters: 4 * 1024 * 1024 }
const keptMessages = { lines: 20_000, characters: 24 * 1024 * 1024 }

export interface FollowedLab extends ConsoleLab {
  readonly sipNodes: readonly string[]
  readonly dnsNodes: readonly string[]
  readonly lookEveryMs: number
}

export interface Feeds {
  /** The document of `siplab status --json`, when it is another than before. */
  readonly status: Feed
  /** Lines of `siplab events --follow --level debug --json`. */
  readonly events: Feed
  /** Lines of `siplab trace NODE --json` of every node that speaks SIP, with decisions, and of the DNS. */
  readonly trace: Feed
}

/** @param lab with the nodes whose messages can be traced, and how often its state is asked */
export function openFeeds(commands: Commands, lab: FollowedLab): Feeds {
  const { sipNodes, dnsNodes } = lab
  return {
    status: feedOf((onLine) => watchStatus(commands, lab, onLine), { lines: 1, characters: 1024 * 1024 }),
    events: feedOf(
      (onLine) => keepFollowing(commands, ['events', '--follow', '--level', 'debug', '--json', ...lab.choose], onLine),
      keptEvents,
    ),
    trace: feedOf((onLine) => {
      const all = [...sipNodes, ...dnsNodes].map((node) => {
        const decisions = dnsNodes.includes(node) ? [] : ['--decisions']
        const follow = ['trace', node, '--json', ...decisions, ...lab.choose]
        return keepFollowing(commands, [...follow, '--since', '15m', '--follow'], onLine, follow)
      })
      return () => {
        for (const stop of all) stop()
      }
    }, keptMessages),
  }
}

function watchStatus(commands: Commands, lab: FollowedLab, onLine: (line: string) => void): () => void {
  let last = ''
  let isOpen = true
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const { out } = await commands.run(['status', '--json', ...lab.choose])
    if (!isOpen) return
    const line = out.toString('utf8').trim()
    if (line !== last) onLine(line)
    last = line
    timer = setTimeout(look, lab.lookEveryMs)
  }
  void look()
  return () => {
    isOpen = false
    clearTimeout(timer)
  }
}

/**
 * A node that stops ends its lines; once it is back they go on.
 *
 * @param later the command line from the second time on, when what was before is known
 */
function keepFollowing(
  commands: Commands,
  args: readonly string[],
  onLine: (line: string) => void,
  later = args,
): () => void {
  let following: Following | undefined
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  const follow = async (now: readonly string[]): Promise<void> => {
    following = commands.follow(now, (line) => {
      if (!isError(line)) onLine(line)
    })
    await following.ended
    if (isOpen) timer = setTimeout(() => void follow(later), againAfterMs)
  }
  void follow(args)
  return () => {
    isOpen = false
    clearTimeout(timer)
    following?.stop()
  }
}

/** What a command prints with `--json` when it cannot follow, for example because the lab is down. */
function isError(line: string): boolean {
  return line.startsWith('{"error":')
}
